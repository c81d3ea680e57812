"""Rows of operations on complex numbers, each against PyTorch, and those of ops/complex.py.

Their functions take the library, so that ``tests/ops/test_complex.py`` compares gradients as well.
"""

import functools
import importlib
import math
from dataclasses import replace

import numpy as np

import mytorch

from ...ops.activation import kept
from ...ops.transcendental import one_minus_square
from . import Complex, Real, Sample, embedding, indexing, padding, shape, tensor

PAIRS = (3, 2)
MASK = np.array([True, False, True])
SPOTS = np.array([0, 0, 1])


def in_both(op, function, *inputs, note="", tolerance=2e-4, **options):
    """The row of ``function(library, *inputs)``; a bare shape is that of a complex input."""
    return Sample(
        op,
        functools.partial(function, mytorch),
        tuple(m if hasattr(m, "make") else Complex(m) for m in inputs),
        torch=lambda *arrays: function(importlib.import_module("torch"), *arrays),
        note=f"complex {note}".strip(),
        tolerance=tolerance,
        **options,
    )


def named(name, **settings):
    """The function of that name in the library; ``a.b`` is in its part ``a``."""

    def call(library, *inputs):
        return functools.reduce(getattr, name.split("."), library)(*inputs, **settings)

    return call


def layer(name, **settings):
    return named(f"nn.functional.{name}", **settings)


def _complex(x):
    return x[..., 0] + 1j * x[..., 1]


def _pairs(z):
    return np.stack([z.real, z.imag], -1)


ELEMENTWISE = """exp log sqrt exp2 expm1 log2 log10 log1p rsqrt reciprocal sigmoid sin cos tan asin acos atan
    sinh cosh tanh asinh acosh atanh sinc square neg abs conj clone real imag""".split()
OF_TWO = {"add": "add", "sub": "sub", "mul": "mul", "div": "true_divide", "pow": "pow"}
POWERS = (2, 3, 0.5, -1, 2.5, 1 + 2j)
ORDERS = (0.5, 1, 1.5, 2, 3, math.inf, -math.inf)
POSITIVE = Real((2, 3), 0.5, 2)

POINTWISE = [
    *(in_both(name, named(name), (2, 3)) for name in ELEMENTWISE),
    in_both("direction", named("sgn"), (2, 3)),
    in_both("tanhshrink", layer("tanhshrink"), (2, 3)),
    Sample(
        "one_minus_square",
        lambda z: one_minus_square(z),
        (Complex((3,)),),
        lambda z: 1 - z * z,
        note="complex",
    ),
    *(in_both(op, named(name), (2, 3), (3,)) for name, op in OF_TWO.items()),
    *(in_both(op, named(name), POSITIVE, (3,), note="after real") for name, op in OF_TWO.items()),
    *(in_both(op, named(name), (3,), POSITIVE, note="before real") for name, op in OF_TWO.items()),
    *(in_both("pow", lambda m, z, p=p: z**p, (3,), note=f"to the {p}") for p in POWERS),
    in_both("pow", lambda m, z: 2**z, (3,), note="power of a number"),
    in_both("pow", lambda m, z: (-2) ** z, (3,), note="power of a negative number"),
    in_both("pow", lambda m, z: m.pow(1j, z), (3,), note="power of i"),
    in_both("pow", lambda m, s: s**1j, POSITIVE, note="of real numbers"),
    in_both("pow", named("float_power"), (3,), (3,), note="float_power"),
    in_both("mul", lambda m, s: s * 1j, Real((3,)), note="of real numbers"),
    in_both("add", lambda m, s: s + 1j, Real((3,)), note="of real numbers"),
    in_both("sub", lambda m, z, w: m.sub(z, w, alpha=2j), (3,), (3,), note="times alpha"),
    in_both("true_divide", lambda m, z: 2j / z, (3,), note="of a number"),
    in_both("logaddexp", named("logaddexp"), (3,), (3,)),
    in_both("lerp", named("lerp"), (3,), (3,), (3,)),
    in_both("addcmul", named("addcmul", value=2), (3,), (3,), (3,)),
    in_both("addcdiv", named("addcdiv", value=2), (3,), (3,), (3,)),
    in_both("where", lambda m, a, b: m.where(m.tensor(MASK), a, b), (3,), (3,)),
    in_both("where", lambda m, a, b: m.where(m.tensor(MASK), a, b), Real((3,)), (3,), note="after real"),
    in_both("masked_fill", lambda m, a, b: a.masked_fill(m.tensor(MASK), b), (3,), ()),
    Sample(
        "kept",
        lambda z: kept(z, mytorch.tensor(MASK).array),
        (Complex((3,)),),
        lambda z: z * MASK,
        note="complex",
        gpu=False,
    ),
    in_both("l1", layer("l1_loss"), (2, 3), (2, 3)),
    in_both("l1", layer("l1_loss", reduction="none"), (3,), (3,), note="one by one"),
]

