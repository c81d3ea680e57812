"""Complex numbers: values and gradients of every operation against PyTorch, and what is refused."""

import functools

import numpy as np
import pytest

import mytorch
from mytorch.autograd import gradcheck
from mytorch.core.primitive import primitives
from mytorch.testing.samples import Complex, Real, rows
from tests.draws import draws
from tests.referee import Numbers, agree, agree_on, answer, table, torch

rng = draws(3)
X, S = rng.standard_normal((4, 2)), rng.standard_normal(4)

ROWS = [row for row in rows() if "complex" in row.note and row.smooth and row.torch is not None]
# PyTorch's values for it are gradients without a graph
ASKED = [row for row in ROWS if row.op != "convolution_weight"]


def gradients(m, call, arrays):
    """The gradients, of first and second order, of a loss that weighs all parts of the outputs: pairs of a
    dtype and Numbers.
    """
    weights = draws(0)

    def weighed(values):
        loss = 0
        for v in values:
            parts = m.view_as_real(v.resolve_conj()) if v.is_complex() else v
            loss = loss + (parts * m.tensor(weights.standard_normal(tuple(parts.shape)))).sum()
        return loss

    inputs = [m.tensor(a, requires_grad=True) for a in arrays]
    outputs = call(*inputs)
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    first = m.autograd.grad(weighed(outputs), inputs, create_graph=True)
    second = weighed([g for g in first if g.requires_grad])
    again = m.autograd.grad(second, inputs, allow_unused=True) if isinstance(second, m.Tensor) else []
    found = [
        g.detach().resolve_conj().numpy() for g in (*first, *again) if g is not None and abs(g).max() > 0
    ]
    return [(g.dtype.name, Numbers.of(g)) for g in found]


@pytest.mark.parametrize("row", ASKED, ids=lambda row: row.id)
def test_gradients_are_those_of_pytorch(row):
    arrays = row.arrays("float64")
    try:
        theirs = answer(gradients, row.torch, arrays)
    except RuntimeError as error:
        assert "isFloatingType" in str(error) or "does not support automatic" in str(error), error
        return  # PyTorch fails where real numbers meet complex ones
    mine = gradients(mytorch, row.call, arrays)
    assert len(mine) == len(theirs)
    for (dtype, numbers), (their_dtype, their_numbers) in zip(mine, theirs):
        assert dtype == their_dtype
        largest = abs(numbers.array).max()
        their_numbers.check(numbers.array, 1e-7, 1e-8 * (1 + largest), "gradient")


def test_every_operation_that_takes_complex_numbers_has_a_row():
    own = {name: op for name, op in primitives.items() if op.forward.__module__.startswith("mytorch.")}
    taken = {name for name, op in own.items() if op.complex in (True, "holomorphic")} - {"normally"}
    proved = {row.op for row in rows() if "complex" in row.note}
    assert not taken - proved, f"without a row: {sorted(taken - proved)}"
    assert proved - taken == {"atan2"}  # of what is real already


