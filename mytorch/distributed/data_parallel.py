"""DistributedDataParallel: every rank has the model and its share of the batch; gradients are averaged."""

from __future__ import annotations

import contextlib
import functools

import numpy

from ..core.arrays import device_of
from ..core.grad_mode import is_grad_enabled
from ..core.graph import Variable
from ..nn.module import Module
from ..tensors.generator import default_generator
from .algorithms.join import Join, Joinable, JoinHook, counted
from .buckets import Reducer, coalesced
from .objects import all_gather_object
from .process_group import NOT_INITIALIZED, is_initialized, member
from .reduce_op import ReduceOp


class DistributedDataParallel(Module, Joinable):
    """``module`` on every rank, each with its own share of the batch.

    At the start all ranks get the parameters and buffers of rank 0; ranks whose model differs are named in a
    RuntimeError. In a backward, gradients are averaged over the ranks in buckets, while backward goes on: N
    ranks with equal shares compute what one rank computes with the whole batch, if the loss is a mean.

    Random numbers: initial weights, shuffling and all else draw the same on every rank from the same seed. In
    training, ``forward`` draws (dropout) from a stream of its own for each rank, whose seed is one number of
    the default generator and the rank; so a run is reproducible for a given number of ranks.

    ValueError without a process group; RuntimeError for a module without parameters that require gradients.
    """

    def __init__(
        self,
        module,
        device_ids=None,
        output_device=None,
        dim=0,
        broadcast_buffers=None,
        init_sync=True,
        process_group=None,
        bucket_cap_mb=None,
        find_unused_parameters=False,
        check_reduction=False,
        gradient_as_bucket_view=False,
        static_graph=False,
        delay_all_reduce_named_params=None,
        param_to_hook_all_reduce=None,
        mixed_precision=None,
        device_mesh=None,
        skip_all_reduce_unused_params=False,
        bucket_cap_mb_list=None,
        batched_grad_copy=False,
        forward_sync_buffers=None,
    ):
        if not is_initialized():
            raise ValueError(NOT_INITIALIZED)
        if delay_all_reduce_named_params or param_to_hook_all_reduce is not None:
            raise NotImplementedError(
                "DistributedDataParallel: gradients travel when they are ready; none waits"
            )
        if mixed_precision is not None:
            raise NotImplementedError("DistributedDataParallel: mixed_precision: use amp.autocast in forward")
        Module.__init__(self)
        Joinable.__init__(self)
        if device_mesh is not None:
            if process_group is not None:
                raise RuntimeError("Cannot specify both process_group and device_mesh arguments.")
            process_group = device_mesh.get_group()
        self.module, self.process_group = module, member(process_group, "DistributedDataParallel")
        self.device_ids, self.output_device, self.dim = device_ids, output_device, dim
        sends_buffers = broadcast_buffers is not False
        self.broadcast_buffers = sends_buffers if forward_sync_buffers is None else forward_sync_buffers
        self.find_unused_parameters, self.static_graph = find_unused_parameters, static_graph
        self.gradient_as_bucket_view, self.require_backward_grad_sync = gradient_as_bucket_view, True
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        named = [(name, p) for name, p in named if not self._ignores(name)]
        if not named:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameters that "
                "require a gradient."
            )
        names, params = zip(*named)
        self.device = device_of(params[0].array)
        if device_ids and self.device.type == "cpu":
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with GPU modules, "
                f"but got device_ids {device_ids} and parameters on {self.device}"
            )
        if init_sync:
            self._check_models()
            buffers = self._buffers_to_share() if sends_buffers or forward_sync_buffers is not None else []
            coalesced([*module.parameters(), *buffers], self.process_group, 0)
        sizes = bucket_cap_mb_list or [25 if bucket_cap_mb is None else bucket_cap_mb]
        caps, unused = [int(size * 2**20) for size in sizes], find_unused_parameters or static_graph
        self.reducer = Reducer(names, params, self.process_group, caps, gradient_as_bucket_view, unused)

    def _ignores(self, name):
        return name in getattr(self.module, "_ddp_params_and_buffers_to_ignore", ())

    def _buffers_to_share(self):
        return [b for name, b in self.module.named_buffers() if not self._ignores(name)]

    def _check_models(self):
        """RuntimeError, on all ranks, that names the first parameter in which a rank differs from rank 0."""
        mine = [
            [name, list(p.shape), str(p.dtype), p.requires_grad] for name, p in self.module.named_parameters()
        ]
        of_all = [None] * self.process_group.size()
        all_gather_object(of_all, mine, self.process_group)
        for rank, theirs in zip(self.process_group.ranks, of_all):
            for here, there in zip([*of_all[0], None], [*theirs, None]):
                if here != there:
                    raise RuntimeError(
                        f"DDP expects the same model on all ranks, but rank {self.process_group.ranks[0]} "
                        f"has {_described(here)} where rank {rank} has {_described(there)}"
                    )

    # ---- forward ---------------------------------------------------------------------------------

    def forward(self, *inputs, **kwargs):
        """What ``module`` returns."""
        averages = is_grad_enabled() and self.require_backward_grad_sync
        if self._join_config.enable:
            self._announce(averages)
        self.reducer.sync = self.require_backward_grad_sync
        if self.process_group.size() == 1 and self.reducer.hook is None:
            self.reducer.sync = False
            return self.module(*self._moved(inputs), **self._moved(kwargs))
        if self.broadcast_buffers and self.require_backward_grad_sync:
            self._share_buffers()
        with _stream_of_rank(self.process_group.rank()) if self.training else contextlib.nullcontext():
            out = self.module(*self._moved(inputs), **self._moved(kwargs))
        if averages:
            self.reducer.expect(out)
        return out

    def _moved(self, values):
        """The arguments on the device of the model."""
        if self.device.type == "cpu":
            return values
        if isinstance(values, Variable):
            return values.to(self.device)
        if isinstance(values, dict):
            return {name: self._moved(value) for name, value in values.items()}
        return type(values)(map(self._moved, values)) if isinstance(values, (list, tuple)) else values

    def _share_buffers(self, joined=False):
        """All ranks get the buffers of rank 0, or in a ``join`` of the last rank that has inputs."""
        if buffers := self._buffers_to_share():
            source = self._last(not joined) if joined or self._join_config.enable else 0
            coalesced(buffers, self.process_group, source)

    @contextlib.contextmanager
    def no_sync(self):
        """Inside, forward and backward leave gradients as they are on each rank: they add up, and the first
        backward behind averages the sums.
        """
        before = self.require_backward_grad_sync
        self.require_backward_grad_sync = False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    def register_comm_hook(self, state, hook) -> None:
        """Let ``hook(state, bucket)``, which returns a Future of the averaged gradients, take the place of
        the all-reduce. RuntimeError if there is one already.
        """
        if self.reducer.hook is not None:
            raise RuntimeError("register_comm_hook or register_builtin_comm_hook can only be called once.")
        if not callable(hook):
            raise TypeError("Communication hook must be callable.")
        self.reducer.hook, self.reducer.state = hook, state

    # ---- uneven inputs ---------------------------------------------------------------------------

    def join(self, divide_by_initial_world_size=True, enable=True, throw_on_early_termination=False):
        """A context for loops of uneven length: ranks without further inputs take part with zeros until the
        last one has ended, and then get its model.

        divide_by_initial_world_size: averages are over all ranks; False: over those that have inputs.
        throw_on_early_termination: as soon as one rank has no more inputs, all raise a RuntimeError.
        """
        divide = {"divide_by_initial_world_size": divide_by_initial_world_size}
        return Join([self], enable, throw_on_early_termination, **divide)

    def join_hook(self, **kwargs):
        """How this model takes part without inputs; see :class:`Join`."""
        return _ShadowOfModel(self, kwargs.get("divide_by_initial_world_size", True))

    @property
    def join_device(self):
        """Where the ranks count each other."""
        return self.device

    @property
    def join_process_group(self):
        """The group of the ranks that may run out of inputs."""
        return self.process_group

    def _announce(self, averages):
        """Tell the others that this rank has another batch, and what follows."""
        work = Join.notify_join_context(self)
        if work is not None:
            work.wait()
        active, _, _ = counted(self, 1, self.require_backward_grad_sync, averages)
        if not self._join_config.divide_by_initial_world_size:
            self.reducer.scale = 1 / active

    def _last(self, candidate):
        """The last rank that is a ``candidate``."""
        return counted(self, self.process_group.rank() if candidate else -1, op=ReduceOp.MAX)[0]


