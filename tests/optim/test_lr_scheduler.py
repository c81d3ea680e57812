"""Every schedule against PyTorch: the learning rate and momentum of every group at every step, saving and
resuming, errors and warnings.
"""

import copy
import math
import warnings

import numpy
import pytest

import mytorch
from mytorch import optim
from tests.referee import torch


class Scale:
    """A callable object; its attributes are saved."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, x):
        return self.rate**x


LRS = [
    ("LambdaLR", lambda s: dict(lr_lambda=lambda epoch: 0.9**epoch)),
    ("LambdaLR", lambda s: dict(lr_lambda=[lambda epoch: 0.9**epoch, Scale(0.8)])),
    ("MultiplicativeLR", lambda s: dict(lr_lambda=lambda epoch: 0.9 + epoch / 1000)),
    ("StepLR", lambda s: dict(step_size=3, gamma=0.3)),
    ("MultiStepLR", lambda s: dict(milestones=[2, 5, 5, 9], gamma=0.3)),
    ("ConstantLR", lambda s: dict()),
    ("ConstantLR", lambda s: dict(factor=0.2, total_iters=4)),
    ("LinearLR", lambda s: dict()),
    ("LinearLR", lambda s: dict(start_factor=0.9, end_factor=0.1, total_iters=7)),
    ("ExponentialLR", lambda s: dict(gamma=0.9)),
    ("PolynomialLR", lambda s: dict()),
    ("PolynomialLR", lambda s: dict(total_iters=11, power=1.7)),
    ("CosineAnnealingLR", lambda s: dict(T_max=5)),
    ("CosineAnnealingLR", lambda s: dict(T_max=7, eta_min=0.01)),
    ("CosineAnnealingWarmRestarts", lambda s: dict(T_0=3)),
    ("CosineAnnealingWarmRestarts", lambda s: dict(T_0=2, T_mult=2, eta_min=0.01)),
    ("CyclicLR", lambda s: dict(base_lr=0.01, max_lr=0.1, step_size_up=3)),
    (
        "CyclicLR",
        lambda s: dict(
            base_lr=[0.01, 0.02], max_lr=[0.1, 0.3], step_size_up=3, step_size_down=5, mode="triangular2"
        ),
    ),
    (
        "CyclicLR",
        lambda s: dict(
            base_lr=0.01, max_lr=0.1, step_size_up=4, mode="exp_range", gamma=0.9, base_momentum=0.5
        ),
    ),
    (
        "CyclicLR",
        lambda s: dict(
            base_lr=0.01,
            max_lr=0.1,
            step_size_up=2,
            scale_fn=Scale(0.7),
            scale_mode="iterations",
            cycle_momentum=False,
        ),
    ),
    ("OneCycleLR", lambda s: dict(max_lr=0.5, total_steps=30)),
    (
        "OneCycleLR",
        lambda s: dict(
            max_lr=[0.5, 0.1], epochs=5, steps_per_epoch=6, pct_start=0.4, anneal_strategy="linear"
        ),
    ),
    ("OneCycleLR", lambda s: dict(max_lr=0.5, total_steps=30, three_phase=True, cycle_momentum=False)),
    (
        "SequentialLR",
        lambda s: dict(
            schedulers=lambda o: [s.ConstantLR(o, factor=0.1, total_iters=3), s.ExponentialLR(o, 0.8)],
            milestones=[4],
        ),
    ),
    (
        "SequentialLR",
        lambda s: dict(
            schedulers=lambda o: [
                s.LinearLR(o, total_iters=3),
                s.CosineAnnealingLR(o, T_max=8),
                s.StepLR(o, step_size=2),
            ],
            milestones=[3, 11],
        ),
    ),
    (
        "ChainedScheduler",
        lambda s: dict(
            schedulers=lambda o: [s.ConstantLR(o, factor=0.1, total_iters=3), s.ExponentialLR(o, gamma=0.8)]
        ),
    ),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(LRS)]
OPTIMIZERS = ["SGD", "Adam"]


def optimizer_of(library, name="SGD"):
    """Two groups with learning rates of their own."""
    ps = [library.zeros(2, requires_grad=True) for _ in range(2)]
    optim_ = optim if library is mytorch else library.optim
    options = {"momentum": 0.9} if name == "SGD" else {}
    return getattr(optim_, name)([{"params": ps[:1], "lr": 0.2}, {"params": ps[1:]}], lr=0.05, **options)


def scheduler_of(library, optimizer, name, arguments, **more):
    schedules = optim.lr_scheduler if library is mytorch else library.optim.lr_scheduler
    options = arguments(schedules)
    if callable(options.get("schedulers")):
        options["schedulers"] = options["schedulers"](optimizer)
    if name == "ChainedScheduler":
        return schedules.ChainedScheduler(**options)
    return getattr(schedules, name)(optimizer, **options, **more)


def numbers(optimizer):
    return [(g["lr"], g.get("momentum"), g.get("betas")) for g in optimizer.param_groups]


def quietly(step, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return step(*args)


@pytest.mark.parametrize("algorithm", OPTIMIZERS)
@pytest.mark.parametrize(("name", "arguments"), LRS, ids=IDS)
def test_against_torch(name, arguments, algorithm):
    runs = []
    for library in (mytorch, torch):
        optimizer = optimizer_of(library, algorithm)
        scheduler = scheduler_of(library, optimizer, name, arguments)
        run = [(numbers(optimizer), scheduler.get_last_lr())]
        for _ in range(25):
            optimizer.step()
            scheduler.step()
            run.append((numbers(optimizer), scheduler.get_last_lr()))
        runs.append((run, scheduler))
    (mine, ours), (yours, theirs) = runs
    for step, (a, b) in enumerate(zip(mine, yours)):
        assert a == b, step
    assert set(ours.state_dict()) == set(theirs.state_dict()) - {"_scale_fn_ref"}
    assert [set(g) for g in ours.optimizer.param_groups] == [set(g) for g in theirs.optimizer.param_groups]


@pytest.mark.parametrize(("name", "arguments"), LRS, ids=IDS)
def test_resumed_from_a_state_dict(name, arguments):
    """Both this package's state and torch's, taken after seven steps, go on as if there had been no break."""
    optimizer = optimizer_of(mytorch)
    scheduler = scheduler_of(mytorch, optimizer, name, arguments)
    reference = optimizer_of(torch)
    theirs = scheduler_of(torch, reference, name, arguments)
    for _ in range(7):
        optimizer.step(), scheduler.step(), reference.step(), theirs.step()
    for saved_optimizer, saved in ((optimizer, scheduler), (reference, theirs)):
        state = copy.deepcopy((saved_optimizer.state_dict(), saved.state_dict()))
        resumed = optimizer_of(mytorch)
        again = scheduler_of(mytorch, resumed, name, arguments)
        resumed.load_state_dict(state[0])
        again.load_state_dict(state[1])
        expected = optimizer_of(mytorch)
        straight = scheduler_of(mytorch, expected, name, arguments)
        for _ in range(7):
            expected.step(), straight.step()
        for _ in range(8):
            resumed.step(), again.step(), expected.step(), straight.step()
            assert numbers(resumed) == numbers(expected)
            assert again.get_last_lr() == straight.get_last_lr()


@pytest.mark.parametrize(
    ("name", "arguments"), [row for row in LRS if row[0] not in ("SequentialLR", "ChainedScheduler")]
)
def test_resumed_by_last_epoch(name, arguments):
    runs = []
    for library in (mytorch, torch):
        first = optimizer_of(library)
        scheduler = scheduler_of(library, first, name, arguments)
        for _ in range(4):
            first.step(), scheduler.step()
        optimizer = optimizer_of(library)
        optimizer.load_state_dict(first.state_dict())
        scheduler, run = scheduler_of(library, optimizer, name, arguments, last_epoch=4), []
        for _ in range(6):
            run.append(numbers(optimizer))
            optimizer.step(), scheduler.step()
        runs.append(run)
        with pytest.raises(KeyError, match="initial_lr"):
            scheduler_of(library, optimizer_of(library), name, arguments, last_epoch=4)
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [row for row in LRS if row[0] not in ("SequentialLR", "ChainedScheduler", "OneCycleLR")],
)
def test_step_to_an_epoch(name, arguments):
    runs = []
    for library in (mytorch, torch):
        optimizer, run = optimizer_of(library), []
        scheduler = scheduler_of(library, optimizer, name, arguments)
        for epoch in (3, 0, 8, 9, 2):
            optimizer.step()
            quietly(scheduler.step, epoch)
            run.append(numbers(optimizer))
        runs.append(run)
    assert runs[0] == runs[1]


def test_warm_restarts_within_an_epoch():
    runs = []
    for library in (mytorch, torch):
        for mult in (1, 2):
            optimizer = optimizer_of(library)
            scheduler = scheduler_of(
                library,
                optimizer,
                "CosineAnnealingWarmRestarts",
                lambda s, mult=mult: dict(T_0=3, T_mult=mult),
            )
            for i in range(40):
                scheduler.step(i / 4)
                runs.append(numbers(optimizer))
    assert runs[:80] == runs[80:]
    with pytest.raises(ValueError, match="non-negative epoch"):
        scheduler_of(
            mytorch, optimizer_of(mytorch), "CosineAnnealingWarmRestarts", lambda s: dict(T_0=3)
        ).step(-1)


PLATEAU = [
    dict(),
    dict(patience=1),
    dict(patience=0, cooldown=2, factor=0.5),
    dict(mode="max", patience=1, threshold=0.1),
    dict(mode="max", patience=1, threshold=0.1, threshold_mode="abs"),
    dict(patience=1, threshold=0.1, threshold_mode="abs", min_lr=[0.1, 0.001]),
    dict(patience=0, min_lr=0.01, eps=0.02),
]


@pytest.mark.parametrize("options", PLATEAU, ids=range(len(PLATEAU)))
def test_plateau(options):
    metrics = [
        1.0,
        0.9,
        0.95,
        0.9,
        0.9,
        0.5,
        0.6,
        0.7,
        0.8,
        0.45,
        0.449,
        0.448,
        0.3,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
        0.4,
    ]
    runs = []
    for library in (mytorch, torch):
        optimizer = optimizer_of(library)
        scheduler = scheduler_of(library, optimizer, "ReduceLROnPlateau", lambda s: options)
        for i, metric in enumerate(metrics):
            if i == 9:
                state = scheduler.state_dict()
                scheduler = scheduler_of(library, optimizer, "ReduceLROnPlateau", lambda s: dict())
                scheduler.load_state_dict(state)
            scheduler.step(library.tensor(metric, dtype=library.float64))
            runs.append(
                (
                    numbers(optimizer),
                    scheduler.get_last_lr(),
                    scheduler.num_bad_epochs,
                    scheduler.best,
                    scheduler.in_cooldown,
                )
            )
    assert runs[: len(metrics)] == runs[len(metrics) :]


def test_plateau_with_a_group_added():
    optimizer = optimizer_of(mytorch)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0, 0])
    optimizer.add_param_group({"params": [mytorch.zeros(1, requires_grad=True)]})
    scheduler.step(1.0)
    with pytest.raises(RuntimeError, match="new param group"):
        scheduler.step(1.0)


def test_warmup_cosine():
    optimizer = optimizer_of(mytorch)
    scheduler = optim.lr_scheduler.WarmupCosineLR(optimizer, warmup_steps=4, total_steps=14, min_ratio=0.01)
    seen = []
    for _ in range(20):
        seen.append(optimizer.param_groups[0]["lr"] / 0.2)
        optimizer.step()
        scheduler.step()
    cosine = [0.01 + 0.99 * (1 + math.cos(math.pi * i / 10)) / 2 for i in range(11)]
    numpy.testing.assert_allclose(seen, [0.2, 0.4, 0.6, 0.8, *cosine, *[0.01] * 5], rtol=1e-12)
    for bad in (
        dict(warmup_steps=5, total_steps=5),
        dict(warmup_steps=-1, total_steps=5),
        dict(warmup_steps=1, total_steps=5, min_ratio=2),
    ):
        with pytest.raises(ValueError, match="Expected"):
            optim.lr_scheduler.WarmupCosineLR(optimizer, **bad)


def test_a_learning_rate_in_a_tensor_changes_in_place():
    lr = mytorch.tensor(0.5)
    optimizer = optim.Adam([mytorch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.25
    assert scheduler.base_lrs[0].item() == 0.5


def test_warnings_about_the_order():
    optimizer = optimizer_of(mytorch)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    optimizer = optimizer_of(mytorch)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="overridden"):
        scheduler.step()
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(3)
    optimizer = optimizer_of(mytorch)
    optimizer.step()  # a step before the schedule was there does not count
    scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


ERRORS = [
    lambda s, o, other: s.StepLR(3, 1),
    lambda s, o, other: s.LambdaLR(o, [lambda e: 1]),
    lambda s, o, other: s.MultiplicativeLR(o, 0.5),
    lambda s, o, other: s.ConstantLR(o, factor=1.5),
    lambda s, o, other: s.LinearLR(o, start_factor=0),
    lambda s, o, other: s.LinearLR(o, end_factor=1.5),
    lambda s, o, other: s.CosineAnnealingWarmRestarts(o, T_0=0),
    lambda s, o, other: s.CosineAnnealingWarmRestarts(o, T_0=1, T_mult=1.5),
    lambda s, o, other: s.CosineAnnealingWarmRestarts(o, T_0=1, eta_min="0"),
    lambda s, o, other: s.CyclicLR(o, 0.1, 0.2, mode="square"),
    lambda s, o, other: s.CyclicLR(o, [0.1], 0.2),
    lambda s, o, other: s.CyclicLR(other, 0.1, 0.2),
    lambda s, o, other: s.OneCycleLR(o, 0.1),
    lambda s, o, other: s.OneCycleLR(o, 0.1, total_steps=0),
    lambda s, o, other: s.OneCycleLR(o, 0.1, epochs=2, steps_per_epoch=-1),
    lambda s, o, other: s.OneCycleLR(o, 0.1, total_steps=10, pct_start=2.0),
    lambda s, o, other: s.OneCycleLR(o, 0.1, total_steps=10, anneal_strategy="exp"),
    lambda s, o, other: s.OneCycleLR(o, [0.1], total_steps=10),
    lambda s, o, other: s.OneCycleLR(other, 0.1, total_steps=10),
    lambda s, o, other: [quietly(f.step) for f in [s.OneCycleLR(o, 0.1, total_steps=2)] * 4],
    lambda s, o, other: s.SequentialLR(o, [], []),
    lambda s, o, other: s.SequentialLR(o, [s.StepLR(o, 1)], [1]),
    lambda s, o, other: s.SequentialLR(o, [1], []),
    lambda s, o, other: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    lambda s, o, other: s.SequentialLR(o, [s.StepLR(other, 1)], []),
    lambda s, o, other: s.ChainedScheduler([]),
    lambda s, o, other: s.ChainedScheduler([s.StepLR(o, 1), s.StepLR(other, 1)]),
    lambda s, o, other: s.ReduceLROnPlateau(o, mode="least"),
    lambda s, o, other: s.ReduceLROnPlateau(o, threshold_mode="least"),
    lambda s, o, other: s.ReduceLROnPlateau(o, factor=1.0),
    lambda s, o, other: s.ReduceLROnPlateau(o, min_lr=[1]),
    lambda s, o, other: s.ReduceLROnPlateau(3),
]


@pytest.mark.parametrize("case", ERRORS, ids=range(len(ERRORS)))
def test_refused_as_in_torch(case):
    with pytest.raises((ValueError, TypeError, RuntimeError)) as theirs:
        case(torch.optim.lr_scheduler, optimizer_of(torch), torch.optim.Adagrad([torch.zeros(1)]))
    with pytest.raises(theirs.type) as ours:
        case(optim.lr_scheduler, optimizer_of(mytorch), optim.Adagrad([mytorch.zeros(1)]))
    assert str(ours.value)[:30] == str(theirs.value)[:30]


def test_a_schedule_of_ones_own():
    class Halving(optim.lr_scheduler._LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    optimizer = optimizer_of(mytorch)
    scheduler = Halving(optimizer)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.1, 0.025]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("StepLR", {"step_size": 1}),
        ("ExponentialLR", {"gamma": 0.9}),
        ("LambdaLR", {"lr_lambda": lambda epoch: 0.5}),
        ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.5}),
        ("CosineAnnealingLR", {"T_max": 3}),
        ("CosineAnnealingWarmRestarts", {"T_0": 3}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2}),
        ("LinearLR", {}),
        ("PolynomialLR", {}),
        ("MultiStepLR", {"milestones": [1]}),
    ],
)
def test_an_optimizer_that_grew(name, options):
    outcomes = []
    for lib in (mytorch, torch):
        optimizer = lib.optim.SGD([lib.nn.Parameter(lib.ones(1))], lr=0.1, momentum=0.9)
        schedule = getattr(lib.optim.lr_scheduler, name)(optimizer, **options)
        optimizer.add_param_group({"params": [lib.nn.Parameter(lib.ones(1))]})
        optimizer.step()
        try:
            schedule.step()
            outcomes.append([group["lr"] for group in optimizer.param_groups])
        except ValueError:
            outcomes.append(ValueError)
    assert (
        outcomes[0] == pytest.approx(outcomes[1])
        if outcomes[1] is not ValueError
        else outcomes[0] is ValueError
    )
