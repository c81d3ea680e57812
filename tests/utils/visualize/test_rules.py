"""The formulas of operations, as their source says them."""

import ast
import re

import pytest

import mytorch
from mytorch import nn
from mytorch.autograd import Function
from mytorch.core.primitive import primitives
from mytorch.utils.visualize import rules


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
    x, weight = mytorch.ones(1, 2), mytorch.ones(3, 2, requires_grad=True)
    (rule,), _ = rules.formulas(nn.functional.linear(x, weight).grad_fn)
    assert rule.name == "weight=_weight_vjp"
    assert rule.text.startswith("def _weight_vjp(g, x, weight_shape") and "matmul" in rule.text
    (joint,), _ = rules.formulas(nn.functional.layer_norm(x, (2,), weight[0]).grad_fn)
    assert joint.name == "joint=_gradients"
    assert joint.text.startswith("def _gradients(g, x, weight")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("Twice ``x``. More.", "Twice x"),
        (
            "-log softmax(x) at the class ``target``; see :func:`cross_entropy`.",
            "-log softmax(x) at the class target",
        ),
        ("The gradient of :func:`~mytorch.sum`,\nlater.", "The gradient of mytorch.sum,"),
        (None, ""),
    ],
)
def test_the_first_sentence_has_no_markup(document, sentence):
    assert rules.first_sentence(document) == sentence


def test_no_operation_shows_markup():
    texts = {op.name: rules.first_sentence(op.forward.__doc__) for op in primitives.values()}
    texts |= {
        rule.__qualname__: rules.first_sentence(rule.__doc__)
        for op in primitives.values()
        for rule in map(rules._plain, [op.joint] if op.joint else op.rules.values())
    }
    assert len(texts) > 200 and not {name for name, text in texts.items() if re.search(r"`|:\w+:", text)}


def test_a_long_formula_says_what_it_is_and_a_short_one_comes_first():
    scores = mytorch.ones(2, 3, requires_grad=True)
    (loss,), _ = rules.formulas(nn.functional.cross_entropy(scores, mytorch.tensor([0, 1])).grad_fn)
    assert loss.about.startswith("(softmax(x) - one-hot target) · g")
    query = mytorch.ones(1, 1, 2, 2, requires_grad=True)
    for node in (mytorch.pow(scores, scores).grad_fn, mytorch.cdist(query[0, 0], query[0, 0]).grad_fn):
        lengths = [s.text.count("\n") for s in rules.formulas(node)[0]]
        assert lengths == sorted(lengths)


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
    assert re.fullmatch(r"(tests/utils/visualize/)?test_rules\.py:\d+", found.place)
