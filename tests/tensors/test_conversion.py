"""Copies of tensors that share memory keep of it what PyTorch keeps: ``copy``, ``deepcopy``, ``pickle`` and
``save``.
"""

import copy
import io
import itertools
import pickle

import pytest

import mytorch
from tests.referee import agree_on, answer


def saved(lib, values):
    file = io.BytesIO()
    lib.save(values, file)
    file.seek(0)
    return lib.load(file)


COPIES = {
    "copy": lambda lib, values: [copy.copy(v) for v in values],
    "deepcopy": lambda lib, values: copy.deepcopy(values),
    "deepcopy in a dict": lambda lib, values: [*copy.deepcopy(dict(enumerate(values))).values()],
    "pickle": lambda lib, values: pickle.loads(pickle.dumps(values)),
    "save": saved,
}
VIEWS = {  # pairs on the same memory, the second of which is changed
    "part": lambda lib: (x := lib.zeros(2, 4), x[0, 1:3]),
    "part first": lambda lib: ((x := lib.zeros(2, 4))[1, ::2], x),
    "parts": lambda lib: (x := lib.zeros(6), x[:2], x[1:3])[1:],
    "transposed": lambda lib: (x := lib.zeros(2, 3), x.T),
    "of one that is transposed": lambda lib: (x := lib.zeros(2, 3).T.clone(), x[1]),
    "other shape": lambda lib: (x := lib.zeros(4), x.view(2, 2)),
    "detached": lambda lib: (x := lib.zeros(4, requires_grad=True), x.detach()),
    "imaginary parts": lambda lib: (x := lib.zeros(3, dtype=lib.complex64), x.imag),
    "expanded": lambda lib: ((x := lib.zeros(3)).expand(2, 3), x),
    "of nothing": lambda lib: (x := lib.zeros(0, 3), x[:, 1]),
    "apart": lambda lib: (lib.zeros(3), lib.zeros(3)),
    "parameter": lambda lib: (x := lib.nn.Parameter(lib.zeros(3)), x.detach()),
    "same": lambda lib: (x := lib.zeros(3), x),
}


def changed(lib, copied, views):
    """The pair of copies after a change of the second, and the originals."""
    originals = VIEWS[views](lib)
    copies = COPIES[copied](lib, originals)
    copies[1].add_(1)
    found = [*copies, *originals]
    return [x.detach().clone() for x in found], [x.requires_grad for x in found]


# NumPy's pickles keep one array one array, of which torch makes two; torch does not save two dtypes together.
KEPT = {("pickle", "detached"), ("pickle", "parameter"), ("save", "imaginary parts")}


@pytest.mark.parametrize(("copied", "views"), [c for c in itertools.product(COPIES, VIEWS) if c not in KEPT])
def test_what_shares_memory(copied, views):
    agree_on(changed, copied, views)


def test_a_copy_is_apart_from_what_it_was_made_of():
    x = mytorch.arange(4.0)
    x.of_mine = [1]
    for twin in (copy.deepcopy(x[1:3]), copy.deepcopy([x])[0]):
        twin.zero_()
    assert x.tolist() == [0, 1, 2, 3] and copy.deepcopy(x).of_mine == [1]


def layouts(lib):
    """Strides after deepcopy."""
    found = [lib.zeros(2, 3).T, lib.zeros(2, 3, 4).permute(2, 0, 1), lib.zeros(4, 4)[1:3, ::2]]
    return [list(copy.deepcopy(x).stride()) for x in found]


def test_a_copy_has_the_same_layout():
    assert layouts(mytorch) == answer(layouts)


def test_numpy_where_nothing_is_recorded():
    x = mytorch.ones(2, requires_grad=True)
    with mytorch.no_grad():
        assert (x * 2).numpy().tolist() == [2, 2] and x.numpy() is x.array
    with pytest.raises(RuntimeError, match="requires grad"):
        x.numpy()
