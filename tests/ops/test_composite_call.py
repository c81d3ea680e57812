"""A composite's compiled call gives what its function gives, for arguments in every form; all that is unusual
in a call is settled or refused.
"""

import inspect
import pickle
import threading

import pytest

import mytorch
from mytorch.ops.composite import composite, first_call
from mytorch.ops.interpose import interpose

X = mytorch.tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])


def fresh(**settings):
    """A composite that was never called; it gives what its function gets."""

    @composite(**settings)
    def taken(input, k, dim=-1, largest=True, *, scale: float = 1.0, mode=None):
        return input, k, dim, largest, scale, mode

    return taken


FORMS = {
    "positional": ((X, 2, 0, False), {}),
    "defaults": ((X, 2), {}),
    "keywords": ((), {"input": X, "k": 2, "dim": 1, "largest": False, "scale": 2.0, "mode": "a"}),
    "mixed": ((X,), {"k": 3, "mode": "b"}),
    "an_integer": ((X, 2), {"scale": 3}),
}


@pytest.mark.parametrize("form", FORMS)
def test_arguments_arrive(form):
    args, kwargs = FORMS[form]
    taken = fresh()
    expected = taken.__wrapped__(*args, **kwargs)
    assert taken(*args, **kwargs) == expected  # the first call, which compiles
    assert taken(*args, **kwargs) == expected


SETTLED = {
    "axis": (((X, 2), {"axis": 1}), (X, 2, 1, True, 1.0, None)),
    "a_tensor_for_a_number": (((X, 2, mytorch.tensor(1)), {}), (X, 2, 1, True, 1.0, None)),
    "by_keyword": (((X, 2), {"scale": mytorch.tensor(2.5)}), (X, 2, -1, True, 2.5, None)),
    "none": (((X, 2, None), {}), (X, 2, None, True, 1.0, None)),
}


@pytest.mark.parametrize("name", SETTLED)
def test_unusual_arguments_are_settled(name):
    (args, kwargs), expected = SETTLED[name]
    assert fresh()(*args, **kwargs) == expected


REFUSED = {
    "taken() missing 1 required positional argument: 'k'": lambda f: f(X),
    "missing 1 required positional argument: 'input'": lambda f: f(k=2),
    "taken() takes from 2 to 4 positional arguments but 5 were given": lambda f: f(X, 2, 1, True, 5),
    "taken() got an unexpected keyword argument 'wrong'": lambda f: f(X, 2, wrong=1),
    "taken() got multiple values for argument 'k'": lambda f: f(X, 2, k=2),
    "taken(): argument 'largest' must be bool, not int": lambda f: f(X, 2, 1, 1),
    "taken(): argument 'dim' must be int, not bool": lambda f: f(X, 2, True),
    "taken(): argument 'scale' must be a number, not str": lambda f: f(X, 2, scale="a"),
    "taken() got an unexpected keyword argument 'out'": lambda f: f(X, 2, out=X),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused(message):
    taken = fresh(name="taken")
    for _ in range(2):
        with pytest.raises(TypeError) as caught:
            REFUSED[message](taken)
        assert message in str(caught.value)


def test_functions_of_any_number_of_arguments():
    @composite(out=True)
    def several(input, *more, flag=False, **settings):
        return input, more, flag, settings

    assert several(X, flag=True, other=3) == (X, (), True, {"other": 3})
    assert several(X, 1, other=3) == (X, (1,), False, {"other": 3})
    assert several(X) == (X, (), False, {})
    with pytest.raises(TypeError, match="argument 'flag' must be bool, not int"):
        several(X, flag=1)


def test_results_are_written_where_the_caller_wants():
    values, indices = mytorch.empty(2, 2), mytorch.empty(2, 2, dtype=mytorch.int64)
    result = mytorch.topk(X, 2, 1, out=(values, indices))
    assert result.values is values
    assert values.tolist() == [[3.0, 2.0], [6.0, 5.0]] and indices.tolist() == [[0, 2], [1, 2]]


@pytest.mark.parametrize("called", [False, True])
def test_what_is_done_around_it_sees_the_call_as_it_was_written(called):
    taken, seen = fresh(), []
    if called:
        taken(X, 1)

    def around(inner, args, kwargs):
        seen.append((args, kwargs))
        return inner(*args, **kwargs)

    end = interpose(taken, around)
    assert taken(X, 2, largest=False) == (X, 2, -1, False, 1.0, None)
    end()
    assert taken(X, 2) == (X, 2, -1, True, 1.0, None)
    assert seen == [((X, 2), {"largest": False})]


def test_many_threads_make_the_first_call():
    for _ in range(20):
        taken, results = fresh(), []
        start = threading.Barrier(4)

        def run(taken=taken, results=results, start=start):
            start.wait()
            results.append(taken(X, 2, dim=0))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [(X, 2, 0, True, 1.0, None)] * 4


def test_a_function_is_what_it_was():
    assert fresh().__code__ is first_call.__code__
    assert pickle.loads(pickle.dumps(mytorch.topk)) is mytorch.topk
    taken = fresh(name="other")
    before = inspect.signature(taken)
    taken(X, 1)
    assert inspect.signature(taken) == before == inspect.signature(taken.__wrapped__)
    assert taken.__qualname__ == "other" and taken.__module__ == __name__


@pytest.mark.parametrize("call", [lambda: X[:, :1].std(1), lambda: X[:, :1].std(dim=1)])
def test_warnings_name_the_line_of_the_caller(call):
    with pytest.warns(UserWarning, match="degrees of freedom") as caught:
        call()
    assert caught[0].filename == __file__
