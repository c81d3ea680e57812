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


def c_meshes(rank, size):
    """Groups along each dimension; DDP over a mesh."""
    mesh = dist.init_device_mesh("cpu", (1, size), mesh_dim_names=("dp", "tp"))
    assert (mesh.shape, mesh.ndim, mesh.size(), mesh.size("dp")) == ((1, size), 2, size, 1)
    assert mesh.get_coordinate() == [0, rank] and mesh.get_local_rank("tp") == mesh.get_rank() == rank
    assert [group.size() for group in mesh.get_all_groups()] == [1, size]
    t = mytorch.ones(1)
    dist.all_reduce(t, group=mesh.get_group("tp"))
    dist.all_reduce(t, group=mesh.get_group(0))
    assert t.item() == size
    line = mesh["tp"]
    assert line.ndim == 1 and line.mesh.tolist() == [0, 1] and dist.get_pg_count() == 3
    model = mytorch.nn.parallel.DistributedDataParallel(mytorch.nn.Linear(2, 2), device_mesh=line)
    assert model.process_group is line.get_group()
    for error, match, call in (
        (RuntimeError, "say which", lambda: mesh.get_group()),
        (KeyError, "names are", lambda: mesh["pp"]),
        (RuntimeError, "for 2 processes", lambda: dist.init_device_mesh("cpu", (3,))),
        (RuntimeError, "in a world of 2", lambda: dist.DeviceMesh("cpu", [0, 0])),
        (RuntimeError, "1 names for 2", lambda: dist.DeviceMesh("cpu", [[0, 1]], mesh_dim_names=("a",))),
    ):
        with pytest.raises(error, match=match):
            call()
    with pytest.raises(RuntimeError, match="both process_group and device_mesh"):
        mytorch.nn.parallel.DistributedDataParallel(
            model.module, None, 0, process_group=line, device_mesh=line
        )


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
    with pytest.raises(RuntimeError, match=r"mpiexec -n 4.*--nproc-per-node 4.*multiprocessing\.spawn"):
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
