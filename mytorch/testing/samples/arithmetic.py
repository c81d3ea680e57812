"""Rows of ops/arithmetic.py, ops/power.py, ops/binary.py, ops/bounds.py and ops/comparison.py."""

import numpy as np

import mytorch

from . import Bool, Int, Real, Sample

positive, distinct = Real((3, 4), 0.5, 2), Real((3, 4), distinct=True)


def two(name, reference, x=(3, 4), y=(3, 4), **options):
    """A row of the function ``name`` of two numbers."""
    return Sample(
        name,
        lambda a, b: getattr(mytorch, name)(a, b),
        (x, y),
        reference,
        broadcast=True,
        empty=((0, 4), (4,)),
        **options,
    )


def comparison(name, reference):
    return two(name, reference, smooth=False)


def bits(name, reference, high=16):
    return Sample(
        name,
        lambda a, b: getattr(mytorch, name)(a, b),
        (Int((3, 4), 16), Int((4,), high)),
        reference,
        smooth=False,
    )


ROWS = [
    two("add", np.add),
    Sample(
        "add",
        lambda x, y: mytorch.add(x, y, alpha=2.5),
        ((3, 4), (4,)),
        lambda x, y: x + 2.5 * y,
        note="alpha",
    ),
    two("sub", np.subtract),
    Sample("sub", lambda x, y: x.sub(y, alpha=2), ((3, 4), (4,)), lambda x, y: x - 2 * y, note="alpha"),
    two("mul", np.multiply),
    two("true_divide", np.divide, y=positive),
    two("floor_divide", np.floor_divide, distinct, Real((3, 4), 2, 2.4), second=False),
    Sample(
        "trunc_divide",
        lambda x, y: mytorch.div(x, y, rounding_mode="trunc"),
        (distinct, positive),
        lambda x, y: np.trunc(x / y),
        second=False,
    ),
    two("remainder", np.remainder, distinct, Real((3, 4), 2, 2.4)),
    two("fmod", np.fmod, distinct, Real((3, 4), 2, 2.4)),
    two("pow", np.power, positive),
    *(
        Sample("pow", lambda x, n=n: x**n, (positive,), lambda x, n=n: x**n, note=str(n))
        for n in (0, 1, 2, 3, 5, -1, -2, 0.5, -0.5, 2.5)
    ),
    Sample("pow", lambda x: 2.5**x, ((3, 4),), lambda x: 2.5**x, note="base"),
    two("maximum", np.maximum),
    two("minimum", np.minimum),
    two("fmax", np.fmax),
    two("fmin", np.fmin),
    Sample(
        "clamp", lambda x: x.clamp(-0.5, 0.6), (distinct,), lambda x: np.clip(x, -0.5, 0.6), empty=((0, 4),)
    ),
    Sample("clamp", lambda x: x.clamp(min=0), (distinct,), lambda x: np.maximum(x, 0), note="min"),
    Sample("clamp", lambda x: x.clamp(max=0), (distinct,), lambda x: np.minimum(x, 0), note="max"),
    Sample(
        "clamp",
        lambda x, a, b: x.clamp(a, b),
        ((3, 4), (4,), (3, 1)),
        lambda x, a, b: np.minimum(np.maximum(x, a), b),
        note="tensors",
    ),
    two("atan2", np.arctan2),
    two("hypot", np.hypot),
    two("copysign", np.copysign, second=False),
    two("heaviside", np.heaviside, smooth=False),
    two("nextafter", np.nextafter, smooth=False, tolerance=1e-4),
    two("logaddexp", np.logaddexp),
    two("logaddexp2", np.logaddexp2),
    two("xlogy", lambda x, y: x * np.log(y), y=positive),
    Sample(
        "lerp",
        mytorch.lerp,
        ((3, 4), (4,), Real((3, 1), 0, 1)),
        lambda x, y, w: x + w * (y - x),
        empty=((0, 4), (4,), (1,)),
    ),
    Sample(
        "lerp", lambda x, y: x.lerp(y, 0.7), ((3, 4), (4,)), lambda x, y: x + 0.7 * (y - x), note="number"
    ),
    Sample(
        "addcmul",
        lambda x, y, z: mytorch.addcmul(x, y, z, value=0.5),
        ((3, 4), (4,), (3, 1)),
        lambda x, y, z: x + 0.5 * y * z,
    ),
    Sample(
        "addcdiv",
        lambda x, y, z: mytorch.addcdiv(x, y, z, value=0.5),
        ((3, 4), (4,), positive),
        lambda x, y, z: x + 0.5 * y / z,
    ),
    comparison("eq", np.equal),
    comparison("ne", np.not_equal),
    comparison("lt", np.less),
    comparison("le", np.less_equal),
    comparison("gt", np.greater),
    comparison("ge", np.greater_equal),
    comparison("isclose", lambda x, y: np.isclose(x, y)),
    comparison("logical_and", np.logical_and),
    comparison("logical_or", np.logical_or),
    comparison("logical_xor", np.logical_xor),
    Sample("logical_not", mytorch.logical_not, (Bool((3, 4)),), np.logical_not, smooth=False),
    bits("bitwise_and", np.bitwise_and),
    bits("bitwise_or", np.bitwise_or),
    bits("bitwise_xor", np.bitwise_xor),
    bits("bitwise_left_shift", np.left_shift, 5),
    bits("bitwise_right_shift", np.right_shift, 5),
    bits("gcd", np.gcd),
    bits("lcm", np.lcm),
    Sample("bitwise_not", lambda x: ~x, (Int((3, 4), 16),), np.invert, smooth=False),
]
