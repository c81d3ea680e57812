"""What scripts ask tensors and the modules around them, before and beside the mathematics: the same answers
as PyTorch's.
"""

import importlib
import inspect
import io
import pickle

import numpy as np
import pytest

import mytorch
from tests.referee import answer, torch

DTYPES = ("float32", "float64", "float16", "int64", "uint8", "bool", "complex64")
ATTRIBUTES = """
    name is_cpu is_cuda is_sparse is_sparse_csr is_quantized is_mkldnn is_nested is_meta is_mps
    is_xpu is_xla is_ipu is_mtia is_vulkan
""".split()
METHODS = (
    "nelement ndimension is_complex is_signed is_floating_point is_conj is_neg is_pinned is_shared "
    "is_distributed get_device"
).split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_about_itself(dtype):
    mine, theirs = (
        mytorch.ones(2, 3, dtype=getattr(mytorch, dtype)),
        torch.ones(2, 3, dtype=getattr(torch, dtype)),
    )
    for name in ATTRIBUTES:
        assert getattr(mine, name) == getattr(theirs, name), name
    for name in METHODS:
        assert getattr(mine, name)() == getattr(theirs, name)(), name
    assert mine.layout == mytorch.strided
    assert mine.is_same_size(mytorch.zeros(2, 3)) and not mine.is_same_size(mytorch.zeros(3))
    assert mine[0, 0].is_nonzero()
    with pytest.raises(RuntimeError, match="ambiguous"):
        mine.is_nonzero()


def test_memory_formats_are_accepted():
    x = mytorch.rand(2, 3, 4, 5)
    for moved in (
        x.to(memory_format=mytorch.channels_last),
        x.contiguous(memory_format=mytorch.contiguous_format),
        x.pin_memory(),
    ):
        assert (moved == x).all()
    assert mytorch.zeros_like(x, memory_format=mytorch.preserve_format).shape == x.shape
    assert repr(mytorch.channels_last) == "mytorch.channels_last"
    assert isinstance(mytorch.channels_last, mytorch.memory_format) and isinstance(
        mytorch.strided, mytorch.layout
    )
    net = mytorch.nn.Conv2d(3, 2, 2).to(memory_format=mytorch.channels_last)
    assert net(x).shape == (2, 2, 3, 4)


def test_sharing_between_processes_is_refused():
    with pytest.raises(NotImplementedError, match="copied"):
        mytorch.zeros(2).share_memory_()


IN_PLACE = [n for n in dir(mytorch) if n.endswith("_") and not n.startswith("_") and hasattr(torch, n)]


OF_MORE = "addmv gcd lcm index_put clamp clip detach resize_as threshold".split()  # they take other arguments


@pytest.mark.parametrize("name", [n for n in IN_PLACE if n[:-1] not in OF_MORE])
def test_functions_that_change_their_argument(name):
    values = np.array([0.5, 0.25, 0.75], "float32") + (1 if name[:-1] in ("acosh", "arccosh") else 0)
    others = {"clamp_max_": 0.5, "clamp_min_": 0.5, "fill_": 2.0}
    mine, theirs = mytorch.tensor(values), torch.tensor(values)
    more = [others[name]] if name in others else []
    two = name in ("ldexp_", "xlogy_")
    result = getattr(mytorch, name)(mine, *([mytorch.tensor(2)] if two else more))
    getattr(torch, name)(theirs, *([torch.tensor(2)] if two else more))
    assert result is mine
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5)


def test_constants():
    for name in ("e", "pi", "inf", "newaxis"):
        assert getattr(mytorch, name) == getattr(torch, name)
    assert mytorch.nan != mytorch.nan
    assert len(IN_PLACE) > 50


def test_one_process():
    assert not mytorch.distributed.is_available() and not mytorch.distributed.is_initialized()
    with pytest.raises(NotImplementedError, match="one process"):
        mytorch.distributed.init_process_group("gloo")
    with pytest.raises(ValueError, match="process group"):
        mytorch.distributed.get_rank()
    assert mytorch.multiprocessing.cpu_count() >= 1
    mytorch.multiprocessing.set_sharing_strategy(mytorch.multiprocessing.get_sharing_strategy())
    with pytest.raises(ValueError, match="unknown"):
        mytorch.multiprocessing.set_sharing_strategy("wishes")


def test_no_compiler():
    @mytorch.jit.script
    def double(x):
        return x * 2

    @mytorch.jit.ignore
    def triple(x):
        return x * 3

    @mytorch.jit.unused
    def half(x):
        return x / 2

    assert (double(2), triple(2), half(2), mytorch.jit.trace(double, (1,))(4)) == (4, 6, 1, 8)
    assert mytorch.jit.ignore(drop=True)(double) is double
    assert not mytorch.jit.is_scripting() and not mytorch.jit.is_tracing()
    for call in (
        lambda: mytorch.jit.save(double, "f"),
        lambda: mytorch.jit.load("f"),
        lambda: mytorch.onnx.export(double, (1,), "f"),
    ):
        with pytest.raises(NotImplementedError, match="state_dict"):
            call()


