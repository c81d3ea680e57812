"""Sliding blocks and their sum, against PyTorch."""

import itertools

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import agree, compare, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float16"])
def test_sliding_blocks_of_all_dtypes(dtype):
    agree(lambda m, x: m.nn.functional.unfold(x, 2), [np.ones((1, 2, 3, 3), dtype)])
    agree(lambda m, x: m.nn.functional.fold(x, (3, 3), 2), [np.ones((1, 8, 4), dtype)])


torch.set_num_threads(1)  # its threads wait for each other longer than these small arrays take


def draw(shape):
    return draws(0).standard_normal(shape)


def call(name, **settings):
    return lambda library, *tensors: getattr(library.nn.functional, name)(*tensors, **settings)


@pytest.mark.parametrize("shape", [(2, 3, 6, 7), (3, 6, 7), (0, 3, 6, 7)], ids=str)
def test_folding(shape):
    for kernel, dilation, padding, stride in itertools.product([2, (2, 3)], [1, 2], [0, (1, 2)], [1, (2, 1)]):
        settings = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
        compare(call("unfold", **settings), [draw(shape)])
        columns = torch.nn.functional.unfold(torch.zeros(shape), **settings).shape
        compare(call("fold", output_size=(6, 7), **settings), [draw(tuple(columns))])
