"""The memory behind tensors, shared by views; resizing is in test_resize.py."""

import numpy
import pytest

import mytorch
from mytorch.tensors.storages import UntypedStorage
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


def test_a_file_as_storage(tmp_path):
    path = tmp_path / "numbers"
    numpy.arange(4, dtype="float32").tofile(path)
    storage = UntypedStorage.from_file(str(path), False, 16)
    assert len(storage) == 16 and storage.untyped() is storage
    part = mytorch.asarray(storage[4:12], dtype=mytorch.uint8).view(mytorch.float32)
    assert part.tolist() == [1, 2]
    part += 5
    assert numpy.fromfile(path, "float32").tolist() == [0, 1, 2, 3]
    shared = UntypedStorage.from_file(str(path), True, 16)
    mytorch.asarray(shared, dtype=mytorch.uint8).view(mytorch.float32)[0] = 9
    assert numpy.fromfile(path, "float32")[0] == 9
