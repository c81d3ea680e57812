"""Embedding and EmbeddingBag against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

rng = draws(2)
TABLE = rng.standard_normal((7, 3))
NUMBERS = rng.integers(0, 7, (4, 5))
SETTINGS = [
    {},
    {"padding_idx": 2},
    {"padding_idx": -1},
    {"scale_grad_by_freq": True},
    {"max_norm": 1.0},
    {"max_norm": 0.5, "norm_type": 1.0, "padding_idx": 0},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_embedding(settings, dtype):
    for numbers in (NUMBERS, NUMBERS.astype("int32"), np.asarray(3), np.zeros((0, 2), int)):
        compare(
            lambda lib, i, w: (lib.nn.functional.embedding(i, w, **settings), w.detach().clone()),
            [numbers, TABLE.copy()],
            dtype,
        )


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("settings", [{}, {"padding_idx": 2}, {"max_norm": 1.0}], ids=str)
def test_embedding_bag(mode, settings):
    compare(lambda lib, i, w: lib.nn.functional.embedding_bag(i, w, mode=mode, **settings), [NUMBERS, TABLE])
    for offsets in ([0, 3, 3, 12], [0], [0, 0, 20]):
        compare(
            lambda lib, i, w, o: lib.nn.functional.embedding_bag(i, w, o, mode=mode, **settings),
            [NUMBERS.reshape(-1), TABLE, np.array(offsets)],
        )
    compare(
        lambda lib, i, w, o: lib.nn.functional.embedding_bag(
            i, w, o, mode=mode, include_last_offset=True, **settings
        ),
        [NUMBERS.reshape(-1), TABLE, np.array([0, 3, 3, 20])],
    )


def test_bags_with_weights_and_frequencies():
    weights = rng.standard_normal((4, 5))
    compare(
        lambda lib, i, w, p: lib.nn.functional.embedding_bag(i, w, mode="sum", per_sample_weights=p),
        [NUMBERS, TABLE, weights],
    )
    compare(
        lambda lib, i, w, p: lib.nn.functional.embedding_bag(
            i, w, mode="sum", per_sample_weights=p, padding_idx=1
        ),
        [NUMBERS, TABLE, weights],
    )


def test_frequencies_scale_the_gradient_of_bags():
    """As torch documents it; its CPU kernel takes the count of another row."""
    weight = mytorch.tensor(TABLE, requires_grad=True)
    mytorch.nn.functional.embedding_bag(
        mytorch.tensor(NUMBERS), weight, mode="sum", scale_grad_by_freq=True
    ).sum().backward()
    used = np.isin(np.arange(7), NUMBERS)
    np.testing.assert_allclose(weight.grad.numpy(), used[:, None] * np.ones(3), rtol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding_idx": 2},
        {"max_norm": 1.0, "norm_type": 1.0},
        {"scale_grad_by_freq": True, "sparse": True},
    ],
    ids=str,
)
def test_modules(settings):
    for name in ("Embedding", "EmbeddingBag"):
        mine, theirs = getattr(mytorch.nn, name)(7, 3, **settings), getattr(torch.nn, name)(7, 3, **settings)
        assert repr(mine) == repr(theirs)
        assert [(k, tuple(v.shape)) for k, v in mine.state_dict().items()] == [
            (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
        ]
        if "padding_idx" in settings:
            assert mine.weight[2].tolist() == [0, 0, 0]
        mine.load_state_dict({"weight": theirs.weight.detach().numpy()})
        np.testing.assert_allclose(
            mine(mytorch.tensor(NUMBERS)).detach().numpy(),
            theirs(torch.tensor(NUMBERS)).detach().numpy(),
            rtol=1e-5,
            atol=1e-6,
        )


def test_initial_values_are_standard_normal():
    weight = mytorch.nn.Embedding(400, 50).weight
    assert abs(weight.mean().item()) < 0.03 and abs(weight.std().item() - 1) < 0.03


def test_from_pretrained():
    for name in ("Embedding", "EmbeddingBag"):
        table = mytorch.tensor(TABLE)
        frozen = getattr(mytorch.nn, name).from_pretrained(table, padding_idx=1)
        assert (
            not frozen.weight.requires_grad and frozen.weight.array is table.array and frozen.padding_idx == 1
        )
        assert getattr(mytorch.nn, name).from_pretrained(table, freeze=False).weight.requires_grad


REFUSED = {
    "too high": (
        lambda lib, w: lib.nn.functional.embedding(lib.tensor([1, 7]), w),
        "index out of range in self",
    ),
    "negative": (
        lambda lib, w: lib.nn.functional.embedding(lib.tensor([1, -1]), w),
        "index out of range in self",
    ),
    "floats": (
        lambda lib, w: lib.nn.functional.embedding(lib.tensor([1.0]), w),
        "to have one of the following scalar types: Long, Int",
    ),
    "vector": (lambda lib, w: lib.nn.functional.embedding(lib.tensor([1]), w[0]), "'weight' must be 2-D"),
    "padding": (
        lambda lib, w: lib.nn.functional.embedding(lib.tensor([1]), w, padding_idx=7),
        "Padding_idx must be within num_embeddings",
    ),
    "padding of the module": (
        lambda lib, w: lib.nn.Embedding(7, 3, padding_idx=-8),
        "Padding_idx must be within num_embeddings",
    ),
    "first offset": (
        lambda lib, w: lib.nn.functional.embedding_bag(lib.tensor([1, 2]), w, lib.tensor([1])),
        "offsets[0] has to be 0",
    ),
    "last offset": (
        lambda lib, w: lib.nn.functional.embedding_bag(lib.tensor([1, 2]), w, lib.tensor([0, 3])),
        "offsets[-1] can not be greater than",
    ),
    "no offsets": (
        lambda lib, w: lib.nn.functional.embedding_bag(lib.tensor([1, 2]), w),
        "offsets has to be a 1D Tensor but got None",
    ),
    "mode": (
        lambda lib, w: lib.nn.functional.embedding_bag(lib.tensor([[1]]), w, mode="min"),
        "mode has to be one of sum, mean or max",
    ),
    "weights of a mean": (
        lambda lib, w: lib.nn.functional.embedding_bag(
            lib.tensor([[1]]), w, per_sample_weights=lib.ones(1, 1)
        ),
        "only supported for mode='sum'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    same_error(call, TABLE, match=match)
