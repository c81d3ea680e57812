"""What one call on tiny tensors costs, forward and forward + backward, against PyTorch in the same process.

``python -m benchmarks --calls`` prints a row for each of some hundred everyday functions and methods; the
rounds are interleaved, a figure is the median of the rounds.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

ROWS, COLUMNS = 8, 16
# x, y: (8, 16), p: positive, b: (16,), w: (4, 16), sq: (8, 8), i: 8 column numbers, m: a mask,
# img: (2, 3, 8, 8), k: (4, 3, 3, 3), seq: (2, 3, 16), k1: (4, 3, 3), q: (2, 2, 5, 4),
# t: 8 classes, e: (10, 4), u, v: probabilities
CALLS = """
add                 x + y
add_number          x + 1.0
sub                 x - y
mul                 x * y
mul_number          x * 2.0
div                 x / p
neg                 -x
pow                 x ** 2
pow_function        torch.pow(p, 0.5)
matmul              x @ y.T
mm                  torch.mm(x, y.t())
bmm                 torch.bmm(q[0], q[0].transpose(1, 2))
einsum              torch.einsum('ij,kj->ik', x, y)
addmm               torch.addmm(sq, x, y.T)
addcmul             torch.addcmul(x, y, p)
lerp                torch.lerp(x, y, 0.5)
exp                 x.exp()
log                 p.log()
sqrt                p.sqrt()
rsqrt               p.rsqrt()
abs                 x.abs()
sin                 torch.sin(x)
tanh                torch.tanh(x)
sigmoid             torch.sigmoid(x)
erf                 torch.erf(x)
relu                F.relu(x)
leaky_relu          F.leaky_relu(x, 0.1)
elu                 F.elu(x)
gelu                F.gelu(x)
silu                F.silu(x)
softplus            F.softplus(x)
softmax             F.softmax(x, dim=-1)
log_softmax         F.log_softmax(x, dim=1)
logsumexp           torch.logsumexp(x, 1)
clamp               x.clamp(-1, 1)
clamp_min           x.clamp(min=0.0)
where               torch.where(m, x, y)
maximum             torch.maximum(x, y)
sum                 x.sum()
sum_dim             x.sum(dim=1)
mean                x.mean()
mean_dim            x.mean(1, keepdim=True)
var                 x.var()
std                 x.std(0)
max                 x.max()
max_dim             x.max(dim=1).values
amax                x.amax(1)
prod                p.prod()
norm                x.norm()
norm_dim            torch.linalg.vector_norm(x, dim=1)
cumsum              x.cumsum(1)
sort                x.sort(dim=1).values
topk                x.topk(3, dim=1).values
argmax              x.argmax(1)
eq                  x == y
gt                  x > 0
reshape             x.reshape(4, 32)
view                x.view(-1)
flatten             x.flatten()
transpose           x.transpose(0, 1)
t                   x.t()
permute             img.permute(0, 2, 3, 1)
unsqueeze           x.unsqueeze(1)
squeeze             x.squeeze()
expand              b.expand(8, 16)
repeat              b.repeat(2, 2)
cat                 torch.cat([x, y], 1)
stack               torch.stack([x, y])
split               x.split(4, dim=1)[0]
chunk               torch.chunk(x, 2, 1)[1]
index_row           x[2]
index_slice         x[1:5, ::2]
index_tensor        x[i]
index_pairs         x[i, i]
index_mask          x[m]
index_none          x[:, None]
gather              x.gather(1, t.unsqueeze(1))
index_select        x.index_select(0, i)
masked_fill         x.masked_fill(m, 0.0)
tril                x.tril()
flip                x.flip(0)
roll                x.roll(1, 0)
clone               x.clone()
detach              x.detach()
to_float64          x.to(torch.float64)
contiguous          y.T.contiguous()
item                s.item()
zeros               torch.zeros(8, 16)
ones_like           torch.ones_like(x)
arange              torch.arange(8)
one_hot             F.one_hot(t, 10)
linear              F.linear(x, w, w4)
embedding           F.embedding(t, e)
layer_norm          F.layer_norm(x, (16,), b, b)
batch_norm          F.batch_norm(x, None, None, b, b, training=True)
group_norm          F.group_norm(img, 3)
normalize           F.normalize(x, dim=1)
dropout             F.dropout(x, 0.5)
conv2d              F.conv2d(img, k, padding=1)
conv1d              F.conv1d(seq, k1)
max_pool2d          F.max_pool2d(img, 2)
avg_pool2d          F.avg_pool2d(img, 2)
adaptive_avg_pool2d F.adaptive_avg_pool2d(img, 1)
interpolate         F.interpolate(img, scale_factor=2)
pad                 F.pad(x, (1, 1))
attention           F.scaled_dot_product_attention(q, q, q)
cosine_similarity   F.cosine_similarity(x, y)
cross_entropy       F.cross_entropy(x, t)
nll_loss            F.nll_loss(x, t)
mse_loss            F.mse_loss(x, y)
l1_loss             F.l1_loss(x, y)
smooth_l1_loss      F.smooth_l1_loss(x, y)
bce_with_logits     F.binary_cross_entropy_with_logits(x, u)
bce                 F.binary_cross_entropy(u, v)
kl_div              F.kl_div(x, u)
"""


def _tensors(torch, requires_grad):
    """The operands of the table's calls, the same numbers for both libraries."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    floats = {
        "x": normal(ROWS, COLUMNS),
        "y": normal(ROWS, COLUMNS),
        "p": np.abs(normal(ROWS, COLUMNS)) + 0.5,
        "b": normal(COLUMNS),
        "w": normal(4, COLUMNS),
        "w4": normal(4),
        "sq": normal(ROWS, ROWS),
        "img": normal(2, 3, 8, 8),
        "k": normal(4, 3, 3, 3),
        "seq": normal(2, 3, COLUMNS),
        "k1": normal(4, 3, 3),
        "q": normal(2, 2, 5, 4),
        "e": normal(10, 4),
        "s": normal(),
    }
    fixed = {
        "i": rng.integers(0, ROWS, ROWS),
        "t": rng.integers(0, 10, ROWS),
        "m": normal(ROWS, COLUMNS) > 0,
        "u": rng.uniform(0.1, 0.9, (ROWS, COLUMNS)).astype(np.float32),
        "v": rng.uniform(0.1, 0.9, (ROWS, COLUMNS)).astype(np.float32),
    }
    names = {name: torch.from_numpy(np.array(value)) for name, value in (floats | fixed).items()}
    if requires_grad:
        for name in floats:
            names[name].requires_grad_()
    return names | {"torch": torch, "F": torch.nn.functional}


