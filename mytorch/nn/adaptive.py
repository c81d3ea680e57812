"""Adaptive softmax: rare classes in clusters with smaller layers (https://arxiv.org/abs/1609.04309)."""

from __future__ import annotations

from collections import namedtuple

from ..core.arrays import xp
from ..ops.indexing import put_in_zeros
from ..ops.join import cat
from ..ops.softmax import log_softmax
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of ``n_classes`` classes, sorted from frequent to rare.

    ``cutoffs`` are the classes at which the clusters of rare ones begin. Cluster i has in_features /
    div_value^(i + 1) hidden features. ValueError for cutoffs that are not increasing and between 1 and
    n_classes - 1.

    Args:
        in_features (int): the size of each input
        n_classes (int): the number of classes
        cutoffs (list of int): the classes at which the clusters of rare ones begin
        div_value (float): by how much each cluster has fewer hidden features than the one before
        head_bias (bool): whether the scores of frequent classes have a learned bias

    Example:
        >>> layer = nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 50])
        >>> output, loss = layer(mytorch.ones(4, 16), mytorch.tensor([0, 5, 20, 99]))
        >>> output.shape, loss.shape
        (mytorch.Size([4]), mytorch.Size([]))
    """

    def __init__(
        self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None
    ):
        super().__init__()
        cutoffs, kind = list(cutoffs), {"device": device, "dtype": dtype}
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        increasing = cutoffs == sorted(set(cutoffs)) and all(int(c) == c for c in cutoffs)
        if not increasing or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                "order, where each value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, **kind)
        self.tail = ModuleList()
        for i, (start, stop) in enumerate(self.__clusters()):
            hidden = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, False, **kind), Linear(hidden, stop - start, False, **kind)
                )
            )

    def __clusters(self):
        return zip(self.cutoffs, self.cutoffs[1:])

    def reset_parameters(self):
        """Draw new initial values."""
        for layer in (self.head, *(part for cluster in self.tail for part in cluster)):
            layer.reset_parameters()

    def forward(self, input_, target_):
        """(log-probabilities of the targets, their negative mean): (N, in_features), (N,) -> (N,), ().

        Or the same for a single input and target. RuntimeError for shapes that do not match and classes out
        of range.
        """
        if target_.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.ndim != target_.ndim + 1:
            raise RuntimeError(
                f"{target_.ndim}D target tensor expects {target_.ndim + 1}D input tensors, but found "
                f"inputs with size {input_.shape}"
            )
        if target_.ndim and input_.shape[0] != target_.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        x, target = (input_, target_.array) if target_.ndim else (input_[None], target_.array.reshape(1))
        m = xp(target)
        if target.size and not (int(target.min()) >= 0 and int(target.max()) < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{int(target.min())}, {int(target.max())}] were found. "
            )
        # what the head predicts: a frequent class, or the cluster of a rare one
        first = m.where(target < self.shortlist_size, target, 0)
        parts = []
        for i, (start, stop) in enumerate(self.__clusters()):
            rows = m.flatnonzero((target >= start) & (target < stop))
            if rows.size:
                first[rows] = self.shortlist_size + i
                inside = log_softmax(self.tail[i](x[rows]), dim=1)[m.arange(rows.size), target[rows] - start]
                parts.append(put_in_zeros(inside, shape=(len(target),), index=(rows,)))
        output = log_softmax(self.head(x), dim=1)[m.arange(len(target)), first]
        for part in parts:
            output = output + part
        return _ASMoutput(output if target_.ndim else output[0], -output.mean())

    def log_prob(self, input):
        """The log-probabilities of all classes for ``input``: (N, in_features) -> (N, n_classes)."""
        head = log_softmax(self.head(input), dim=1)
        parts = [
            log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i, None]
            for i, cluster in enumerate(self.tail)
        ]
        return cat([head[:, : self.shortlist_size], *parts], 1)

    def predict(self, input):
        """The most probable class of each row of ``input``: (N, in_features) -> (N,)."""
        output = self.head(input).argmax(dim=1)
        rare = output.array >= self.shortlist_size  # only these rows need the clusters
        if rare.any():
            output.array[rare] = self.log_prob(input[rare]).argmax(dim=1).array
        return output