REDUCED = [
    in_both("sum", lambda m, z: (z.sum(), z.sum(1)), (2, 3)),
    in_both("mean", lambda m, z: (z.mean(), z.mean(0)), (2, 3)),
    in_both("prod", lambda m, z: (z.prod(), z.prod(1)), (2, 3)),
    in_both("cumsum", lambda m, z: z.cumsum(1), (2, 3)),
    in_both("cumprod", lambda m, z: z.cumprod(1), (2, 3)),
    in_both("var", lambda m, z: (z.var(), z.var(1, unbiased=False)), (2, 3)),
    in_both("std", lambda m, z: m.std_mean(z, 1), (2, 3)),
    in_both("logsumexp", lambda m, z: m.logsumexp(z, 1), (2, 3)),
    in_both("logcumsumexp", lambda m, z: m.logcumsumexp(z, 1), (2, 3)),
    *(
        in_both("vector_norm", lambda m, z, p=p: m.linalg.vector_norm(z, p, 1), (2, 3), note=f"of order {p}")
        for p in ORDERS
    ),
    in_both("matmul", named("cov"), (3, 4), note="cov"),
    in_both("matmul", named("corrcoef"), (3, 4), note="corrcoef"),
    in_both("sub", named("diff"), (4,), note="diff"),
    in_both("sum", named("trapezoid"), (4,), note="trapezoid"),
]


def _written(m, x, y):
    x = x.clone()
    x[:2] = y * 2
    return x * x


def _through_a_view(m, x, y):
    x = x * 1
    x[1:].mul_(y)
    return x * x


ARRANGED = [
    in_both("getitem", lambda m, z: (z[1:], z[m.tensor(SPOTS)], z[m.tensor(MASK)]), (3,)),
    in_both("take_along", lambda m, z: z.gather(0, m.tensor(SPOTS)), (3,)),
    in_both("put", lambda m, a, b: a.scatter(0, m.tensor(SPOTS[1:]), b), (3,), (2,)),
    in_both("put", lambda m, a, b: a.scatter_add(0, m.tensor(SPOTS), b), (3,), (3,), note="scatter_add"),
    in_both("put", lambda m, a, b: a.index_add(0, m.tensor(SPOTS), b), (3,), (3,), note="index_add"),
    in_both("put", lambda m, a, s: a.index_put((m.tensor(SPOTS),), s + 0j, True), (3,), Real((3,))),
    in_both("write_view", _written, (3,), (2,)),
    in_both("write_view", _written, (3,), Real((2,)), note="real numbers"),
    in_both("write_view", _through_a_view, (3,), (2,), note="through a view"),
    in_both("cat", lambda m, a, b: m.cat([a, b]), (3,), (2,)),
    in_both("cat", lambda m, a, b: m.cat([a, b]), Real((3,)), (2,), note="after real"),
    in_both("stack", lambda m, a, b: m.stack([a, b]), Real((3,)), (3,), note="after real"),
    in_both("block_diag", named("block_diag"), Real((2, 2)), (2, 3), note="after real"),
    in_both("split", lambda m, z: m.split(z, 2), (3,)),
    in_both("unbind", lambda m, z: z.unbind(), (3,)),
    in_both("reshape", lambda m, z: z.reshape(3, 2), (2, 3)),
    in_both("view", lambda m, z: z.contiguous().view(3, 2), (2, 3)),
    in_both("squeeze", lambda m, z: z.squeeze(0), (1, 3)),
    in_both("unsqueeze", lambda m, z: z.unsqueeze(0), (3,)),
    in_both("transpose", lambda m, z: (z.mT, z.mH, z.H, z.adjoint()), (2, 3)),
    in_both("permute", lambda m, z: z.permute(2, 0, 1), (2, 3, 1)),
    in_both("flip", lambda m, z: z.flip(0), (3,)),
    in_both("roll", lambda m, z: z.roll(1), (3,)),
    in_both("expand", lambda m, z: z.expand(2, 3), (3,)),
    in_both("contiguous", lambda m, z: z.T.contiguous(), (2, 3)),
    in_both(
        "in_channels_last",
        lambda m, z: z.contiguous(memory_format=m.channels_last),
        (2, 3, 4, 2),
    ),
    in_both("diagonal", lambda m, z: z.diagonal(), (2, 3)),
    in_both("diagonal_in_zeros", named("diag_embed"), (3,)),
    in_both("triu", named("triu"), (3, 3)),
    in_both("tril", named("tril"), (3, 3)),
    in_both("unfold", lambda m, z: z.unfold(0, 2, 1), (4,)),
    in_both("as_strided", lambda m, z: z.clone().as_strided((2, 2), (1, 1)), (4,)),
    in_both("pad_constant", lambda m, z: m.nn.functional.pad(z, (1, 2)), (2, 3)),
    in_both("resample", lambda m, z: m.nn.functional.pad(z, (1, 1), mode="reflect"), (2, 3)),
    in_both("unfold_columns", lambda m, z: m.nn.functional.unfold(z, 2), (1, 1, 3, 3)),
    in_both("fold_columns", lambda m, z: m.nn.functional.fold(z, (3, 3), 2), (1, 4, 4)),
    in_both("cast", lambda m, s: s.to(m.complex128) * 1j, Real((3,)), note="of real numbers"),
]

