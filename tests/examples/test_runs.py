"""Every example runs with --quick, prints its table, and writes pictures that are pictures."""

import ast
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")
from PIL import Image

from .running import EXAMPLES, NAMES, drawn, run

# name: (its pictures, words of its table or last line)
WRITES = {
    "optimizers_2d": (
        "trajectories.png loss.png SGD.png AdaGrad.png RMSprop.png Momentum.png Adam.png AdamW.png "
        "Adamax.png NAdam.png RAdam.png Adadelta.png Rprop.png ASGD.png Adafactor.png Muon.png L-BFGS.png",
        "last point",
    ),
    "optimizers_3d": (
        "cubic.gif cubic.png cubic_progress.png saddle.gif saddle.png saddle_progress.png",
        "what it did",
    ),
    "linear_fit": ("loss.png", "epochs to 2e-4"),
    "adam_deep_dive": ("recipes.png bias_correction.png clipping.png", "val acc"),
    "mytorch_optim": ("curves.png", "test accuracy"),
    "mlp_mnist": ("curves.png", "best test accuracy"),
    "sigmoid_mnist": ("accuracy.png", "gradient of the first layer"),
    "autoencoder": ("reconstructions.png latent.png loss.png", "error of PCA"),
    "char_rnn": ("bits.png reading.png", "in the list"),
    "tiny_gpt": ("training.png attention.png", "sorted lists"),
    "gan_mnist": ("samples.png samples.gif training.png", "classifier agrees"),
    "newton": ("rosenbrock.png convergence.png", "backward passes"),
    "custom_op": ("log_cosh.png differences.png", "gradgradcheck"),
    "distributed": ("timeline.png", "averages by hand"),
    "mnist": ("curves.png worst.png confusion.png", "test accuracy"),
}
ELSEWHERE = {"explain_backward", "one_page"}  # have tests of their own


def test_every_example_is_tested():
    assert set(NAMES) == WRITES.keys() | ELSEWHERE


@pytest.mark.parametrize("name", WRITES)
def test_run(name):
    pictures, words = WRITES[name]
    text, out = run(name, "--quick")
    assert words in text and str(out) in text
    assert {p.name for p in out.iterdir() if p.suffix in (".png", ".gif")} == set(pictures.split())
    for picture in pictures.split():
        with Image.open(out / picture) as image:
            image.load()
            assert (
                image.width > 300
                and image.height > 250
                and len(np.unique(np.asarray(image.convert("L")))) > 10
            )
            assert getattr(image, "n_frames", 1) > 1 if picture.endswith(".gif") else image.format == "PNG"
    for picture, plots in drawn[name, ("--quick",)]:
        for lengths, anything in plots:
            assert anything and min(lengths, default=2) > 1, f"{picture} has an empty plot or a single point"


@pytest.mark.parametrize("name", ["linear_fit", "mlp_mnist"])
def test_the_same_seed_is_the_same_run(name):
    text, out = run(name, "--quick")
    again, other = run(name, "--quick", "--seed", "0"), run(name, "--quick", "--seed", "1")
    assert (
        again[0].replace(str(again[1]), "")
        == text.replace(str(out), "")
        != other[0].replace(str(other[1]), "")
    )
    for picture in WRITES[name][0].split():
        assert (
            (again[1] / picture).read_bytes()
            == (out / picture).read_bytes()
            != (other[1] / picture).read_bytes()
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_text_says_how_to_run_it_and_what_it_shows(name):
    text = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text("utf-8")))
    assert f"python examples/{name}.py" in text
    assert "hat the run shows" in " ".join(text.split()) or name == "mnist"


def test_help_in_a_process_of_its_own():
    done = subprocess.run(
        [sys.executable, EXAMPLES / "tiny_gpt.py", "--help"], capture_output=True, text=True, check=True
    )
    for option in ("--quick", "--seed", "--out", "--steps"):
        assert option in done.stdout
