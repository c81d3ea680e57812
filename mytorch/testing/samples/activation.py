"""Rows of ops/activation.py and ops/softmax.py."""

import math

import numpy as np

from mytorch.ops import activation
from mytorch.ops.softmax import softmin

from . import Real, Sample

erf = np.vectorize(math.erf, otypes=["float64"])
distinct, wide = Real((3, 4), distinct=True), Real((3, 4), -7, 7)


def one(name, reference, maker=(3, 4), note="", **settings):
    """A row of the activation ``name``."""
    return Sample(
        name,
        lambda x: getattr(activation, name)(x, **settings),
        (maker,),
        reference,
        note=note,
        empty=((0, 4),),
    )


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


ROWS = [
    one("relu", lambda x: np.maximum(x, 0), distinct),
    Sample(
        "kept",
        lambda x, other: activation.kept(x, other > 0),
        ((3, 4), Real((3, 4), distinct=True, grad=False)),
        lambda x, other: np.where(other > 0, x, 0),
    ),
    Sample(
        "scaled_down",
        lambda x, other: activation.scaled_down(x, other > 0, factor=0.2),
        ((3, 4), Real((3, 4), distinct=True, grad=False)),
        lambda x, other: np.where(other > 0, x, 0.2 * x),
    ),
    one("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x), distinct),
    one("leaky_relu", lambda x: np.where(x > 0, x, 1.5 * x), distinct, "steep", negative_slope=1.5),
    one("silu", lambda x: x / (1 + np.exp(-x))),
    one("gelu", lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2)))),
    one("gelu", gelu_tanh, note="tanh", approximate="tanh"),
    one("threshold", lambda x: np.where(x > 0.3, x, -2), distinct, threshold=0.3, value=-2),
    one("hardtanh", lambda x: np.clip(x, -1, 1), distinct),
    one("hardtanh", lambda x: np.clip(x, 0, 1.5), distinct, "bounds", min_val=0, max_val=1.5),
    Sample("hardtanh", activation.relu6, (wide,), lambda x: np.clip(x, 0, 6), note="relu6"),
    one("hardsigmoid", lambda x: np.clip(x + 3, 0, 6) / 6, wide),
    one("hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6, wide),
    Sample(
        "elu_derivative",
        lambda x: activation.elu_derivative(x, alpha=0.7, scale=1.1, rate=0.5),
        (distinct,),
        lambda x: np.where(x > 0, 1.1, 0.7 * 1.1 * 0.5 * np.exp(0.5 * x)),
    ),
    Sample("elu", activation.elu, (distinct,), lambda x: np.where(x > 0, x, np.expm1(x)), empty=((0, 4),)),
    Sample(
        "elu",
        lambda x: activation.elu(x, 0.7),
        (distinct,),
        lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)),
        note="alpha",
    ),
    Sample(
        "elu",
        activation.selu,
        (distinct,),
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        note="selu",
    ),
    Sample(
        "elu",
        lambda x: activation.celu(x, 0.7),
        (distinct,),
        lambda x: np.where(x > 0, x, 0.7 * np.expm1(x / 0.7)),
        note="celu",
    ),
    Sample("sloped", activation.sloped, (distinct, (4,)), lambda x, w: np.where(x > 0, x, w * x)),
    Sample(
        "sloped",
        activation.prelu,
        (Real((2, 3, 4), distinct=True), (3,)),
        lambda x, w: np.where(x > 0, x, w[:, None] * x),
        note="prelu",
    ),
    one("hardshrink", lambda x: np.where(np.abs(x) > 0.5, x, 0), distinct),
    one("softshrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), distinct),
    Sample("tanhshrink", activation.tanhshrink, ((3, 4),), lambda x: x - np.tanh(x)),
    one("softplus", lambda x: np.log1p(np.exp(x))),
    one(
        "softplus",
        lambda x: np.where(x * 2 > 1, x, np.log1p(np.exp(2 * x)) / 2),
        note="settings",
        beta=2,
        threshold=1,
    ),
    one("logsigmoid", lambda x: -np.log1p(np.exp(-x))),
    one("mish", lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    Sample("true_divide", activation.softsign, (distinct,), lambda x: x / (1 + np.abs(x)), note="softsign"),
    Sample(
        "sigmoid",
        lambda x: activation.glu(x, 1),
        ((3, 4, 2),),
        lambda x: x[:, :2] / (1 + np.exp(-x[:, 2:])),
        note="glu",
    ),
    Sample("softmax", lambda x: softmin(x, 0), ((3, 4),), lambda x: softmax(-x.T).T, note="softmin"),
    Sample("softmax", lambda x: x.softmax(-1), ((3, 4),), softmax),
    Sample("log_softmax", lambda x: x.log_softmax(-1), ((3, 4),), lambda x: np.log(softmax(x))),
]
