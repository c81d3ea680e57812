"""Complex numbers as pairs and back, and what is differentiated on the way, against PyTorch."""

import numpy as np
import pytest

import mytorch

torch = pytest.importorskip("torch")
rng = np.random.default_rng(3)
X, S = rng.standard_normal((4, 2)), rng.standard_normal(4)

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


REFUSED = {
    "integers": lambda m: m.view_as_complex(m.ones(2, 2, dtype=m.int64)),
    "triples": lambda m: m.view_as_complex(m.ones(2, 3)),
    "apart": lambda m: m.view_as_complex(m.ones(2, 2).T),
    "a real one as real": lambda m: m.view_as_real(m.ones(2)),
    "imag": lambda m: m.ones(2).imag,
    "two dtypes": lambda m: m.complex(m.ones(2), m.ones(2, dtype=m.float64)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    for m in (mytorch, torch):
        with pytest.raises(RuntimeError):
            REFUSED[name](m)


def test_other_functions_are_not_differentiated():
    z = mytorch.view_as_complex(mytorch.ones(3, 2, requires_grad=True))
    with pytest.raises(NotImplementedError, match="exp of complex numbers"):
        mytorch.view_as_real(z.exp() * 2)
    assert mytorch.view_as_real(z.detach().exp()).shape == (3, 2)
    assert (mytorch.tensor([1 + 2j, 3j]).conj() == mytorch.tensor([1 - 2j, -3j])).all()
