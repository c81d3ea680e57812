"""The linear layer as one operation, and the bilinear one."""

from __future__ import annotations

import math

from ...core.arrays import is_array
from ...core.primitive import primitive
from ...core.sums import summed, wide, widen
from ...kernels.gemm import product
from ...kernels.sums import column_sums
from ..cast import to_dtype
from ..matmul import matmul
from ..permute import transpose
from ..shape import reshape, sum_to


def _rows(x):
    """(…, features) as (rows, features), also where there are none of either."""
    return x if len(x.shape) == 2 else reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


def _x_vjp(g, weight):
    """g W."""
    return matmul(g, weight) if len(weight.shape) == 2 else matmul(g[..., None], weight[None])


def _weight_vjp(g, x, weight_shape):
    """gᵀ x, over all rows."""
    if len(weight_shape) == 1:
        return _weight_vjp(g[..., None], x, (1, *weight_shape))[0]
    return matmul(_rows(g).swapaxes(0, 1), _rows(x))


def _bias_vjp(g, bias_shape):
    """The sum of the rows of g."""
    if is_array(g) and bias_shape == g.shape[-1:] != g.shape:
        return column_sums(_rows(g))
    return sum_to(g, shape=bias_shape)


@primitive(complex="holomorphic", later=("weight",), x=_x_vjp, weight=_weight_vjp, bias=_bias_vjp)
def linear(x, weight, bias=None):
    """x Wᵀ + b for x (…, in), weight (out, in) or (in,), bias (out,): (…, out).

    RuntimeError for sizes or dtypes that do not match.
    """
    dtype = x.dtype
    if x.ndim == 0 or x.shape[-1] != weight.shape[-1]:
        raise RuntimeError(_mismatch(x.shape, weight.shape))
    if dtype != weight.dtype or (bias is not None and bias.dtype != dtype):
        raise RuntimeError(_other_dtypes(x, weight, bias))
    if wide(dtype) is not dtype:
        return linear(*widen(x, weight, bias)).astype(dtype)
    plain = bias is None or (weight.ndim == 2 and bias.shape == weight.shape[:1])
    plus = bias if plain else None
    if x.ndim > 2:  # one matrix product for all leading dimensions together
        y = product(_rows(x), weight.T, plus).reshape(x.shape[:-1] + weight.shape[:-1])
    else:
        y = product(x, weight.T, plus)
    return y if plain else _plus_other_bias(y, x, weight, bias)


def _plus_other_bias(y, x, weight, bias):
    """y + bias where the bias is no vector of the weight's rows, but broadcasts."""
    if x.ndim == 2 and weight.ndim == 1:
        raise RuntimeError("linear with a bias: weight must be a matrix, got a vector")
    if bias.ndim <= 1 and y.ndim or bias.shape == y.shape:
        y += bias
        return y
    result = y + bias
    if result.shape != y.shape:
        raise RuntimeError(
            f"output with shape {list(y.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    return result


def _other_dtypes(x, weight, bias):
    dtypes = f"{x.dtype}, weight {weight.dtype}" + ("" if bias is None else f" and bias {bias.dtype}")
    return f"mat1 and mat2 must have the same dtype, but got input {dtypes}"


def _mismatch(x, weight):
    if not x:
        return "input of linear has to have at least one dimension"
    sizes = "x".join(map(str, reversed(weight)))
    return (
        f"expected (..., {weight[-1]}), got {tuple(x)}: mat1 and mat2 shapes cannot be multiplied "
        f"({math.prod(x[:-1])}x{x[-1]} and {sizes})"
    )


def bilinear(input1, input2, weight, bias=None):
    """y_k = x₁ᵀ A_k x₂ + b_k for x₁ (…, in1), x₂ (…, in2), weight (out, in1, in2), bias (out,): (…, out).

    RuntimeError if shapes do not fit.
    """
    a, b = tuple(input1.shape), tuple(input2.shape)
    if a[:-1] != b[:-1]:
        raise RuntimeError(f"bilinear(): input batch dimensions do not match: got {list(a)} and {list(b)}")
    out, in1, in2 = weight.shape
    if not input1.dtype == input2.dtype == weight.dtype:
        raise RuntimeError(
            f"All tensors must have the same dtype, got input1: {input1.dtype}, input2: "
            f"{input2.dtype}, weight: {weight.dtype}"
        )
    if bias is not None and tuple(bias.shape) != (out,):
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {list(bias.shape)} but expected [{out}]"
        )
    if a[-1] != in1 or b[-1] != in2:
        raise RuntimeError(
            f"bilinear(): expected inputs (..., {in1}) and (..., {in2}) for weight "
            f"{list(weight.shape)}, got {a} and {b}"
        )
    left = linear(input1, transpose(weight, 1, 2).reshape(out * in2, in1))  # (…, out · in2)
    y = summed(left.reshape(*a[:-1], out, in2) * input2[..., None, :], -1)
    y = to_dtype(y, dtype=input1.dtype)  # sums of integers are int64
    return y if bias is None else y + bias
