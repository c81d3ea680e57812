"""Runs checks on several ranks: one ``mpiexec`` for all test files with checks on so many, one result each.

A test file has functions ``c_...(rank, size)`` and one test::

    @checks(globals(), ranks=(2, 3, 4))
    def test_on_ranks(outcome):
        outcome()

Starting the ranks takes longer than most checks: so the files that pytest has collected share a start, and
one to which they did not come, since they ended in another, gets a start of its own.
``python -m tests.distributed.launch FOLDER MODULE …`` runs the checks of some files on this rank.
"""

from __future__ import annotations

import datetime
import functools
import importlib
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

import pytest

import mytorch
import mytorch.distributed as dist
from mytorch.distributed import mpi
from mytorch.distributed.work import Work

ROOT = pathlib.Path(__file__).parents[2]
# the launcher beside this Python, as the wheels of MPICH and Open MPI install it, or the machine's
MPIEXEC = shutil.which(
    "mpiexec", path=f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
)
AVAILABLE = MPIEXEC is not None and importlib.util.find_spec("mpi4py") is not None
needs_mpi = pytest.mark.skipif(not AVAILABLE, reason="needs mpi4py and mpiexec: pip install -e '.[mpi]'")
LONG = 300  # seconds that a run may take on a busy machine
WAIT = datetime.timedelta(seconds=30)  # for other ranks, in a check


def mpiexec(ranks, *command, env=None, timeout=LONG, interrupt=None, **options):
    """Run ``python *command`` on so many ranks; the completed process, with its output as text. Whatever
    happens, nothing is left running.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | (env or {})
    environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    environment |= {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    process = subprocess.Popen(
        [MPIEXEC, "-n", str(ranks), sys.executable, *map(str, command)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        **options,
    )
    try:
        if interrupt is not None:
            interrupt(process)
        out, err = process.communicate(timeout=timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


collected: set = set()  # the modules whose tests this session runs
SHARED: dict = {}  # (ranks, environment) -> the modules that run together on so many


@functools.cache
def results_of(modules, ranks, environment):
    """([for each rank {module: {check: what it said}}], the output) of the checks of ``modules``; "" for a
    check that passed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = "-m", "tests.distributed.launch", folder, *modules
        run = mpiexec(ranks, *command, cwd=ROOT, env=dict(environment), timeout=2 * LONG)
        files = [pathlib.Path(folder, str(rank)) for rank in range(ranks)]
        found = [json.loads(file.read_text()) if file.exists() else {} for file in files]
        return found, f"{run.stdout}\n{run.stderr}"


def results_of_file(module, ranks, environment):
    """([for each rank {check: what it said}], the output) of the checks of a file."""
    together = tuple(m for m in SHARED[ranks, environment] if m in collected or m == module)
    for modules in (together, (module,)):
        found, output = results_of(modules, ranks, environment)
        if all(module in of_rank for of_rank in found):
            break
    return [of_rank.get(module, {}) for of_rank in found], output


def checks(namespace, ranks=(2, 3, 4), env=()):
    """Parametrize a test by the checks of its file, each on so many ranks, with ``env`` in their environment:
    ``outcome()`` fails if one did.
    """
    names, module = [name for name in namespace if name.startswith("c_")], namespace["__name__"]
    for count in ranks:
        SHARED.setdefault((count, env), []).append(module)

    def outcome(name, count):
        found, output = results_of_file(module, count, env)
        for rank, said in enumerate(found):
            text = said.get(name, f"did not end\n{output}")
            assert not text, f"rank {rank} of {count}: {text}"

    cases = [
        pytest.param(functools.partial(outcome, name, count), id=f"{name[2:]}-{count}")
        for count in ranks
        for name in names
    ]
    return lambda test: needs_mpi(pytest.mark.parametrize("outcome", cases)(test))


def main(folder, *modules):
    control, said = None, {}
    for module in modules:
        namespace, said[module] = vars(importlib.import_module(module)), {}
        dist.init_process_group(timeout=WAIT)
        rank, size = dist.get_rank(), dist.get_world_size()
        pathlib.Path(folder, str(rank)).write_text(json.dumps(said))
        control = control or mpi.MPITransport(mpi.library().COMM_WORLD.Dup())
        mytorch.manual_seed(0)
        for name, check in namespace.items():
            if not name.startswith("c_"):
                continue
            try:
                check(rank, size)
                said[module][name] = ""
            except BaseException:
                said[module][name] = traceback.format_exc()
            pathlib.Path(folder, str(rank)).write_text(json.dumps(said))
            # fails where another rank waits for this one in the middle of the check
            Work(control.barrier(), 2 * WAIT.total_seconds(), f"the end of {name}", control).wait()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
