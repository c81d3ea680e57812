"""Loops of uneven length: ranks that have no more inputs match the collectives of those that have."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy

from ...core.graph import wrap
from ...tensors.public_names import lookup as _lookup
from .. import collectives
from ..reduce_op import ReduceOp

__all__ = ["Join", "JoinHook", "Joinable"]


class JoinHook:
    """What a rank without inputs does for a :class:`Joinable`."""

    def main_hook(self) -> None:
        """Match the collectives of one iteration of the others."""

    def post_hook(self, is_last_joiner: bool) -> None:
        """What is done when no rank has inputs any more; ``is_last_joiner``: this one ended last."""


@dataclass
class _JoinConfig:
    enable: bool = False
    throw_on_early_termination: bool = False
    is_first_joinable: bool = False
    divide_by_initial_world_size: bool = True


class Joinable(ABC):
    """A class whose instances call collectives in every iteration, and can be used in :class:`Join`."""

    @abstractmethod
    def __init__(self):
        self._join_config = _JoinConfig()

    @abstractmethod
    def join_hook(self, **kwargs) -> JoinHook:
        """How it takes part without inputs."""

    @property
    @abstractmethod
    def join_device(self):
        """Where the ranks count each other."""

    @property
    @abstractmethod
    def join_process_group(self):
        """The ranks that take part."""


class Join:
    """A context for a loop over inputs that end sooner on some ranks than on others. ValueError unless all
    ``joinables`` are of one group.
    """

    def __init__(self, joinables, enable=True, throw_on_early_termination=False, **kwargs):
        if not joinables:
            raise ValueError("The join context manager requires at least one joinable")
        self._joinables, self._enable, self._throw = joinables, enable, throw_on_early_termination
        self._hooks = [joinable.join_hook(**kwargs) for joinable in joinables]
        groups = {id(joinable.join_process_group) for joinable in joinables}
        if len(groups) > 1:
            raise ValueError("Using join context manager with multiple process groups")

    def __enter__(self):
        for i, joinable in enumerate(self._joinables):
            config = joinable._join_config
            config.enable, config.throw_on_early_termination = self._enable, self._throw
            config.is_first_joinable = i == 0
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self._enable and kind is None:
                self._go_on_without_inputs()
        finally:
            for joinable in self._joinables:
                config = joinable._join_config
                config.enable = config.is_first_joinable = config.throw_on_early_termination = False

    def _go_on_without_inputs(self):
        last, rounds = True, 0
        while counted(self._joinables[0], 0) != [0]:
            if self._throw:
                counted(self._joinables[0], 1)
                raise RuntimeError(EXHAUSTED)
            if rounds == 1000:
                warnings.warn(
                    "Detected uneven input skew of more than 1000: this rank has that many fewer inputs than "
                    "another",
                    stacklevel=3,
                )
            last, rounds = False, rounds + 1
            for hook in self._hooks:
                hook.main_hook()
        for hook in self._hooks:
            hook.post_hook(last)

    @staticmethod
    def notify_join_context(joinable):
        """Called by ``joinable`` before its collectives of an iteration: this rank has inputs. Returns a Work
        for the first joinable of an enabled context, else None. RuntimeError if another rank has none and the
        context was told to throw.
        """
        config = joinable._join_config
        if not config.enable or not config.is_first_joinable:
            return None
        if not config.throw_on_early_termination:
            one = _numbers(joinable, 1)
            return collectives.all_reduce(one, group=joinable.join_process_group, async_op=True)
        if counted(joinable, 1) < [joinable.join_process_group.size()]:
            counted(joinable, 0)
            raise RuntimeError(EXHAUSTED)
        return None


EXHAUSTED = "Detected at least one rank that exhausted inputs. Throwing across all ranks."


def counted(joinable, *mine, op=ReduceOp.SUM):
    """The numbers ``mine`` of all ranks of ``joinable``, combined: a list."""
    numbers = _numbers(joinable, *mine)
    collectives.all_reduce(numbers, op, joinable.join_process_group)
    return numbers.tolist()


def _numbers(joinable, *mine):
    return wrap(numpy.array(mine, numpy.int64)).to(joinable.join_device)


__getattr__ = _lookup(__name__)
