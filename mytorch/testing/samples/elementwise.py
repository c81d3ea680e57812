"""Rows of ops/elementwise.py, ops/transcendental.py, ops/rounding.py and ops/scaling.py."""

import numpy as np

import mytorch

from . import Bool, Real, Sample


def one(name, reference=None, maker=(3, 4), **options):
    """A row of the function ``name`` of one number."""
    return Sample(
        name,
        lambda x: getattr(x, name)(),
        (maker,),
        reference or getattr(np, name),
        empty=((0, 4),),
        **options,
    )


distinct = Real((3, 4), distinct=True)
positive, inside, above_one = Real((3, 4), 0.5, 3), Real((3, 4), -0.9, 0.9), Real((3, 4), 1.2, 4)

ROWS = [
    one("exp"),
    one("exp2"),
    one("expm1"),
    one("log", maker=positive),
    one("log2", maker=positive),
    one("log10", maker=positive),
    one("log1p", maker=positive),
    one("sqrt", maker=positive),
    one("rsqrt", lambda x: x**-0.5, positive),
    one("reciprocal", maker=positive),
    one("square"),
    one("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    one("logit", lambda x: np.log(x / (1 - x)), Real((3, 4), 0.1, 0.9)),
    one("sin"),
    one("cos"),
    one("tan", maker=inside),
    one("asin", np.arcsin, inside),
    one("acos", np.arccos, inside),
    one("atan", np.arctan),
    one("sinh"),
    one("cosh"),
    one("tanh"),
    one("asinh", np.arcsinh),
    one("acosh", np.arccosh, above_one),
    one("atanh", np.arctanh, inside),
    one("deg2rad"),
    one("rad2deg"),
    one("sinc", tolerance=1e-4),
    Sample("sinc", lambda x: x.sinc(), (Real((3, 4), -0.02, 0.02),), np.sinc, note="near 0"),
    one("neg", np.negative),
    one("abs", maker=distinct),
    one("sign", maker=distinct, second=False),
    one("floor", maker=distinct, second=False),
    one("ceil", maker=distinct, second=False),
    one("trunc", maker=distinct, second=False),
    one("round", maker=distinct, second=False),
    Sample(
        "round",
        lambda x: x.round(decimals=1),
        (distinct,),
        lambda x: np.round(x, 1),
        note="decimals",
        second=False,
    ),
    one("frac", lambda x: x - np.trunc(x), distinct),
    one("nan_to_num"),
    one("isnan", smooth=False),
    one("isinf", smooth=False),
    one("isfinite", smooth=False),
    one("isposinf", smooth=False),
    one("isneginf", smooth=False),
    one("signbit", smooth=False),
    one("isreal", smooth=False),
    Sample(
        "zeros_like", lambda x: mytorch.ops.elementwise.zeros_like(x), ((3, 4),), np.zeros_like, smooth=False
    ),
    Sample("where", mytorch.where, (Bool((3, 4)), (3, 4), (3, 4)), np.where),
    Sample("where", mytorch.where, (Bool((3, 1)), (4,), (2, 1, 4)), np.where, note="broadcast"),
    Sample(
        "where",
        lambda c, x: mytorch.where(c, x, 2.5),
        (Bool((3, 4)), (3, 4)),
        lambda c, x: np.where(c, x, 2.5),
        note="number",
    ),
    Sample("frexp", mytorch.frexp, ((3, 4),), np.frexp),
    Sample(
        "mul",
        lambda x: mytorch.renorm(x, 2, 0, 1.5),
        ((3, 4),),
        lambda x: x * np.minimum(1, 1.5 / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-7)),
        note="renorm",
    ),
]
