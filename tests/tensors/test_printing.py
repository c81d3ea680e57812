"""``repr`` of tensors is torch's, character for character, but for the package's name in dtypes."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mytorch
from tests.draws import draws
from tests.referee import answer, live, torch

DTYPES = [
    "float32",
    "float64",
    "float16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "complex64",
    "complex128",
]


def agree(array, **options):
    """Both print the array alike."""
    mine, theirs = mytorch.from_numpy(array), torch.from_numpy(array)
    if options:
        with mytorch.printoptions(**options):
            got = repr(mine)
        with torch._tensor_str.printoptions(**options):
            want = repr(theirs)
    else:
        got, want = repr(mine), repr(theirs)
    assert joined(got) == joined(want.replace("torch.", "mytorch."))


def joined(text):
    """The longer name of the package may move a dtype to the next line."""
    return re.sub(r",\s+dtype", ", dtype", text)


rng = draws(0)
ARRAYS = {
    "scalar": np.array(1.5),
    "scalar int": np.array(7),
    "integers": np.arange(5.0),
    "negative zero": np.array([-0.0, 0.0, 1.5]),
    "zeros": np.zeros(3),
    "nan": np.array([np.nan, 1, np.inf, -np.inf]),
    "nan only": np.array([np.nan, np.inf]),
    "nan and digits": np.array([np.nan, 1.25, -np.inf]),
    "tiny": np.array([1e-5, 1.0]),
    "large": np.array([1e9, 1.0]),
    "large integers": np.array([123456789.0, 1.0]),
    "ratio": np.array([1000.0, 1.0, 0.5]),
    "beyond ratio": np.array([1001.5, 1.0]),
    "at 1e8": np.array([1e8, 1e8 - 1]),
    "at 1e-4": np.array([1e-4, 2e-4]),
    "denormal": np.array([5e-324, 1.0]),
    "huge ratio": np.array([1e308, 5e-324]),
    "rounding": np.array([0.00005, 0.99995, 2.5, 0.12345]),
    "matrix": rng.standard_normal((3, 4)),
    "three dims": rng.standard_normal((2, 3, 4)) * 100,
    "four dims": rng.standard_normal((2, 1, 2, 3)),
    "long row": rng.standard_normal(50),
    "long ints": np.arange(100) * 12345,
    "summary": np.arange(1001.0),
    "summary 2d": rng.standard_normal((40, 40)),
    "summary wide": rng.standard_normal((2, 600)),
    "summary tall": np.arange(3000).reshape(1000, 3),
    "summary 3d": np.arange(20 * 10 * 10).reshape(20, 10, 10),
    "just below": np.arange(1000),
    "bools": np.array([[True, False], [False, True]]),
    "empty": np.zeros(0),
    "empty 2d": np.zeros((0, 3)),
    "empty 3d": np.zeros((2, 0, 3)),
    "one": np.ones((1, 1)),
    "transposed": np.arange(6.0).reshape(2, 3).T,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ARRAYS)
def test_like_torch(name, dtype):
    with np.errstate(all="ignore"):
        array = (
            np.clip(np.nan_to_num(ARRAYS[name]), 0, 127) if np.dtype(dtype).kind in "iub" else ARRAYS[name]
        )
        agree(np.asarray(array, dtype))


OPTIONS = [
    {"precision": 2},
    {"precision": 8},
    {"precision": 0},
    {"linewidth": 40},
    {"linewidth": 200},
    {"edgeitems": 1, "threshold": 5},
    {"threshold": math.inf},
    {"threshold": 0},
    {"edgeitems": 0, "threshold": 2},
    {"sci_mode": True},
    {"sci_mode": False},
    {"profile": "short"},
    {"profile": "full"},
    {"profile": "default", "precision": 3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", ARRAYS)
def test_options(name, options):
    agree(ARRAYS[name], **options)


@live
@settings(max_examples=300, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool", "complex64"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    ),
    st.fixed_dictionaries(
        {
            "precision": st.integers(0, 7),
            "linewidth": st.integers(10, 100),
            "threshold": st.sampled_from([3, 20, 1000]),
        }
    ),
)
def test_anything(array, options):
    agree(array, **options)


def test_a_set_option_stays_until_reset():
    try:
        mytorch.set_printoptions(precision=1)
        mytorch.set_printoptions(edgeitems=2)
        assert mytorch.get_printoptions() == {
            "precision": 1,
            "threshold": 1000,
            "edgeitems": 2,
            "linewidth": 80,
            "sci_mode": None,
        }
        assert repr(mytorch.tensor([1.25, 2.0])) == "tensor([1.2, 2.0])"
    finally:
        mytorch.set_printoptions(profile="default")
    with pytest.raises(ValueError, match="default, short, full"):
        mytorch.set_printoptions(profile="long")


BUILD = [
    lambda m: m.ones(2, requires_grad=True),
    lambda m: m.ones(2, requires_grad=True) * 2,
    lambda m: m.ones(2, requires_grad=True).sum(),
    lambda m: m.ones(30, 2, requires_grad=True).reshape(60) + 0.125,
    lambda m: m.tensor([], dtype=m.int64),
    lambda m: m.zeros(0, 3, dtype=m.float64, requires_grad=True),
    lambda m: m.nn.Parameter(m.ones(2, 2)),
    lambda m: m.Size([1, 2]),
    lambda m: m.ones(2).dtype,
    lambda m: m.device("cpu"),
    lambda m: [m.tensor(1), m.tensor([1.5])],
    lambda m: str(m.tensor([1.0])),
    lambda m: f"{m.tensor(1.25):.1f} {m.tensor(3):>4} {m.tensor([1.5])}",
]


@pytest.mark.parametrize("build", BUILD)
def test_graph_and_other_parts(build):
    theirs = answer(lambda torch: repr(build(torch)))
    assert repr(build(mytorch)) == theirs.replace("torch.", "mytorch.")


def test_default_dtype_is_not_said():
    try:
        mytorch.set_default_dtype(mytorch.float64)
        assert repr(mytorch.tensor([1.5])) == "tensor([1.5000])"
        assert repr(mytorch.tensor([1.5], dtype=mytorch.float32)) == "tensor([1.5000], dtype=mytorch.float32)"
    finally:
        mytorch.set_default_dtype(mytorch.float32)


def test_bfloat16():
    pytest.importorskip("ml_dtypes")
    assert (
        repr(mytorch.tensor([1.5, 1 / 3], dtype=mytorch.bfloat16))
        == "tensor([1.5000, 0.3340], dtype=mytorch.bfloat16)"
    )


@pytest.mark.parametrize(
    "shape, width",
    [((), 2**45), ((1,), 2**45), ((2**20, 1), 2**25), ((2**20, 1), 2), ((2, 1, 1, 3), 2**40)],
)
def test_only_what_is_shown_is_looked_at(shape, width):
    wide = [width if n == 1 else n for n in shape or (1,)]
    if len(shape) == 4:
        wide[2] = 5
    for make in (lambda t: t.zeros(shape), lambda t: t.zeros(shape) > 0, lambda t: t.zeros(shape) + 1j):
        assert repr(make(mytorch).expand(wide)) == repr(make(torch).expand(wide))


def test_a_signalling_nan():
    array = np.array([0x7F800001], np.uint32).view(np.float32)
    assert repr(mytorch.from_numpy(array)) == "tensor([nan])"


def test_subclasses_name_themselves():
    class Mine(mytorch.Tensor):
        pass

    assert repr(mytorch.ones(1).array) == "array([1.], dtype=float32)"
    assert repr(Mine([1.0, 2.0])) == "Mine([1., 2.])"


def test_device(device):
    suffix = "" if device.type == "cpu" else ", device='cuda:0'"
    assert repr(mytorch.ones(2, device=device)) == f"tensor([1., 1.]{suffix})"


def test_format():
    assert f"{mytorch.tensor(1.5):.2f} {mytorch.tensor(3)} {mytorch.tensor([1.0])}" == "1.50 3 tensor([1.])"
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor.__format__"):
        format(mytorch.tensor([1.0]), ".2f")
