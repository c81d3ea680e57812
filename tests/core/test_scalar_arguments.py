"""Tensors of no dimensions and booleans given for the numbers that set an operation: what PyTorch takes gives
the same, what it refuses is refused.
"""

import numpy as np
import pytest

from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of its own deprecations

X = np.arange(6.0, dtype="float32").reshape(2, 3) - 2

FLOATS = {  # each with 0.5 and 1 in a tensor, and with one that requires grad
    "huber_loss": lambda m, x, t: m.nn.functional.huber_loss(x, x * 2, delta=t),
    "smooth_l1_loss": lambda m, x, t: m.nn.functional.smooth_l1_loss(x, x * 2, beta=t),
    "leaky_relu": lambda m, x, t: m.nn.functional.leaky_relu(x, t),
    "elu": lambda m, x, t: m.nn.functional.elu(x, t),
    "celu": lambda m, x, t: m.nn.functional.celu(x, t),
    "dropout": lambda m, x, t: m.nn.functional.dropout(x, t, False),
    "alpha_dropout": lambda m, x, t: m.nn.functional.alpha_dropout(x, p=t, training=False),
    "hardtanh": lambda m, x, t: m.nn.functional.hardtanh(x, -t, t),
    "threshold": lambda m, x, t: m.nn.functional.threshold(x, t, t),
    "softplus": lambda m, x, t: m.nn.functional.softplus(x, t, t),
    "hardshrink": lambda m, x, t: m.nn.functional.hardshrink(x, t),
    "softshrink": lambda m, x, t: m.nn.functional.softshrink(x, t),
    "rrelu": lambda m, x, t: m.nn.functional.rrelu(x, 0.1, t),
    "layer_norm": lambda m, x, t: m.nn.functional.layer_norm(x, (3,), eps=t),
    "rms_norm": lambda m, x, t: m.nn.functional.rms_norm(x, (3,), eps=t),
    "cosine_similarity": lambda m, x, t: m.nn.functional.cosine_similarity(x, x * 2 + 1, eps=t),
    "pairwise_distance": lambda m, x, t: m.nn.functional.pairwise_distance(x, x * 2 + 1, eps=t),
    "label_smoothing": lambda m, x, t: m.nn.functional.cross_entropy(x, m.tensor([0, 1]), label_smoothing=t),
    "triplet_margin_loss": lambda m, x, t: m.nn.functional.triplet_margin_loss(x, x * 2, x * 3, margin=t),
    "cosine_embedding_loss": lambda m, x, t: m.nn.functional.cosine_embedding_loss(
        x, x * 2, m.tensor([1, -1]), margin=t
    ),
    "margin_ranking_loss": lambda m, x, t: m.nn.functional.margin_ranking_loss(
        x, x * 2, m.sign(x.detach()), margin=t
    ),
    "hinge_embedding_loss": lambda m, x, t: m.nn.functional.hinge_embedding_loss(
        x, m.sign(x.detach()), margin=t
    ),
    "multi_margin_loss": lambda m, x, t: m.nn.functional.multi_margin_loss(x, m.tensor([0, 1]), margin=t),
    "poisson_nll_loss": lambda m, x, t: m.nn.functional.poisson_nll_loss(
        x, x.detach().abs(), log_input=False, eps=t
    ),
    "batch_norm": lambda m, x, t: m.nn.functional.batch_norm(x, None, None, training=True, eps=t),
    "attention": lambda m, x, t: m.nn.functional.scaled_dot_product_attention(*[x[None]] * 3, scale=t),
    "pad": lambda m, x, t: m.nn.functional.pad(x, (1, 1), value=t),
    "pdist": lambda m, x, t: m.nn.functional.pdist(x, t),
    "clamp": lambda m, x, t: m.clamp(x.detach(), -t.detach(), t.detach()),
    "add": lambda m, x, t: m.add(x, x, alpha=t),
    "addcmul": lambda m, x, t: m.addcmul(x, x, x, value=t),
    "addmm": lambda m, x, t: m.addmm(x[:, :2], x, x.mT, alpha=t, beta=t),
    "baddbmm": lambda m, x, t: m.baddbmm(x[None][..., :2], x[None], x[None].mT, beta=t),
    "nan_to_num": lambda m, x, t: m.nan_to_num(x / 0, posinf=t),
    "full": lambda m, x, t: m.full((2,), t),
    "arange": lambda m, x, t: m.arange(0, 3, t),
    "linspace": lambda m, x, t: m.linspace(0, t, 3),
    "dist": lambda m, x, t: m.dist(x, x * 2, t),
    "cdist": lambda m, x, t: m.cdist(x, x, t),
    "renorm": lambda m, x, t: m.renorm(x, 2, 0, t),
    "logit": lambda m, x, t: m.logit(x.sigmoid(), t / 4),
    "normal": lambda m, x, t: m.normal(t, 0.0, (2,)),
    "uniform_": lambda m, x, t: x.detach().clone().uniform_(t, t),
    "trapezoid": lambda m, x, t: m.trapezoid(x, dx=t),
    "var": lambda m, x, t: m.var(x, 0, correction=t),
    "std": lambda m, x, t: m.std(x, correction=t),
    "index_add": lambda m, x, t: m.index_add(x, 0, m.tensor([0]), x[:1], alpha=t),
    "fill_diagonal_": lambda m, x, t: x.clone().fill_diagonal_(t),
    "tril": lambda m, x, t: m.tril(x, t),
    "polygamma": lambda m, x, t: m.polygamma(t, x + 5),
    "mvlgamma": lambda m, x, t: m.mvlgamma(x + 5, t),
    "cov": lambda m, x, t: m.cov(x, correction=t),
    "topk": lambda m, x, t: m.topk(x, t),
    "gaussian_nll_loss": lambda m, x, t: m.nn.functional.gaussian_nll_loss(
        x, x * 2, x.detach().abs(), eps=t.detach()
    ),
}


