"""Parts of torch of which nothing is here."""

import pytest

from mytorch.as_torch.absent import Absent, absent


def test_a_part_that_is_not_here():
    module = absent("distributed.fsdp.wrap")
    assert isinstance(module, Absent) and absent("nn.functional") is None
    assert module.Policy is module.Policy and not isinstance(3, module.Policy)
    for refused in (module.Policy, module.wrap):
        with pytest.raises(NotImplementedError, match="whole tensors"):
            refused()
    assert not hasattr(module, "__wrapped__")
