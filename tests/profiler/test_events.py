"""Sums of events: by operation, by shapes, by module; and the table."""

import time

import pytest

import mytorch
from mytorch import nn
from mytorch.profiler import profile, record_function


def a_step(**options):
    model = nn.Sequential(nn.Linear(256, 256), nn.Sequential(nn.ReLU(), nn.Linear(256, 256)), nn.Tanh())
    x = mytorch.randn(512, 256)
    model(x).sum().backward()
    with profile(**options) as prof:
        begin = time.perf_counter()
        with record_function("step"):
            model(x).sum().backward()
        seconds = time.perf_counter() - begin
    return prof, seconds


def test_self_times_add_up_to_the_time_that_passed():
    prof, seconds = min((a_step() for _ in range(5)), key=lambda pair: pair[1])
    step = prof.events()[0]
    assert step.cpu_time_total == pytest.approx(1e6 * seconds, rel=0.05)
    for group in ("operation", "module"):
        rows = prof.key_averages(group_by=group)
        assert rows.self_cpu_time_total == pytest.approx(step.cpu_time_total)
    assert prof.events().self_cpu_time_total == pytest.approx(step.cpu_time_total)


def test_an_event_is_its_own_time_and_that_of_those_inside():
    prof, _ = a_step(profile_memory=True)
    for event in prof.events():
        inside = [e for e in prof.events() if e.parent is event]
        for name in ("cpu_time_total", "cpu_memory_usage"):
            total, own = getattr(event, name), getattr(event, f"self_{name}")
            assert total == pytest.approx(own + sum(getattr(e, name) for e in inside), abs=1e-6)
        assert all(event.start <= e.start <= e.end <= event.end for e in inside)
        assert event.self_cpu_time_total >= 0


def test_rows_by_operation():
    prof, _ = a_step()
    rows = {(row.key, row.phase): row for row in prof.key_averages()}
    assert rows["linear", "forward"].count == rows["LinearBackward0", "backward"].count == 2
    linear = [e for e in prof.events() if e.name == "linear"]
    assert rows["linear", "forward"].cpu_time_total == pytest.approx(sum(e.cpu_time_total for e in linear))
    assert rows["linear", "forward"].cpu_time == pytest.approx(sum(e.cpu_time_total for e in linear) / 2)
    # a module of a class inside of another one of that class is in the total once
    outer = next(e for e in prof.events() if e.name == "nn.Module: Sequential")
    assert rows["nn.Module: Sequential", "forward"].count == 2
    assert rows["nn.Module: Sequential", "forward"].cpu_time_total == pytest.approx(outer.cpu_time_total)
    assert rows["step", "forward"].cpu_time_total == pytest.approx(prof.events()[0].cpu_time_total)


def test_forward_and_backward_are_rows_of_their_own():
    x = mytorch.randn(8, 8, requires_grad=True)
    with profile() as prof:
        (x.exp() @ mytorch.linalg.inv(x)).sum().backward()
    phases = {(row.key, row.phase) for row in prof.key_averages() if row.key == "matmul"}
    assert phases == {("matmul", "forward"), ("matmul", "backward")}


def test_rows_by_shapes():
    with profile(record_shapes=True) as prof:
        for n in (2, 3, 2):
            mytorch.ones(n, n).exp()
    rows = {repr(row.input_shapes): row.count for row in prof.key_averages(group_by_input_shape=True)}
    assert rows == {"[[2, 2]]": 2, "[[3, 3]]": 1}
    assert [row.count for row in prof.key_averages()] == [3]


def test_rows_by_lines():
    x = mytorch.ones(2)
    with profile(with_stack=True) as prof:
        for _ in range(3):
            x.exp()
        x.exp()
    rows = prof.key_averages(group_by_stack_n=1)
    assert [row.count for row in rows] == [3, 1]
    assert "test_rows_by_lines" in rows.table()


def test_rows_by_module():
    prof, _ = a_step()
    rows = {(row.key, row.phase): row for row in prof.key_averages(group_by="module")}
    assert {key for key, phase in rows if phase == "forward"} == {
        *("(outside of modules)", "Sequential", "Sequential.0", "Sequential.1", "Sequential.2"),
        *("Sequential.1.0", "Sequential.1.1"),
    }
    assert {key for key, phase in rows if phase == "backward"} == {key for key, _ in rows}
    assert rows["Sequential.0", "forward"].count == 1
    assert rows["Sequential.0", "backward"].count == 3  # the node, and two parameters
    assert rows["Sequential.1.1", "forward"].type == "Linear"
    for phase in ("forward", "backward"):
        inside = [rows[f"Sequential.{i}", phase].cpu_time_total for i in range(3)]
        whole = rows["Sequential", phase]
        assert whole.cpu_time_total == pytest.approx(whole.self_cpu_time_total + sum(inside))
    calls = [e for e in prof.events() if e.kind == "module" and e.module == "Sequential.1"]
    assert rows["Sequential.1", "forward"].cpu_time_total == pytest.approx(calls[0].cpu_time_total)


def test_the_table():
    prof, _ = a_step(record_shapes=True, profile_memory=True)
    rows = prof.key_averages()
    text = rows.table(sort_by="self_cpu_time_total", row_limit=3, header="A step")
    lines = text.splitlines()
    assert lines[1] == "A step"
    for title in ("Self CPU %", "CPU total", "CPU time avg", "CPU Mem", "# of Calls", "Phase"):
        assert title in lines[3]
    assert len(lines) == 2 + 3 + 3 + 2
    largest = max(rows, key=lambda row: row.self_cpu_time_total)
    assert lines[5].split("  ")[0].strip() == largest.key or largest.key in lines[5]
    assert lines[-1].startswith("Self CPU time total: ")
    shares = [line.split("%")[0].split()[-1] for line in rows.table().splitlines() if "%" in line][1:]
    assert sum(map(float, shares)) == pytest.approx(100, abs=0.01 * len(shares))
    assert "Input Shapes" in prof.key_averages(group_by_input_shape=True).table()
    assert len(rows.table(row_limit=-1).splitlines()) == len(rows) + 5
    assert str(prof.events()) == prof.events().table()
    assert "linear" in repr(prof.events())


def test_long_names_are_cut():
    with profile() as prof, record_function("x" * 100):
        pass
    assert "x" * 52 + "..." in prof.key_averages().table()
    assert "x" * 100 in prof.key_averages().table(max_name_column_width=None)


def test_an_empty_table_is_empty():
    with profile() as prof:
        pass
    assert prof.key_averages().table() == ""


def test_refusals():
    prof, _ = a_step()
    with pytest.raises(ValueError, match="'operation' or 'module', not 'layer'"):
        prof.key_averages(group_by="layer")
    with pytest.raises(AttributeError, match="nonsense"):
        prof.key_averages().table(sort_by="nonsense")
