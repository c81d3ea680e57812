"""What scripts import or call beside the mathematics: names of torch's files, hooks of all modules, memory,
weights from the web.
"""

import hashlib
import importlib

import numpy as np
import pytest

import mytorch
from mytorch import _utils
from mytorch.nn.attention import SDPBackend, sdpa_kernel
from mytorch.utils import _pytree
from tests.draws import draws
from tests.referee import answer, torch

rng = draws(4)
X, W = rng.standard_normal((3, 4)).astype("float32"), rng.standard_normal(4).astype("float32")

PATHS = """
    torch.jit.ScriptModule torch.jit.script_method torch.jit.Final torch.jit.annotate
    torch.compiler.is_compiling torch.compiler.disable torch.nn.attention.sdpa_kernel
    torch.nn.modules.module.register_module_forward_hook torch.utils.model_zoo.load_url
    torch.hub.load_state_dict_from_url torch.hub.download_url_to_file torch.utils._pytree.tree_map
    torch.distributed.ReduceOp.SUM torch.utils.hooks.RemovableHandle
    torch._utils._flatten_dense_tensors torch.nn.functional.upsample_nearest
    torch.nn.functional.upsample_bilinear
""".split()


def found(path):
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return getattr(found(module), name)


@pytest.mark.parametrize("path", PATHS)
def test_paths(path):
    assert found("my" + path) is not None and answer(lambda _: found(path) is not None)


def as_numbers(result):
    return result.detach().numpy() if isinstance(result, (mytorch.Tensor, torch.Tensor)) else result


CALLS = {  # functions of torch itself: f(library, x, w)
    "batch_norm": lambda m, x, w: m.batch_norm(x, w, w, m.zeros(4), m.ones(4), True, 0.1, 1e-5, False),
    "batch_norm of what was seen": lambda m, x, w: m.batch_norm(
        x, w, w, w.detach(), w.detach() ** 2 + 1, False, 0.1, 1e-5, False
    ),
    "instance_norm": lambda m, x, w: m.instance_norm(x[None], None, None, None, None, True, 0.1, 1e-5, False),
    "embedding": lambda m, x, w: m.embedding(x, m.tensor([2, 0, 0])),
    "embedding with padding_idx": lambda m, x, w: m.embedding(x, m.tensor([2, 0]), 0),
    "kl_div": lambda m, x, w: m.kl_div(x.log_softmax(1), x.softmax(1) ** 2),
    "kl_div, sum": lambda m, x, w: m.kl_div(x, x, 2, log_target=True),
    "bce, none": lambda m, x, w: m.binary_cross_entropy_with_logits(x, x.sigmoid().detach()),
    "bce": lambda m, x, w: m.binary_cross_entropy_with_logits(
        x, x.sigmoid().detach(), w.detach().abs(), w.detach().abs(), 0
    ),
    "selu_": lambda m, x, w: m.selu_(x * 2),
    "celu_": lambda m, x, w: m.celu_(x * 2, 0.5),
    "threshold_": lambda m, x, w: m.threshold_(x * 2, 0.1, 3.0),
    "detach": lambda m, x, w: m.detach(x),
    "questions": lambda m, x, w: (
        m.is_signed(x),
        m.is_inference(x),
        m.is_conj(x),
        m.get_device(x),
        m.is_autocast_enabled(),
    ),
    "typename": lambda m, x, w: (
        m.typename(3),
        m.typename(X),
        m.typename(m.typename).split(".")[-1],
        m.typename(x).split(".")[-1],
    ),
    "default device": lambda m, x, w: str(m.get_default_device()),
    "resize_as_": lambda m, x, w: m.resize_as_(x.detach().clone(), w),
    "resize_": lambda m, x, w: x.detach().clone().resize_(2, 3),
    "resize_ to more": lambda m, x, w: x.detach().clone().resize_((5, 4))[:3],
    "new().resize_as_": lambda m, x, w: x.data.new().resize_as_(x.data).zero_(),
    "bernoulli": lambda m, x, w: (x > 0).float().bernoulli(),
    "bernoulli, p": lambda m, x, w: x.bernoulli(1.0),
    "bernoulli in the graph": lambda m, x, w: m.autograd.grad(
        (x.sigmoid().bernoulli() * x).sum() * 0 + x.sum(), x
    )[0],
    "multinomial": lambda m, x, w: m.tensor([[0.0, 2.0], [1.0, 0.0]]).multinomial(3, replacement=True),
    "spmm of what is dense": lambda m, x, w: m.spmm(x, x.T),
    "upsample_nearest": lambda m, x, w: m.nn.functional.upsample_nearest(x[None, None], scale_factor=2),
    "upsample_bilinear": lambda m, x, w: m.nn.functional.upsample_bilinear(x[None, None], size=(5, 5)),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore:.*upsample:UserWarning", "ignore:reduction:UserWarning")
def test_call(name):
    mine, theirs = (
        CALLS[name](m, m.tensor(X, requires_grad=True), m.tensor(W, requires_grad=True))
        for m in (mytorch, torch)
    )
    if isinstance(theirs, torch.Tensor):
        assert (mine.requires_grad, str(mine.dtype)[2:]) == (theirs.requires_grad, str(theirs.dtype))
        np.testing.assert_allclose(as_numbers(mine), as_numbers(theirs), rtol=1e-5, atol=1e-6)
    else:
        assert mine == theirs


def test_resizing_shares_memory_and_keeps_to_constants():
    for m in (mytorch, torch):
        x = m.arange(6.0)
        y = x.view(2, 3).resize_(2)
        y.fill_(7)
        assert x.tolist() == [7, 7, 2, 3, 4, 5] and tuple(y.shape) == (2,)
        with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
            m.zeros(2, requires_grad=True).resize_(3)


def test_hooks_of_all_modules():
    def run(m):
        seen, module = [], m.nn.modules.module
        net = m.nn.Sequential(m.nn.Linear(4, 2), m.nn.ReLU())
        handles = [
            module.register_module_forward_pre_hook(
                lambda layer, args: seen.append(("before", type(layer).__name__))
            ),
            module.register_module_forward_hook(
                lambda layer, args, out: seen.append(("after", type(layer).__name__)) or out * 2
            ),
            module.register_module_full_backward_pre_hook(
                lambda layer, g: seen.append(("back", type(layer).__name__))
            ),
            module.register_module_full_backward_hook(
                lambda layer, g, h: seen.append(("was back", type(layer).__name__, float(h[0].sum())))
            ),
        ]
        net[0].register_forward_hook(lambda *_: seen.append("own"))
        with m.no_grad():
            net[0].weight.fill_(0.5)
            net[0].bias.fill_(1)
        x = m.ones(1, 4, requires_grad=True)
        net(x).sum().backward()
        for handle in handles:
            handle.remove()
        seen.append(x.grad.tolist())
        net(x)
        return seen

    assert run(mytorch) == answer(run)


def test_no_compiler_for_modules():
    class Twice(mytorch.jit.ScriptModule):
        @mytorch.jit.script_method
        def forward(self, x):
            return mytorch.jit.annotate(mytorch.Tensor, x * 2)

    net = Twice()
    assert net.compile() is None and net(mytorch.ones(1)).item() == 2
    assert (
        mytorch.compiler.disable(net) is net
        and mytorch.compiler.disable(reason="none")(net) is net
        and not mytorch.compiler.is_compiling()
    )


def test_one_kernel_of_attention():
    q = mytorch.tensor(X)[None]
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]):
        assert mytorch.nn.functional.scaled_dot_product_attention(q, q, q).shape == (1, 3, 4)
    with pytest.raises(AssertionError, match="SDPBackend"), sdpa_kernel("math"):
        pass


