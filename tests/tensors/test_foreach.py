"""Functions of lists of tensors, against PyTorch's."""

import numpy as np
import pytest

from mytorch.tensors import foreach
from tests.draws import draws
from tests.referee import agree_on, answer

rng = draws(3)
A, B, C = (rng.uniform(0.1, 0.9, (3, 2, 2)).astype("float32") for _ in range(3))
CALLS = {
    **dict.fromkeys(foreach._BOTH + ["clone", "max", "zero_"], ((),)),
    **{name: ((0.5,), ([0.5, 2.0, 1.5],), (B,)) for name in "add div maximum minimum mul pow sub".split()},
    **dict.fromkeys(("clamp_max", "clamp_min"), ((0.5,), (B,))),
    **{name: ((B, C), (B, C, 0.5), (B, C, [0.5, 2.0, 3.0])) for name in ("addcdiv", "addcmul")},
    "lerp": ((B, 0.5), (B, C)),
    "mm": ((B,),),
    "norm": ((), (1,), (float("inf"),)),
    "powsum": ((3,),),
    "copy_": ((B,),),
}


def lists(lib, value):
    return [lib.tensor(a) for a in value] if isinstance(value, np.ndarray) else value


def found(lib, name):
    return getattr(foreach if lib.__name__ == "mytorch" else lib, f"_foreach_{name}")


def run(lib, name, others):
    tensors = lists(lib, A)
    result = found(lib, name)(tensors, *(lists(lib, o) for o in others))
    return tensors if result is None else list(result)


IN_PLACE = [name + "_" for name in foreach._BOTH]


@pytest.mark.parametrize("name", [*CALLS, *IN_PLACE])
def test_as_torch(name):
    for others in CALLS[name if name in CALLS else name.rstrip("_")]:
        agree_on(run, name, others)


def s_further_arguments(lib):
    xs, ys = lists(lib, A), lists(lib, B)
    found(lib, "add_")(xs, ys, alpha=3)
    found(lib, "addcmul_")(xs, ys, ys, value=-1)
    found(lib, "mul_")(xs, lib.tensor(2.0))
    found(lib, "addcdiv_")(xs, ys, ys, lib.tensor([1.0, 2.0, 3.0]))
    return xs, found(lib, "pow")(0.5, xs)


def test_further_arguments():
    agree_on(s_further_arguments)


def test_lists_of_two_lengths():
    agree_on(lambda lib: found(lib, "add")(lists(lib, A), lists(lib, B[:2])))


def names(torch):
    return [name for name in dir(torch) if name.startswith("_foreach_")]


def test_all_are_here():
    assert not [name for name in answer(names) if not hasattr(foreach, name)]
