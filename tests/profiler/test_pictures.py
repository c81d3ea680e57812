"""A trace for Chrome, lines of stacks, a flame graph."""

import gzip
import json

import pytest

import mytorch
from mytorch import nn
from mytorch.profiler import profile, record_function


@pytest.fixture(scope="module")
def prof():
    model, x = nn.Sequential(nn.Linear(16, 16), nn.ReLU()), mytorch.randn(8, 16)
    with profile(record_shapes=True, with_stack=True) as prof:
        for _ in range(2):
            with record_function("a; step"):
                model(x).sum().backward()
    return prof


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_chrome_trace(prof, tmp_path, name):
    path = tmp_path / name
    prof.export_chrome_trace(str(path))
    data = path.read_bytes()
    trace = json.loads(gzip.decompress(data) if name.endswith("gz") else data)
    complete = [e for e in trace["traceEvents"] if e["ph"] == "X"]
    assert [e["name"] for e in complete] == [e.name for e in prof.events()]
    for entry in complete:
        assert set(entry) == {"ph", "cat", "name", "pid", "tid", "ts", "dur", "args"}
        assert entry["dur"] >= 0
        assert type(entry["pid"]) is type(entry["tid"]) is int
    assert {e["cat"] for e in complete} == {"cpu_op", "python_function", "user_annotation"}
    linear = next(e for e in complete if e["name"] == "linear")
    assert linear["args"]["Module Hierarchy"] == "Sequential.0"
    assert linear["args"]["Input Dims"] == [[8, 16], [16, 16], [16]]
    assert linear["args"]["Phase"] == "forward"
    assert trace["traceEvents"][0]["ph"] == "M"
    ends = [e["ts"] + e["dur"] for e in complete]
    assert complete[0]["ts"] == min(e["ts"] for e in complete)
    assert (
        max(ends) <= complete[0]["ts"] + sum(e.cpu_time_total for e in prof.events() if e.parent is None) * 3
    )


def test_stacks(prof, tmp_path):
    path = tmp_path / "stacks.txt"
    prof.export_stacks(str(path), "self_cpu_time_total")
    lines = path.read_text().splitlines()
    assert len(lines) > 10
    for line in lines:
        frames, value = line.split(" ")
        assert int(value) > 0
        assert all("(" in frame for frame in frames.split(";"))
    with pytest.raises(ValueError, match="metric should be one of"):
        prof.export_stacks(str(path), "count")


def test_stacks_need_stacks(tmp_path):
    with profile() as prof:
        pass
    with pytest.raises(AssertionError, match="requires with_stack=True"):
        prof.export_stacks(str(tmp_path / "stacks.txt"))


def test_a_flame_graph(prof, tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure").Figure
    figures = []
    monkeypatch.setattr(figure, "savefig", lambda self, path, **options: figures.append(self))
    prof.plot(str(tmp_path / "flame.png"))
    (axes,) = figures[0].axes
    bars = [(bar.get_x(), bar.get_x() + bar.get_width(), bar.get_y()) for bar in axes.patches]
    assert bars[0][0] == 0  # both steps are one bar, as wide as all
    whole = sum(e.cpu_time_total for e in prof.events() if e.parent is None)
    assert bars[0][1] == pytest.approx(whole)
    for left, right, row in bars[1:]:  # below a bar that is as wide at least
        assert any(y == row - 1 and x - 1e-6 <= left and right <= z + 1e-6 for x, z, y in bars)
    for row in {y for *_, y in bars}:  # none lies over another one
        placed = sorted(bar for bar in bars if bar[2] == row)
        assert all(a[1] <= b[0] + 1e-6 for a, b in zip(placed, placed[1:]))
    assert any("step" in text.get_text() for text in axes.texts)


def test_a_flame_graph_is_written(prof, tmp_path):
    pytest.importorskip("matplotlib")
    prof.plot(str(tmp_path / "flame.png"))
    assert (tmp_path / "flame.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_to_draw(tmp_path):
    with profile() as prof:
        pass
    with pytest.raises(ValueError, match="recorded no event"):
        prof.plot(str(tmp_path / "flame.png"))
