"""A table of a model's layers: output shapes, parameters, multiply-adds, memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

from ...core.dtypes import as_dtype
from ...core.grad_mode import enable_grad
from ...tensors.creation import ones, zeros
from ...tensors.generator import fork_rng
from ...tensors.tensor import Tensor
from .graph import in_bytes, memory_bytes, nodes_behind, saved_bytes
from .mult_adds import mult_adds
from .trace import Call, Trace


@dataclass
class Layer:
    """One line of the table: one call of a module."""

    call: Call
    output_size: object  # the shape of the output; a list of shapes if it is a tuple, list or dict of tensors
    num_params: int  # of parameters that no other line counts
    mult_adds: int | None  # None: not counted
    shared: bool  # has parameters, all counted elsewhere


class ModelStatistics:
    """The result of :func:`summary`; ``str()`` is the table.

    ``layers`` are the lines of the table. ``total_params`` and ``trainable_params`` count the elements of
    each parameter once; ``total_mult_adds`` is the sum over all lines. In bytes: ``input_bytes``;
    ``output_bytes`` of all layers, with shared memory once; ``saved_bytes`` of the values saved for backward,
    without parameters and inputs; ``param_bytes``, ``grad_bytes`` (of trainable parameters) and
    ``buffer_bytes``.
    """

    def __init__(self, model, trace, inputs, depth):
        parameters = list(model.parameters())
        self.depth, self.layers = depth, trace.layers(depth)
        self.total_params = sum(p.numel() for p in parameters)
        self.trainable_params = sum(p.numel() for p in parameters if p.requires_grad)
        self.total_mult_adds = sum(layer.mult_adds or 0 for layer in self.layers)
        self.input_bytes = sum(x.nbytes for x in inputs)
        known = [t.array for t in (*parameters, *model.buffers(), *inputs)]
        self.output_bytes = memory_bytes([t.array for t in trace.tensors], apart_from=known)
        nodes = (n for n in nodes_behind(trace.tensors) if n.plan is not None)
        self.saved_bytes = saved_bytes(nodes, apart_from=known)
        self.param_bytes = sum(p.nbytes for p in parameters)
        self.grad_bytes = sum(p.nbytes for p in parameters if p.requires_grad)
        self.buffer_bytes = sum(b.nbytes for b in model.buffers())

    def __str__(self):
        head = ("Layer", "Output shape", "Parameters", "Multiply-adds")
        lines = [
            (tree + str(layer.call), _shapes(layer.output_size), *_numbers(layer))
            for tree, layer in zip(_branches(self.layers), self.layers)
        ]
        widths = [max(len(line[i]) for line in (head, *lines)) for i in range(4)]
        rule = "─" * (sum(widths) + 6)
        table = [_aligned(line, widths) for line in (head, *lines)]
        fixed = self.total_params - self.trainable_params
        memory = {
            "input": self.input_bytes,
            "outputs of the layers": self.output_bytes,
            "saved for the backward pass": self.saved_bytes,
            "parameters": self.param_bytes,
            "gradients of the parameters": self.grad_bytes,
            "buffers": self.buffer_bytes,
        }
        totals = [
            f"Parameters: {self.total_params:,} ({self.trainable_params:,} trainable, {fixed:,} not)",
            f"Multiply-adds of matrix products and convolutions: {self.total_mult_adds:,} (-: not counted)",
            "Memory:",
            *(f"  {name:<28} {in_bytes(n):>10}" for name, n in memory.items()),
        ]
        return "\n".join([table[0], rule, *table[1:], rule, *totals])

    __repr__ = __str__


def summary(model, input_size=None, input_data=None, *, dtypes=None, depth=None, mode="eval", **kwargs):
    """The layers of ``model`` for one input, as :class:`ModelStatistics`; ``print`` it for the table.

    The model is run once. Its modes, buffers, ``.grad`` and the random state do not change. ValueError if
    there is no input.
    """
    if mode not in ("eval", "train"):
        raise ValueError(f"mode has to be 'eval' or 'train', got {mode!r}")
    inputs = _inputs(model, input_size if input_data is None else input_data, dtypes)
    with _restored(model), enable_grad(), _Layers(model) as trace:
        model.train(mode == "train")
        model(*inputs, **kwargs)
    tensors = [x for x in (*inputs, *kwargs.values()) if isinstance(x, Tensor)]
    return ModelStatistics(model, trace, tensors, depth)


def _inputs(model, given, dtypes):
    """The input tensors: those given, or new ones of the given shapes."""
    if given is None:
        raise ValueError(
            "summary needs input_size (a shape such as (1, 3, 32, 32), or a list of shapes) or "
            "input_data (tensors)"
        )
    if isinstance(given, Tensor):
        return [given]
    if all(isinstance(n, int) for n in given):
        given = [given]
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    device, usual = (None, None) if parameter is None else (parameter.device, parameter.dtype)
    kinds = dtypes if isinstance(dtypes, (list, tuple)) else [dtypes] * len(given)
    if len(kinds) != len(given):
        raise ValueError(f"summary got {len(given)} inputs and {len(kinds)} dtypes")
    result = []
    for x, kind in zip(given, kinds):
        kind = usual if kind is None else as_dtype(kind)
        make = ones if kind is None or kind.is_floating_point or kind.is_complex else zeros
        result.append(x if isinstance(x, Tensor) else make(*x, dtype=kind, device=device))
    return result


@contextmanager
def _restored(model):
    """Restore modes, buffers and the random state at the end."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, b, b.detach().clone())
        for module in model.modules()
        for name, b in module._buffers.items()
        if b is not None
    ]
    try:
        with fork_rng():
            yield
    finally:
        for module, training in modes:
            module.training = training
        for module, name, buffer, values in buffers:
            module._buffers[name] = buffer
            buffer.array[...] = values.array


