"""The graph as a picture."""

import re
import shutil

import pytest

import mytorch
from mytorch import nn
from mytorch.utils.visualize import draw_graph, drawing

needs_dot = pytest.mark.skipif(
    drawing.graphviz is None or shutil.which("dot") is None, reason="needs graphviz and its program dot"
)


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
