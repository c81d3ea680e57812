"""The MNIST example on several ranks: interrupted, resumed with another number of them, the same end."""

import os
import re
import signal
import time

import pytest

from tests.distributed.launch import ROOT, mpiexec, needs_mpi

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")
MNIST = ROOT / "examples" / "mnist.py"


def last_epoch(text):
    """What the run says of its last epoch and of its end, without times and folders."""
    lines = [line for line in text.splitlines() if line.startswith(("epoch  2", "test accuracy"))]
    return [re.sub(r" \| [\d,]+ images/s", "", line) for line in lines]


@needs_mpi
def test_interrupted_and_resumed_with_another_number_of_ranks(tmp_path):
    """Without dropout all numbers are those of a run that nobody has stopped."""
    options = "--quick", "--model", "mlp", "--out"
    whole = mpiexec(2, MNIST, *options, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    assert len(last_epoch(whole.stdout)) == 2
    assert whole.stdout.count("test accuracy") == 1, "one rank alone prints"

    def interrupt(process):
        checkpoint = tmp_path / "stopped" / "checkpoint.mt"
        while process.poll() is None and not checkpoint.exists():  # that of the first epoch
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGINT)

    stopped = mpiexec(2, MNIST, *options, tmp_path / "stopped", interrupt=interrupt)
    said = stopped.stdout + stopped.stderr
    assert said.count("--resume goes on from") == 1 and "Traceback" not in said, said
    assert [p.name for p in (tmp_path / "stopped").iterdir()] == ["checkpoint.mt"]
    resumed = mpiexec(4, MNIST, *options, tmp_path / "stopped", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "resume: epoch 2, " in resumed.stdout
    assert last_epoch(resumed.stdout) == last_epoch(whole.stdout)


@needs_mpi
def test_the_example_of_several_ranks(tmp_path):
    run = mpiexec(2, ROOT / "examples" / "distributed.py", "--quick", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    assert float(re.search(r"DistributedDataParallel differ by (\S+)", run.stdout)[1]) < 1e-6
    assert "2 processes" in run.stdout and "hidden behind backward" in run.stdout
    assert (tmp_path / "timeline.png").stat().st_size > 5000
