"""``torch.utils.flop_counter``: how many operations matrix products and convolutions cost.

A multiplication and an addition are two. Everything else is left out, as in PyTorch.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

from ..core.arrays import array_of
from ..core.walk import Walk
from ..ops.addmm import addmm, baddbmm
from ..ops.interpose import interpose
from ..ops.layers.attention import attention
from ..ops.layers.linear import linear
from ..ops.layers.recurrent import recurrent
from ..ops.matmul import matmul
from ..ops.spatial.convolution import convolution, convolution_input, convolution_weight
from .module_tracker import ModuleTracker

# ---- forward: {PyTorch's name of the operation: how many} of a call ---------------------------------


def _matmul(out, x, y):
    if y.ndim == 1:
        return {}  # a vector on the right is not counted by PyTorch
    return {"aten.mm" if y.ndim == 2 else "aten.bmm": 2 * math.prod(out.shape) * x.shape[-1]}


def _addmm(out, input, mat1, mat2, **options):
    return {"aten.addmm": 2 * math.prod(out.shape) * mat1.shape[-1]}


def _baddbmm(out, input, batch1, batch2, **options):
    return {"aten.baddbmm": 2 * math.prod(out.shape) * batch1.shape[-1]}


def _linear(out, x, weight, bias=None):
    if weight.ndim == 1:
        return {}
    array = getattr(x, "array", x)
    in_one = bias is not None and (x.ndim == 2 or array.flags.c_contiguous)
    return {"aten.addmm" if in_one else "aten.mm": 2 * math.prod(x.shape) * weight.shape[0]}


def _convolution(out, x, weight, bias=None, **settings):
    return {"aten.convolution": 2 * x.shape[0] * math.prod(weight.shape) * math.prod(out.shape[2:])}


def _convolution_input(out, y, weight, bias=None, **settings):
    return {"aten.convolution": 2 * y.shape[0] * math.prod(weight.shape) * math.prod(y.shape[2:])}


def _convolution_weight(out, x, y, *, kernel, **settings):
    pairs = x.shape[0] * x.shape[1] * y.shape[1]  # of channels, in every sample: groups count as if all met
    return {"aten.convolution": 2 * pairs * math.prod(kernel) * math.prod(y.shape[2:])}


def _attention(out, q, k, v, mask=None, keep=None, **settings):
    scores = math.prod(out.shape[:-1]) * k.shape[-2]
    return {"aten.bmm": 2 * scores * (q.shape[-1] + v.shape[-1])}


def _tokens(x, sizes):
    return sum(sizes) if sizes is not None else x.shape[0] * x.shape[1]


def _recurrent(out, x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, sizes=None, **settings):
    weights = sum(math.prod(w.shape) for w in (w_ih, w_hh, w_hr) if w is not None)
    return {"aten.addmm": 2 * _tokens(x, sizes) * weights}


# ---- backward: how many a node costs, from what it saved; None: as many as the operations that it calls ----


def _matmul_backward(x=None, y=None, x_shape=None, y_shape=None):
    left, right = x_shape if x is None else x.shape, y_shape if y is None else y.shape
    if len(right) == 1:
        return 0
    return 2 * math.prod(right) * ((x is not None) + (y is not None)) if len(left) == 1 else None


def _linear_backward(x=None, weight=None, weight_shape=None, bias_shape=None):
    return None if len(weight_shape or getattr(weight, "shape", ())) == 2 else 0


def _attention_backward(q, k, v, mask, keep, scale, needs, out, weights):
    """gᵀ weights to v; the scores' gradient; from it those of q and k."""
    scores = math.prod(weights.shape)
    through = 2 * scores * v.shape[-1] * (needs[2] + (needs[0] or needs[1] or needs[3]))
    return through + 2 * scores * q.shape[-1] * (needs[0] + needs[1])


def _recurrent_backward(x, w_ih, w_hh, w_hr, cell, reverse, sizes, needs, y, trace):
    tokens = _tokens(x, sizes)
    first = 0 if needs[1] else x.shape[1] if sizes is None else sizes[0]  # zeros, which need no gradient
    counts = [tokens * (needs[0] + needs[3]), tokens * needs[4] + tokens - first]
    counts.append(0 if w_hr is None else tokens * (1 + needs[7]))
    return 2 * sum(n * math.prod(w.shape) for n, w in zip(counts, (w_ih, w_hh, w_hr)) if n)


FORWARD = {
    matmul: _matmul,
    addmm: _addmm,
    baddbmm: _baddbmm,
    linear: _linear,
    convolution: _convolution,
    convolution_input: _convolution_input,
    convolution_weight: _convolution_weight,
    attention: _attention,
    recurrent: _recurrent,
}
BACKWARD = {
    matmul: ("aten.mm", _matmul_backward),
    linear: ("aten.mm", _linear_backward),
    attention: ("aten.bmm", _attention_backward),
    recurrent: ("aten.mm", _recurrent_backward),
}


