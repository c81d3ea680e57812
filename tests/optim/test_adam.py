"""Adam's loop against its NumPy: equal to the last bit."""

import hypothesis
import numpy as np
from hypothesis import strategies as st

import mytorch


@hypothesis.given(
    st.sampled_from(["Adam", "AdamW"]),
    st.floats(1e-6, 1),
    st.tuples(st.floats(0, 0.999), st.floats(0, 0.9999)),
    st.floats(0, 1e-2),
    st.sampled_from([0, 0.1]),
    st.booleans(),
    st.sampled_from(["float32", "float64"]),
)
@hypothesis.settings(
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
def test_adams_loop_computes_the_same(loops, name, lr, betas, eps, decay, maximize, dtype):
    results = []
    for on in (False, True):
        loops(on)
        rng = np.random.default_rng(0)
        params = [
            mytorch.nn.Parameter(mytorch.tensor(rng.standard_normal(n).astype(dtype))) for n in (7, 20_001, 3)
        ]
        optimizer = getattr(mytorch.optim, name)(
            params, lr=lr, betas=betas, eps=eps, weight_decay=decay, maximize=maximize
        )
        for scale in (1, 1e-20, 1e20, np.inf):
            for p in params:
                p.grad = mytorch.tensor((rng.standard_normal(tuple(p.shape)) * scale).astype(dtype))
            optimizer.step()
        results.append([a.numpy() for p in params for a in (p.detach(), *optimizer.state[p].values())])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, theirs)