@pytest.mark.parametrize("value", ["0.5", "1", "[0.5]", "requires grad"])
@pytest.mark.parametrize("name", FLOATS)
def test_tensors_of_one_number(name, value):
    def call(m, x):
        return FLOATS[name](
            m, x, m.tensor(0.5, requires_grad=True) if value == "requires grad" else m.tensor(eval(value))
        )

    agree(call, [X], f"{name} with {value}", gradient=name not in ("linspace",))


BOOLEANS = """
m.zeros(True); m.zeros((True,)); m.zeros(2, True); m.ones(True, True); m.empty(True).shape; m.full((True,), 1.0); m.rand(True).shape
m.randint(0, 3, (True,)).shape; m.randperm(True); m.eye(True); m.eye(2, True); m.linspace(0, 1, True); m.logspace(0, 1, True)
m.narrow(x, 0, True, 1); x.narrow(0, 0, True); x.reshape(True, 6); x.reshape((True, 6)); x.view(True, 6); x.view((6, True)); x.expand(True, 2, 3)
x.repeat(True, 2); m.tile(x, (True, 2)); m.diagonal(x, True); m.diagonal(x, offset=True); m.diag(x, True); m.diagflat(x[0], True)
m.diag_embed(x, True); m.tril(x, True); m.triu(x, diagonal=True); m.tril_indices(2, True); m.tril_indices(2, 3, True); m.triu_indices(True, 3)
m.rot90(x, True); m.chunk(x, True); m.split(x, True); m.tensor_split(x, True); m.vsplit(x, True); m.select(x, 0, True); x.select(1, True)
m.topk(x, True); m.kthvalue(x, True); m.repeat_interleave(x, True); m.diff(x, True); m.vander(x[0], True); m.linalg.vander(x[0], N=True)
m.combinations(x[0], True); m.matrix_power(x[:, :2], True); m.as_strided(x, (True, 2), (1, 1)); m.as_strided(x, (2,), (1,), True)
x.new_zeros(True); x.new_zeros((True,)); x.new_full((True,), 1.0); x.broadcast_to((True, 2, 3)); m.nn.functional.pixel_shuffle(x[:1, :, None, None], True)
m.nn.functional.cross_entropy(x, m.tensor([0, 1]), ignore_index=True); m.nn.Linear(2, True); m.nn.Embedding(True, 2); m.hamming_window(True)
m.cov(x, correction=True); m.polygamma(True, x + 5); m.nn.functional.channel_shuffle(x[None, :, :, None], True); m.std(x, correction=True)
m.nn.functional.leaky_relu(x, True); m.nn.functional.huber_loss(x, x * 2, delta=True); m.clamp(x, False, True); m.full((2,), True)
m.nn.functional.threshold(x, True, True); m.nn.functional.dropout(x, False)
m.roll(x, True); x.unfold(1, 2, True); m.nn.functional.pad(x, (True, 1)); m.nn.functional.group_norm(x, True)
m.nn.functional.avg_pool1d(x, True); m.nn.functional.avg_pool1d(x, 2, True); m.nn.functional.max_pool1d(x, 2, 1, True)
m.nn.functional.conv1d(x, m.ones(1, 2, 2), None, True); m.nn.functional.conv1d(x, m.ones(1, 2, 2), padding=True)
m.nn.functional.conv1d(x, m.ones(1, 2, 2), dilation=True); m.nn.functional.unfold(m.ones(1, 1, 3, 3), True); m.nn.MaxPool1d(True)(x)
m.nn.functional.embedding(m.tensor([1]), x, padding_idx=True); m.nn.ConstantPad1d(True, 1.0)(x)""".replace(  # noqa: E501
    "\n", ";"
).split(";")


@pytest.mark.parametrize("text", [text.strip() for text in BOOLEANS if text.strip()])
def test_booleans(text):
    agree(eval(f"lambda m, x: {text}"), [X], text)
