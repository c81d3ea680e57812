"""Devices, and the proof that nothing in between assumes NumPy: the whole op table and a training step on a
stand-in for CuPy.
"""

import subprocess
import sys

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.core import arrays as backend
from mytorch.testing.samples import rows
from tests import stand_in
from tests.referee import Numbers
from tests.test_gradients import compare, outputs, tensors

ROWS = rows()


@pytest.fixture
def only_stand_in(request, gpu):
    """``gpu``, for what is said of the stand-in."""
    if request.config.getoption("--device") == "cuda":
        pytest.skip("a real GPU is in use")
    return gpu


# ---- devices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("cpu",), "cpu"),
        (("cuda",), "cuda"),
        (("cuda:1",), "cuda:1"),
        (("cuda", 1), "cuda:1"),
        ((1,), "cuda:1"),
        ((mytorch.device("cuda:2"),), "cuda:2"),
    ],
)
def test_device_names(arguments, text):
    assert str(mytorch.device(*arguments)) == text
    assert mytorch.device(text) == mytorch.device(*arguments)
    assert eval(repr(mytorch.device(text)), {"device": mytorch.device}) == mytorch.device(text)


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cuda:-1", ""])
def test_bad_device_names(name):
    with pytest.raises(RuntimeError, match="Invalid device string"):
        mytorch.device(name)


@pytest.mark.skipif(backend.cuda_is_available(), reason="there is a GPU")
def test_without_cupy_the_error_names_the_extra():
    for call in (
        lambda: mytorch.ones(2, device="cuda"),
        lambda: mytorch.ones(2).cuda(),
        lambda: mytorch.ones(2).to("cuda:0"),
    ):
        with pytest.raises(RuntimeError, match=r"CuPy.*not installed.*mytorch\[cuda12\].*mytorch\[cuda13\]"):
            call()
    assert not mytorch.cuda.is_available()
    assert mytorch.cuda.device_count() == 0
    assert mytorch.cuda.memory_allocated() == 0
    assert not mytorch.accelerator.is_available()
    assert mytorch.accelerator.current_accelerator() is None
    mytorch.cuda.manual_seed_all(1)
    mytorch.cuda.empty_cache()
    with pytest.raises(RuntimeError, match="CuPy"):
        mytorch.cuda.current_device()


def test_queries_that_scripts_make():
    import mytorch.backends.cudnn as cudnn

    assert not mytorch.backends.mps.is_available()
    assert not cudnn.is_available()
    cudnn.benchmark = False
    assert mytorch.version.cuda is None
    assert mytorch.__version__ == mytorch.version.__version__


def test_mixed_devices_are_named(gpu):
    x, y = mytorch.ones(2), mytorch.ones(2, device=gpu)
    for call in (lambda: x + y, lambda: y * x, lambda: mytorch.cat([x, y]), lambda: mytorch.ones(2, 2) @ y):
        with pytest.raises(RuntimeError, match=r"same device.*cpu and cuda:0"):
            call()


def test_a_0d_tensor_of_the_cpu_may_join(gpu):
    assert (mytorch.ones(2, device=gpu) * mytorch.tensor(3.0)).tolist() == [3.0, 3.0]


def test_moving(gpu):
    x = mytorch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x.to(gpu)
    assert y.is_cuda
    assert y.device == gpu
    assert y.to(gpu) is y
    assert y.to("cuda") is y
    (y * y).sum().backward()
    assert not x.grad.is_cuda
    np.testing.assert_array_equal(x.grad.numpy(), 2 * x.detach().numpy())
    with pytest.raises(TypeError, match=r"cuda:0.*Tensor\.cpu\(\)"):
        y.detach().numpy()
    assert y.cpu().tolist() == x.tolist()
    assert (
        mytorch.ones(2, device="cuda").device == mytorch.zeros_like(y).device == y.new_zeros(3).device == gpu
    )


def test_a_default_device(gpu):
    with gpu:
        assert mytorch.ones(2).is_cuda
        assert mytorch.tensor([1.0]).is_cuda
        assert mytorch.rand(2).is_cuda
    assert not mytorch.ones(2).is_cuda


def test_cuda_queries(gpu):
    assert mytorch.cuda.is_available()
    assert mytorch.cuda.device_count() >= 1
    assert mytorch.cuda.get_device_name() == mytorch.cuda.get_device_name("cuda:0") != ""
    assert mytorch.accelerator.current_accelerator() == mytorch.device("cuda")
    mytorch.cuda.synchronize()
    mytorch.cuda.set_device(0)
    with pytest.raises(ValueError, match="cuda device"):
        mytorch.cuda.get_device_name("cpu")
    with pytest.raises(NotImplementedError, match="peak"):
        mytorch.cuda.max_memory_allocated()


def test_random_numbers_of_the_device_follow_the_seed(gpu):
    drop = nn.Dropout(0.5)
    x = mytorch.ones(100, device=gpu)
    mytorch.manual_seed(3)
    first, state, second = drop(x), mytorch.get_rng_state(), drop(x)
    assert first.tolist() != second.tolist()
    mytorch.set_rng_state(state)
    assert drop(x).tolist() == second.tolist()
    mytorch.manual_seed(3)
    assert drop(x).tolist() == first.tolist()


