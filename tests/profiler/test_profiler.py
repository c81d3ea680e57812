"""``profile``, its schedule and steps, ``record_function``, the older names, scripts run by the command."""

import glob
import json
import os
import subprocess
import sys
import warnings

import pytest

import mytorch
from mytorch.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)
from mytorch.profiler.recorder import Recorder
from tests.referee import answer

SCHEDULES = [
    dict(wait=1, warmup=1, active=2),
    dict(wait=1, warmup=1, active=2, repeat=2),
    dict(wait=0, warmup=1, active=1, repeat=1, skip_first=3),
    dict(wait=3, warmup=2, active=3, skip_first=2),
    dict(wait=0, warmup=1, active=3, repeat=3),
]


def states(lib, options):
    action = lib.profiler.schedule(**options)
    return [action(step).name for step in range(25)]


@pytest.mark.parametrize("options", SCHEDULES, ids=str)
def test_states_of_a_schedule(options):
    assert states(mytorch, options) == answer(states, options)


def a_run(lib, options, steps, acc_events):
    """What is reported when: the number of the step, and how many operations and steps there are."""
    reports, x = [], lib.ones(2)

    def report(prof):
        names = [e.name for e in prof.events()]
        reports.append(
            (prof.step_num, sum("exp" in n for n in names), sum("ProfilerStep" in n for n in names))
        )

    action = None if options is None else lib.profiler.schedule(**options)
    activities = [lib.profiler.ProfilerActivity.CPU]
    prof = lib.profiler.profile(
        activities=activities, schedule=action, on_trace_ready=report, acc_events=acc_events
    )
    with warnings.catch_warnings(), prof:
        warnings.simplefilter("ignore")  # PyTorch says that it forgets earlier cycles
        for _ in range(steps):
            x.exp()
            prof.step()
    return reports


RUNS = [(None, 3, False), *[(options, steps, False) for options in SCHEDULES for steps in (1, 4, 12)]]
RUNS += [(options, 14, True) for options in SCHEDULES]


@pytest.mark.parametrize("options, steps, acc_events", RUNS, ids=str)
def test_traces_of_a_schedule(options, steps, acc_events):
    assert a_run(mytorch, options, steps, acc_events) == answer(a_run, options, steps, acc_events)


def test_a_schedule_without_warmup_warns():
    with pytest.warns(UserWarning, match="won't be using warmup"):
        schedule(wait=1, warmup=0, active=1)


@pytest.mark.parametrize(
    "wrong", [dict(wait=-1), dict(active=0), dict(repeat=-1), dict(skip_first=-2)], ids=str
)
def test_a_wrong_schedule(wrong):
    with pytest.raises(AssertionError, match="Invalid profiler schedule arguments"):
        schedule(**{"wait": 0, "warmup": 1, "active": 1, **wrong})
    with pytest.raises(AssertionError, match="Step must be non-negative"):
        schedule(wait=0, warmup=1, active=1)(-1)


def test_a_schedule_that_cuts_a_trace_short_warns():
    actions = [ProfilerAction.RECORD, ProfilerAction.NONE]
    with profile(schedule=actions.__getitem__) as prof:
        mytorch.ones(2).exp()
        with pytest.warns(UserWarning, match="Incorrect schedule: RECORD followed by NONE"):
            prof.step()
    assert "exp" in [e.name for e in prof.events()]


def test_warmup_is_dropped_but_watched():
    code = mytorch.exp.__code__
    with profile(schedule=schedule(wait=1, warmup=1, active=1, repeat=1)) as prof:
        seen = []
        for _ in range(4):
            seen.append(mytorch.exp.__code__ is not code)
            with record_function("around"):
                mytorch.ones(2).exp()
            prof.step()
    assert seen == [False, True, True, False]
    assert [e.name for e in prof.events()] == ["ProfilerStep#2", "around", "exp"]
    assert [row.key for row in prof.key_averages()] == ["ProfilerStep*", "around", "exp"]


def test_a_label_that_lasts_longer_than_a_step():
    with profile(schedule=schedule(wait=0, warmup=1, active=1, repeat=2)) as prof, record_function("all"):
        for _ in range(6):
            mytorch.ones(2).exp()
            prof.step()
    assert [e.name for e in prof.events()] == ["ProfilerStep#3", "exp"]


# ---- record_function -----------------------------------------------------------------------------------


def test_labels_are_nested():
    @record_function("function")
    def function(n):
        if n:
            function(n - 1)

    with profile() as prof, record_function("outer"):
        with record_function("inner"):
            mytorch.ones(2).exp()
        function(2)
    parents = [(e.name, e.parent and e.parent.name) for e in prof.events()]
    assert parents == [
        ("outer", None),
        ("inner", "outer"),
        ("exp", "inner"),
        ("function", "outer"),
        ("function", "function"),
        ("function", "function"),
    ]
    row = {row.key: row for row in prof.key_averages()}["function"]
    assert row.count == 3
    assert row.cpu_time_total == pytest.approx(prof.events()[3].cpu_time_total)


