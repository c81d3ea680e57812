"""The data of the page that steps through a backward pass."""

import json
import math
import re

import pytest

import mytorch
from mytorch import nn
from mytorch.autograd import Function
from mytorch.utils.visualize import explain


class Double(Function):
    """Twice x."""

    @staticmethod
    def forward(ctx, x, times):
        ctx.save_for_backward(x)
        return x * times

    @staticmethod
    def backward(ctx, g):
        return g * 2, None


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


def test_explain_begins_with_the_loss_in_words(tmp_path):
    scores = mytorch.ones(2, 3, requires_grad=True)
    data = page_data(nn.functional.cross_entropy(scores * 2, mytorch.tensor([0, 1])), None, tmp_path)
    assert [row["about"] for row in data["rows"][:2]] == [
        "The pass starts here: -log softmax(x) at the class target",
        "x · y, elementwise; shapes broadcast",
    ]


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
