"""Cross-entropy and the negative log-likelihood, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, compare

REDUCTIONS = ["mean", "sum", "none"]

rng = draws(0)


def real(*shape):
    return rng.standard_normal(shape)


def classes(count, *shape):
    return rng.integers(0, count, shape)


def probabilities(*shape):
    e = np.exp(rng.standard_normal(shape))
    return e / e.sum(1 if len(shape) > 1 else 0, keepdims=True)


def ignoring(target):
    target = target.copy()
    target.reshape(-1)[::3] = -100
    return target


SHAPES = [
    ((5,), ()),
    ((4, 5), (4,)),
    ((2, 5, 3), (2, 3)),
    ((2, 5, 3, 4), (2, 3, 4)),
    ((1, 5, 2, 1, 3), (1, 2, 1, 3)),
    ((0, 5), (0,)),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_cross_entropy_of_classes(shapes, weighted, smoothing, reduction):
    target = classes(5, *shapes[1])
    weight = np.linspace(0.5, 2, 5)
    for t in (np.asarray(target), ignoring(np.asarray(target))):

        def call(lib, x, t):
            w = lib.tensor(weight, dtype=x.dtype) if weighted else None
            return lib.nn.functional.cross_entropy(x, t, w, reduction=reduction, label_smoothing=smoothing)

        compare(call, [real(*shapes[0]), t])
        compare(call, [real(*shapes[0]), t], "float32")


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 5, 3), (2, 5, 2, 3)], ids=str)
def test_cross_entropy_of_probabilities(shape, weighted, smoothing, reduction):
    def call(lib, x, t):
        w = lib.tensor(np.linspace(0.5, 2, 5), dtype=x.dtype) if weighted else None
        return lib.nn.functional.cross_entropy(x, t, w, reduction=reduction, label_smoothing=smoothing)

    for dtype in ("float64", "float32"):
        compare(call, [real(*shape), probabilities(*shape)], dtype)


def test_cross_entropy_ignores_a_class_and_survives_extremes():
    compare(
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, ignore_index=2),
        [real(6, 4), np.array([0, 2, 1, 2, 3, 2])],
    )
    compare(
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t), [real(3, 4) * 1e4, classes(4, 3)], "float32"
    )
    scores = real(3, 4)
    scores[0, 1] = -np.inf
    compare(lambda lib, x, t: lib.nn.functional.cross_entropy(x, t), [scores, np.array([0, 2, 1])])
    compare(lambda lib, x, t: lib.nn.functional.cross_entropy(x, t), [real(3, 4), np.full(3, -100)])
    compare(lambda lib, x, t: lib.nn.functional.cross_entropy(x, t), [real(8, 40), classes(40, 8)], "float16")
    compare(
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t), [real(4, 5), classes(5, 4).astype("uint8")]
    )
    for reduction in REDUCTIONS:
        compare(
            lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, reduction=reduction),
            [real(5), classes(5, 1)],
            backward=False,
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_nll(shapes, weighted, reduction):
    for target in (np.asarray(classes(5, *shapes[1])), ignoring(np.asarray(classes(5, *shapes[1])))):

        def call(lib, x, t):
            return lib.nn.functional.nll_loss(
                x,
                t,
                lib.tensor(np.linspace(0.5, 2, 5), dtype=x.dtype) if weighted else None,
                reduction=reduction,
            )

        compare(call, [real(*shapes[0]), target])


def test_an_infinite_logit_of_the_right_class_costs_nothing():
    for x, target in ((np.inf, 1.0), (-np.inf, 0.0)):
        for name in ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss"):
            loss = getattr(mytorch.nn.functional, name)
            assert loss(mytorch.tensor([x]), mytorch.tensor([target])).item() == 0
            assert loss(mytorch.tensor([x]), mytorch.tensor([1 - target])).item() == np.inf


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_weights_beside_probabilities_have_a_gradient(smoothing, reduction):
    def call(lib, x, p, w):
        options = {"weight": w, "label_smoothing": smoothing, "reduction": reduction}
        return lib.nn.functional.cross_entropy(x, p, **options)

    agree(call, [real(4, 3, 2), probabilities(4, 3, 2), probabilities(3)])


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
@pytest.mark.parametrize("target", [[1, 0], [[0.5, 0.5], [0.0, 1.0]]], ids=["classes", "probabilities"])
def test_integer_scores_are_refused(dtype, target):
    scores = mytorch.ones(2, 2).to(getattr(mytorch, dtype))
    with pytest.raises(NotImplementedError, match='"cross_entropy" not implemented for'):
        mytorch.nn.functional.cross_entropy(scores, mytorch.tensor(target))