# ---- counting -----------------------------------------------------------------------------------


class FlopCounterMode:
    """A context manager that counts the floating-point operations of matrix products and convolutions,
    forward and backward, in all and by module::

        with FlopCounterMode(display=False) as counter:
            model(x).sum().backward()
        print(counter.get_total_flops(), counter.get_table())

    depth: how deep the table goes into modules; None: as deep as they are. display: whether it is printed at
    the end. Numbers are PyTorch's, where attention counts as the products that it is made of, and a recurrent
    layer as those of each of its steps. NotImplementedError for formulas of one's own.
    """

    def __init__(self, mods=None, depth=2, display=True, custom_mapping=None):
        if custom_mapping:
            raise NotImplementedError("FlopCounterMode: custom_mapping, formulas of one's own, is not there")
        self.depth, self.display = depth, display
        self.flop_counts = defaultdict(lambda: defaultdict(int))
        self.mod_tracker, self._inside, self._ends = ModuleTracker(), False, []

    def __enter__(self):
        self.flop_counts.clear()
        self.mod_tracker.__enter__()
        self._ends = [interpose(f, self._operation(formula)) for f, formula in FORWARD.items()]
        self._ends.append(interpose(Walk.gradients_of, self._node))
        return self

    def __exit__(self, *exc_info):
        while self._ends:
            self._ends.pop()()
        self.mod_tracker.__exit__()
        if self.display:
            print(self.get_table(self.depth))

    def get_total_flops(self):
        """How many there were in all."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self):
        """{module: {PyTorch's name of the operation: how many}}; ``"Global"`` is the whole program."""
        return {module: dict(counts) for module, counts in self.flop_counts.items()}

    def get_table(self, depth=None):
        """The counts as text: modules down to ``depth``, what they did, and the share of it."""
        depth = next((d for d in (depth, self.depth) if d is not None), math.inf)
        modules = [m for m in sorted(self.flop_counts) if m != "Global" and m.count(".") < depth]
        total = self.get_total_flops()
        in_one = any(sum(self.flop_counts[m].values()) >= total for m in modules)
        rows = [row for m in modules for row in self._rows(m, " " * (m.count(".") + (not in_one)))]
        return _table(rows if in_one and rows else self._rows("Global", "") + rows)

    def _rows(self, module, indent):
        counts, total = self.flop_counts[module], self.get_total_flops()
        size = max(0, min(4, (len(str(total)) - 2) // 3))  # of the unit
        named = [(module, sum(counts.values())), *((f" - {name}", n) for name, n in counts.items())]
        return [
            (
                indent + name,
                f"{n / 1000**size:.3f}{'KMBT'[size - 1]}" if size else str(n),
                f"{n / total:.2%}" if total else "0%",
            )
            for name, n in named
        ]

    def _count(self, counts, values):
        """Add the ``counts`` of an operation, once for each entry of the ``vmap`` that ``values`` are in."""
        arrays = [a for a in map(array_of, values) if getattr(a, "levels", ())]
        entries = math.prod({level: n for a in arrays for level, n in zip(a.levels, a.lead)}.values())
        for module in self.mod_tracker.parents:
            for name, number in counts.items():
                self.flop_counts[module][name] += number * entries

    def _operation(self, formula):
        def around(original, args, kwargs):
            if self._inside or "out" in kwargs:  # with ``out=`` the operation is called again
                return original(*args, **kwargs)
            result = self._without_counting(original, args, kwargs)
            counts = formula(result[0] if isinstance(result, tuple) else result, *args, **kwargs)
            if self.mod_tracker.is_bw:
                counts = {
                    name.replace("convolution", "convolution_backward"): n for name, n in counts.items()
                }
            self._count(counts, (*args, *kwargs.values()))
            return result

        return around

    def _node(self, original, args, kwargs):
        node = args[1]
        saved, function = node.saved, getattr(getattr(node.plan, "op", None), "function", None)
        if saved is None or function not in BACKWARD:
            return original(*args, **kwargs)
        name, formula = BACKWARD[function]
        number = formula(**dict(zip(itertools.chain(*node.plan.wants), saved)))
        if number is None:
            return original(*args, **kwargs)
        self._count({name: number}, (args[2], *saved))
        return self._without_counting(original, args, kwargs)

    def _without_counting(self, original, args, kwargs):
        """What an operation is made of is counted with it."""
        self._inside = True
        try:
            return original(*args, **kwargs)
        finally:
            self._inside = False


def _table(rows):
    header = ("Module", "FLOP", "% Total")
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows)]
    lines = [header, tuple("-" * width for width in widths), *rows]
    a, b, c = widths
    return "\n".join(f"{x:<{a}}  {y:>{b}}  {z:>{c}}" for x, y, z in lines)