def test_a_label_without_a_profile_does_nothing():
    with record_function("nothing"):
        assert Recorder.active is None
    with pytest.raises(TypeError, match="the name is a string, not int"):
        record_function(3)


def test_a_label_around_a_profile():
    with record_function("outside"), profile() as prof:
        mytorch.ones(2).exp()
    assert [e.name for e in prof.events()] == ["exp"]


# ---- beginning and ending --------------------------------------------------------------------------------


def test_one_profile_at_a_time():
    with profile() as prof:
        with pytest.raises(RuntimeError, match="not reentrant"):
            prof.start()
        with pytest.raises(RuntimeError, match="already enabled"), profile():
            pass
        mytorch.ones(2).exp()
    assert [e.name for e in prof.events()] == ["exp"]
    with profile() as again:
        mytorch.ones(2).log()
    assert [e.name for e in again.events()] == ["log"]


def test_a_profile_can_be_used_again():
    prof = profile()
    for name in ("exp", "log"):
        prof.start()
        getattr(mytorch.ones(2), name)()
        prof.stop()
        assert [e.name for e in prof.events()] == [name]


EARLY = {
    "stopping trace": lambda prof: prof.stop(),
    "accessing events": lambda prof: prof.events(),
}


@pytest.mark.parametrize("purpose", EARLY)
def test_nothing_is_recorded_yet(purpose):
    def refusal(lib, purpose):
        try:
            EARLY[purpose](lib.profiler.profile(activities=[lib.profiler.ProfilerActivity.CPU]))
        except AssertionError as error:
            return str(error)

    assert refusal(mytorch, purpose) == answer(refusal, purpose) is not None


def test_activities():
    assert supported_activities() >= {ProfilerActivity.CPU}
    with pytest.raises(AssertionError, match="No valid profiler activities found"):
        profile(activities=[])
    with pytest.raises(NotImplementedError, match="with_flops"):
        profile(with_flops=True)


def test_a_file_for_tensorboard(tmp_path):
    folder = str(tmp_path / "log")
    with profile(on_trace_ready=tensorboard_trace_handler(folder)):
        mytorch.ones(2).exp()
    with profile(on_trace_ready=tensorboard_trace_handler(folder, "me", use_gzip=True)):
        mytorch.ones(2).exp()
    first, second = sorted(os.listdir(folder), key=len, reverse=True)
    assert first.endswith(".pt.trace.json")
    assert second.startswith("me.")
    assert second.endswith(".pt.trace.json.gz")
    with open(glob.glob(f"{folder}/*.json")[0]) as file:
        assert [e["name"] for e in json.load(file)["traceEvents"]][-1] == "exp"


# ---- the older names ------------------------------------------------------------------------------------


def test_the_older_names():
    older = mytorch.autograd.profiler
    assert older.record_function is record_function
    with older.profile(record_shapes=True) as prof:
        mytorch.ones(2).exp()
    assert [e.name for e in prof.function_events] == ["exp"]
    assert "exp" in str(prof)
    assert "[[2]]" in prof.key_averages(group_by_input_shape=True).table()
    with older.profile(enabled=False) as prof:
        assert Recorder.active is None
    assert prof is None


# ---- scripts --------------------------------------------------------------------------------------------

SCRIPT = """
import sys
import {neighbour}
import mytorch as torch
assert __name__ == "__main__"
print("arguments", sys.argv[1:])
model = torch.nn.Linear(4, 4)
model(torch.ones(2, 4)).sum().backward()
sys.exit({code})
"""


def run(folder, *arguments):
    paths = [os.path.dirname(os.path.dirname(mytorch.__file__)), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "mytorch.profiler", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("train", "__main__"):
        code = 3 if name == "train" else 0
        (tmp_path / "scripts" / f"{name}.py").write_text(SCRIPT.format(neighbour="beside", code=code))
    (tmp_path / "scripts" / "beside.py").write_text("")
    (tmp_path / "scripts" / "__init__.py").write_text("")
    (tmp_path / "beside.py").write_text("")
    return tmp_path


def test_a_script_that_knows_nothing_of_it(folder):
    script = os.path.join("scripts", "train.py")
    result = run(folder, "--trace", "trace.json", "--memory", script, "--lr", "0.1", "-m")
    assert result.returncode == 3, result.stderr
    assert "arguments ['--lr', '0.1', '-m']" in result.stdout
    for text in ("linear", "LinearBackward0", "By operation", "By module", "AccumulateGrad", "CPU Mem"):
        assert text in result.stdout
    assert json.loads((folder / "trace.json").read_text())["traceEvents"]


def test_a_package(folder):
    result = run(folder, "-m", "scripts", "--lr", "0.1")
    assert result.returncode == 0, result.stderr
    assert "arguments ['--lr', '0.1']" in result.stdout
    assert "LinearBackward0" in result.stdout


def test_a_long_script_stops_recording(folder):
    result = run(folder, "--max-events", "3", "-m", "scripts")
    assert result.returncode == 0, result.stderr
    assert "Only the first 3 events were recorded." in result.stdout
