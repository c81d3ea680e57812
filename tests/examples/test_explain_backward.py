"""examples/explain_backward.py: what its text claims, and the files that it writes."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "explain_backward.py"


def run(*options):
    return subprocess.run(
        [sys.executable, EXAMPLE, *options], capture_output=True, text=True, check=True
    ).stdout


def test_it_writes_both_pages_and_prints_table_and_graph(tmp_path):
    out = tmp_path / "pages"
    text = run("--quick", "--out", out)
    assert (out / "relu.html").stat().st_size > 20_000 and (out / "sigmoid.html").stat().st_size > 20_000
    assert "layers.0: Linear" in text and "Parameters: 63,370" in text and "●─┬─╮   2  Linear" in text
    assert "def _sigmoid_vjp(g, x, x_dtype, out)" in (out / "sigmoid.html").read_text("utf-8")
    assert "x=lambda g, out: kept(g, out != 0)" in (out / "relu.html").read_text("utf-8")


def test_sigmoid_shrinks_gradients_about_sixfold_a_layer_and_relu_does_not(tmp_path):
    lines = re.findall(r"^(\S+\.weight) +(\S+) +(\S+)$", run("--out", tmp_path), re.MULTILINE)
    names, relu, sigmoid = zip(*[(name, float(a), float(b)) for name, a, b in lines])
    assert names == (
        "layers.0.weight",
        "layers.1.weight",
        "layers.2.weight",
        "layers.3.weight",
        "classes.weight",
    )
    for i in (1, 2, 3):  # the first layer has other inputs: pixels
        assert 5 < sigmoid[i + 1] / sigmoid[i] < 8
        assert 0.5 < relu[i + 1] / relu[i] < 2