def test_trees():
    tree = {"a": [1, 2], "b": ((3,), None)}
    leaves, spec = _pytree.tree_flatten(tree)
    theirs = torch.utils._pytree.tree_flatten(tree)
    assert (leaves, spec.num_leaves) == (theirs[0], theirs[1].num_leaves)
    assert _pytree.tree_unflatten("abcd", spec) == {"a": ["a", "b"], "b": (("c",), "d")}
    assert (
        _pytree.tree_map(str, tree) == {"a": ["1", "2"], "b": (("3",), "None")}
        and _pytree.tree_leaves(tree) == leaves
    )
    with pytest.raises(ValueError, match="4"):
        _pytree.tree_unflatten([1], spec)


def test_flat_tensors():
    parts = [mytorch.ones(2, 3), mytorch.zeros(()), mytorch.arange(4.0)]
    flat = _utils._flatten_dense_tensors(parts)
    back = _utils._unflatten_dense_tensors(flat, parts)
    assert flat.shape == (11,) and all(mytorch.equal(a, b) for a, b in zip(parts, back))
    back[0].zero_()
    assert flat[0] == 0  # views


def test_weights_from_the_web(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    assert mytorch.hub.get_dir() == str(tmp_path / "home" / "hub")
    source = tmp_path / "weights.pth"
    torch.save({"w": torch.arange(3.0)}, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    named = source.rename(tmp_path / f"net-{digest[:8]}.pth")
    state = mytorch.hub.load_state_dict_from_url(named.as_uri(), check_hash=True)
    assert state["w"].tolist() == [0, 1, 2]
    named.unlink()
    assert mytorch.hub.load_state_dict_from_url(named.as_uri())["w"].tolist() == [0, 1, 2]  # from the cache
    other = tmp_path / "other.pth"
    other.write_bytes(b"x")
    with pytest.raises(RuntimeError, match="invalid hash"):
        mytorch.hub.download_url_to_file(other.as_uri(), str(tmp_path / "copy"), "ffffffff")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "other.pth"]
    with pytest.raises(NotImplementedError, match="written for torch"):
        mytorch.hub.load("pytorch/vision", "resnet18")
