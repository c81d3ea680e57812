"""The referee: a record says what PyTorch said, and whoever asks something else hears of it."""

import ast
import io
import pathlib

import numpy as np
import pytest

from tests import tape
from tests.referee import answer, torch
from tests.tape import RECORDS, File, Numbers, Session, Tape, checksum, same


def written(tmp_path, entries):
    """The tape of a test as it is read from a file."""
    file = File(tmp_path / "test_it.npz")
    file.put("test_it", entries)
    file.save(whole=True)
    return Tape(File(tmp_path / "test_it.npz"), "test_it")


ANSWERS = {
    "none": None,
    "text": "abc",
    "float": float("nan"),
    "whole number": 2**70,
    "complex": {"complex": [1.0, -0.0]},
    "array": {"array": np.arange(6.0).reshape(2, 3)},
    "no numbers": {"array": np.zeros((0, 3), "float32")},
    "boolean": {"array": np.array(True)},
    "part": {"numbers": Numbers.of(np.arange(600.0))},
    "nested": {"tuple": [1, {"list": [{"array": np.arange(3)}, {"object": "4"}]}]},
    "error": {"raise": ["ValueError", "no"]},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_written_is_read(name, tmp_path):
    read = written(tmp_path, [["question", 7, ANSWERS[name]]])
    assert same(ANSWERS[name], read.expect(["question", 7])[2])


def test_arrays_are_stored_once(tmp_path):
    array = np.random.default_rng(0).random(2000)
    written(tmp_path, [["question", i, {"array": array.copy()}] for i in range(50)])
    assert (tmp_path / "test_it.npz").stat().st_size < 2 * array.nbytes


@pytest.mark.parametrize(
    ("entries", "asked"),
    [
        ([], ["relu", 1]),
        ([["relu", 1, None]], ["tanh", 1]),
        ([["relu", 1, None]], ["relu", 2]),
    ],
)
def test_an_unrecorded_question_fails(entries, asked, tmp_path):
    with pytest.raises(pytest.fail.Exception, match=r"python -m tests\.record"):
        written(tmp_path, entries).expect(asked)


def test_a_question_that_is_no_longer_asked_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(tape.session, "mode", "live")
    read = written(tmp_path, [["relu", 1, None], ["tanh", 1, None]])
    read.expect(["relu", 1])
    with pytest.raises(pytest.fail.Exception, match=r"the test ends; the record has \['tanh'"):
        read.finish()


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        (1.0, 1.1),
        (1, True),
        ("a", "b"),
        ({"object": "1"}, {"object": "2"}),
        ({"array": np.ones(3)}, {"array": np.ones(3, "float32")}),
        ({"array": np.ones(3)}, {"array": np.ones((1, 3))}),
        ({"array": np.ones(3)}, {"array": np.array([1, 1, 1 + 1e-5])}),
        ({"array": np.array([1, np.nan])}, {"array": np.array([1, 2.0])}),
        ({"numbers": Numbers.of(np.ones(100))}, {"numbers": Numbers.of(np.ones(101))}),
    ],
)
def test_a_live_answer_that_is_not_the_recorded_one_fails(recorded, now, tmp_path, monkeypatch):
    monkeypatch.setattr(tape, "session", Session())
    tape.session.mode = "live"
    assert same(recorded, recorded)
    written(tmp_path, [["relu", 1, recorded]]).add(["relu", 1, recorded])
    with pytest.raises(pytest.fail.Exception, match=r"python -m tests\.record"):
        written(tmp_path, [["relu", 1, recorded]]).add(["relu", 1, now])


def test_rounding_is_no_difference():
    x = np.random.default_rng(0).random(100)
    assert same({"array": x}, {"array": x * (1 + 1e-12)}) and same(0.1 + 0.2, 0.3)
    assert checksum([x]) == checksum([x * (1 + 1e-12)]) != checksum([x * 1.1])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("size", [5, 40, 3001])
