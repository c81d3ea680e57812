"""Connectionist temporal classification: the loss of a label sequence that is not aligned with its input.

Graves et al., Connectionist Temporal Classification, 2006. A path gives one label or blank per time step. It
spells a target if the target is left once repeated labels are merged and blanks removed. The loss is -log of
the probability of all paths that spell the target, by the forward-backward algorithm over the lattice of
labels with blanks between them.
"""

from __future__ import annotations

import math

import numpy

from ...core.arrays import device_of, move, xp
from ...core.graph import Variable
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.scatter import scatter_add
from ..binary import logaddexp
from ..cast import in_float32
from ..elementwise import select
from ..join import cat, stack
from ..reduce import mean
from ..transcendental import exp
from .loss_reduction import chosen

_NEVER = -1e30  # log 0 in the definition; gradients of -inf would be nan


def _lattice(targets, blank):
    """The labels with a blank before, between and after them (N, 2S + 1), and which ones a path may reach
    from the label before, without the blank between.
    """
    count, longest = targets.shape
    labels = xp(targets).full((count, 2 * longest + 1), blank, "int64")
    labels[:, 1::2] = targets
    skips = xp(targets).zeros(labels.shape, bool)
    skips[:, 2:] = labels[:, 2:] != labels[:, :-2]
    return labels, skips


def _shifted(a, by):
    """``a`` (N, L) shifted by ``by`` places to the right (left if negative), filled up with log 0."""
    out = xp(a).full(a.shape, -math.inf, a.dtype)
    if by > 0:
        out[:, by:] = a[:, :-by]
    else:
        out[:, :by] = a[:, -by:]
    return out


def _ends(labels, target_lengths):
    """Where in the lattice a path may end: at the last label, or at the blank after it."""
    places, last = xp(labels).arange(labels.shape[1])[None], 2 * target_lengths[:, None]
    return (places == last) | ((places == last - 1) & (last > 0))


@primitive(
    composed=in_float32(
        lambda x, targets, input_lengths, target_lengths, *, blank: _definition(
            x, targets, input_lengths, target_lengths, blank
        )
    ),
    aux=("loss", "labels", "skips", "emitted", "alphas"),
    x=lambda g, loss, x, input_lengths, target_lengths, labels, skips, emitted, alphas: _gradient(
        g, loss, x, input_lengths, target_lengths, labels, skips, emitted, alphas
    ),
)
def ctc(x, targets, input_lengths, target_lengths, *, blank=0):
    """-log p of the targets (N, S) for log-probabilities x (T, N, C), summed over all paths: (N,)."""
    module, time, kind, x = xp(x), x.shape[0], x.dtype, x.astype(wide(x.dtype), copy=False)
    labels, skips = _lattice(targets, blank)
    # (T, N, 2S + 1)
    emitted = module.take_along_axis(x, module.broadcast_to(labels, (time, *labels.shape)), 2)
    alphas = module.full((time, *labels.shape), -math.inf, x.dtype)
    start = module.arange(labels.shape[1])[None] <= module.where(target_lengths > 0, 1, 0)[:, None]
    if time:
        alphas[0] = module.where(start, emitted[0], -math.inf)
    for t in range(1, time):
        a = alphas[t - 1]
        reached = module.logaddexp(a, _shifted(a, 1))
        reached = module.where(skips, module.logaddexp(reached, _shifted(a, 2)), reached)
        alphas[t] = reached + emitted[t]
    if time:
        last = alphas[module.maximum(input_lengths - 1, 0), module.arange(len(labels))]
        loss = -module.logaddexp.reduce(module.where(_ends(labels, target_lengths), last, -math.inf), axis=1)
    else:
        loss = module.zeros(len(labels), x.dtype)
    loss = module.where(
        input_lengths > 0, loss, module.where(target_lengths > 0, x.dtype.type(math.inf), x.dtype.type(0))
    )
    return loss.astype(kind), loss, labels, skips, emitted, alphas


def _gradient(g, loss, x, input_lengths, target_lengths, labels, skips, emitted, alphas):
    """The gradient of x: exp(x) minus the probability, given the target, of each class at each time.

    As in PyTorch it includes the gradient of the log-softmax that made x.
    """
    kind, wider = x.dtype, alphas.dtype
    x, g = x.astype(wider, copy=False), g.astype(wider, copy=False)
    module, (time, count, _) = xp(x), x.shape
    ends, beta = _ends(labels, target_lengths), module.full(labels.shape, -math.inf, x.dtype)
    skips_ahead = module.zeros(skips.shape, bool)
    skips_ahead[:, :-2] = skips[:, 2:]
    shares = module.zeros(x.shape, x.dtype)
    rows = module.arange(count)[:, None]
    for t in range(time - 1, -1, -1):
        if t < time - 1:
            a = beta + emitted[t + 1]
            ahead = module.logaddexp(a, _shifted(a, -1))
            beta = module.where(skips_ahead, module.logaddexp(ahead, _shifted(a, -2)), ahead)
        beta = module.where(
            (input_lengths == t + 1)[:, None],
            module.where(ends, x.dtype.type(0), x.dtype.type(-math.inf)),
            beta,
        )
        scatter_add(shares[t], (rows, labels), module.exp(alphas[t] + beta + loss[:, None]))
    shares[:, loss == math.inf] = math.nan
    # nan for targets without a path, but 0 where no gradient comes in
    inside = ((module.arange(time)[:, None] < input_lengths) & (g != 0))[:, :, None]
    gx = module.where(inside, (module.exp(x) - shares) * g[:, None], x.dtype.type(0))
    return gx.astype(kind, copy=False)


