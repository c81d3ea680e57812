"""torch's names for many processes, of which there is one."""

import pytest

import mytorch


def test_one_process():
    assert not mytorch.distributed.is_available() and not mytorch.distributed.is_initialized()
    with pytest.raises(NotImplementedError, match="one process"):
        mytorch.distributed.init_process_group("gloo")
    with pytest.raises(ValueError, match="process group"):
        mytorch.distributed.get_rank()
    assert mytorch.multiprocessing.cpu_count() >= 1
    mytorch.multiprocessing.set_sharing_strategy(mytorch.multiprocessing.get_sharing_strategy())
    with pytest.raises(ValueError, match="unknown"):
        mytorch.multiprocessing.set_sharing_strategy("wishes")