FUNCTIONS = {  # f(library, complex z, real s) -> real
    "product": lambda m, z, s: (z * z * z).real,
    "with real numbers": lambda m, z, s: (z * s).imag,
    "with a number": lambda m, z, s: (z * (1 + 2j) - 3 * z + 1j).real,
    "conj": lambda m, z, s: (z * z.conj()).real + (m.conj(z) * s).imag,
    "polar": lambda m, z, s: (s * z).imag * m.polar(s * s + 1, s).real,
    "complex": lambda m, z, s: (m.complex(s, s * 2) * z[0]).imag,
    "angle": lambda m, z, s: m.angle(z * z.conj() * z) + z.angle(),
    "structure": lambda m, z, s: m.view_as_real(m.cat([z[None], -z.view(1, 4)]).T.reshape(2, 4).sum(1)) * 2,
    "of real numbers": lambda m, z, s: s.real + m.angle(s) + s.conj() + s.resolve_conj(),
    "power of real numbers": lambda m, z, s: ((s + 0j) ** z).abs() + (s**z).real,
    "absolute values": lambda m, z, s: (z.exp() * s).abs() + (1 / z).sin().abs(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_first_and_second_order(name):
    results = []
    for m in (mytorch, torch):
        x, s = m.tensor(X, requires_grad=True), m.tensor(S, requires_grad=True)
        out = FUNCTIONS[name](m, m.view_as_complex(x), s)
        first = m.autograd.grad((out**2).sum(), (x, s), create_graph=True, allow_unused=True)
        second = m.autograd.grad(sum((g**2).sum() for g in first if g is not None), (x, s), allow_unused=True)
        results.append([out, *first, *second])
    for mine, theirs in zip(*results):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-9)


EDGES = np.array([0, 1 + 1j, -1 + 0j, 1j, -2j, 2 + 0j, -0.5 - 0.5j])
AT_EDGES = """exp sqrt expm1 log1p rsqrt reciprocal sigmoid sin cos asin acos atan sinh cosh tanh asinh acosh
    square abs sgn angle prod var std norm""".split()


@pytest.mark.parametrize("name", AT_EDGES)
def test_zeros_and_branch_cuts(name):
    found = []
    for m in (mytorch, torch):
        z = m.tensor(EDGES, requires_grad=True)
        out = getattr(m, name)(z)
        (out.abs().sum()).backward()
        found.append((out.detach().resolve_conj().numpy(), z.grad.resolve_conj().numpy()))
    for mine, theirs in zip(*found):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("power", [0, 1, 2, 3, 0.5, 1.5, 2 + 1j])
def test_powers_of_zero(power):
    found = []
    for m in (mytorch, torch):
        z = m.tensor(EDGES[:3], requires_grad=True)
        m.view_as_real(z**power).sum().backward()
        found.append(z.grad.resolve_conj().numpy())
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_the_determinant_of_a_singular_matrix():
    x = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    x[2] = (1 + 2j) * x[0]
    x[:, 1] = 0  # the determinant is exactly 0
    assert gradcheck(mytorch.linalg.det, mytorch.tensor(x, requires_grad=True))


def test_a_complex_factor_of_what_is_added():
    """PyTorch forgets its conjugate."""
    places = mytorch.tensor([0, 0, 1])
    inputs = [mytorch.tensor(rng.standard_normal(3) + 1j * S[:3], requires_grad=True) for _ in range(2)]
    assert gradcheck(lambda x, y: x.index_add(0, places, y, alpha=2j), inputs)


@pytest.mark.parametrize("name", ["jacobian", "vjp", "jvp"])
def test_functional(name):
    z = rng.standard_normal(3) + 1j * S[:3]

    def function(x):
        out = (x * x.flip(0)).exp() * x.abs()
        return out.abs() if name == "jacobian" else out

    found = []
    for m in (mytorch, torch):
        seed = () if name == "jacobian" else (m.tensor(z * 1j),)
        result = getattr(m.autograd.functional, name)(function, m.tensor(z), *seed)
        found.append(result if isinstance(result, tuple) else (result,))
    for mine, theirs in zip(*found):
        np.testing.assert_allclose(mine.numpy(), theirs.resolve_conj().numpy(), rtol=1e-9, atol=1e-12)


def test_rotary_embedding():
    """As in Llama: pairs of features turned by an angle that grows with the position."""

    def rotate(m):
        frequencies = 1.0 / (10000.0 ** (m.arange(0, 8, 2)[:4].float() / 8))
        angles = m.outer(m.arange(5).float(), frequencies)
        turns = m.polar(m.ones_like(angles), angles)
        x = m.tensor(
            rng.permutation(np.arange(240.0)).reshape(2, 5, 3, 8).astype("float32") / 100
            if m is mytorch
            else given[0],
            requires_grad=True,
        )
        given.append(x.detach().numpy())
        pairs = m.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        out = m.view_as_real(pairs * turns.view(1, 5, 1, 4)).flatten(3).type_as(x)
        (out**3).sum().backward()
        return turns, out, x.grad

    given: list = []
    for mine, theirs in zip(rotate(mytorch), rotate(torch)):
        assert str(mine.dtype)[2:] == str(theirs.dtype)
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-4)


def descend(m, optimizer):
    """A complex matrix whose square is fitted to a given one."""
    generator = np.random.default_rng(1)
    target, start = (
        m.tensor(generator.standard_normal((3, 3)) + 1j * generator.standard_normal((3, 3))) for _ in range(2)
    )
    w = m.nn.Parameter(start)
    steps = getattr(m.optim, optimizer)([w], lr=0.1)
    for _ in range(20):
        steps.zero_grad()
        ((w @ w - target).abs() ** 2).sum().mul(0.01).backward()
        steps.step()
    return w.detach().numpy()


@pytest.mark.parametrize(
    "optimizer", "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax NAdam RAdam ASGD Rprop".split()
)
def test_a_complex_parameter_is_trained(optimizer):
    np.testing.assert_allclose(descend(mytorch, optimizer), descend(torch, optimizer), rtol=1e-9)


# ---- every function takes or refuses them as PyTorch does ----------------------------------------