def test_every_number_counts(dtype, size):
    """Also where only the weighted means are recorded."""
    x = (np.random.default_rng(0).standard_normal(size) > 0.3).astype(dtype)
    if dtype.startswith("float"):
        x += np.random.default_rng(1).standard_normal(size).astype(dtype)
    recorded = Numbers(x.shape, Numbers.of(x).part)
    recorded.check(x, 1e-6, 0, "same")
    for i in (0, 1, size // 2, size - 1):
        wrong = x.copy()
        wrong[i] = not wrong[i] if dtype == "bool" else wrong[i] + 1
        with pytest.raises(AssertionError):
            recorded.check(wrong, 1e-6, 0, "other")
    with pytest.raises(AssertionError, match="shape"):
        recorded.check(x[None], 1e-6, 0, "shape")


def test_values_that_are_not_finite_count():
    x = np.arange(100.0)
    x[[3, 50, 70]] = np.nan, np.inf, -np.inf
    recorded = Numbers(x.shape, Numbers.of(x).part)
    recorded.check(x, 1e-9, 0, "same")
    with pytest.raises(AssertionError):
        recorded.check(np.nan_to_num(x, nan=0, posinf=0, neginf=0), 1e-9, 0, "other")


# ---- stand-ins: each test passes live and from its record -----------------------------------------


def test_an_object_has_one_stand_in():
    layer = torch.nn.Linear(2, 3)
    assert layer.weight is layer.weight is next(iter(layer.parameters()))
    assert layer.weight.dtype is torch.float32 and isinstance(layer.weight, torch.nn.Parameter)


def test_changes_reach_the_object():
    optimizer = torch.optim.SGD([torch.ones(2, requires_grad=True)], lr=0.1)
    optimizer.param_groups[0]["lr"] = 0.5
    for group in optimizer.param_groups:
        group["momentum"] = 0.9
    kept = optimizer.state_dict()["param_groups"][0]
    assert (kept["lr"], kept["momentum"]) == (0.5, 0.9)


def test_sizes_and_named_results_are_torchs():
    x = torch.arange(6.0).reshape(2, 3)
    assert isinstance(x.shape, torch.Size) and x.shape == (2, 3) and str(x.shape) == "torch.Size([2, 3])"
    assert torch.zeros(x.shape).shape == x.shape
    assert torch.max(x, 1).indices.tolist() == [2, 2] and len(torch.max(x, 1)) == 2


def test_operators():
    x = torch.tensor([1.0, 2.0])
    y = 1 - 2 * x / x
    y += 3
    assert (-y).tolist() == [-2, -2] and bool((y > 1).all()) and float(x[1]) == 2 and len(x) == 2
    np.testing.assert_array_equal(x, [1, 2])


def test_torch_calls_the_test_back():
    x = torch.tensor(3.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([x])

    def closure():
        optimizer.zero_grad()
        loss = torch.square(x - 1) + x * 0
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4 and abs(x.item() - 1) < 1e-6


def test_errors_and_warnings_arrive():
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        torch.ones(2) @ torch.ones(3)
    with pytest.raises(RuntimeError, match="singular"):  # torch.linalg.LinAlgError
        torch.linalg.inv(torch.zeros(2, 2))
    with pytest.raises(AttributeError):
        torch.nn.no_such_layer
    with pytest.warns(UserWarning, match="Implicit dimension"):
        torch.nn.functional.softmax(torch.ones(2))


def test_a_written_file_is_part_of_the_answer(tmp_path):
    file = io.BytesIO()
    torch.save({"x": torch.ones(3)}, file)
    torch.save({"x": torch.ones(3)}, tmp_path / "x.pt")
    assert file.getvalue()[:2] == (tmp_path / "x.pt").read_bytes()[:2] == b"PK"


def test_what_a_stand_in_cannot_do():
    def output(torch):
        class Twice(torch.nn.Module):
            def forward(self, x):
                return x * 2

        return Twice()(torch.ones(2))

    with pytest.raises(TypeError, match="answer"):
        output(torch)
    assert answer(output).tolist() == [2, 2]


# ---- what is stored ------------------------------------------------------------------------------


def test_every_record_is_of_a_test():
    """Of a test file that is there, and of a function in it."""
    for path in RECORDS.rglob("*.npz"):
        source = pathlib.Path(RECORDS.parent, path.relative_to(RECORDS)).with_suffix(".py")
        assert source.exists(), f"{path} is of no test file: remove it, or run `python -m tests.record`"
        tree = ast.walk(ast.parse(source.read_text()))
        names = {node.name for node in tree if isinstance(node, ast.FunctionDef)} | {"import"}
        record = tape.session.files.get(path) or File(path)  # as it was read for the tests of this run
        gone = {test.partition("[")[0].split("::")[-1] for test in record.entries} - names
        assert not gone, f"{path} has tests that are no more, {gone}: run `python -m tests.record`"


def test_the_records_are_small():
    assert sum(path.stat().st_size for path in RECORDS.rglob("*.*")) < 6 * 2**20