class _ShadowOfModel(JoinHook):
    """What a rank without inputs does for the model."""

    def __init__(self, model, divide_by_initial_world_size):
        self.model = model
        model._join_config.divide_by_initial_world_size = divide_by_initial_world_size

    def main_hook(self):
        """Match the calls of one forward and backward."""
        model = self.model
        _, shares, averages = counted(model, 0, 0, 0)  # of those that have inputs
        if model.broadcast_buffers and shares:
            model._share_buffers(joined=True)
        if averages:
            model.reducer.shadow()

    def post_hook(self, is_last_joiner):
        """Take the model of the last rank that had inputs."""
        model = self.model
        state = [*model.module.parameters(), *model._buffers_to_share()]
        coalesced(state, model.process_group, model._last(is_last_joiner))
        model.reducer.scale = 1 / model.process_group.size()


def _described(parameter):
    if parameter is None:
        return "no further parameter"
    name, shape, dtype, _ = parameter
    return f"{name} ({dtype} {shape})"


@contextlib.contextmanager
def _stream_of_rank(rank):
    """Draw from a stream of random numbers of this ``rank``.

    Its seed is one number of the default generator, which is left as it was if nothing is drawn.
    """
    source = default_generator.numpy
    before = source.bit_generator.state
    default_generator._source = stream = _Later([int(source.integers(2**62)), rank])
    try:
        yield
    finally:
        if default_generator._source is stream:
            default_generator._source = source
            if "made" not in vars(stream):
                source.bit_generator.state = before


class _Later:
    """A NumPy generator with the seed ``key``, made when it is first used."""

    def __init__(self, key):
        self.key = key

    @functools.cached_property
    def made(self):
        return numpy.random.Generator(numpy.random.PCG64(self.key))

    def __getattr__(self, name):
        return getattr(self.made, name)
