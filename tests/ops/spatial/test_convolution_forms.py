"""Every form of a convolution against the definition: a sum over a view of all windows."""

import numpy as np
import pytest

from mytorch.kernels.windows import batch_first, batch_last, window_view
from mytorch.ops.spatial import convolution_forms as forms
from mytorch.ops.spatial.convolution import convolution, convolution_input, convolution_weight

GEOMETRIES = {  # (N, C, *S), (O, C/groups, *kernel), stride, padding, dilation, groups
    "3x3": ((3, 4, 7, 6), (4, 4, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "wider": ((3, 2, 7, 6), (6, 2, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "many channels": ((2, 96, 5, 4), (32, 96, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "few samples": ((3, 16, 9, 14), (5, 16, 3, 3), (2, 1), (1, 1), (1, 1), 1),
    "1x1": ((3, 17, 5, 4), (16, 17, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1 strided": ((3, 3, 7, 6), (4, 3, 1, 1), (2, 2), (0, 0), (1, 1), 1),
    "stride 2": ((2, 3, 9, 8), (4, 3, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    "stride 2, even kernel": ((4, 3, 8, 8), (5, 3, 4, 4), (2, 2), (1, 1), (1, 1), 1),
    "strides 3 and 1": ((3, 2, 11, 6), (2, 2, 5, 2), (3, 1), (2, 0), (1, 1), 1),
    "stride beyond the kernel": ((2, 2, 11, 9), (3, 2, 2, 1), (3, 2), (1, 0), (1, 1), 1),
    "dilated line": ((4, 3, 19), (3, 3, 3), (1,), (4,), (4,), 1),
    "dilated and strided": ((2, 2, 13), (3, 2, 3), (2,), (2,), (2,), 1),
    "depthwise": ((2, 5, 8, 6), (5, 1, 3, 3), (1, 1), (1, 1), (1, 1), 5),
    "depthwise, stride 2": ((2, 5, 9, 7), (5, 1, 3, 3), (2, 2), (1, 1), (1, 1), 5),
    "depthwise, one image": ((1, 3, 10, 7), (3, 1, 5, 3), (1, 1), (2, 1), (1, 1), 3),
    "depthwise, two outputs": ((3, 4, 8, 7), (8, 1, 3, 2), (2, 1), (1, 2), (1, 1), 4),
    "depthwise line": ((3, 4, 20), (4, 1, 5), (3,), (2,), (1,), 4),
    "depthwise, dilated and strided": ((2, 4, 13), (4, 1, 3), (2,), (2,), (2,), 4),
    "one output": ((2, 4, 6, 5), (1, 4, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "groups": ((2, 6, 5, 5), (4, 3, 3, 3), (1, 1), (0, 2), (1, 1), 2),
    "volume": ((2, 2, 4, 5, 4), (2, 2, 2, 3, 2), (2, 1, 1), (1, 1, 0), (1, 1, 1), 1),
}


def drawn(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def definition(x, weight, stride, padding, dilation, groups):
    view = window_view(batch_last(x, padding), weight.shape[2:], stride, dilation)
    view = view.reshape(groups, -1, *weight.shape[2:], *view.shape[-len(stride) - 1 :])
    split = weight.reshape(groups, -1, *weight.shape[1:])
    out = np.stack([np.tensordot(w, v, len(stride) + 1) for w, v in zip(split, view)])
    return batch_first(out.reshape(len(weight), *out.shape[2:]))


@pytest.mark.parametrize("small", [0, 128 * 1024])
@pytest.mark.parametrize("gathers", [True, False, None])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_forms_agree_with_the_definition(monkeypatch, geometry, gathers, small):
    x_shape, shape, stride, padding, dilation, groups = GEOMETRIES[geometry]
    if gathers is not None and not (gathers and "dilated and strided" in geometry):
        monkeypatch.setattr(forms, "gathers", lambda *given: gathers)
    monkeypatch.setattr(forms, "_SMALL", small)
    settings = {"stride": stride, "dilation": dilation, "groups": groups}
    settings["padding"] = tuple((p, p) for p in padding)
    x, weight, bias = drawn(x_shape), drawn(shape, 1), drawn(shape[0], 2)
    expected = definition(x, weight, **settings)
    per_channel = bias.reshape(-1, *[1] * len(stride))
    np.testing.assert_allclose(convolution(x, weight, bias, **settings), expected + per_channel, atol=1e-12)
    # the gradients are the transposes of a bilinear map
    g = drawn(expected.shape, 3)
    into_input = convolution_input(g, weight, sizes=x_shape[2:], **settings)
    into_weight = convolution_weight(x, g, kernel=shape[2:], **settings)
    for i in range(3):
        v, w = drawn(x_shape, 10 + i), drawn(shape, 20 + i)
        np.testing.assert_allclose(np.vdot(into_input, v), np.vdot(g, definition(v, weight, **settings)))
        np.testing.assert_allclose(np.vdot(into_weight, w), np.vdot(g, definition(x, w, **settings)))
    if groups == 1:
        plus = convolution_input(g, weight, drawn(x_shape[1]), sizes=x_shape[2:], **settings)
        per_channel = drawn(x_shape[1]).reshape(-1, *[1] * len(stride))
        np.testing.assert_allclose(plus, into_input + per_channel, atol=1e-12)


def test_which_form_is_taken():
    x = np.zeros((16, 32, 16, 16), np.float32)
    large = {"padding": ((1, 1), (1, 1)), "groups": 1, "counts": (16, 16)}
    assert not forms.is_one_product(x, 32, (3, 3), (1, 1), **large)
    assert forms.is_one_product(x, 32, (1, 1), (1, 1), **large | {"padding": ((0, 0), (0, 0))})
    assert forms.is_one_product(x[:1, :4], 32, (3, 3), (1, 1), **large)
    assert forms.is_winograd(x, (96, 32), (3, 3), (1, 1), (1, 1), 1)
    assert not forms.is_winograd(x, (32, 32), (3, 3), (1, 1), (1, 1), 1)
    few = (1, 1), (1, 1), 1, (16, 16)  # stride, dilation, groups, counts
    assert forms.is_row_products(x[:4], (32, 32, 3, 3), *few)
    assert not forms.is_row_products(x[:4], (32, 32, 3, 1), *few)
    assert not forms.is_row_products(x[:4], (64, 32, 3, 3), *few)
    assert not forms.is_row_products(x[:1, :, :, :3], (32, 32, 3, 3), *few[:3], (16, 3))
    assert forms.rows_at_once(x, (3, 3), (1, 1), 16) == 4
    depthwise = (32, 1, 3, 3), (2, 2), (1, 1)  # weight, stride, dilation
    assert forms.is_depthwise(x, *depthwise)
    assert not forms.is_depthwise(x[:4], *depthwise)  # small
    assert not forms.is_depthwise(x, (96, 1, 3, 3), (1, 1), (1, 1))
    assert not forms.is_depthwise(x, (32, 1, 3, 3), (2, 1), (2, 1))
    assert forms.rows_at_once(x, (1, 3), (1, 1), 16) == 1
    weight = np.zeros((64, 32, 4, 4), np.float32)
    settings = ((1, 1), (1, 1)), (1, 1), 1
    assert forms.gathers(x[:, :16], weight[:, :16], (32, 32), (2, 2), *settings)  # all of the kernel is used
    assert not forms.gathers(x, weight[:, :, :3, :3], (32, 32), (2, 2), *settings)
    assert not forms.gathers(x[..., :4, :4], weight, (8, 8), (2, 2), *settings)  # many windows at the edge