A, B = (rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3)) for _ in range(2))
ONE = """abs all amax amin aminmax angle any argmax argmin argsort argwhere asin ceil celu_
    count_nonzero cos deg2rad diff digamma erf erfinv exp exp2 expm1 flip floor frac frexp geqrf histc i0
    isfinite isinf isnan isneginf isposinf isreal lgamma log logical_not logit max mean median min mode msort
    nan_to_num nanmean nanmedian nansum neg nonzero norm positive prod rad2deg reciprocal relu round rsqrt
    selu sgn sigmoid sign signbit sin sinc sort sqrt square std sum tan tanh trunc unique unique_consecutive
    var zeros_like nn.functional.elu nn.functional.gelu nn.functional.hardshrink nn.functional.hardsigmoid
    nn.functional.hardswish nn.functional.hardtanh nn.functional.leaky_relu nn.functional.logsigmoid
    nn.functional.mish nn.functional.relu6 nn.functional.silu nn.functional.softplus
    nn.functional.softshrink nn.functional.softsign nn.functional.tanhshrink special.entr special.erfcx
    special.gammaln special.i1 special.log_ndtr special.ndtr special.ndtri""".split()
TWO = """atan2 copysign eq equal fmax fmin fmod ge gt heaviside hypot isclose isin le logaddexp
    logaddexp2 logical_and logical_or logical_xor lt maximum minimum ne nextafter remainder
    searchsorted xlogy floor_divide cosine_similarity nn.functional.binary_cross_entropy
    nn.functional.cross_entropy nn.functional.huber_loss nn.functional.l1_loss nn.functional.mse_loss
    nn.functional.prelu nn.functional.smooth_l1_loss special.xlog1py special.zeta""".split()
WITH_A_NUMBER = """clamp clamp_min cummax cummin cumsum cumprod kthvalue log_softmax logcumsumexp
    nn.functional.softmax nn.functional.softmin nn.functional.glu nn.functional.max_pool1d
    nn.functional.avg_pool1d topk median quantile sort amax argmin""".split()
IN_PLACE = (
    "abs_ absolute_ ceil_ floor_ round_ sign_ relu_ clamp_ eq_ lt_ exp_ nan_to_num_ float_power_".split()
)
ORDER = [(name, (A,)) for name in ONE] + [(name, (A, B)) for name in TWO]
ORDER += [(name, (A, 1)) for name in WITH_A_NUMBER] + [(f"Tensor.{name}", (A,)) for name in IN_PLACE]
ORDER += [(f"Tensor.{name}", (A, 1.0)) for name in ("clamp_", "eq_", "lt_", "float_power_", "copy_", "fmod_")]


@pytest.mark.parametrize(("name", "arrays"), ORDER, ids=[f"{name}, {len(a)}" for name, a in ORDER])
def test_every_function_takes_or_refuses_them_as_pytorch_does(name, arrays):
    def call(m, *inputs):
        return functools.reduce(getattr, name.split("."), m)(*inputs)

    agree(call, arrays, name, gradient=False, tolerance=1e-10)


def s_parts_are_views(m):
    z = m.tensor(A)
    pairs = m.view_as_real(z.T)
    z.real, z.imag[0] = 2.0, m.tensor([1.0, 2.0, 3.0], dtype=m.float64)
    pairs[1, 2, 1] = 7
    m.view_as_complex(pairs)[0, 0] = 5j
    return z


def s_parts_of_real_numbers(m):
    x = m.ones(3)
    x.real = m.arange(3)
    return x


def s_a_part_is_assigned_with_a_gradient(m):
    z, x = m.tensor(A, requires_grad=True), m.tensor(B.real.copy(), requires_grad=True)
    out = z * 2
    out.real = x * x
    out.imag[1] *= 3
    (out * out).abs().sum().backward()
    return out.detach().resolve_conj(), z.grad.resolve_conj(), x.grad


def _assigned(part, of, value):
    def scenario(m):
        t = m.zeros(3, dtype=getattr(m, of))
        setattr(t, part, value(m))
        return t

    scenario.__name__ = f"s_{part}"
    return scenario


