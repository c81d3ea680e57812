"""What scripts import or call beside the mathematics: names of torch's files, memory, settings."""

import importlib

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree_on, answer, torch

rng = draws(4)

X, W = rng.standard_normal((3, 4)).astype("float32"), rng.standard_normal(4).astype("float32")

PATHS = """
    torch.jit.ScriptModule torch.jit.script_method torch.jit.Final torch.jit.annotate
    torch.compiler.is_compiling torch.compiler.disable torch.nn.attention.sdpa_kernel
    torch.nn.modules.module.register_module_forward_hook torch.utils.model_zoo.load_url
    torch.hub.load_state_dict_from_url torch.hub.download_url_to_file torch.utils._pytree.tree_map
    torch.distributed.ReduceOp.SUM torch.utils.hooks.RemovableHandle
    torch._utils._flatten_dense_tensors torch.nn.functional.upsample_nearest
    torch.nn.functional.upsample_bilinear torch.functional.norm torch.functional.einsum
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
    "losses of numbered reductions": lambda m, x, w: m.stack(
        [
            loss.sum()
            for r in (0, 1, 2)
            for loss in (
                m.cosine_embedding_loss(x, x + 1, x.detach()[:, 0].sign(), 0.1, r),
                m.hinge_embedding_loss(x, x.detach().sign(), 0.5, r),
                m.margin_ranking_loss(x, x + 0.1, x.detach().sign(), 0.1, r),
                m.poisson_nll_loss(x, x.detach().abs(), True, True, 1e-6, r),
                m.triplet_margin_loss(x, x + 1, x * 2, reduction=r),
                m.ctc_loss(
                    x[:, None].log_softmax(-1),
                    m.tensor([[1]]),
                    m.tensor([x.shape[0]]),
                    m.tensor([1]),
                    reduction=r,
                ),
            )
        ]
    ),
    "deterministic_debug_mode": lambda m, x, w: [
        (
            m.set_deterministic_debug_mode(mode),
            m.get_deterministic_debug_mode(),
            m.are_deterministic_algorithms_enabled(),
            m.is_deterministic_algorithms_warn_only_enabled(),
        )
        for mode in ("warn", "error", 1, 2, 0, "default")
    ],
    "warn_always": lambda m, x, w: (m.set_warn_always(False), m.is_warn_always_enabled()),
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


def shapes(lib):
    s = lib.ones(3, 4).shape
    found = [
        s[:1],
        s + (1,),
        (1,) + s,
        s * 2,
        2 * s,
        lib.broadcast_shapes((2, 1), (1, 3)),
        lib.broadcast_shapes(s, s),
    ]
    return [(type(shape).__name__, tuple(shape)) for shape in found]


def test_shapes_stay_shapes():
    agree_on(shapes)
