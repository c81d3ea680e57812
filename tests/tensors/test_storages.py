"""The memory behind tensors, shared by views; resizing is in test_resize.py."""

import pytest

from tests.draws import numbers
from tests.referee import agree

QUESTIONS = {
    "bytes": lambda m, x: x.untyped_storage().nbytes(),
    "of a view": lambda m, x: x[1:].untyped_storage().nbytes(),
    "elements": lambda m, x: (len(x.storage()), x.storage().size(), x[0].storage().tolist()),
    "offset": lambda m, x: x[1].storage_offset(),
    "shared": lambda m, x: x.untyped_storage().data_ptr() == x[1:].untyped_storage().data_ptr(),
    "not shared": lambda m, x: x.untyped_storage().data_ptr() == x.clone().untyped_storage().data_ptr(),
    "the first": lambda m, x: x.untyped_storage().data_ptr() == x.data_ptr(),
    "one byte": lambda m, x: (x.untyped_storage().element_size(), x.storage().element_size()),
    "device": lambda m, x: str(x.untyped_storage().device),
    "resized": lambda m, x: x.clone().untyped_storage().resize_(48).nbytes(),
}


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("name", QUESTIONS)
def test_questions(name):
    agree(QUESTIONS[name], [numbers((3, 4))], gradient=False)
