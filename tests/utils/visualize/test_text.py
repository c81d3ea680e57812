"""The graph as text."""

import mytorch
from mytorch.utils.visualize import graph_text

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
