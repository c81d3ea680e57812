"""In which modules a program is, forward and backward: as in PyTorch."""

import importlib

import mytorch
from mytorch.utils.module_tracker import ModuleTracker
from tests.referee import answer


def path(lib, tracker=None):
    tracker = tracker or importlib.import_module("torch.utils.module_tracker").ModuleTracker()
    seen = []

    class Note(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            seen.append(["forward", tracker.is_bw, *sorted(tracker.parents)])
            return x * 2

        @staticmethod
        def backward(ctx, g):
            seen.append(["backward", tracker.is_bw, *sorted(tracker.parents)])
            return g * 2

    class Noting(lib.nn.Module):
        def forward(self, x):
            return Note.apply(x)

    net = lib.nn.Sequential(Noting(), lib.nn.Sequential(lib.nn.Linear(2, 2), Noting()))
    x = lib.ones(2, requires_grad=True)
    with tracker:
        for _ in range(2):
            net(x).sum().backward()
            seen.append(sorted(tracker.parents))
        Note.apply(x * 2).sum().backward()
    return seen


def test_as_in_torch():
    mine = path(mytorch, ModuleTracker())
    assert mine == answer(path)
    assert mine[0] == ["forward", False, "Global", "Sequential", "Sequential.0"]


def test_an_error_leaves_the_modules():
    net, tracker = mytorch.nn.Sequential(mytorch.nn.Linear(2, 2)), ModuleTracker()
    with tracker:
        try:
            net(mytorch.ones(3))
        except RuntimeError:
            assert tracker.parents == {"Global"}
