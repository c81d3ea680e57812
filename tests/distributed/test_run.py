"""The launcher with torchrun's words."""

import subprocess
import sys

import pytest

from mytorch.distributed import run
from tests.distributed.launch import ROOT, needs_mpi

SCRIPT = """
import os, sys
import mytorch as torch
import mytorch.distributed as dist
assert dist.is_torchelastic_launched()
dist.init_process_group(backend="gloo")
rank = int(os.environ["RANK"])
assert rank == dist.get_rank() and os.environ["WORLD_SIZE"] == str(dist.get_world_size())
t = torch.full((2,), float(rank + 1))
dist.all_reduce(t)
seen = [None] * dist.get_world_size()
dist.all_gather_object(seen, [rank, os.environ["LOCAL_RANK"], sys.argv[1:], __name__])
if rank == 0:
    print(t.tolist(), seen)
dist.destroy_process_group()
"""


def launched(*command, **options):
    return subprocess.run(
        [sys.executable, "-m", "mytorch.distributed.run", *map(str, command)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        **options,
    )


@needs_mpi
def test_a_script(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    done = launched("--nproc-per-node", 2, "--standalone", script, "--lr", "3")
    assert done.returncode == 0, done.stderr
    wanted = [[0, "0", ["--lr", "3"], "__main__"], [1, "1", ["--lr", "3"], "__main__"]]
    assert done.stdout.strip() == f"[3.0, 3.0] {wanted}"


@needs_mpi
def test_a_script_that_fails_at_once(tmp_path):
    """Also before the ranks have joined, its traceback is on screen and nothing hangs."""
    script = tmp_path / "broken.py"
    script.write_text(
        "import os\nif os.environ['RANK'] == '1':\n    raise KeyError('no such data')\n" + SCRIPT
    )
    done = launched("--nproc_per_node=2", script)
    assert done.returncode != 0
    assert "rank 1 of 2 failed, all ranks end:" in done.stderr and "KeyError: 'no such data'" in done.stderr


def test_one_process_needs_no_mpi(tmp_path, monkeypatch):
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    done = launched(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1.0, 1.0] [[0, '0', [], '__main__']]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nnodes", "2", "train.py"], "--nnodes: this starts processes on one machine"),
        (["--nproc-per-node", "many", "train.py"], "expected a number of processes, got 'many'"),
        (["--nproc-per-node", "0", "train.py"], "expected a number of processes"),
        (["--nproc-per-node", "2"], "script"),
    ],
)
def test_arguments_that_are_refused(arguments, message, capsys):
    with pytest.raises(SystemExit):
        run.arguments(arguments)
    assert message in capsys.readouterr().err