VALUES = {
    "number": lambda m: 2,
    "one": lambda m: m.ones(1),
    "too few": lambda m: m.ones(2),
    "integers": lambda m: m.arange(3),
    "list": lambda m: [1, 2, 3],
    "None": lambda m: None,
    "complex": lambda m: 1j,
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("of", ["complex64", "float32"])
@pytest.mark.parametrize("part", ["real", "imag"])
def test_a_part_is_assigned(part, of, value):
    agree_on(_assigned(part, of, VALUES[value]))


@table(globals())
def test_parts(scenario):
    agree_on(scenario)


# ---- what is refused -----------------------------------------------------------------------------

REFUSED = {
    "integers": lambda m: m.view_as_complex(m.ones(2, 2, dtype=m.int64)),
    "triples": lambda m: m.view_as_complex(m.ones(2, 3)),
    "apart": lambda m: m.view_as_complex(m.ones(2, 2).T),
    "a real one as real": lambda m: m.view_as_real(m.ones(2)),
    "imag": lambda m: m.ones(2).imag,
    "two dtypes": lambda m: m.complex(m.ones(2), m.ones(2, dtype=m.float64)),
    "the sign": lambda m: m.sign(m.tensor([1j])),
    "a complex loss": lambda m: m.tensor(1j, requires_grad=True).exp().backward(),
    "a real gradient": lambda m: m.tensor(1j, requires_grad=True).exp().backward(m.tensor(1.0)),
    "a complex gradient": lambda m: m.tensor(1.0, requires_grad=True).exp().backward(m.tensor(1j)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    for m in (mytorch, torch):
        with pytest.raises(RuntimeError):
            REFUSED[name](m)


NOT_DIFFERENTIATED = {
    "silu": lambda z: mytorch.nn.functional.silu(z),
    "nan_to_num": lambda z: z.nan_to_num(),
    "geqrf": lambda z: mytorch.geqrf(z[:, None]),
}


@pytest.mark.parametrize("name", NOT_DIFFERENTIATED)
def test_other_functions_are_refused_when_they_are_recorded(name):
    with pytest.raises(NotImplementedError, match=f"^{name}: complex numbers are not differentiated"):
        NOT_DIFFERENTIATED[name](mytorch.tensor([1j, 2 - 1j], requires_grad=True))
    NOT_DIFFERENTIATED[name](mytorch.tensor([1j, 2 - 1j]))  # without a gradient they are computed


def complex_arrays(row):
    """The inputs of a row, complex instead of floating-point ones."""
    rng = np.random.default_rng(0)
    inputs = [Complex(m.shape) if isinstance(m, Real) else m for m in row.makers()]
    return [m.make(rng, "float64") for m in inputs]


ORDERED = [
    row
    for row in rows()
    if primitives[row.op].complex is None and any(isinstance(m, Real) for m in row.makers())
]


@pytest.mark.parametrize("row", ORDERED, ids=lambda row: row.id)
def test_what_is_not_declared_for_complex_numbers_refuses_them(row):
    """atan2 is the angle of complex numbers, from their parts; rms_norm takes them by its definition."""
    if row.op in ("atan2", "real_angle") or "rms_norm" in row.id:
        return
    with pytest.raises((NotImplementedError, RuntimeError, TypeError)):
        row.call(*map(mytorch.tensor, complex_arrays(row)))


def with_complex_inputs(row):
    """What the row gives for complex inputs, with gradients; nothing where it is refused."""
    try:
        results = row.call(
            *[mytorch.tensor(a, requires_grad=a.dtype.kind == "c") for a in complex_arrays(row)]
        )
    except Exception:
        return []
    results = results if isinstance(results, (tuple, list)) else [results]
    return [r for r in results if isinstance(r, mytorch.Tensor) and r.requires_grad]


@pytest.mark.filterwarnings("ignore")
def test_no_operation_makes_real_numbers_of_complex_ones_by_rules_that_do_not_know_it():
    found = set()
    for row in rows():
        op, nodes = primitives[row.op], []
        if not op.complex and (op.rules or op.joint):
            nodes = [r.grad_fn for r in with_complex_inputs(row)]
        for node in nodes:  # it grows
            nodes += [n for n, _ in node.next_functions if n is not None]
            made = getattr(node, "parent", node).plan
            found |= {row.op} if made and made.op is op else set()
    assert found == {"atan2"}  # of what is real already


def test_conjugates():
    assert (mytorch.tensor([1 + 2j, 3j]).conj() == mytorch.tensor([1 - 2j, -3j])).all()


class _Wrong(mytorch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2j


def test_a_real_input_has_no_complex_gradient():
    x = mytorch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="invalid gradient at index 0"):
        _Wrong.apply(x).sum().backward()


class _Twice(mytorch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        return z * 2, z.abs()

    @staticmethod
    def backward(ctx, g, h):
        return g * 2 + h * 0


def test_functions_of_users_are_complex_too():
    z = mytorch.tensor([1 + 1j, 2j], requires_grad=True)
    twice, _ = _Twice.apply(z)
    (twice * twice).real.sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), (8 * z.detach().numpy()).conj())
    twice, _ = _Twice.apply(z)
    with pytest.raises(NotImplementedError, match="relu"):
        twice.relu()