def calls():
    """(name, expression) of each row."""
    return [tuple(line.split(None, 1)) for line in CALLS.strip().splitlines()]


def _forward(torch, expression):
    call = eval(f"lambda: {expression}", _tensors(torch, requires_grad=False))

    def repeat(count):
        with torch.no_grad():
            start = time.perf_counter()
            for _ in range(count):
                call()
            return (time.perf_counter() - start) / count

    return repeat


def _both_ways(torch, expression):
    """Forward and backward, or None where the result carries no gradient."""
    call = eval(f"lambda: {expression}", _tensors(torch, requires_grad=True))
    out = call()
    if not getattr(out, "requires_grad", False):
        return None
    gradient = torch.ones_like(out).detach()

    def repeat(count):
        start = time.perf_counter()
        for _ in range(count):
            call().backward(gradient)
        return (time.perf_counter() - start) / count

    return repeat


def _times(runs, rounds, seconds):
    """Median seconds per call of each of ``runs``, in interleaved rounds."""
    counts = [max(3, int(seconds / max(run(20), 1e-7))) for run in runs]
    times = [[run(count) for run, count in zip(runs, counts)] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times)]


def measure(only=(), rounds=7, seconds=0.004):
    """A row for each call: seconds of mytorch and PyTorch, forward and both ways (None without gradient)."""
    import torch

    import mytorch
    import mytorch.nn

    torch.set_num_threads(1)
    rows = []
    for name, expression in calls():
        if only and name not in only:
            continue
        row = {"name": name, "call": expression}
        row["forward"] = _times([_forward(lib, expression) for lib in (mytorch, torch)], rounds, seconds)
        both = [_both_ways(lib, expression) for lib in (mytorch, torch)]
        row["both_ways"] = _times(both, rounds, seconds) if all(both) else None
        rows.append(row)
    return rows


def print_table(rows):
    """The rows, slowest ratio first, and the medians."""
    titles = ("forward", "PyTorch", "ratio"), ("both ways", "PyTorch", "ratio")
    print(
        f"{'call':20}" + "  ".join(f" {ours:>10} {theirs:>10} {ratio:>6}" for ours, theirs, ratio in titles)
    )
    for row in sorted(rows, key=lambda row: -row["forward"][0] / row["forward"][1]):
        line = f"{row['name']:20}"
        for kind in ("forward", "both_ways"):
            if row[kind]:
                ours, theirs = row[kind]
                line += f" {ours * 1e6:7.2f} µs {theirs * 1e6:7.2f} µs {ours / theirs:6.2f}  "
        print(line)
    for kind, title in (("forward", "forward"), ("both_ways", "forward + backward")):
        ratios = [row[kind][0] / row[kind][1] for row in rows if row[kind]]
        median, worst = statistics.median(ratios), max(ratios)
        print(f"{title}: median ratio {median:.2f}, worst {worst:.2f}, {len(ratios)} calls")