def exit_with(i, codes):
    raise SystemExit(codes[i])


def test_spawn():
    mytorch.multiprocessing.spawn(exit_with, ([0, 0],), nprocs=2, start_method="fork")
    with pytest.raises(RuntimeError, match="process 1 terminated with exit code 3"):
        mytorch.multiprocessing.spawn(exit_with, ([0, 3],), nprocs=2, start_method="fork")


def names_of_layers():
    for file in (
        "activation batchnorm channelshuffle container conv distance dropout flatten fold instancenorm "
        "linear loss module normalization padding "
        "pixelshuffle pooling rnn sparse transformer upsampling"
    ).split():
        for name in answer(classes_in, file):
            if hasattr(mytorch.nn, name):
                yield file, name


def classes_in(torch, file):
    module = getattr(torch.nn.modules, file)
    classes = {name: value for name, value in vars(module).items() if isinstance(value, type)}
    return [name for name, value in classes.items() if value.__module__ == module.__name__]


@pytest.mark.parametrize(
    ("file", "name"),
    [*names_of_layers(), ("batchnorm", "_BatchNorm"), ("loss", "_Loss"), ("conv", "_ConvNd")],
)
def test_layers_under_torchs_files(file, name):
    mine = getattr(importlib.import_module(f"mytorch.nn.modules.{file}"), name)
    assert mine is getattr(getattr(mytorch.nn.modules, file), name)
    if not name.startswith("_"):
        assert mine is getattr(mytorch.nn, name) is getattr(mytorch.nn.modules, name)


def test_repeaters():
    from mytorch.nn.modules.utils import _pair, _triple

    assert (_pair(2), _pair([1, 3]), _triple(0)) == ((2, 2), (1, 3), (0, 0, 0))


def test_data_parallel():
    net = mytorch.nn.Linear(3, 2)
    wrapped = mytorch.nn.DataParallel(net)
    x = mytorch.rand(4, 3)
    assert (wrapped(x) == net(x)).all() and (mytorch.nn.parallel.data_parallel(net, x) == net(x)).all()
    assert list(wrapped.state_dict()) == list(torch.nn.DataParallel(torch.nn.Linear(3, 2)).state_dict())
    with pytest.raises(ValueError, match="process group"):
        mytorch.nn.parallel.DistributedDataParallel(net)


@pytest.mark.parametrize(
    ("n", "replicas", "drop_last"),
    [(10, 3, False), (10, 3, True), (1, 4, False), (0, 2, False), (9, 3, False)],
)
def test_distributed_sampler(n, replicas, drop_last):
    for rank in range(replicas):
        mine, theirs = (
            lib.utils.data.distributed.DistributedSampler(
                range(n), replicas, rank, shuffle=False, drop_last=drop_last
            )
            for lib in (mytorch, torch)
        )
        assert list(mine) == list(theirs) and len(mine) == len(theirs)
    parts = [mytorch.utils.data.DistributedSampler(range(12), 3, rank, seed=1) for rank in range(3)]
    first = [list(p) for p in parts]
    assert sorted(i for part in first for i in part) == list(range(12))
    for p in parts:
        p.set_epoch(1)
    assert [list(p) for p in parts] != first
    with pytest.raises(ValueError, match="Invalid rank 3"):
        mytorch.utils.data.DistributedSampler(range(3), 3, 3)
    with pytest.raises(RuntimeError, match="num_replicas"):
        mytorch.utils.data.DistributedSampler(range(3))


class Net(mytorch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.function = mytorch.nn.Linear(2, 2), mytorch.relu

    def forward(self, x):
        return self.function(self.linear(x))


def test_modules_that_the_user_vouches_for():
    file, net = io.BytesIO(), Net()
    mytorch.save(net, file)
    x = mytorch.ones(1, 2)
    with pytest.raises(RuntimeError, match="weights_only=False"):
        mytorch.load(io.BytesIO(file.getvalue()))
    with mytorch.serialization.safe_globals([Net, mytorch.nn.Linear, mytorch.relu]):
        assert (mytorch.load(io.BytesIO(file.getvalue()))(x) == net(x)).all()
    with (
        mytorch.serialization.safe_globals([Net]),
        pytest.raises((RuntimeError, pickle.UnpicklingError), match="Linear was not an allowed"),
    ):
        mytorch.load(io.BytesIO(file.getvalue()))
    assert mytorch.serialization.get_safe_globals() == []


def test_each_distribution_by_the_path_of_torchs_file():
    def paths(torch):
        found = vars(torch.distributions)
        return {n: c.__module__ for n, c in found.items() if inspect.isclass(c)}

    theirs = {n: path for n, path in answer(paths).items() if hasattr(mytorch.distributions, n)}
    assert len(theirs) > 30
    for name, path in theirs.items():
        module = importlib.import_module(path.replace("torch", "mytorch", 1))
        assert getattr(module, name) is getattr(mytorch.distributions, name)
