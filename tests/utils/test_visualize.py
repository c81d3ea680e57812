"""The graph as text and as a picture, the data of the page that steps through a backward pass."""

import ast
import json
import math
import re
import shutil

import pytest

import mytorch
from mytorch import nn
from mytorch.autograd import Function
from mytorch.core.primitive import primitives
from mytorch.utils.visualize import Trace, draw_graph, drawing, explain, graph_text, rules
from mytorch.utils.visualize.graph import Graph
from mytorch.utils.visualize.lanes import Lanes, drawn, lanes_of

needs_dot = pytest.mark.skipif(
    drawing.graphviz is None or shutil.which("dot") is None, reason="needs graphviz and its program dot"
)


class Residual(nn.Module):
    """x + lin(relu(lin(x))): a layer that is called twice, a value that is used twice, a broadcast bias."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.shift = nn.Parameter(mytorch.zeros(3))

    def forward(self, x):
        h = x + self.shift
        return h + self.lin(self.lin(h).relu())


@pytest.fixture
def traced():
    model = Residual()
    with Trace(model) as trace:
        loss = (model(mytorch.randn(4, 3)) ** 2).sum()
    return model, trace, loss


# ---- text ----------------------------------------------------------------------------------------

PICTURE = """\
●         1  Sum         ()      float32
●         2  Pow         (4, 3)  float32
●─╮       3  Add         (4, 3)  float32  Residual
│ ●─┬─╮   4  Linear      (4, 3)  float32  lin: Linear (call 2)
│ │ │ ●   5  Relu        (4, 3)  float32  Residual
├─┼─┼─●   6  Linear      (4, 3)  float32  lin: Linear
│ │ ●     7  lin.weight  (3, 3)  float32
│ ●       8  lin.bias    (3,)    float32
●         9  Add         (4, 3)  float32  Residual
●        10  shift       (3,)    float32"""


def test_text(traced):
    _, trace, loss = traced
    assert graph_text(loss, trace) == PICTURE


def test_text_with_a_model_names_leaves_alone(traced):
    model, _, loss = traced
    text = graph_text(loss, model)
    assert "7  lin.weight  (3, 3)  float32" in text and "Residual" not in text
    assert "lin.weight" not in graph_text(loss)
    assert graph_text(loss).count("leaf") == 3


def test_text_leaves_gradients_hooks_and_graph_alone(traced):
    model, _, loss = traced
    calls = []
    model.lin.register_full_backward_hook(lambda *_: calls.append("module"))
    h = model(mytorch.ones(2, 3))
    h.register_hook(lambda g: calls.append("tensor"))
    text = graph_text(h.sum(), model)
    assert "Boundary" in text and "?" not in text
    assert calls == []
    assert all(p.grad is None for p in model.parameters())
    h.sum().backward()
    assert calls == ["tensor", "module", "module"]
    loss.backward()


def test_text_of_a_graph_that_was_freed(traced):
    _, trace, loss = traced
    loss.backward()
    lines = graph_text(loss, trace).splitlines()
    assert "(4, 3)  float32" not in lines[1] and "?" in lines[1]
    assert "(3, 3)" in lines[6]  # leaves know their shapes


def test_text_without_a_graph():
    assert (
        graph_text(mytorch.zeros(2, 3)) == "(2, 3) mytorch.float32: no graph, since it does not require grad"
    )
    x = mytorch.zeros(2, requires_grad=True)
    assert graph_text(x) == "●  1  leaf  (2,)  float32"


def test_text_of_a_deep_chain():
    x = y = mytorch.ones(1, requires_grad=True)
    for _ in range(3000):
        y = y * 1.0
    lines = graph_text(y).splitlines()
    assert len(lines) == 3001 and len(set(map(len, lines))) <= 2
    assert lines[-1].split() == ["●", "3001", "leaf", "(1,)", "float32"]
    assert x.grad is None


@pytest.mark.parametrize(
    ("lanes", "text"),
    [
        (Lanes(0, [0], [0], []), "●"),
        (Lanes(0, [0], [0, 1, 2], []), "●─┬─╮"),
        (Lanes(0, [0, 2], [0], [1]), "●─│─╯"),
        (Lanes(1, [1, 2], [0, 1], [0]), "├─●─╯"),
        (Lanes(1, [0, 1], [0, 1, 2], []), "├─●─╮"),
        (Lanes(2, [2], [], [0, 1]), "│ │ ●"),
        (Lanes(2, [2], [0, 1], [0, 1]), "├─┼─●"),
        (Lanes(2, [1, 2], [], [0]), "│ ╰─●"),
    ],
)
def test_drawn_lanes(lanes, text):
    assert drawn(lanes) == text


def test_every_edge_has_a_lane_to_its_input(traced):
    """Follow the lanes down: from each row they lead to its inputs and nowhere else."""
    rows = Graph(traced[2]).rows
    lanes = lanes_of(rows)
    for row, start in zip(rows, lanes):
        reached = set()
        for lane in start.out:
            below = next(i for i in range(row.index + 1, len(rows)) if lane in lanes[i].into)
            assert all(lane in lanes[i].through for i in range(row.index + 1, below))
            reached.add(rows[below])
        assert reached == set(row.edges)


# ---- which module recorded what ------------------------------------------------------------------


def test_trace_knows_the_calls(traced):
    model, trace, loss = traced
    assert [str(call) for call in trace.calls] == ["Residual", "lin: Linear", "lin: Linear (call 2)"]
    assert [call.depth for call in trace.calls] == [0, 1, 1]
    assert trace.place(loss.grad_fn) is None
    assert trace.place(model(mytorch.ones(1, 3)).grad_fn) is None, "after the block nothing is traced"
    assert not model._forward_hooks and not model.lin._forward_pre_hooks


def test_trace_survives_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 3))
    with pytest.raises(RuntimeError, match=re.escape("in 1 Linear")), Trace(model):
        model(mytorch.ones(1, 2))
    with Trace(model) as trace:
        with pytest.raises(RuntimeError):
            model(mytorch.ones(1, 2))
        y = model[0](mytorch.ones(1, 2))
        z = y * 2
    assert str(trace.place(y.grad_fn)) == "0: Linear (call 2)"
    assert trace.place(z.grad_fn) is None
    assert not model[1]._forward_hooks


# ---- the picture ---------------------------------------------------------------------------------


@needs_dot
def test_drawing(traced, tmp_path):
    model, trace, loss = traced
    svg = draw_graph(loss, trace=trace)
    assert svg.lstrip().startswith("<?xml")
    titles = re.findall(
        r'<g id="clust\d+" class="cluster">\s*<title>.*?</title>.*?<text[^>]*>(.*?)</text>', svg, re.DOTALL
    )
    assert sorted(titles) == ["Residual", "lin: Linear", "lin: Linear (call 2)"]
    assert svg.count('class="node"') == 10 and svg.count('class="edge"') == 12
    assert ">lin.weight<" in svg and ">(3, 3) float32<" in svg
    draw_graph(loss, tmp_path / "graph.png", model)
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    draw_graph(loss, tmp_path / "graph.svg")
    assert "cluster" not in (tmp_path / "graph.svg").read_text()
    with pytest.raises(ValueError, match=r"such as graph\.svg"):
        draw_graph(loss, tmp_path / "graph")


@needs_dot
def test_drawing_of_odd_names():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_parameter('<b>&"\\N', nn.Parameter(mytorch.ones(1)))

        def forward(self, x):
            return x * getattr(self, '<b>&"\\N')

    model = Odd()
    svg = draw_graph(model(mytorch.ones(1)), trace=model)
    assert "&lt;b&gt;&amp;&quot;\\N" in svg


def test_drawing_says_what_is_missing(traced, monkeypatch):
    monkeypatch.setattr(drawing, "graphviz", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'mytorch[visualize]'")):
        draw_graph(traced[2])


@pytest.mark.skipif(drawing.graphviz is None, reason="needs graphviz")
def test_drawing_without_dot(traced, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="dot"):
        draw_graph(traced[2])


# ---- formulas ------------------------------------------------------------------------------------


def test_the_formula_of_every_operation_is_found():
    missing = []
    for op in primitives.values():
        if not op.forward.__module__.startswith("mytorch."):
            continue
        for name, rule in ({"joint": op.joint} if op.joint else op.rules).items():
            rule = rules._plain(rule)
            if rule.__name__ != "<lambda>":
                continue
            source = rules._lambda(name, rule)
            text = source.text.removeprefix(f"{name}=")
            try:
                parameters = [a.arg for a in ast.parse(f"({text})", mode="eval").body.args.args]
            except SyntaxError:
                parameters = None
            if parameters != list(
                rule.__code__.co_varnames[: rule.__code__.co_argcount]
            ) or not source.place.startswith("mytorch/"):
                missing.append((op.name, source))
    assert not missing


def test_formulas_of_the_inputs_that_want_a_gradient():
    x, w = mytorch.ones(2, requires_grad=True), mytorch.ones(2)
    (found,), called = rules.formulas((x * w).grad_fn)
    assert (found.name, found.text, called) == ("x", "x=lambda g, y: g * y", [])
    assert re.fullmatch(r"mytorch/ops/arithmetic\.py:\d+", found.place)
    both, _ = rules.formulas((x * x).grad_fn)
    assert [s.text for s in both] == ["x=lambda g, y: g * y", "y=lambda g, x: g * x"]


def test_formula_of_a_fused_operation_brings_its_function(traced):
    (joint,), (called,) = rules.formulas(
        nn.functional.linear(mytorch.ones(1, 2), mytorch.ones(3, 2, requires_grad=True)).grad_fn
    )
    assert joint.text.startswith("joint=lambda g, x, weight")
    assert called.text.startswith("def _gradients(g, x, weight") and called.text.endswith("return gx, gw, gb")


class Double(Function):
    """Twice x."""

    @staticmethod
    def forward(ctx, x, times):
        ctx.save_for_backward(x)
        return x * times

    @staticmethod
    def backward(ctx, g):
        return g * 2, None


def test_formula_of_a_function_of_the_user():
    (found,), _ = rules.formulas(Double.apply(mytorch.ones(2, requires_grad=True), 2).grad_fn)
    assert found.text == "@staticmethod\ndef backward(ctx, g):\n    return g * 2, None"
    assert re.fullmatch(r"(tests/utils/)?test_visualize\.py:\d+", found.place)


# ---- the page ------------------------------------------------------------------------------------


def page_data(loss, trace, folder):
    path = folder / "explain.html"
    assert explain(loss, trace, path) == path
    text = path.read_text("utf-8")
    assert "{{" not in text
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    )


def test_explain_measures_the_gradients_of_backward(traced, tmp_path):
    model, trace, loss = traced
    data = page_data(loss, trace, tmp_path)
    assert all(p.grad is None for p in model.parameters())
    loss.backward()
    sums = {row["label"]: row["outgoing"][0] for row in data["rows"] if row["leaf"]}
    for name, p in model.named_parameters():
        assert float(sums[name]["norm"]) == pytest.approx(p.grad.norm().item(), rel=1e-2)
        assert sums[name]["shape"] == str(tuple(p.shape)) and sums[name]["dtype"] == "float32"
    assert data["summary"]["operations"] == 7 and data["summary"]["leaves"] == 3
    groups = ["", "", "Residual", "lin: Linear (call 2)", "Residual", *["lin: Linear"] * 3, *["Residual"] * 2]
    assert [row["group"] for row in data["rows"]] == groups
    linear = data["rows"][3]
    assert linear["kind"] == "LinearBackward0" and linear["microseconds"] > 0
    assert [g["steps"] for g in linear["outgoing"]] == [[4], [6], [7]]
    assert [g["bytes"] for g in linear["outgoing"]] == ["48 B", "36 B", "12 B"]
    assert {"name": "x", "shape": "(4, 3)", "dtype": "float32", "bytes": "48 B"} in linear["saved"]
    assert data["rows"][8]["outgoing"][-1]["shape"] == "(4, 3) summed to (3,)"
    assert [g["steps"] for g in data["rows"][6]["incoming"]] == [[3], [5]], (
        "a shared layer sums two gradients"
    )


def test_explain_adds_nothing_to_grad_and_runs_hooks_once(traced, tmp_path):
    model, trace, loss = traced
    loss.backward(retain_graph=True)
    before = [p.grad.clone() for p in model.parameters()]
    calls = []
    model.lin.weight.register_hook(lambda g: calls.append(g.norm().item()))
    explain(loss, trace, tmp_path / "page.html")
    assert len(calls) == 1
    assert all((p.grad == b).all() for p, b in zip(model.parameters(), before))
    loss.backward()
    assert all(mytorch.allclose(p.grad, 2 * b) for p, b in zip(model.parameters(), before))


def test_explain_shows_what_hooks_make_of_a_gradient(tmp_path):
    x = mytorch.ones(2, requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: g * 100)
    data = page_data(y.sum(), None, tmp_path)
    assert [row["incoming"][0]["norm"] for row in data["rows"]] == ["1", "141", "424"]


@pytest.mark.parametrize(
    ("factor", "flag"),
    [(0, "zero"), (math.nan, "NaN"), (math.inf, "infinite"), (1e5, "huge"), (1e3, "")],
)
def test_explain_flags(factor, flag, tmp_path):
    data = page_data((mytorch.ones(2, requires_grad=True) * factor).sum(), None, tmp_path)
    assert data["rows"][1]["outgoing"][0]["flag"] == flag
    assert data["rows"][2]["flags"] == ([flag] if flag else [])


def test_explain_several_outputs_functions_and_no_model(tmp_path):
    x = mytorch.randn(3, 4, requires_grad=True)
    values, _ = Double.apply(x, 2).max(1)
    data = page_data(values, None, tmp_path)
    maximum, double, leaf = data["rows"]
    assert maximum["shape"] == "(3,), - float32"
    assert double["about"] == "Twice x" and double["saved"][0] == {
        "name": "saved_tensors[0]",
        "shape": "(3, 4)",
        "dtype": "float32",
        "bytes": "48 B",
    }
    assert double["outgoing"][0]["what"] == "out for argument 0, to" and leaf["label"] == "leaf"
    assert not data["grouped"]


def test_explain_of_what_cannot_be():
    with pytest.raises(RuntimeError, match="no graph"):
        explain(mytorch.zeros(1))
    loss = (mytorch.ones(2, requires_grad=True) ** 2).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        explain(loss)
    assert type(loss.grad_fn.plan).__name__ == "Plan", "the graph is left as it was"


def test_the_page_needs_no_network_and_names_no_folder_of_this_machine(traced, tmp_path):
    explain(traced[2], traced[1], tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.findall(r"(?:src|href)\s*=|@import|url\(|fetch\(", text)
    assert set(re.findall(r"https?://[\w./]+", text)) == {"http://www.w3.org/2000/svg"}
    assert mytorch.__path__[0] not in text
