"""no_grad, enable_grad, set_grad_enabled, inference_mode: context managers and decorators, local to threads
and tasks.
"""

import asyncio
import threading

import pytest

import mytorch
from tests.referee import agree_on, table


def leaf(t, *values):
    return t.tensor(list(values), requires_grad=True)


def modes(t):
    return t.is_grad_enabled(), t.is_inference_mode_enabled()


def s_context(t):
    x, found = leaf(t, 1.0), []
    with t.no_grad():
        found += [modes(t), (x * 2).requires_grad]
        with t.enable_grad():
            found += [modes(t), (x * 2).requires_grad]
        found.append(modes(t))
    return [*found, modes(t)]


def s_by_name(t):
    with t.set_grad_enabled(mode=False):
        found = [modes(t)]
    with t.inference_mode(mode=True):
        return [*found, modes(t)]


def s_decorator(t):
    @t.no_grad()
    def f():
        return modes(t)

    @t.no_grad
    def g():
        return modes(t)

    @t.enable_grad()
    def h():
        return modes(t)

    with t.no_grad():
        inner = h()
    return f(), g(), inner, modes(t)


def s_decorator_is_reentrant(t):
    @t.no_grad()
    def f(n):
        return [modes(t)] + (f(n - 1) if n else [])

    return f(3), modes(t)


def s_one_object_nested(t):
    switch = t.no_grad()
    with switch:
        with switch:
            pass
        inner = modes(t)
    return inner


def s_set_grad_enabled_as_function(t):
    t.set_grad_enabled(False)
    a = modes(t)
    t.set_grad_enabled(True)
    return a, modes(t)


def s_set_grad_enabled_as_context(t):
    with t.set_grad_enabled(False):
        a = modes(t)
    return a, modes(t)


def s_set_grad_enabled_as_decorator(t):
    @t.set_grad_enabled(False)
    def f():
        return modes(t)

    return f(), modes(t)


def s_inference_mode(t):
    with t.inference_mode():
        x = t.ones(2)
        found = [modes(t), x.is_inference(), x.requires_grad, (x * 2).is_inference()]
        with t.inference_mode(False):
            found.append(modes(t))
    return [*found, modes(t), x.is_inference(), t.ones(2).is_inference()]


def s_inference_mode_decorator(t):
    @t.inference_mode()
    def f():
        return modes(t)

    return f(), modes(t)


def s_enable_grad_inside_inference_mode(t):
    with t.inference_mode(), t.enable_grad():
        return t.is_inference_mode_enabled(), (leaf(t, 1.0) * 2).requires_grad


def s_inference_tensor_saved_for_backward(t):
    with t.inference_mode():
        c = t.ones(2)
    leaf(t, 1.0, 2.0) * c


def s_inference_tensor_not_saved(t):
    with t.inference_mode():
        c = t.ones(2)
    x = leaf(t, 1.0, 2.0)
    (x + c).sum().backward()
    return x.grad


def s_inference_tensor_cannot_require_grad(t):
    with t.inference_mode():
        c = t.ones(2)
    c.requires_grad_()


def s_inference_tensor_changed_in_place_outside(t):
    with t.inference_mode():
        c = t.ones(2)
    c.add_(1)


def s_inference_tensor_inside(t):
    with t.inference_mode():
        c = t.ones(2, requires_grad=True)
        d = (c * 2).add_(1)
        with t.no_grad():
            return c.requires_grad, d, modes(t)


def s_version_of_an_inference_tensor(t):
    with t.inference_mode():
        c = t.ones(2)
    return c._version


def s_views_of_inference_tensors(t):
    with t.inference_mode():
        c = t.ones(2)
    return c.view(1, 2).is_inference(), (c * 2).is_inference(), c.detach().is_inference()


def s_clone_of_an_inference_tensor(t):
    with t.inference_mode():
        c = t.ones(2)
    x = leaf(t, 1.0, 2.0)
    (x * c.clone()).sum().backward()
    return x.grad


def s_view_of_normal_tensor_in_inference_mode(t):
    x = t.ones(2, 2)
    with t.inference_mode():
        v = x.view(4)
    return v.is_inference()


def s_exception_restores(t):
    try:
        with t.no_grad():
            raise ValueError
    except ValueError:
        pass
    return modes(t)


def s_leaf_made_under_no_grad(t):
    with t.no_grad():
        x = leaf(t, 1.0)
    return x.requires_grad, (x * 2).requires_grad


def s_generator(t):
    @t.no_grad()
    def f():
        got = yield modes(t)
        yield got, modes(t)
        return "end"

    found, g = [], f()
    found.append(next(g))
    found.append(modes(t))
    found.append(g.send("sent"))
    found.append(modes(t))
    try:
        next(g)
    except StopIteration as stop:
        found.append(stop.value)
    return [*found, modes(t)]


def s_generator_thrown_into(t):
    @t.no_grad()
    def f():
        try:
            yield 1
        except ValueError:
            yield modes(t)

    g = f()
    next(g)
    return g.throw(ValueError()), modes(t)


def s_generator_closed(t):
    seen = []

    @t.no_grad()
    def f():
        try:
            yield 1
        finally:
            seen.append(modes(t))

    g = f()
    next(g)
    g.close()
    return seen, modes(t)


def s_generator_in_a_mode_of_its_own(t):
    @t.enable_grad()
    def f():
        yield modes(t)
        yield modes(t)

    found = []
    with t.no_grad():
        for m in f():
            found += [m, modes(t)]
    return found


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)
    assert mytorch.is_grad_enabled()


def test_decorated_coroutine():
    @mytorch.no_grad()
    async def f():
        await asyncio.sleep(0)
        return mytorch.is_grad_enabled()

    async def main():
        return await f(), mytorch.is_grad_enabled()

    assert asyncio.run(main()) == (False, True)


def test_decorated_async_generator():
    @mytorch.no_grad()
    async def f():
        yield mytorch.is_grad_enabled()
        await asyncio.sleep(0)
        yield mytorch.is_grad_enabled()

    async def main():
        return [(inside, mytorch.is_grad_enabled()) async for inside in f()]

    assert asyncio.run(main()) == [(False, True)] * 2


def test_a_mode_belongs_to_its_task():
    async def off(ready, done):
        with mytorch.no_grad():
            ready.set()
            await done.wait()
            assert not mytorch.is_grad_enabled()

    async def on(ready, done):
        await ready.wait()
        assert mytorch.is_grad_enabled()
        done.set()

    async def main():
        ready, done = asyncio.Event(), asyncio.Event()
        await asyncio.gather(off(ready, done), on(ready, done))

    asyncio.run(main())


def test_a_mode_belongs_to_its_thread():
    found = []
    with mytorch.no_grad():
        thread = threading.Thread(target=lambda: found.append(mytorch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert found == [True]


def test_a_decorated_class_keeps_its_name_and_docs():
    @mytorch.no_grad()
    def documented():
        """What it does."""

    assert documented.__name__ == "documented"
    assert documented.__doc__ == "What it does."


def test_error_messages():
    with mytorch.inference_mode():
        c = mytorch.ones(2)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        mytorch.ones(2, requires_grad=True) * c
