"""Joining, the world of one, what is refused, and the launchers that are recognized."""

import datetime
import subprocess
import sys

import pytest

import mytorch
import mytorch.distributed as dist
from mytorch.distributed import mpi
from mytorch.tensors import process_group as registry
from tests.distributed.launch import ROOT, checks


def c_joined_again(rank, size):
    """The ranks may leave and join again; groups end with the whole."""
    old = dist.group.WORLD
    group = dist.new_group([0, 1])
    dist.destroy_process_group()
    assert not dist.is_initialized() and dist.group.WORLD is None and registry.registered is None
    with pytest.raises(ValueError, match="not been initialized"):
        dist.get_rank()
    dist.init_process_group("gloo", world_size=size, rank=rank, timeout=datetime.timedelta(seconds=30))
    assert dist.get_backend() == "gloo" and dist.get_rank() == rank and dist.get_world_size() == size
    if rank < 2:
        with pytest.raises(ValueError, match="destroyed"):
            dist.barrier(group)
    t = mytorch.ones(2)
    dist.all_reduce(t)
    assert (t == size).all() and dist.group.WORLD is not old
    for wrong in ({"world_size": size + 1}, {"rank": rank + 1}):
        dist.destroy_process_group()
        with pytest.raises(RuntimeError, match="the launcher says"):
            dist.init_process_group(**wrong)
        dist.init_process_group()


def c_local_ranks(rank, size):
    assert dist.get_node_local_rank() == rank and dist.is_mpi_available()
    assert mytorch.get_num_threads() == 1


def c_a_launcher_of_another_mpi_is_named(rank, size):
    with pytest.raises(RuntimeError, match=r"started 3 processes, but MPI in this process sees 2.*two MPIs"):
        mpi.world(3)


@checks(globals(), ranks=(2,))
def test_on_ranks(outcome):
    outcome()


def test_one_process():
    assert dist.is_available() and not dist.is_initialized()
    assert [dist.get_default_backend_for_device(where) for where in ("cpu", "cuda:1")] == ["gloo", "nccl"]
    with pytest.raises(ValueError, match="process group"):
        dist.all_reduce(mytorch.ones(1))
    dist.init_process_group()
    try:
        assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (0, 1, "mpi")
        with pytest.raises(ValueError, match="twice"):
            dist.init_process_group()
        with pytest.raises(ValueError, match="no other process"):
            dist.recv(mytorch.ones(1), src=0)
        with pytest.raises(ValueError, match="same as the rank"):
            dist.send(mytorch.ones(1), dst=0)
        dist.monitored_barrier()
        assert dist.new_group([]) == dist.GroupMember.NON_GROUP_MEMBER
        assert dist.get_world_size(dist.new_group([0])) == 1
    finally:
        dist.destroy_process_group()
    with pytest.raises(ValueError, match="not been initialized"):
        dist.destroy_process_group()


def test_what_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="Invalid backend: 'carrier pigeon'"):
        dist.init_process_group("carrier pigeon")
    with pytest.raises(RuntimeError, match=r"mpiexec -n 4.*--nproc-per-node 4"):
        dist.init_process_group("gloo", world_size=4, rank=0)
    monkeypatch.setenv("WORLD_SIZE", "2")  # of torchrun
    with pytest.raises(RuntimeError, match="started alone"):
        dist.init_process_group()
    assert not dist.is_initialized()


@pytest.mark.parametrize(
    ("environment", "size", "rank", "local"),
    [
        ({"PMI_SIZE": "4", "PMI_RANK": "3", "MPI_LOCALRANKID": "1"}, 4, 3, 1),
        (
            {
                "OMPI_COMM_WORLD_SIZE": "2",
                "OMPI_COMM_WORLD_RANK": "1",
                "OMPI_COMM_WORLD_LOCAL_RANK": "1",
            },
            2,
            1,
            1,
        ),
        ({"SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "5", "SLURM_LOCALID": "1"}, 8, 5, 1),
        ({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}, None, 0, None),  # the batch script itself is one process
        ({}, None, None, None),
    ],
)
def test_launchers(environment, size, rank, local, monkeypatch):
    for name in (*mpi.SIZES, *mpi.RANKS, *mpi.LOCAL_RANKS):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (mpi.launched(), mpi.launched(mpi.RANKS), mpi.launched(mpi.LOCAL_RANKS)) == (size, rank, local)


def test_importing_starts_no_mpi():
    code = "import mytorch.distributed, sys; sys.exit('mpi4py' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
