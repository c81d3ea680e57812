"""Losses against PyTorch: values, gradients, dtypes, errors."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

REDUCTIONS = ["mean", "sum", "none"]
rng = draws(0)


def real(*shape):
    return rng.standard_normal(shape)


def unit(*shape):
    return rng.uniform(0.02, 0.98, shape)


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


PAIRS = {
    "mse_loss": (real, real),
    "l1_loss": (real, real),
    "smooth_l1_loss": (real, real),
    "huber_loss": (real, real),
    "binary_cross_entropy": (unit, unit),
    "binary_cross_entropy_with_logits": (real, unit),
}
SETTINGS = {
    "smooth_l1_loss": [{"beta": 0.5}, {"beta": 0.0}],
    "huber_loss": [{"delta": 0.5}],
    "mse_loss": [{"size_average": False}, {"reduce": False}],
    "l1_loss": [{"reduce": False}],
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name, reduction):
    for settings in [{}, *SETTINGS.get(name, [])]:
        for shape in [(4, 5), (), (0, 3), (2, 3, 4)]:
            for dtype in ("float64", "float32"):
                arrays = [np.asarray(make(*shape)) for make in PAIRS[name]]
                compare(
                    lambda lib, x, y: getattr(lib.nn.functional, name)(x, y, reduction=reduction, **settings),
                    arrays,
                    dtype,
                )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_of_elements(reduction):
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        compare(
            lambda lib, x, y, w: getattr(lib.nn.functional, name)(
                x, y, reduction=reduction, weight=w.detach()
            ),
            [real(3, 4), real(3, 4), unit(3, 4)],
        )
    compare(
        lambda lib, x, y, w: lib.nn.functional.binary_cross_entropy(x, y, w.detach(), reduction=reduction),
        [unit(3, 4), unit(3, 4), unit(4)],
    )
    for w, p in [((3, 4), (4,)), ((4,), (3, 4)), ((1,), (1, 4))]:
        compare(
            lambda lib, x, y, w, p: lib.nn.functional.binary_cross_entropy_with_logits(
                x, y, w.detach(), reduction=reduction, pos_weight=p.detach()
            ),
            [real(3, 4), unit(3, 4), unit(*w), 1 + unit(*p)],
        )


def test_old_flags_warn():
    for lib in (mytorch, torch):
        for make in (
            lib.nn.MSELoss,
            lambda **flags: lib.nn.functional.l1_loss(lib.ones(2), lib.ones(2), **flags),
        ):
            with pytest.warns(
                UserWarning,
                match="size_average and reduce args will be deprecated, please use reduction='sum' instead.",
            ):
                make(size_average=False)


def test_losses_broadcast_with_a_warning():
    with pytest.warns(UserWarning, match="Using a target size"):
        import mytorch

        mytorch.nn.functional.mse_loss(mytorch.zeros(3, 4), mytorch.zeros(4))
    compare(lambda lib, x, y: lib.nn.functional.mse_loss(x, y), [real(3, 4), real(4)])
    compare(lambda lib, x, y: lib.nn.functional.huber_loss(x, y), [real(3, 1), real(1, 4)])


def test_binary_cross_entropy_at_the_ends():
    compare(
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y.detach()),
        [np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])],
    )
    ends = np.array([200.0, -200, 30, -30])
    compare(
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [ends, np.array([0.0, 1, 1, 0])],
        "float32",
    )


x45, t4 = real(4, 5), classes(5, 4)
REFUSED = {
    "batch sizes": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(5, 3)],
        "Expected input batch_size (4) to match target batch_size (3).",
    ),
    "class too high": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, np.array([0, 7, 1, 2])],
        "Target 7 is out of bounds.",
    ),
    "class negative": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, np.array([0, -1, 1, 2])],
        "Target -1 is out of bounds.",
    ),
    "int32": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, t4.astype("int32")],
        "expected target dtype to be Long or Byte, but got",
    ),
    "float classes": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, t4 * 1.0],
        "expected target dtype to be Long or Byte, but got",
    ),
    "int probabilities": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(2, 4, 5)],
        "Expected floating point type",
    ),
    "column": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45, classes(5, 4, 1)],
        "multi-target not supported",
    ),
    "weight": (
        lambda lib, x, t, w: lib.nn.functional.cross_entropy(x, t, w.detach()),
        [x45, t4, unit(3)],
        "all 5 classes or no classes",
    ),
    "smoothing": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, label_smoothing=1.5),
        [x45, t4],
        "label_smoothing must be between",
    ),
    "reduction": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, reduction="foo"),
        [x45, t4],
        "foo is not a valid value for reduction",
    ),
    "1d": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [x45[0], t4],
        "For 1D input, 1D target must have size 1",
    ),
    "spatial": (
        lambda lib, x, t: lib.nn.functional.cross_entropy(x, t),
        [real(2, 3, 4), classes(3, 2, 5)],
        "Expected target size [2, 4], got [2, 5]",
    ),
    "a list": (
        lambda lib, x: lib.nn.functional.cross_entropy(x, [1, 2, 3, 4]),
        [x45],
        "must be Tensor, not list",
    ),
    "nll int32": (
        lambda lib, x, t: lib.nn.functional.nll_loss(x, t),
        [x45, t4.astype("int32")],
        "expected target dtype to be Long or Byte",
    ),
    "mse int": (lambda lib, x: lib.nn.functional.mse_loss(x, x), [t4], "not implemented for"),
    "mse shapes": (lambda lib, x, y: lib.nn.functional.mse_loss(x, y), [x45, real(3, 5)], ""),
    "bce range": (
        lambda lib, x: lib.nn.functional.binary_cross_entropy(x, x),
        [x45],
        "all elements of input should be between 0 and 1",
    ),
    "bce sizes": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y),
        [unit(4, 5), unit(5)],
        "different to the input size",
    ),
    "bce dtype": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy(x, y),
        [unit(4), unit(4).astype("float32")],
        "Found dtype",
    ),
    "logits sizes": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [x45, x45[0]],
        "must be the same as input size",
    ),
    "logits int": (
        lambda lib, x, y: lib.nn.functional.binary_cross_entropy_with_logits(x, y),
        [x45[0], t4[:1].repeat(5)],
        "",
    ),
    "huber delta": (
        lambda lib, x: lib.nn.functional.huber_loss(x, x, delta=0.0),
        [x45],
        "non-positive values for delta",
    ),
    "smooth beta": (
        lambda lib, x: lib.nn.functional.smooth_l1_loss(x, x, beta=-1.0),
        [x45],
        "does not support negative values for beta",
    ),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, arrays, match = REFUSED[name]
    same_error(call, *arrays, match=match)


MODULES = [
    ("CrossEntropyLoss", {}),
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "reduction": "sum", "ignore_index": 1}),
    ("NLLLoss", {"reduction": "none"}),
]


@pytest.mark.parametrize("name, settings", MODULES, ids=str)
def test_modules(name, settings):
    compare(lambda lib, x, t: getattr(lib.nn, name)(**settings)(x, t), [real(4, 5), classes(5, 4)])
    compare(
        lambda lib, x, t: getattr(lib.nn, name)(lib.tensor(np.arange(1.0, 6)), **settings)(x, t),
        [real(4, 5), classes(5, 4)],
    )


def test_weights_are_buffers():
    import mytorch

    for lib in (mytorch, torch):
        assert list(lib.nn.CrossEntropyLoss(lib.ones(3)).state_dict()) == ["weight"]
        assert list(lib.nn.BCEWithLogitsLoss(pos_weight=lib.ones(3)).state_dict()) == ["pos_weight"]
        assert not list(lib.nn.CrossEntropyLoss(lib.ones(3)).parameters())


ENDS = [np.inf, -np.inf, 0.0, 1.0, 800.0, -800.0, np.nan]


@pytest.mark.parametrize("pos_weight", [None, 0.0, 3.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("x", ENDS)
@pytest.mark.parametrize(
    "name",
    [
        "binary_cross_entropy_with_logits",
        "soft_margin_loss",
        "multilabel_soft_margin_loss",
        "poisson_nll_loss",
    ],
)
def test_logits_at_the_ends(name, x, target, pos_weight):
    """As torch, or a number where torch's is nan for a target that has no share in the infinite part."""
    options = {}
    if pos_weight is not None:
        if name != "binary_cross_entropy_with_logits":
            return
        options = {"pos_weight": pos_weight}
    found = []
    for lib in (mytorch, torch):
        given = {key: lib.tensor([value], dtype=lib.float64) for key, value in options.items()}
        logits = lib.tensor([x], dtype=lib.float64, requires_grad=True)
        loss = getattr(lib.nn.functional, name)(logits, lib.tensor([target], dtype=lib.float64), **given)
        loss.sum().backward()
        found.append((loss.item(), logits.grad.item()))
    for ours, theirs in zip(*found):
        overflows = np.isinf(theirs) and np.isfinite(x)  # torch's soft margin loss
        assert np.isnan(theirs) or overflows or ours == pytest.approx(theirs, rel=1e-12)


def test_an_infinite_logit_of_the_right_class_costs_nothing():
    for x, target in ((np.inf, 1.0), (-np.inf, 0.0)):
        for name in ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss"):
            loss = getattr(mytorch.nn.functional, name)
            assert loss(mytorch.tensor([x]), mytorch.tensor([target])).item() == 0
            assert loss(mytorch.tensor([x]), mytorch.tensor([1 - target])).item() == np.inf
