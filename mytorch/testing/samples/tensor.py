"""Rows of tensor.py and random.py: changes of dtype and device, random numbers."""

from mytorch.tensors.casting import cast, transfer
from mytorch.tensors.random_creation import _normally

from . import Sample

ROWS = [
    Sample("cast", lambda x: cast(x, dtype=x.array.dtype), ((3, 4),), lambda x: x, empty=((0, 4),)),
    Sample(
        "cast",
        lambda x: x.to("int32"),
        ((3, 4),),
        lambda x: x.astype("int32"),
        note="to integers",
        smooth=False,
    ),
    Sample(
        "normally",
        lambda mean, std: _normally(mean, std, noise=mean.array * 0 + 2),
        ((3, 4), (4,)),
        lambda mean, std: 2 * std + mean,
        smooth=False,
    ),
    Sample(
        "transfer",
        lambda x: transfer(x, where=x.device, source=x.device),
        ((3, 4),),
        lambda x: x,
        empty=((0, 4),),
    ),
]
