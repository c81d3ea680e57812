"""The MLPs in JAX, compiled: what a whole-program compiler makes of the same numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .workloads.training import data


class _Jax:
    from_numpy = staticmethod(jnp.asarray)


def _mlp(widths, update, batch):
    x, y = data(_Jax, batch, widths[0])
    rng = np.random.default_rng(1)
    parameters = []
    for a, b in zip(widths, widths[1:]):
        w = (rng.uniform(-1, 1, (b, a)) / np.sqrt(a)).astype(np.float32)
        parameters.append(
            (jnp.asarray(w), jnp.asarray((rng.uniform(-0.05, 0.05, b) + 0.1).astype(np.float32)))
        )

    def loss_of(parameters):
        h = x
        for w, b in parameters[:-1]:
            h = jax.nn.relu(h @ w.T + b)
        logits = h @ parameters[-1][0].T + parameters[-1][1]
        return -jax.nn.log_softmax(logits)[jnp.arange(batch), y].mean()

    @jax.jit
    def advance(parameters, m, v, t):
        loss, g = jax.value_and_grad(loss_of)(parameters)
        triples = jax.tree.map(lambda p, g, m, v: update(p, g, m, v, t), parameters, g, m, v)
        return loss, *(jax.tree.map(lambda p, triple: triple[i], parameters, triples) for i in range(3))

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = [parameters, zeros, zeros, 0]

    def step():
        loss, *arrays = advance(*state[:3], state[3] + 1)
        state[:] = [*arrays, state[3] + 1]
        return float(loss)

    return step


def _sgd(p, g, m, v, t):
    return p - 0.01 * g, m, v


def _adam(p, g, m, v, t):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


WORKLOADS = {
    "mlp_sgd": lambda batch=64: _mlp((784, 128, 64, 10), _sgd, batch),
    "mlp_adam": lambda batch=64: _mlp((784, 128, 64, 10), _adam, batch),
    "mlp_big": lambda batch=256: _mlp((784, 1024, 1024, 10), _adam, batch),
}