# ---- the stand-in is strict ----------------------------------------------------------------------


def test_the_stand_in_refuses_numpy(only_stand_in):
    a, b = mytorch.ones(3, device=only_stand_in).array, np.ones(3)
    for leak in (
        lambda: a + b,
        lambda: b + a,
        lambda: np.exp(a),
        lambda: np.asarray(a),
        lambda: stand_in.cupy.add(a, b),
        lambda: a[np.array([0])],
        lambda: stand_in.cupy.where(a > 0, a, b),
        lambda: stand_in.cupy.concatenate([a, b]),
        lambda: a.__setitem__(0, b[:1]),
        lambda: np.concatenate([a, a]),
    ):
        with pytest.raises(TypeError):
            leak()
    with pytest.raises(AttributeError):
        stand_in.cupy.nditer  # NumPy has it, CuPy does not
    with pytest.raises(TypeError):
        a.max(initial=0)
    assert type(a.sum()) is type(a)  # 0-d arrays where NumPy has scalars


def test_numpy_in_a_formula_is_caught(only_stand_in):
    leaky = mytorch.core.primitive.primitive(lambda x: x * 2, name="leaky", x=lambda g: g * np.ones(3))
    del mytorch.core.primitive.primitives["leaky"]
    x = mytorch.ones(3, device=only_stand_in, requires_grad=True)
    with pytest.raises(TypeError, match="NumPy array"):
        leaky(x).sum().backward()


# ---- everything runs on it -----------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_operation(row, gpu):
    if not row.gpu:
        pytest.skip("CuPy lacks what it needs")
    found = []
    for device in (mytorch.device("cpu"), gpu):
        mytorch.manual_seed(0)
        inputs = tensors(row, "float64", device)
        with device:  # also what the row makes itself
            results = outputs(row.call(*inputs))
        assert {r.device.type for r in results} <= {device.type}
        live = [r for r in results if r.requires_grad]
        if row.smooth and live:
            real = [r.abs() if r.is_complex() else r for r in live]
            sum((r.sum() for r in real[1:]), real[0].sum()).backward()
        found.append([*results, *(t.grad for t in inputs if t.grad is not None)])
    compare(found[1], [Numbers.of(r.detach().numpy()) for r in found[0]], 1e-9)


def convnet():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 16),
        nn.Tanh(),
        nn.Linear(16, 3),
    )


def perceptron():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.GELU(), nn.Linear(16, 3))


@pytest.mark.parametrize("make", [convnet, perceptron])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: mytorch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
        lambda p: mytorch.optim.Adam(p, lr=1e-2),
        lambda p: mytorch.optim.AdamW(p, lr=1e-2),
        lambda p: mytorch.optim.RMSprop(p, lr=1e-2),
        lambda p: mytorch.optim.Adagrad(p, lr=1e-2),
    ],
    ids=["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"],
)
def test_a_training_step_copies_nothing_between_host_and_device(make, optimizer, gpu):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 1, 8, 8)), rng.integers(0, 3, 6)
    losses = []
    for device in (mytorch.device("cpu"), gpu):
        mytorch.manual_seed(0)
        model = make().double().to(device)
        inputs, labels = mytorch.tensor(x, device=device), mytorch.tensor(y, device=device)
        step, criterion, kept = optimizer(model.parameters()), nn.CrossEntropyLoss(), []
        for i in range(4):
            if i == 1:
                stand_in.crossings.clear()  # the first step makes the optimizer's buffers
            step.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            step.step()
            kept.append(loss.detach())
        if device == gpu:
            assert stand_in.crossings == []  # a real GPU counts none
        losses.append([float(value) for value in kept])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-9)
    assert losses[0][-1] < losses[0][0]


def test_state_dicts_travel(gpu):
    model = perceptron().to(gpu)
    state = {name: value.cpu() for name, value in model.state_dict().items()}
    other = perceptron()
    other.load_state_dict(state)
    other.to(gpu).load_state_dict(model.state_dict())
    x = mytorch.ones(2, 64)
    np.testing.assert_allclose(
        other.cpu()(x).detach().numpy(), model(x.to(gpu)).detach().cpu().numpy(), rtol=1e-6
    )


def test_pytest_on_a_device_that_is_missing_says_so():
    if backend.cuda_is_available():
        pytest.skip("there is a GPU")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--device", "cuda", __file__, "-k", "mixed"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "CuPy or a GPU is missing" in result.stdout + result.stderr


def test_current_gpu(gpu):
    with (
        mytorch.cuda.device(0),
        mytorch.cuda.device_of(mytorch.ones(1, device=gpu)),
        mytorch.cuda.device_of(mytorch.ones(1)),
    ):
        assert mytorch.cuda.current_device() == 0
    states = mytorch.cuda.get_rng_state_all()
    first = mytorch.nn.functional.dropout(mytorch.ones(50, device=gpu)).tolist()
    mytorch.cuda.set_rng_state_all(states)
    assert mytorch.nn.functional.dropout(mytorch.ones(50, device=gpu)).tolist() == first
    assert mytorch.cuda.memory_allocated() >= 0
    mytorch.cuda.empty_cache()
    assert mytorch.cuda.mem_get_info()[1] > 0
    assert len(mytorch.cuda.get_device_capability()) == 2
