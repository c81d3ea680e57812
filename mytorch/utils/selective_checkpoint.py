"""Which operations of a checkpointed function are not computed a second time: their results are kept.

The first run asks a policy about each operation, and keeps the arrays that it computed or does not. The
second run records all operations in the graph, but computes only the others.
"""

from __future__ import annotations

import copy
import enum
import functools
from contextlib import contextmanager
from contextvars import ContextVar

from ..core.graph import Variable
from ..core.primitive import primitives
from ..ops.interpose import While
from ..ops.nodes import PUBLIC

MISMATCH = "checkpoint: the second run did other operations than the first"
# PyTorch's names of operations, where it has other ones. A product is called after its dimensions.
NAMES = {"convolution": "convolution", "convolution_input": "convolution"}
NAMES |= {"attention": "_scaled_dot_product_flash_attention_for_cpu"}


class CheckpointPolicy(enum.Enum):
    """Whether the result of an operation is saved for backward or computed again there. ``MUST_`` and
    ``PREFER_`` are the same here, and so are saving and offloading to the CPU.

    Args:
        value (int): the number of a policy

    Example:
        >>> mytorch.utils.checkpoint.CheckpointPolicy(0).name
        'MUST_SAVE'
    """

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


class SelectiveCheckpointContext:
    """What a policy is told of a call beside its arguments.

    Args:
        is_recompute (bool): False: policies are asked in the first run alone
        op_output (Tensor): the result of the operation

    Example:
        >>> mytorch.utils.checkpoint.SelectiveCheckpointContext(is_recompute=False).is_recompute
        False
    """

    def __init__(self, *, is_recompute, op_output=None):
        self.is_recompute, self.op_output = is_recompute, op_output


def create_selective_checkpoint_contexts(policy_fn_or_list, allow_cache_entry_mutation=False):
    """The contexts of both runs, for the ``context_fn`` of :func:`checkpoint`, in which some operations are
    computed in the first alone.

    RuntimeError in backward if a saved result was changed in place. TypeError for what is neither a policy
    nor a list, ValueError for a list of anything but operations.
    """
    policy = policy_fn_or_list
    if isinstance(policy, list):
        for op in policy:
            if not str(op).startswith("aten."):
                raise ValueError(
                    f"Expected op in `op_list` to be an operation's name such as 'aten.mm', but got: {op} of "
                    f"type {type(op)}"
                )
        saved = {str(op).removesuffix(".default") for op in policy}
        policy = lambda ctx, op, *args, **kwargs: op in saved
    elif not callable(policy):
        raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
    calls = _Calls(policy, allow_cache_entry_mutation)
    return _during(calls.first), _during(calls.second)


class _Calls:
    """What is kept of each call of an operation, in order."""

    def __init__(self, policy, may_change):
        self.policy, self.may_change, self.kept, self.again = policy, may_change, [], None

    def first(self, op, args, kwargs):
        """A call in the first run."""
        computed = []

        def forward(*arrays, **settings):
            computed.append(op.forward(*arrays, **settings))
            return computed[0]

        result = _with_forward(op, forward)(*args, **kwargs)
        context = SelectiveCheckpointContext(is_recompute=False, op_output=result)
        answer = self.policy(context, _name(op, args), *args, **kwargs)
        saves = answer if isinstance(answer, bool) else "RECOMPUTE" not in answer.name
        counters = [r._counter for r in (result if type(result) is tuple else (result,))]
        self.kept.append((op, computed, counters, [c[0] for c in counters]) if saves else (op,))
        return result

    def second(self, op, args, kwargs):
        """The same call in the second run."""
        self.again = self.again or iter(self.kept)
        before, *rest = next(self.again, (None,))
        if before is not op:
            raise RuntimeError(f"{MISMATCH}: {op.name} is not what was called there")
        if not rest:
            return op.function(*args, **kwargs)
        computed, counters, versions = rest
        if [c[0] for c in counters] != versions and not self.may_change:
            raise RuntimeError(f"checkpoint: the saved result of {op.name} was changed in place")
        return _with_forward(op, lambda *a, **s: computed[0])(*args, **kwargs)


def _with_forward(op, forward):
    """The operation ``op``, recorded as ever, that computes otherwise."""
    op = copy.copy(op)
    op.forward = forward
    return op


def _name(op, args):
    """PyTorch's name of the operation, as ``str(torch.ops.aten.mm)`` gives it."""
    name = op.name
    if name == "matmul":
        name = {1: "mv", 2: "mm"}.get(args[1].ndim, "bmm")
    elif name == "linear":
        name = "mm" if len(args) < 3 or args[2] is None else "addmm"
    return "aten." + NAMES.get(name, PUBLIC.get(name, name).rpartition(".")[2].format(2))


_run: ContextVar = ContextVar("selective_checkpoint", default=None)  # what is done with each call


def _around(op, inner, args, kwargs):
    run = _run.get()
    if run is None or op.view or not any(isinstance(a, Variable) for a in (*args, *kwargs.values())):
        return inner(*args, **kwargs)
    token = _run.set(None)
    try:
        return run(op, args, kwargs)
    finally:
        _run.reset(token)


def _around_each():
    """By each operation's function what is done around it: innermost, so that autocast has done its part."""
    arounds = {op.function: functools.partial(_around, op) for op in primitives.values()}
    for around in arounds.values():
        around.innermost = True
    return arounds


_asking = While(_around_each)


@contextmanager
def _during(run):
    with _asking:
        token = _run.set(run)
        try:
            yield
        finally:
            _run.reset(token)
