"""Timing code."""

import pytest

from mytorch import get_num_threads
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


def test_a_table_of_measurements():
    def measured(seconds, sub_label, description, threads=1):
        task = benchmark.TaskSpec(
            "f(x)", label="work", sub_label=sub_label, description=description, num_threads=threads
        )
        return benchmark.Measurement(10, [10 * s for s in seconds], task)

    table = benchmark.Compare([measured([1e-3, 2e-3], "small", "old"), measured([3e-3], "large", "old")])
    table.extend_results([measured([2.5e-3], "small", "new"), measured([1e-3], "small", "new", threads=2)])
    table.extend_results([measured([3e-3], "small", "old")])
    assert str(table).splitlines() == [
        "[--------- work ---------]",
        "            |  old  |  new",
        "1 threads: ---------------",
        "  small     |  2.0  |  2.5",
        "  large     |  3.0  |",
        "2 threads: ---------------",
        "  small     |       |  1.0",
        "",
        "Times are in milliseconds (ms).",
    ]


def test_a_table_of_what_was_timed(capsys):
    timer = benchmark.Timer("x + 1", globals={"x": 2}, label="sums", description="ints")
    table = benchmark.Compare([timer.timeit(100)])
    table.trim_significant_figures()
    table.print()
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("sums", "ints", "x + 1", "1 threads:"))


def test_merged_measurements():
    tasks = benchmark.TaskSpec("x"), benchmark.TaskSpec("y")
    given = [([1.0, 2.0], 1, tasks[0]), ([4.0, 6.0], 2, tasks[0]), ([4.0], 2, tasks[1])]
    merged = benchmark.Measurement.merge(benchmark.Measurement(n, times, task) for times, n, task in given)
    assert [(m.raw_times, m.number_per_run, m.title) for m in merged] == [
        ([1.0, 2.0, 2.0, 3.0], 1, "x"),
        ([2.0], 1, "y"),
    ]


def test_numbers_for_people():
    assert [benchmark.select_unit(t) for t in (1e-8, 3e-6, 2e-3, 5.0, 70.0)] == [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("s", 1.0),
    ]
    assert [benchmark.unit_to_english(u) for u in ("ns", "us", "ms", "s")] == [
        "nanosecond",
        "microsecond",
        "millisecond",
        "second",
    ]
    assert benchmark.trim_sigfig(1234.5678, 3) == 1230 and benchmark.trim_sigfig(0.000123456, 2) == 0.00012
    assert benchmark.ordered_unique([3, 1, 3, 2]) == [3, 1, 2]
    before = get_num_threads()
    with benchmark.set_torch_threads(1):
        assert get_num_threads() == 1
    assert get_num_threads() == before