class _Layers(Trace):
    """A trace that keeps the outputs of all calls and counts their multiply-adds."""

    def __init__(self, model):
        super().__init__(model)
        self.sizes, self.work, self.tensors = {}, {}, []

    def left(self, call, args, kwargs, output):
        self.sizes[call], tensors = _sizes(output)
        # None after an error
        self.work[call] = None if output is None else mult_adds(call.module, args, kwargs, output)
        self.tensors += tensors

    def layers(self, depth):
        """[Layer] of the calls no deeper than ``depth``, which include the counts of deeper ones."""
        owner = {}
        # a parameter counts for the innermost module that was called
        for call in sorted(self.calls, key=lambda call: -call.depth):
            for parameter in call.module.parameters():
                owner.setdefault(parameter, call)
        own = dict.fromkeys(self.calls, 0)
        work = dict(self.work)
        for parameter, call in owner.items():
            own[call] += parameter.numel()
        for call in reversed(self.calls):
            if depth is not None and call.depth > depth:
                own[call.parent] += own[call]
                if work[call] is not None:
                    work[call.parent] = (work[call.parent] or 0) + work[call]
        shown = [call for call in self.calls if depth is None or call.depth <= depth]
        shared = {
            call: not own[call] and any(p is not None for p in call.module._parameters.values())
            for call in shown
        }
        return [Layer(call, self.sizes[call], own[call], work[call], shared[call]) for call in shown]


def _sizes(output):
    """(the shapes in a module's output, nested like the output, the list of its tensors)."""
    if isinstance(output, Tensor):
        return tuple(output.shape), [output]
    values = output.values() if isinstance(output, dict) else output
    if not isinstance(output, (dict, tuple, list)):
        values = ()
    pairs = [_sizes(value) for value in values]
    return [size for size, _ in pairs], [tensor for _, tensors in pairs for tensor in tensors]


# ---- text ----------------------------------------------------------------------------------------


def _aligned(cells, widths):
    """One line of the table: two columns of text, then columns of numbers."""
    padded = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
    return "  ".join(padded).rstrip()


def _shapes(size):
    if isinstance(size, tuple):
        return str(size)
    return ", ".join(map(_shapes, size)) or "-"


def _numbers(layer):
    parameters = f"{layer.num_params:,}" if layer.num_params else "(shared)" if layer.shared else "-"
    return parameters, "-" if layer.mult_adds is None else f"{layer.mult_adds:,}"


def _branches(layers):
    """The branches of the tree that stand before each layer."""
    result, goes_on = [], set()  # the depths at which a later line has the same parent
    for layer in reversed(layers):
        depth = layer.call.depth
        goes_on = {d for d in goes_on if d <= depth}
        stem = "".join("│  " if d in goes_on else "   " for d in range(1, depth))
        result.append(stem + ("├─ " if depth in goes_on else "└─ ") if depth else "")
        goes_on.add(depth)
    return reversed(result)
