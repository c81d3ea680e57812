"""Padding against PyTorch, in every mode and dtype."""

import itertools

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(shape):
    return draws(0).standard_normal(shape)


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_padding(mode, n):
    for extra, pad in itertools.product(
        (0, 1, 2), itertools.product((0, 3, -1, 4, 7), (0, 2, -2), (1,), (0, 2), (1,), (2,))
    ):
        shape, pad = (2, 3)[:extra] + (5, 4, 6)[:n], pad[: 2 * n]
        pads = call("pad", pad=pad, mode=mode)
        try:
            pads(torch, torch.zeros(shape))
        except Exception:
            same_error(pads, draw(shape))
            continue
        if mode == "circular" and min(pad) < 0 and max(pad) > 2:
            continue  # torch wraps round what it cut off, and leaves memory unset
        compare(pads, [draw(shape)])


def test_padding_of_other_dtypes():
    for x in (np.array([[1, 2, 3]]), np.array([[True, False]])):
        for settings in ({}, {"value": 2.5}) if x.dtype != bool else ({},):
            compare(call("pad", pad=(1, 2), **settings), [x])
    compare(call("pad", pad=(1, 1), mode="reflect"), [np.array([[1, 2, 3]])])


@pytest.mark.parametrize(
    "value, negative", [(0, False), (0.0, False), (-0.0, True), (None, False), (-1, True)]
)
def test_the_value_keeps_its_sign(value, negative):
    out = mytorch.nn.functional.pad(mytorch.ones(1), (1, 0), value=value).numpy()
    assert out[0] == (value or 0) and np.signbit(out[0]) == negative
