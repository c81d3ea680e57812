"""Convolutions and their gradients by compiled loops, against those of NumPy in float64."""

import numpy as np
import pytest

import mytorch
from mytorch.nn import functional as F
from mytorch.ops.spatial import compiled_convolution

# function, shapes of the input and the weight, settings
CASES = {
    "few channels": (F.conv2d, (8, 5, 12, 13), (6, 5, 3, 3), {"padding": 1}),
    "more outputs": (F.conv2d, (16, 3, 12, 12), (16, 3, 3, 3), {}),
    "strided": (F.conv2d, (32, 6, 13, 16), (9, 6, 4, 4), {"stride": 2, "padding": 1}),
    "dilated": (F.conv2d, (16, 6, 13, 16), (8, 6, 3, 2), {"dilation": (2, 3), "stride": (2, 1)}),
    "one sample": (F.conv2d, (1, 8, 24, 33), (12, 8, 3, 3), {"padding": 1}),
    "three outputs": (F.conv2d, (8, 8, 16, 16), (3, 8, 5, 5), {"padding": 2}),
    "sequences": (F.conv1d, (16, 8, 65), (12, 8, 3), {"padding": 2, "dilation": 2}),
    "transposed": (F.conv_transpose2d, (16, 8, 9, 9), (8, 4, 4, 4), {"stride": 2, "padding": 1}),
    "transposed sequences": (F.conv_transpose1d, (16, 8, 40), (8, 5, 3), {"stride": 2}),
    "depthwise": (F.conv2d, (8, 7, 12, 14), (7, 1, 3, 3), {"padding": 1, "groups": 7}),
    "depthwise, strided": (F.conv2d, (4, 8, 17, 16), (8, 1, 5, 5), {"stride": 2, "padding": 2, "groups": 8}),
    "depthwise, valid": (F.conv2d, (2, 16, 14, 15), (16, 1, 3, 2), {"groups": 16, "dilation": 2}),
    "depthwise, transposed": (F.conv_transpose2d, (4, 8, 14, 14), (8, 1, 3, 3), {"groups": 8, "stride": 2}),
}


def _results(case, dtype):
    function, *shapes, settings = CASES[case]
    rng = np.random.default_rng(0)
    channels = shapes[1][1 if function in (F.conv_transpose2d, F.conv_transpose1d) else 0]
    bias = channels * settings.get("groups", 1) if "transposed" in case else channels
    x, w, b = (
        mytorch.tensor(rng.standard_normal(shape), dtype=dtype, requires_grad=True)
        for shape in (*shapes, (bias,))
    )
    y = function(x, w, b, **settings)
    y.backward(mytorch.tensor(rng.standard_normal(y.shape), dtype=dtype))
    return [t.detach().numpy() for t in (y, x.grad, w.grad, b.grad)]


@pytest.mark.parametrize("case", CASES)
def test_loops_give_what_the_definition_gives(case, loops, monkeypatch):
    loops(True)
    taken, kernel = [], compiled_convolution._kernel
    monkeypatch.setattr(compiled_convolution, "_kernel", lambda name: taken.append(name) or kernel(name))
    found, wanted = (_results(case, dtype) for dtype in (mytorch.float32, mytorch.float64))
    assert set(taken) == {"depthwise" if "depthwise" in case else "convolution"} and len(taken) >= 2, taken
    for a, exact in zip(found, wanted):
        np.testing.assert_allclose(a, exact, rtol=1e-5, atol=1e-5 * abs(exact).max())


def test_what_the_loops_leave_to_numpy(loops, monkeypatch):
    loops(True)
    monkeypatch.setattr(compiled_convolution, "_kernel", None)
    with mytorch.no_grad():
        for x, w, groups in [
            ((2, 64, 16, 16), (128, 64, 3, 3), 1),  # many channels
            ((2, 64, 16, 16), (8, 64, 1, 1), 1),  # nothing to gather
            ((2, 8, 16, 16), (8, 4, 3, 3), 2),  # groups of several channels
            ((1, 2, 8, 8), (4, 2, 3, 3), 1),  # few numbers
            ((2, 2, 8, 12, 12), (4, 2, 3, 3, 3), 1),  # three dimensions
        ]:
            function = F.conv3d if len(x) == 5 else F.conv2d
            function(mytorch.ones(x), mytorch.ones(w), groups=groups)
        F.conv2d(mytorch.ones(8, 4, 16, 16, dtype=mytorch.float64), mytorch.ones(4, 4, 3, 3).double())
