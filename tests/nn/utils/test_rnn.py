"""Padding and packing of sequences, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare

rng = draws(3)

PIECES = [rng.standard_normal((n, 2)) for n in (4, 2, 1)]


@pytest.mark.parametrize(
    "settings",
    [{}, {"batch_first": True}, {"padding_value": -1.5}, {"padding_side": "left", "batch_first": True}],
    ids=str,
)
def test_pad_and_unpad(settings):
    compare(lambda lib, *x: lib.nn.utils.rnn.pad_sequence(list(x), **settings), PIECES)
    if settings.get("batch_first") and "padding_side" not in settings:
        padded = mytorch.nn.utils.rnn.pad_sequence([mytorch.tensor(p) for p in PIECES], batch_first=True)
        for piece, back in zip(
            PIECES, mytorch.nn.utils.rnn.unpad_sequence(padded, mytorch.tensor([4, 2, 1]), batch_first=True)
        ):
            np.testing.assert_array_equal(piece, back.numpy())


def test_pack_and_unpack():
    def call(lib, *x):
        rnn = lib.nn.utils.rnn
        packed = rnn.pack_sequence([x[1], x[0], x[2]], enforce_sorted=False)
        return (
            list(packed),
            rnn.unpack_sequence(packed),
            rnn.pad_packed_sequence(packed, total_length=6, padding_value=2.0),
        )

    compare(call, PIECES)
    compare(lambda lib, *x: list(lib.nn.utils.rnn.pack_sequence(list(x)))[:2], PIECES)
    packed = mytorch.nn.utils.rnn.pack_sequence([mytorch.tensor(p) for p in PIECES])
    assert (packed.long().data.dtype, packed.int().data.dtype) == (
        mytorch.int64,
        mytorch.int32,
    ) and packed.pin_memory() is packed
    assert (
        packed.to(mytorch.float32).data.dtype == mytorch.float32
        and packed.double() is packed
        and not packed.is_cuda
    )
