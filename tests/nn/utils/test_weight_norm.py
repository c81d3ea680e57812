"""Weight normalization, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.nn.utils.normalized import copied, run
from tests.referee import compare

rng = draws(6)

LINEAR, CONV = rng.standard_normal((2, 3)), rng.standard_normal((2, 3, 5))


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("new", [True, False])
def test_weight_norm(dim, new):
    def make(layer):
        return lambda lib: (lib.nn.utils.parametrizations if new else lib.nn.utils).weight_norm(
            layer(lib), dim=dim
        )

    compare(copied(make(lambda lib: lib.nn.Linear(3, 4).double()), run), [LINEAR], backward=False)
    compare(copied(make(lambda lib: lib.nn.Conv1d(3, 4, 3).double()), run), [CONV], backward=False)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_normalization_is_removed():
    for add, remove in (("weight_norm", "remove_weight_norm"), ("spectral_norm", "remove_spectral_norm")):
        utils = mytorch.nn.utils
        layer = getattr(utils, add)(mytorch.nn.Linear(3, 4))
        weight = layer(mytorch.eye(3)) - layer.bias
        with pytest.raises(RuntimeError, match="Cannot register two"):
            getattr(utils, add)(layer)
        layer.eval()
        getattr(utils, remove)(layer)
        assert list(layer.state_dict()) == ["bias", "weight"] and isinstance(
            layer.weight, mytorch.nn.Parameter
        )
        np.testing.assert_allclose(
            layer.weight.detach().numpy(), weight.detach().numpy().T, rtol=1e-5, atol=1e-6
        )
        with pytest.raises(ValueError, match="not found in"):
            getattr(utils, remove)(layer)


def test_old_names_load_into_the_new_weight_norm():
    with pytest.warns(FutureWarning, match="deprecated in favor of"):
        old = mytorch.nn.utils.weight_norm(mytorch.nn.Linear(3, 4))
    new = mytorch.nn.utils.parametrizations.weight_norm(mytorch.nn.Linear(3, 4))
    new.load_state_dict(old.state_dict())
    assert mytorch.equal(new(mytorch.ones(2, 3)), old(mytorch.ones(2, 3)))