def _definition(x, targets, input_lengths, target_lengths, blank):
    """The forward recursion in differentiable operations."""
    targets, input_lengths, target_lengths = (
        v.array if isinstance(v, Variable) else v for v in (targets, input_lengths, target_lengths)
    )
    module = xp(targets)
    labels, skips = _lattice(targets, blank)
    rows = module.arange(len(labels))[:, None]
    never = select(skips[:, :2], x[0, :, :1] * 0, _NEVER)  # (N, 2)
    start = module.arange(labels.shape[1])[None] <= module.where(target_lengths > 0, 1, 0)[:, None]
    states = [select(start, x[0][rows, labels], _NEVER)]
    for t in range(1, x.shape[0]):
        a = states[-1]
        reached = logaddexp(a, cat([never[:, :1], a[:, :-1]], 1))
        if labels.shape[1] > 1:
            reached = select(skips, logaddexp(reached, cat([never, a[:, :-2]], 1)), reached)
        states.append(reached + x[t][rows, labels])
    last = stack(states)[module.maximum(input_lengths - 1, 0), module.arange(len(labels))]
    last = select(_ends(labels, target_lengths), last, _NEVER)
    highest = last.detach().array.max(1)
    loss = -(summed(exp(last - highest[:, None]), 1).log() + highest)
    inside = (module.arange(x.shape[0])[:, None] < input_lengths)[:, :, None]
    ordinary = exp(x) * inside
    # the gradient of the log-softmax that made x, which PyTorch's includes; its value is 0
    return loss + summed(ordinary - ordinary.detach(), (0, 2))


def _lengths(values, count, name, like):
    array = values.array if isinstance(values, Variable) else numpy.asarray(values)
    if array.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral")
    array = array.reshape(-1)
    if array.size != count:
        raise RuntimeError(f"{name} must be of size batch_size: expected {count}, got {array.size}")
    return move(array.astype("int64"), device_of(like))


def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False
):
    """-log of the probability of the targets under ``log_probs`` (T, N, C) or (T, C), over all alignments.

    ``targets`` is (N, S), or the sequences one after the other; the lengths (N,) are tensors or tuples.
    "mean" divides each loss by its target's length first. ``zero_infinity``: 0, without gradient, where the
    target does not fit the input. RuntimeError for shapes or lengths that do not match.
    """
    reduction = chosen(reduction)
    batched = log_probs.ndim == 3
    x = log_probs if batched else log_probs[:, None]
    time, count, classes = x.shape
    array = targets.array
    if array.dtype.kind not in "iu":
        raise RuntimeError("targets must be integral")
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    steps = _lengths(input_lengths, count, "input_lengths", array)
    sizes = _lengths(target_lengths, count, "target_lengths", array)
    if count and (int(steps.max()) > time or int(steps.min()) < 0):
        raise RuntimeError(
            f"Expected input_lengths to have value at most {time}, but got value {int(steps.max())}"
        )
    labels = _padded(array, sizes, count, batched)
    losses = ctc(x, labels, steps, sizes, blank=blank)
    if zero_infinity:
        losses = select(losses.array == math.inf, 0.0, losses)
    if reduction == "mean":
        return mean(losses / xp(sizes).maximum(sizes, 1).astype(losses.array.dtype))
    return summed(losses) if reduction == "sum" else losses if batched else losses[0]


def _padded(targets, sizes, count, batched):
    """The targets as (N, S), filled up with zeros."""
    longest = int(sizes.max()) if count else 0
    if targets.ndim == 2 or not batched:
        targets = targets.reshape(count, -1)
        if targets.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                f"{targets.shape[1]} for targets"
            )
        kept = xp(targets).arange(longest)[None] < sizes[:, None]
        return xp(targets).where(kept, targets[:, :longest], 0)
    if int(summed(sizes)) != targets.size:
        raise RuntimeError(
            f"Expected tensor to have size {int(summed(sizes))} at dimension 0, but got size "
            f"{targets.size} for targets"
        )
    out = xp(targets).zeros((count, longest), "int64")
    out[xp(targets).arange(longest)[None] < sizes[:, None]] = targets
    return out
