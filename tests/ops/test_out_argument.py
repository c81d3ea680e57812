"""``out=``: the result is written into a tensor that is there; what PyTorch refuses is refused."""

import re
import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree_on, torch

A = draws(0).uniform(0.1, 0.3, (3, 3)).astype("float32") + np.eye(3, dtype="float32") / 2
CALLS = {
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, x, out=out))
        for name in "add sub mul div true_divide floor_divide pow remainder fmod atan2 maximum minimum matmul mm "  # noqa: E501
        "hypot".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, out=out))
        for name in "exp log sqrt abs neg sigmoid tanh sin floor ceil round sign square reciprocal rsqrt erf tril "  # noqa: E501
        "inverse".split()
    },
    "alpha": lambda lib, x, out: lib.add(x, x, alpha=2, out=out),
    "clamp": lambda lib, x, out: lib.clamp(x, 0.3, 0.5, out=out),
    "cumsum": lambda lib, x, out: lib.cumsum(x, 1, out=out),
    "addmm": lambda lib, x, out: lib.addmm(x, x, x, beta=2, out=out),
    "outer": lambda lib, x, out: lib.outer(x[0], x[1], out=out),
}
OTHER_SHAPES = {
    "sum": lambda lib, x, out: lib.sum(x, 0, out=out),
    "mean": lambda lib, x, out: lib.mean(x, 0, True, out=out),
    "var": lambda lib, x, out: lib.var(x, 1, out=out),
    "std": lambda lib, x, out: lib.std(x, 1, out=out),
    "norm": lambda lib, x, out: lib.norm(x, 2, 0, out=out),
    "bmm": lambda lib, x, out: lib.bmm(x[None], x[None], out=out),
    "mv": lambda lib, x, out: lib.mv(x, x[0], out=out),
    "dot": lambda lib, x, out: lib.dot(x[0], x[0], out=out),
    "cat": lambda lib, x, out: lib.cat([x, x], 1, out=out),
    "stack": lambda lib, x, out: lib.stack([x, x], out=out),
}
S, PLACES = A @ A.T + np.eye(3, dtype="float32"), np.argsort(A, 0)
EXPRESSIONS = """
    max(x, x) min(x) where(x > 0.5, x, x) gather(x, 0, i) index_select(x, 0, i[0]) take(x, i) take_along_dim(x, i, 0) masked_select(x, x > 0.5)
    concat([x, x]) hstack([x, x]) vstack([x, x]) dstack([x, x]) column_stack([x, x]) scatter(x, 0, i, x) scatter(x, 0, i, 2.0)
    scatter_add(x, 0, i, x) scatter_reduce(x, 0, i, x, 'sum') index_add(x, 0, i[0], x) index_copy(x, 0, i[0], x) index_reduce(x, 0, i[0], x, 'prod')
    inner(x, x) vdot(x[0], x[0]) ger(x[0], x[0]) addmv(x[0], x, x[0]) addr(x, x[0], x[0]) addbmm(x, x[None], x[None])
    baddbmm(x[None], x[None], x[None]) kron(x, x) cross(x, x, 1) tensordot(x, x, 1) diag(x) triu(x) float_power(x, 2) ldexp(x, x) logit(x, eps=0.1)
    polygamma(1, x) mvlgamma(x + 2, 2) clamp_min(x, 0.3) clamp_max(x, 0.3) nanmean(x, 0) quantile(x, 0.5, 0) nanquantile(x, 0.5, 0) msort(x)
    amax(x, 0) argmax(x, 0) all(x, 0) any(x) prod(x, 0) cumprod(x, 0) logcumsumexp(x, 0) logsumexp(x, 0) diff(x) isin(x, x)
    bucketize(x, x[0].sort()[0]) searchsorted(x[0].sort()[0], x) lerp(x, x, 0.5) addcmul(x, x, x) addcdiv(x, x, x, value=2) softmax(x, 0)
    cholesky(s) cholesky_solve(x, s) cholesky_inverse(s) matrix_power(x, 2) linspace(0, 1, 5) logspace(0, 1, 5) arange(5.0) zeros(3, 2) eye(3)
    full((2, 2), 3.0) tril(x) sum(x, 0) nansum(x, 0) norm(x) linalg.det(x) linalg.inv(x) linalg.pinv(x) linalg.cholesky(s) linalg.solve(x, x)
    linalg.solve_triangular(x, x, upper=True) linalg.matrix_rank(x) linalg.cond(x) linalg.norm(x) linalg.matrix_norm(x) linalg.vector_norm(x)
    linalg.vecdot(x, x) linalg.cross(x, x) linalg.multi_dot([x, x]) linalg.matrix_power(x, 2) linalg.svdvals(x) linalg.eigvalsh(s)
    special.ndtr(x) special.entr(x)
    max(x, 0) min(x, 1, True) sort(x, 0) sort(x, dim=1, descending=True) topk(x, 2) median(x, 0) nanmedian(x, 1) mode(x, 0) kthvalue(x, 2) cummax(x, 0)
    cummin(x, 1) aminmax(x, dim=0) slogdet(x) linalg.slogdet(x) linalg.qr(x) qr(x) linalg.svd(x) svd(x) linalg.eigh(s) linalg.lstsq(x, x)
"""  # some give several results  # noqa: E501
EXPRESSIONS = [e.strip() + ")" for e in re.split(r"\)\s(?=\s*[a-z_.]+\(|\s*$)", EXPRESSIONS) if e.strip()]


