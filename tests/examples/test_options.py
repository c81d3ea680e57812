"""A wrong option ends an example with a line that says why and exit code 2, and nothing is overwritten."""

import re
import signal
import subprocess
import sys

import pytest

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")

import mytorch
from mytorch.datasets import MNIST

from .running import EXAMPLES, NAMES, load

WRONG = [
    ("--epochs", "0", "expected 1 or more, got 0"),
    ("--epochs", "-3", "expected 1 or more, got -3"),
    ("--epochs", "many", "expected a whole number, got 'many'"),
    ("--steps", "0", "expected 1 or more, got 0"),
    ("--length", "0", "expected 1 or more, got 0"),
    ("--batch-size", "0", "expected 1 or more, got 0"),
    ("--workers", "-1", "expected 0 or more, got -1"),
    ("--seed", "-1", "expected 0 or more, got -1"),
    ("--seed", "9" * 30, "expected less than 2**63"),
    ("--lr", "-1", "expected a number above 0, got -1"),
    ("--lr", "nan", "expected a number above 0, got nan"),
    ("--lr", "fast", "expected a number, got 'fast'"),
    ("--device", "moon", "moon"),
    ("--device", "cuda:7", ""),
    ("--data", "none", "invalid choice"),
]
CASES = [
    (name, *case)
    for name in NAMES
    for case in WRONG
    if f'"{case[0]}"' in (EXAMPLES / f"{name}.py").read_text()
]


def fails(name, *options, monkeypatch, capsys):
    """The last line of what the example says before it ends with exit code 2."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, options)])
    with pytest.raises(SystemExit) as stopped:
        load(name).main()
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("name, option, value, message", CASES)
def test_a_wrong_value(name, option, value, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "weights.mt").write_text("what was there")
    said = fails(name, "--out", tmp_path, option, value, monkeypatch=monkeypatch, capsys=capsys)
    assert said.startswith(f"{name}.py: error: argument {option}: ") and message in said
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("weights.mt", "what was there")]


@pytest.mark.parametrize("name", [n for n in NAMES if '"--out"' in (EXAMPLES / f"{n}.py").read_text()])
def test_a_folder_that_cannot_be_written(name, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("what was there")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        said = fails(name, "--out", out, "--quick", monkeypatch=monkeypatch, capsys=capsys)
        assert said.startswith(f"{name}.py: error: argument --out: cannot write to {out}: ")
    assert (tmp_path / "file").read_text() == "what was there"


@pytest.mark.parametrize("name", [n for n in NAMES if '"--root"' in (EXAMPLES / f"{n}.py").read_text()])
def test_damaged_digits(name, tmp_path, monkeypatch, capsys):
    for file in MNIST.md5:
        (tmp_path / file).write_bytes(b"no digits")
    options = ("--out", tmp_path / "out", "--data", "full", "--root", tmp_path)
    said = fails(name, *options, monkeypatch=monkeypatch, capsys=capsys)
    assert said.startswith(f"{name}.py: error: argument --data: ") and "not an IDX file" in said
    assert not list((tmp_path / "out").iterdir())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The state that mnist.py leaves."""
    out = tmp_path_factory.mktemp("mnist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mnist.py", "--quick", "--model", "mlp", "--out", str(out)])
        load("mnist").main()
    return mytorch.load(out / "checkpoint.mt")


DAMAGED = {
    "rubbish": (lambda state, path: path.write_bytes(b"rubbish"), "not a mytorch or PyTorch checkpoint"),
    "half": (
        lambda state, path: (mytorch.save(state, path), path.write_bytes(path.read_bytes()[:20_000])),
        "damaged, truncated",
    ),
    "other": (lambda state, path: mytorch.save({"a": 1}, path), "not a checkpoint of this example"),
    "other model": (
        lambda state, path: mytorch.save({**state, "model": {"a": mytorch.ones(1)}}, path),
        "state_dict",
    ),
    "no progress": (lambda state, path: mytorch.save({**state, "progress": {}}, path), "argument --resume"),
    "other options": (
        lambda state, path: mytorch.save({**state, "recipe": {**state["recipe"], "seed": 7}}, path),
        "was made with --seed 7",
    ),
    "none": (lambda state, path: None, "there is no checkpoint"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_checkpoint_that_cannot_be_resumed(damage, checkpoint, tmp_path, monkeypatch, capsys):
    write, message = DAMAGED[damage]
    write(checkpoint, tmp_path / "checkpoint.mt")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    options = ("--quick", "--model", "mlp", "--resume", "--out", tmp_path)
    said = fails("mnist", *options, monkeypatch=monkeypatch, capsys=capsys)
    assert said.startswith("mnist.py: error: argument --resume: ") and message in said
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_in_a_process_of_its_own(tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / "linear_fit.py", "--epochs", "0", "--out", tmp_path],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "") and "Traceback" not in done.stderr
    assert done.stderr.endswith("linear_fit.py: error: argument --epochs: expected 1 or more, got 0\n")


def test_an_interrupted_training_says_how_to_go_on(tmp_path):
    """Ctrl-C: one line, the exit status of an interrupted program, and a whole checkpoint."""
    command = [sys.executable, EXAMPLES / "mnist.py", "--model", "mlp", "--out", tmp_path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert any(line.startswith("epoch  1") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    lines = said.strip().splitlines()
    assert process.returncode == 130 and len(lines) == 1, said
    assert re.fullmatch(
        r"stopped in epoch \d+ after [\d,]+ images; --resume goes on from .*checkpoint.mt", lines[0]
    )
    assert {"recipe", "progress", "rng", "model"} <= mytorch.load(tmp_path / "checkpoint.mt").keys()
