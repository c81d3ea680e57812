"""Ranks that fail at any moment: all end soon, the failed one says why, nothing is left running."""

import pathlib
import random
import re
import time

from tests.distributed.launch import ROOT, mpiexec, needs_mpi

SECONDS = 5.0


def running():
    """The processes that run the failing script."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"tests.distributed.failing" in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            pass
    return found


def fails(kind, when, rank, ranks):
    """The output of a run in which ``rank`` fails, after the checks that hold for all kinds."""
    run = mpiexec(ranks, "-m", "tests.distributed.failing", kind, when, rank, cwd=ROOT)
    failed = float(re.search(r"failed at ([\d.]+)", run.stdout)[1])
    ended = time.time() - failed
    assert run.returncode != 0
    assert ended < SECONDS, f"{kind} at {when} of rank {rank}: all had ended after {ended:.1f} s"
    while (
        left := running()
    ) and time.time() - failed < 2 * SECONDS:  # the launcher ends a moment before them
        time.sleep(0.05)
    assert not left
    return run.stderr


def cases(count):
    """``count`` random failures, the same in each run of the tests."""
    draw = random.Random(0)
    found = [("raise", "start", 1, 2), ("exit", "7", 0, 2)]
    while len(found) < count:
        ranks = draw.choice((2, 3))
        when = str(draw.choice((0, 1, draw.randrange(200))))
        found.append((draw.choice(("raise", "kill")), when, draw.randrange(ranks), ranks))
    return found


@needs_mpi
def test_a_rank_that_fails_ends_all(request):
    for kind, when, rank, ranks in cases(request.config.getoption("--failures")):
        said = fails(kind, when, rank, ranks)
        if kind == "raise":
            assert f"rank {rank} of {ranks} failed, all ranks end:\nTraceback" in said, said
            assert "ValueError: this rank is broken" in said, said
        if kind == "exit":
            assert f"rank {rank} of {ranks} has called sys.exit with status 3" in said, said