@pytest.mark.parametrize("kind", ["same", "empty"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_function_that_takes_it(expression, kind):
    def scenario(lib):
        names = {"lib": lib, "x": lib.tensor(A), "s": lib.tensor(S), "i": lib.tensor(PLACES)}
        results = eval(f"lib.{expression}", names)
        single = not isinstance(results, tuple)
        outs = [
            lib.empty(0, dtype=r.dtype) if kind == "empty" else lib.zeros(tuple(r.shape), dtype=r.dtype)
            for r in ((results,) if single else results)
        ]
        given = eval(f"lib.{expression[:-1]}, out=out)", {**names, "out": outs[0] if single else tuple(outs)})
        same = [a is b for a, b in zip((given,) if single else given, outs)]
        # vectors of a factorization may point the other way
        return same, [o if o.dtype == lib.bool else o.abs() for o in outs]

    agree_on(scenario, close=1e-4)


# the last one casts in torch, unlike its twin in linalg
MAKERS = ("zeros", "eye", "full", "arange", "linspace", "logspace", "cholesky(")


@pytest.mark.parametrize("kind", ["float64", "float16", "int64"])
@pytest.mark.parametrize("expression", [e for e in EXPRESSIONS if not e.startswith(MAKERS)])
def test_every_function_into_another_dtype(expression, kind):
    def scenario(lib):
        names = {"lib": lib, "x": lib.tensor(A), "s": lib.tensor(S), "i": lib.tensor(PLACES)}
        results = eval(f"lib.{expression}", names)
        if isinstance(results, tuple):
            return None  # torch allows no other dtype there
        if kind == "int64" and expression.startswith("nan"):
            return None  # torch's error is one of what is not implemented
        return eval(
            f"lib.{expression[:-1]}, out=out)", {**names, "out": lib.empty(0, dtype=getattr(lib, kind))}
        )

    agree_on(scenario, close=1e-2 if kind == "float16" else 1e-4)


def test_several_results_need_as_many_tensors():
    agree_on(lambda lib: lib.max(lib.tensor(A), 0, out=lib.zeros(3)))
    agree_on(lambda lib: lib.max(lib.tensor(A), 0, out=(lib.zeros(3),)))
    agree_on(lambda lib: lib.max(lib.tensor(A), 0, out=(lib.zeros(3), lib.zeros(3))))  # indices are integers
    # and each keeps its dtype
    agree_on(lambda lib: lib.linalg.qr(lib.tensor(A), out=(lib.zeros(3, 3, dtype=lib.float64),) * 2))
    agree_on(lambda lib: lib.exp(lib.tensor(A), out=(lib.zeros(3, 3),)))
    agree_on(
        lambda lib: lib.max(
            lib.tensor(A, requires_grad=True), 0, out=(lib.zeros(3), lib.zeros(3, dtype=lib.int64))
        )
    )
    agree_on(lambda lib: lib.zeros_like(lib.tensor(A), out=lib.zeros(3, 3)))
    given = mytorch.max(mytorch.tensor(A), 0, out=(mytorch.zeros(3), mytorch.zeros(3, dtype=mytorch.int64)))
    assert given._fields == ("values", "indices")


@pytest.mark.parametrize("name", CALLS)
def test_into_a_tensor_of_the_shape(name):
    def scenario(lib):
        x, out = lib.tensor(A), lib.zeros(3, 3)
        part = out[1:]  # sees the change
        return CALLS[name](lib, x, out) is out, out, part

    agree_on(scenario)


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_into_an_empty_tensor(name):
    def scenario(lib):
        out = lib.empty(0)
        return OTHER_SHAPES[name](lib, lib.tensor(A), out) is out, out

    agree_on(scenario)


def test_into_another_dtype():
    for kind in ("float64", "float16"):
        agree_on(lambda lib, kind=kind: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, dtype=getattr(lib, kind))))
    agree_on(lambda lib: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, dtype=lib.int64)))  # refused
    agree_on(lambda lib: lib.nonzero(lib.tensor(A), out=lib.zeros(0, dtype=lib.int64)))


def test_what_is_refused():
    agree_on(lambda lib: lib.exp(lib.tensor(A, requires_grad=True), out=lib.zeros(3, 3)))
    agree_on(lambda lib: lib.exp(lib.tensor(A), out=lib.zeros(3, 3, requires_grad=True)))
    agree_on(lambda lib: lib.stack([lib.tensor(A, requires_grad=True)], out=lib.zeros(1, 3, 3)))
    agree_on(lambda lib: lib.exp(lib.tensor(A), out=3))
    agree_on(lambda lib: lib.add(lib.tensor(A), 1, out=None))
    with pytest.warns(UserWarning, match="was resized"):
        assert mytorch.exp(mytorch.tensor(A), out=mytorch.zeros(2)).shape == (3, 3)


