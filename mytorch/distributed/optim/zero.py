"""An optimizer whose state is shared out: each rank keeps and updates its part of the parameters."""

from __future__ import annotations

from ...core.arrays import device_of
from ...optim.optimizer import Optimizer, evaluated
from ..algorithms.join import Joinable, JoinHook
from ..buckets import coalesced
from ..objects import gather_object
from ..process_group import member


class ZeroRedundancyOptimizer(Optimizer, Joinable):
    """``optimizer_class(params, **defaults)`` with 1/N of its state on each of N ranks.

    Every rank updates the parameters that it owns, then all get the new values. Parameters are dealt out by
    size. ``state_dict`` has the whole state on the rank to which :meth:`consolidate_state_dict` has brought
    it, in the layout of ``optimizer_class``, so that it loads with any number of ranks.

    Source: Rajbhandari et al., ZeRO: Memory Optimizations Toward Training Trillion Parameter Models, 2020.
    """

    def __init__(
        self,
        params,
        optimizer_class,
        process_group=None,
        parameters_as_bucket_view=False,
        overlap_with_ddp=False,
        **defaults,
    ):
        self.process_group = member(process_group, "ZeroRedundancyOptimizer")
        self.optimizer_class, self._whole = optimizer_class, None
        Joinable.__init__(self)
        self._built = False
        super().__init__(params, defaults)
        self._build()

    def _build(self):
        """Deal the parameters out, the largest first, each to the rank that has least."""
        me, loads = self.process_group.rank(), [0] * self.process_group.size()
        every = [p for group in self.param_groups for p in group["params"]]
        self._owner = {}
        for p in sorted(every, key=lambda p: -p.array.size):
            self._owner[p] = rank = loads.index(min(loads))
            loads[rank] += p.array.size
        self._owned = [[p for p in every if self._owner[p] == rank] for rank in range(len(loads))]
        shares = [
            {**group, "params": [p for p in group["params"] if self._owner[p] == me]}
            for group in self.param_groups
        ]
        self.optim = self.optimizer_class(shares, **self.defaults) if self._owned[me] else None
        self._built = True
        self._take_options()

    def _take_options(self):
        """The options that ``optimizer_class`` fills in, so that schedules find them."""
        template = self.optim or self.optimizer_class(self.param_groups[0]["params"][:1], **self.defaults)
        for group in self.param_groups:
            for name, value in template.param_groups[0].items():
                if name != "params":
                    group.setdefault(name, value)
        for name, value in template.defaults.items():
            self.defaults.setdefault(name, value)

    def add_param_group(self, param_group) -> None:
        """Add a group; all ranks call it. Parameters are dealt out anew; a new owner begins without state."""
        super().add_param_group(param_group)
        if self._built:
            state = None if self.optim is None else self.optim.state
            self._build()
            for p, kept in (state or {}).items():
                if self.optim is not None and self._owner[p] == self.process_group.rank():
                    self.optim.state[p] = kept

    def step(self, closure=None, **kwargs):
        """Update the parameters that this rank owns, and take the others from their owners."""
        loss = evaluated(closure)
        if self.optim is not None:
            for mine, group in zip(self.optim.param_groups, self.param_groups):
                mine.update({name: value for name, value in group.items() if name != "params"})
            self.optim.step(**kwargs)
        for rank, params in enumerate(self._owned):
            if params and self.process_group.size() > 1:
                coalesced(params, self.process_group, rank)
        return loss

    # ---- saving ----------------------------------------------------------------------------------

    def consolidate_state_dict(self, to=0) -> None:
        """Bring the state of all ranks to rank ``to``; all ranks call it."""
        index = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        state = {} if self.optim is None else self.optim.state
        mine = {index[p]: dict(values) for p, values in state.items() if p in index}
        here = self.process_group.ranks[self.process_group.rank()] == to
        parts: list = [{}] * self.process_group.size()
        gather_object(mine, parts if here else None, dst=to, group=self.process_group)
        self._whole = {i: values for part in parts for i, values in part.items()} if here else None

    def state_dict(self) -> dict:
        """The whole state, as ``optimizer_class`` saves it. RuntimeError unless
        :meth:`consolidate_state_dict` has brought it to this rank.
        """
        if self._whole is None:
            raise RuntimeError(
                "Optimizer state has not been consolidated on this rank. Please call "
                "`consolidate_state_dict(to=…)` on all ranks beforehand if you meant to save the global "
                "state."
            )
        result = super().state_dict()
        result["state"] = {i: self._whole[i] for i in sorted(self._whole)}
        return result

    def load_state_dict(self, state_dict) -> None:
        """Load a whole state, also one of another number of ranks; each rank keeps its part."""
        super().load_state_dict({**state_dict, "state": {}})
        every = [p for group in self.param_groups for p in group["params"]]
        if self.optim is None:
            return
        place = {p: i for i, p in enumerate(p for group in self.optim.param_groups for p in group["params"])}
        saved = state_dict["state"]
        state = {place[p]: saved[i] for i, p in enumerate(every) if p in place and i in saved}
        self.optim.load_state_dict({**self.optim.state_dict(), "state": state})

    # ---- uneven inputs ---------------------------------------------------------------------------

    def join_hook(self, **kwargs):
        """How it takes part without inputs; see :class:`mytorch.distributed.algorithms.Join`."""
        return _StepOfOthers(self)

    @property
    def join_device(self):
        """Where the ranks count each other."""
        return device_of(self.param_groups[0]["params"][0].array)

    @property
    def join_process_group(self):
        """The ranks that share the state."""
        return self.process_group


class _StepOfOthers(JoinHook):
    """A rank without inputs updates what it owns, as the others do."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def main_hook(self):
        """One step."""
        self.optimizer.step()
