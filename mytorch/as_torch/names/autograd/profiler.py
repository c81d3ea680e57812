# Names only: there is nothing to read here.
"""What packages take from ``torch.autograd.profiler`` beside the profiler."""

from ....profiler.events import EventList, FunctionEvent, FunctionEventAvg

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg"]
