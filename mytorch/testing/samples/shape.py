"""Rows of ops/shape.py, ops/permute.py, ops/join.py and ops/split.py."""

import numpy as np

import mytorch
from mytorch.ops.shape import sum_to
from mytorch.ops.strided import overlap_add

from . import Sample

X = (3, 4)


ROWS = [
    Sample(
        "reshape",
        lambda x: x.reshape(2, -1, 3),
        ((4, 3),),
        lambda x: x.reshape(2, x.shape[0] // 2, 3),
        empty=((0, 3),),
    ),
    Sample(
        "reshape",
        lambda x: x.mT.reshape(-1),
        (X,),
        lambda x: x.T.reshape(-1),
        note="of a transposed tensor: copies",
    ),
    Sample("view", lambda x: x.contiguous().view(2, -1), (X,), lambda x: x.reshape(2, -1)),
    Sample("view_as_dtype", lambda x: x.clone().view(x.dtype), (X,), lambda x: x, smooth=False),
    Sample("squeeze", lambda x: x.squeeze(), ((1, 3, 1),), lambda x: x.squeeze(), empty=((1, 0, 1),)),
    Sample(
        "squeeze", lambda x: x.squeeze((0, 1)), ((1, 3, 1),), lambda x: x.squeeze(0), note="some dimensions"
    ),
    Sample("unsqueeze", lambda x: x.unsqueeze(-2), (X,), lambda x: x[:, None], empty=((0, 4),)),
    Sample(
        "transpose",
        lambda x: x.transpose(0, -1),
        ((2, 3, 4),),
        lambda x: x.swapaxes(0, 2),
        empty=((0, 3, 4),),
    ),
    Sample(
        "permute",
        lambda x: x.permute(2, 0, 1),
        ((2, 3, 4),),
        lambda x: x.transpose(2, 0, 1),
        empty=((0, 3, 4),),
    ),
    Sample("flip", lambda x: x.flip(0, -1), (X,), lambda x: x[::-1, ::-1], empty=((0, 4),)),
    Sample(
        "roll",
        lambda x: x.roll((1, -2), (0, 1)),
        (X,),
        lambda x: np.roll(x, (1, -2), (0, 1)),
        empty=((0, 4),),
    ),
    Sample("roll", lambda x: x.roll(2), (X,), lambda x: np.roll(x, 2), note="flattened"),
    Sample(
        "expand",
        lambda x: x.expand(2, 3, -1),
        ((3, 1),),
        lambda x: np.broadcast_to(x, (2, 3, 1)),
        note="a new dimension",
    ),
    Sample("expand", lambda x: x.expand(3, 4), ((3, 1),), lambda x: np.broadcast_to(x, (3, 4))),
    Sample(
        "sum_to",
        lambda x: sum_to(x, shape=(3, 1)),
        ((2, 3, 4),),
        lambda x: x.sum((0, 2))[:, None],
        empty=((0, 3, 4),),
    ),
    Sample(
        "in_channels_last",
        lambda x: x.contiguous(memory_format=mytorch.channels_last),
        ((2, 3, 4, 2),),
        lambda x: x,
        empty=((0, 3, 4, 2),),
    ),
    Sample("clone", lambda x: x.clone(), (X,), lambda x: x, empty=((0, 4),)),
    Sample("contiguous", lambda x: x.mT.contiguous(), (X,), lambda x: x.T),
    Sample(
        "cat",
        lambda x, y: mytorch.cat([x, y], 1),
        (X, (3, 2)),
        lambda x, y: np.concatenate([x, y], 1),
        empty=((3, 0), (3, 2)),
    ),
    Sample(
        "stack",
        lambda x, y: mytorch.stack([x, y], -1),
        (X, X),
        lambda x, y: np.stack([x, y], -1),
        empty=((0, 4), (0, 4)),
    ),
    Sample(
        "split",
        lambda x: x.split([1, 3], 1),
        (X,),
        lambda x: np.split(x, [1], 1),
        note="sizes",
        empty=((0, 4),),
    ),
    Sample("split", lambda x: x.chunk(2)[0], (X,), lambda x: x[:2], note="one part alone"),
    Sample("unbind", lambda x: x.unbind(1), (X,), lambda x: tuple(x.T), empty=((0, 4),)),
    Sample(
        "block_diag",
        lambda x, y: mytorch.block_diag(x, y),
        (X, (2,)),
        lambda x, y: np.block([[x, np.zeros((3, 2))], [np.zeros((1, 4)), y[None]]]),
    ),
    Sample(
        "unfold",
        lambda x: x.unfold(1, 3, 2),
        ((2, 8),),
        lambda x: np.stack([x[:, 0:3], x[:, 2:5], x[:, 4:7]], 1),
    ),
    Sample(
        "unfold",
        lambda x: x.unfold(0, 2, 1),
        ((4, 3),),
        lambda x: np.stack([x[i : i + 2].T for i in range(3)]),
        note="overlapping",
    ),
    Sample(
        "overlap_add",
        lambda x: overlap_add(x, shape=(4,), dimension=0, step=1),
        ((3, 2),),
        lambda x: np.pad(x[:, 0], (0, 1)) + np.pad(x[:, 1], (1, 0)),
    ),
    Sample(
        "as_strided",
        lambda x: mytorch.as_strided(x.contiguous(), (3, 2), (2, 1)),
        ((3, 4),),
        lambda x: np.lib.stride_tricks.as_strided(x.copy(), (3, 2), (2 * x.itemsize, x.itemsize)),
    ),
    Sample("diagonal", lambda x: x.diagonal(1), ((3, 4),), lambda x: x.diagonal(1), empty=((3, 0),)),
    Sample(
        "diagonal",
        lambda x: x.diagonal(-1, 0, 2),
        ((3, 2, 4),),
        lambda x: x.diagonal(-1, 0, 2),
        note="of other dimensions",
    ),
    Sample(
        "diagonal_in_zeros",
        lambda x: mytorch.diag_embed(x, 1),
        ((2, 3),),
        lambda x: np.stack([np.diag(r, 1) for r in x]),
        empty=((1, 0),),
    ),
    Sample("triu", lambda x: x.triu(1), ((2, 3, 4),), lambda x: np.triu(x, 1), empty=((0, 3, 4),)),
    Sample("tril", lambda x: x.tril(-1), ((3, 4),), lambda x: np.tril(x, -1), empty=((0, 4),)),
]
