"""Timing code."""

import pytest

from mytorch.utils import benchmark


def clock(steps):
    """A clock that goes on by ``step`` seconds at each look."""
    now = [0.0]

    def look():
        now[0] += steps
        return now[0]

    return look


def test_measurements():
    found = benchmark.Measurement(10, [1.0, 2.0, 3.0, 6.0], "work")
    assert (found.median, found.mean) == (0.25, 0.3)
    assert found.iqr == pytest.approx(0.2)
    assert repr(found).splitlines()[:2] == ["Measurement: work", "  Median: 250.00 ms"]


def test_the_statement_runs_as_often_as_is_said():
    runs = []
    timer = benchmark.Timer("runs.append(x)", "x = 3", globals={"runs": runs}, label="append", sub_label="3")
    found = timer.timeit(500)
    assert runs == [3] * 505
    assert found.title == "append: 3"
    assert found.number_per_run == 500


def test_blocks_until_the_time_is_over():
    timer = benchmark.Timer(timer=clock(0.0625))
    assert len(timer.blocked_autorange(min_run_time=0.25).raw_times) == 4
    assert timer.blocked_autorange(min_run_time=0.25).times == pytest.approx([0.0625] * 4)
    assert timer.adaptive_autorange(min_run_time=0.1).mean == pytest.approx(0.0625)


def test_refusals():
    with pytest.raises(NotImplementedError, match="Python"):
        benchmark.Timer("x + y;", language="c++")
