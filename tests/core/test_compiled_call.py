"""What an operation's compiled function does does, ``Primitive.__call__`` does, for every sample."""

import linecache
import threading
import traceback

import numpy as np
import pytest

import mytorch
from mytorch.core.compiled_call import can_be_compiled, compile_now, contexts, source
from mytorch.core.primitive import primitive, primitives
from mytorch.testing.samples import rows
from tests.ops.test_ownership import gradients_after, tensors

ROWS = rows()
GENERAL = (lambda *inputs, **settings: op(*inputs, **settings)).__code__  # noqa: F821


def results(row):
    """The values of a row's results, which of them are views, and the gradients of its inputs."""
    outputs = tensors(row.call(*map(mytorch.tensor, row.arrays("float64"))), mytorch.Tensor)
    gradients = gradients_after(row, lambda results: None) if row.smooth else ()
    return outputs, [out._base is not None for out in outputs], gradients


def call_generally(monkeypatch):
    """From now on every operation is called the general way."""
    for op in primitives.values():
        if can_be_compiled(op.signature):
            monkeypatch.setattr(op.function, "__defaults__", None)
            monkeypatch.setattr(op.function, "__code__", GENERAL)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_it_does_what_the_general_call_does(row, monkeypatch):
    compiled = results(row)
    call_generally(monkeypatch)
    general = results(row)
    assert compiled[1] == general[1]
    for ours, theirs in zip(compiled[0] + list(compiled[2]), general[0] + list(general[2]), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_the_general_way_is_really_taken(monkeypatch):
    seen = []
    original = type(primitives["exp"]).__call__
    monkeypatch.setattr(
        type(primitives["exp"]), "__call__", lambda op, *a, **s: seen.append(op.name) or original(op, *a, **s)
    )
    mytorch.exp(mytorch.ones(2))
    assert seen == []
    call_generally(monkeypatch)
    mytorch.exp(mytorch.ones(2))
    assert seen == ["exp"]


def test_every_operation_can_be_compiled():
    for op in primitives.values():
        if can_be_compiled(op.signature):
            compile(source(op), op.name, "exec")
            assert compile_now(op) is op.function


def test_parameters_may_have_the_names_that_the_source_uses():
    @primitive(x=lambda g, result, new: g * result * new)
    def scaled_by_two(x, result, *, new=1.0, graph=None):
        return x * result * new

    x = mytorch.tensor([1.0, 2.0], requires_grad=True)
    scaled_by_two(x, 3.0, new=2.0).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    del primitives["scaled_by_two"]


def test_a_traceback_shows_its_lines():
    try:
        mytorch.mul(mytorch.ones(2), mytorch.ones(3))
    except RuntimeError as error:
        shown = "".join(traceback.format_exception(error))
    assert 'File "<call of mul>"' in shown and "return op.instead(op, " in shown
    assert linecache.getline("<call of mul>", 1) == "def call(x, y, *more, **others):\n"


def test_numpy_warns_of_what_the_user_computes_and_not_of_what_operations_do():
    x = mytorch.zeros(3)
    assert (x / 0).isnan().all()
    with pytest.warns(RuntimeWarning):
        np.ones(3) / x.numpy()


def test_a_call_that_fails_gives_its_context_back():
    x = mytorch.ones(2)
    x / 0
    before = len(contexts)
    with pytest.raises(RuntimeError):
        x + mytorch.ones(3)
    assert len(contexts) == before > 0


def test_many_threads_may_call_at_once():
    failed = []

    def work():
        try:
            for _ in range(300):
                mytorch.where(mytorch.ones(4) / 0 > 1, 0.0, 1.0).log()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_call_that_is_rescued_gives_its_context_back_once():
    x = mytorch.randn(2, 4)
    for _ in range(3):
        mytorch.vmap(lambda row: mytorch.nn.functional.layer_norm(row, (4,)))(x)
    assert len(contexts) == len({id(context) for context in contexts})
