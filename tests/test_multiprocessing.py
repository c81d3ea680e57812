"""Processes of torch's names: spawning them, tensors that they do not share."""

import pytest

import mytorch


def test_sharing_between_processes_is_refused():
    with pytest.raises(NotImplementedError, match="copied"):
        mytorch.zeros(2).share_memory_()


def exit_with(i, codes):
    raise SystemExit(codes[i])


def test_spawn():
    mytorch.multiprocessing.spawn(exit_with, ([0, 0],), nprocs=2, start_method="fork")
    with pytest.raises(RuntimeError, match="process 1 terminated with exit code 3"):
        mytorch.multiprocessing.spawn(exit_with, ([0, 3],), nprocs=2, start_method="fork")
