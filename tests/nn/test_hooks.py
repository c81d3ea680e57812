"""Hooks of modules: forward, backward, in-place changes, against PyTorch where it has them."""

import pytest

import mytorch
from tests.nn.scenarios import in_torch, outcome, scenario, small
from tests.referee import answer, torch


def forward_hooks(lib):
    net, seen = small(lib), []
    handles = [
        net.register_forward_pre_hook(lambda m, args: seen.append("pre") or (args[0] * 2,)),
        net.register_forward_pre_hook(lambda m, args: seen.append("first") or None, prepend=True),
        net.register_forward_pre_hook(lambda m, args, kwargs: (args, kwargs), with_kwargs=True),
        net.register_forward_hook(lambda m, args, out: seen.append("post") or out + 1),
        net.register_forward_hook(lambda m, args, kwargs, out: seen.append(list(kwargs)), with_kwargs=True),
    ]
    one = net(lib.ones(1, 2))
    for handle in handles:
        handle.remove()
    return one, net(lib.ones(1, 2)), seen


def failing_forward(lib):
    class Fails(lib.nn.Module):
        def forward(self, x):
            raise KeyError("inside")

    net, seen = Fails(), []
    net.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    net.register_forward_hook(lambda m, args, out: seen.append("never"))
    try:
        net(1)
    except KeyError as error:
        return seen, str(error)


def bad_pre_hook(lib):
    net = small(lib)
    net.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    net(lib.ones(1, 2))


def backward_hooks(lib):
    net, seen = small(lib), []
    net.register_full_backward_hook(lambda m, gi, go: seen.append(("net", gi, go)))
    net.layers[0].register_full_backward_hook(lambda m, gi, go: seen.append(("inner", gi, go)))
    net.layers[0].register_full_backward_pre_hook(lambda m, go: seen.append(("before", go)))
    x = lib.ones(1, 2, requires_grad=True)
    net(x).sum().backward()
    return seen, x.grad, net.first.weight.grad


def backward_hook_replaces(lib):
    layer = lib.nn.Linear(2, 2)
    with lib.no_grad():
        layer.weight.fill_(0.5)
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
    layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 2,))
    x = lib.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    return x.grad, layer.weight.grad


def backward_hook_without_input_gradient(lib):
    layer, seen = lib.nn.Linear(2, 2), []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    layer(lib.ones(1, 2)).sum().backward()
    return seen


def backward_hook_of_two_outputs(lib):
    class Two(lib.nn.Module):
        def forward(self, x, y):
            return x * y, x + 1

    net, seen = Two(), []
    net.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    x, y = lib.ones(2, requires_grad=True), lib.ones(2)
    a, b = net(x, y)
    (a.sum() * 2 + b.sum()).backward()
    return seen, x.grad


@scenario(
    forward_hooks,
    failing_forward,
    backward_hooks,
    backward_hook_replaces,
    backward_hook_without_input_gradient,
    backward_hook_of_two_outputs,
)
def test_hooks(function):
    assert outcome(function, mytorch) == answer(in_torch, function)


def test_bad_pre_hook():
    mine, theirs = outcome(bad_pre_hook, mytorch), answer(in_torch, bad_pre_hook)
    assert mine[0] == theirs[0] and theirs[1] in mine[1]


def test_backward_hooks_keep_in_place_changes_visible():
    layer = mytorch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda m, gi, go: None)
    x = mytorch.ones(1, 2, requires_grad=True)
    y = (x * 2).exp()
    out = layer(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("kind", ["hook of the module", "hook of every module", "pre-hook alone"])
def test_a_backward_hook_without_an_input_gradient_warns(kind):
    for t in (mytorch, torch):
        layer, handle = t.nn.Linear(2, 2), None
        if kind == "hook of the module":
            layer.register_full_backward_hook(lambda m, gi, go: None)
        elif kind == "hook of every module":
            handle = t.nn.modules.module.register_module_full_backward_hook(lambda m, gi, go: None)
        else:
            layer.register_full_backward_pre_hook(lambda m, go: None)
        try:
            loss = layer(t.ones(1, 2)).sum()
            with pytest.warns(
                UserWarning, match="Full backward hook is firing when .* no inputs require grad"
            ):
                loss.backward()
        finally:
            if handle is not None:
                handle.remove()
        layer(t.ones(1, 2, requires_grad=True)).sum().backward()  # in silence


def test_backward_hooks_under_create_graph():
    layer, seen = mytorch.nn.Linear(2, 2), []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append(gi[0].requires_grad))
    x = mytorch.ones(1, 2, requires_grad=True)
    (g,) = mytorch.autograd.grad((layer(x) ** 2).sum(), [x], create_graph=True)
    g.sum().backward()
    assert seen[0] and layer.weight.grad is not None


def test_hooks_of_all_modules():
    def run(m):
        seen, module = [], m.nn.modules.module
        net = m.nn.Sequential(m.nn.Linear(4, 2), m.nn.ReLU())
        handles = [
            module.register_module_forward_pre_hook(
                lambda layer, args: seen.append(("before", type(layer).__name__))
            ),
            module.register_module_forward_hook(
                lambda layer, args, out: seen.append(("after", type(layer).__name__)) or out * 2
            ),
            module.register_module_full_backward_pre_hook(
                lambda layer, g: seen.append(("back", type(layer).__name__))
            ),
            module.register_module_full_backward_hook(
                lambda layer, g, h: seen.append(("was back", type(layer).__name__, float(h[0].sum())))
            ),
        ]
        net[0].register_forward_hook(lambda *_: seen.append("own"))
        with m.no_grad():
            net[0].weight.fill_(0.5)
            net[0].bias.fill_(1)
        x = m.ones(1, 4, requires_grad=True)
        net(x).sum().backward()
        for handle in handles:
            handle.remove()
        seen.append(x.grad.tolist())
        net(x)
        return seen

    assert run(mytorch) == answer(run)
