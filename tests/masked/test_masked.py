"""Reductions and normalisations of the elements that a mask keeps."""

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import agree, same_error

X = draws(0).normal(size=(4, 5))
MASK = np.array([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 0, 1]], bool)
REDUCTIONS = "sum prod amax amin mean norm var std logsumexp".split()
ALONG = "cumsum cumprod softmax log_softmax softmin".split()
FOUND = "argmax argmin".split()


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("mask", [None, MASK, MASK[0]], ids=["none", "whole", "row"])
def test_reductions(name, mask):
    for settings in ({}, {"dim": 1}, {"dim": (0, 1), "keepdim": True}):
        if name == "logsumexp" and "keepdim" in settings:
            settings = {"dim": 0, "keepdim": True}

        def call(lib, x, settings=settings):
            return getattr(lib.masked, name)(x, mask=None if mask is None else lib.tensor(mask), **settings)

        agree(call, [X + 3], f"{name} {settings}", tolerance=1e-10)


@pytest.mark.parametrize("name", ALONG + FOUND + ["median"])
def test_along_a_dimension(name):
    for kind in ("float64", "float32"):
        agree(
            lambda lib, x: getattr(lib.masked, name)(x, 1, mask=lib.tensor(MASK)),
            [X.astype(kind)],
            gradient=name not in FOUND,
        )


@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "argmax", "cumsum", "var"])
def test_integers(name):
    x = np.arange(20).reshape(4, 5).astype("int32")
    agree(lambda lib, x: getattr(lib.masked, name)(x, 1, mask=lib.tensor(MASK)), [x])


def test_two_masks_and_vectors():
    agree(
        lambda lib, x, y: lib.masked.logaddexp(
            x, y, input_mask=lib.tensor(MASK), other_mask=lib.tensor(~MASK)
        ),
        [X, X + 1],
        gradient=False,
    )
    agree(lambda lib, x: lib.masked.normalize(x, 2.0, 1, mask=lib.tensor(MASK)), [X])
    agree(lambda lib, x: lib.masked.var(x, 1, correction=0.5, mask=lib.tensor(MASK)), [X])


def test_refusals():
    same_error(lambda lib, x: lib.masked.sum(x, mask=lib.ones(1, 4, 5, dtype=lib.bool)), X)
    same_error(lambda lib, x: lib.masked.mean(x.long()), X, match="infer output dtype")