# operations that have no name in PyTorch: their first rows, with complex inputs
INNER = "sum_to put_in_zeros add_along zero_at overlap_add transfer embedding".split()


def _with_complex_inputs(op):
    modules = (embedding, indexing, padding, shape, tensor)
    row = next(row for module in modules for row in module.ROWS if row.op == op)
    inputs = tuple(Complex(m.shape) if isinstance(m, Real) else m for m in row.makers())

    def reference(z, *rest):  # they are linear
        return row.reference(z.real, *rest) + 1j * row.reference(z.imag, *rest)

    return replace(row, inputs=inputs, reference=reference, note="complex", empty=None)


PARTS = [
    in_both("view_as_complex", lambda m, x: m.view_as_complex(x.contiguous()) ** 2, Real(PAIRS)),
    in_both("view_as_complex", named("polar"), POSITIVE, Real((2, 3)), note="polar"),
    in_both("view_as_complex", named("complex"), Real((3,)), Real((3,)), note="of parts"),
    in_both("view_as_real", named("view_as_real"), (3,)),
    in_both("imag", lambda m, z: (z.real * z.imag, z.imag), (3,), note="parts"),
    in_both("atan2", named("angle"), (2, 3)),
    Sample(
        "view_as_complex",
        lambda x, y: (
            mytorch.view_as_complex(
                x.contiguous() * mytorch.view_as_complex(y.contiguous()).real[:, None]
            ).imag
        ),
        (PAIRS, PAIRS),
        lambda x, y: x[:, 1] * y[:, 0],
    ),
    Sample(
        "view_as_real",
        lambda x, y: mytorch.view_as_real(
            mytorch.view_as_complex(x.contiguous()) * mytorch.view_as_complex(y.contiguous())
        ),
        (PAIRS, PAIRS),
        lambda x, y: _pairs(_complex(x) * _complex(y)),
        empty=((0, 2), (0, 2)),
    ),
    Sample(
        "conj",
        lambda x, y: mytorch.view_as_real(
            mytorch.view_as_complex(x.contiguous()).conj() * mytorch.polar(y, y * y)
        ),
        (PAIRS, (3,)),
        lambda x, y: _pairs(_complex(x).conj() * y * np.exp(1j * y * y)),
    ),
    Sample("real_angle", lambda x: x.angle(), ((3, 4),), np.angle, empty=((0, 4),)),
]

ROWS = POINTWISE + REDUCED + ARRANGED + PARTS + [_with_complex_inputs(op) for op in INNER]