def test_without_recording():
    def scenario(lib):
        x, out = lib.tensor(A, requires_grad=True), lib.zeros(3, 3)
        with lib.no_grad():
            lib.mul(x, 2, out=out)
        return out, out.requires_grad

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agree_on(scenario)


def test_a_saved_value_that_is_overwritten():
    def scenario(lib):
        x, saved = lib.tensor(A, requires_grad=True), lib.ones(3, 3)
        y = x * saved
        lib.exp(lib.tensor(A), out=saved)
        y.sum().backward()

    agree_on(scenario)


def numbered(lib, n):
    return lib.arange(n)


# by name: a call that reads x (4) and writes out (4)
OVERLAPS = {
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, out=out))
        for name in "exp abs sigmoid round floor nan_to_num msort".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, x, out=out))
        for name in "add mul atan2 maximum".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, 0, out=out))
        for name in "cumsum cumprod logcumsumexp softmax".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, 0, out=out[0]))
        for name in "sum mean amax std logsumexp".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, 0, out=(out[0], lib.tensor(0))))
        for name in "median mode max min".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)([x[:2], x[2:]], out=out))
        for name in "cat hstack".split()
    },
    **{
        name: (lambda lib, x, out, name=name: getattr(lib, name)(x, 0, numbered(lib, 4), x, out=out))
        for name in "scatter scatter_add index_add index_copy".split()
    },
    "stack": lambda lib, x, out: lib.stack([x[:2], x[2:]], out=out.reshape(2, 2)),
    "gather": lambda lib, x, out: lib.gather(x, 0, numbered(lib, 4), out=out),
    "take": lambda lib, x, out: lib.take(x, numbered(lib, 4), out=out),
    "index_select": lambda lib, x, out: lib.index_select(x, 0, numbered(lib, 4), out=out),
    "masked_select": lambda lib, x, out: lib.masked_select(x, x > -9, out=out),
    "take_along_dim": lambda lib, x, out: lib.take_along_dim(x, numbered(lib, 4), 0, out=out),
    "kthvalue": lambda lib, x, out: lib.kthvalue(x, 1, out=(out[0], lib.tensor(0))),
    "aminmax": lambda lib, x, out: lib.aminmax(x, dim=0, out=(out[0], out[1])),
    "sort": lambda lib, x, out: lib.sort(x, out=(out, numbered(lib, 4))),
    "topk": lambda lib, x, out: lib.topk(x, 4, out=(out, numbered(lib, 4))),
    "clamp": lambda lib, x, out: lib.clamp(x, 0, 1, out=out),
    "where": lambda lib, x, out: lib.where(x > 0, x, x, out=out),
    "lerp": lambda lib, x, out: lib.lerp(x, x, 0.5, out=out),
    "addmm": lambda lib, x, out: lib.addmm(*[x.reshape(2, 2)] * 3, out=out.reshape(2, 2)),
    "mm": lambda lib, x, out: lib.mm(*[x.reshape(2, 2)] * 2, out=out.reshape(2, 2)),
    "tril": lambda lib, x, out: lib.tril(x.reshape(2, 2), out=out.reshape(2, 2)),
    "outer": lambda lib, x, out: lib.outer(x[:2], x[:2], out=out.reshape(2, 2)),
    "cross": lambda lib, x, out: lib.cross(x[:3], x[:3], dim=0, out=out[:3]),
    "diff": lambda lib, x, out: lib.diff(x, out=out[:3]),
    "kron": lambda lib, x, out: lib.kron(x, lib.ones(1), out=out),
    "max of two": lambda lib, x, out: lib.max(x, x, out=out),
    "min of two": lambda lib, x, out: lib.min(x, x, out=out),
}


@pytest.mark.parametrize("shift", [0, 1], ids=["the input itself", "a part of the input"])
@pytest.mark.parametrize("name", OVERLAPS)
def test_an_output_on_the_memory_of_an_input(name, shift):
    """Refused where torch refuses; otherwise the right numbers are written (torch's are not always)."""
    refused = []
    for lib in (mytorch, torch):
        memory = lib.arange(1.0, 7.0)
        try:
            OVERLAPS[name](lib, memory[:4], memory[shift : 4 + shift])
        except RuntimeError as error:
            assert "some elements of the input tensor and the written-to tensor refer to" in str(error)
            refused.append(True)
        else:
            refused.append(False)
    assert refused[0] == refused[1]


def test_an_output_on_memory_of_its_own_several_times():
    for lib in (mytorch, torch):
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
            lib.add(lib.ones(4), 1, out=lib.zeros(1).expand(4))


def test_an_output_beside_the_input_in_one_memory():
    for lib in (mytorch, torch):
        memory = lib.arange(6.0)
        assert lib.cat([memory[:2], memory[2:3]], out=memory[3:]).tolist() == [0, 1, 2]
        assert lib.exp(memory[::2], out=memory[1::2]).shape == (3,)
