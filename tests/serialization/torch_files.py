"""Files that PyTorch writes, what is in them, and how it compares with what mytorch reads."""

import collections
import io
import os
import zipfile

import numpy as np

import mytorch
from tests.referee import torch

DTYPES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
    "bfloat16",
]


def written(obj, **options):
    file = io.BytesIO()
    torch.save(obj, file, **options)
    file.seek(0)
    return file


def same(mine, theirs):
    """Equal to the bit, with corresponding types."""
    if isinstance(theirs, torch.Tensor):
        assert type(mine).__name__ == ("Parameter" if isinstance(theirs, torch.nn.Parameter) else "Tensor")
        assert (mine.dtype.name, mine.requires_grad) == (str(theirs.dtype)[6:], theirs.requires_grad)
        assert tuple(mine.shape) == tuple(theirs.shape)
        bits = theirs.detach().contiguous()
        bits = bits.view(torch.int16).numpy() if theirs.dtype == torch.bfloat16 else bits.numpy()
        return np.ascontiguousarray(mine.detach().array).tobytes() == np.ascontiguousarray(bits).tobytes()
    if isinstance(theirs, torch.dtype):
        return mine.name == str(theirs)[6:]
    if isinstance(theirs, torch.Size):
        return type(mine) is mytorch.Size and tuple(mine) == tuple(theirs)
    if isinstance(theirs, torch.device):
        return str(mine) == str(theirs)
    assert type(mine) is type(theirs)
    if isinstance(theirs, dict):
        return list(mine) == list(theirs) and all(same(mine[k], theirs[k]) for k in theirs)
    if isinstance(theirs, (list, tuple)):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    return mine == theirs


def model():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3),
        torch.nn.BatchNorm2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 3),
        torch.nn.LSTM(3, 2),
    )
    net[3].bias.requires_grad_(False)
    return net


def training():
    net = model()
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad])
    net[3](net[2](net[1](net[0](torch.randn(2, 1, 4, 4))))).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5])
    return {
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
        "epoch": 3,
    }


def values():
    """Objects with everything that a checkpoint may hold."""
    x = torch.arange(24.0).reshape(2, 3, 4)
    return {
        "tensor": x,
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0, 3),
        "views": [x, x[1], x[:, ::2], x.transpose(0, 2), x[0, 0].expand(5, 4), x.flatten()[5:7], x[1:1]],
        "as_strided": torch.arange(10.0).as_strided((4, 3), (2, 1), 1),
        "requires grad": [
            torch.ones(2, requires_grad=True),
            torch.nn.Parameter(torch.ones(2)),
            torch.nn.Parameter(torch.ones(2), requires_grad=False),
        ],
        "containers": {
            "a": [1, (2, 3.5), {"b": None}],
            5: {1, 2},
            True: "ünï",
            None: b"\x00\xff",
            (1, "k"): -(10**30),
            "c": collections.Counter("aab"),
        },
        "numbers": [0, -1, 255, 256, 65536, 2**31, -(2**31), 2**63, 1.5, float("inf"), 2 + 3j, True, False],
        "names": [
            torch.float16,
            torch.bool,
            torch.int64,
            torch.device("cuda:1"),
            torch.device("cpu"),
            torch.Size([2, 3]),
        ],
        "many": {str(i): i for i in range(300)},
        "nested": collections.OrderedDict(a=collections.OrderedDict(b=torch.ones(1))),
        "training": training(),
        "list of states": [model().state_dict()] * 2,
        "empty containers": [[], (), {}, set(), collections.OrderedDict()],
        "large": torch.arange(90000.0).reshape(300, 300) % 7,
    }


def rewrite(file, **changes):
    """The zip file with members changed by functions (None: left out)."""
    new = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            change = changes.get(name, bytes)
            if change is not None:
                archive.writestr(zipfile.ZipInfo(name), change(old.read(name)))  # always of one date
    new.seek(0)
    return new


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)
