"""What the texts claim of runs that take minutes: ``EXAMPLES=full pytest tests/examples``, with
``MNIST_ROOT`` the folder of all 70,000 digits.
"""

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")
if os.environ.get("EXAMPLES") != "full":
    pytest.skip("the long runs of the examples: set EXAMPLES=full", allow_module_level=True)

from .running import run

ROOT = os.environ.get("MNIST_ROOT", Path(__file__).parents[2] / "data")
needs_all_digits = pytest.mark.skipif(
    not any(Path(ROOT).glob("**/train-images-idx3-ubyte*")),
    reason="all 70,000 digits: set MNIST_ROOT to the folder of the IDX files",
)


def rows(text):
    """The numbers of each line of a table, by its first words."""
    found = (re.match(r" *(.*?)  +(-?[\d.].*)", line) for line in text.splitlines())
    return {
        m[1]: [float(n.strip("%").replace(",", "")) for n in m[2].split()]
        for m in found
        if m and re.fullmatch(r"[-\d.,%e+ ]+", m[2])
    }


@needs_all_digits
def test_mlp_reaches_97_and_a_half_percent():
    text, _ = run("mlp_mnist", "--data", "full", "--root", str(ROOT))
    assert "60,000" in text and float(re.search(r"best test accuracy (\S+)%", text)[1]) >= 97.5


@needs_all_digits
def test_sigmoid_is_slow_and_why():
    table = rows(run("sigmoid_mnist", "--data", "full", "--root", str(ROOT))[0])
    first, last, share = table["sigmoid, SGD lr 0.01"]
    assert 9 < first < 21 and 65 < last < 75 and share == pytest.approx(0.03, abs=0.005)
    assert table["the same, not shuffled"][0] == pytest.approx(24, abs=4)
    assert table["ReLU, SGD lr 0.01"][0] == pytest.approx(83, abs=2)
    assert table["sigmoid, SGD lr 1"][1] > 97 and table["sigmoid, Adam lr 0.01"][1] >= 97


def test_optimizers_that_take_a_module():
    lines = [line.split() for line in run("mytorch_optim")[0].splitlines() if line.endswith("%")]
    accuracy = {(network, optimizer): float(value.strip("%")) for network, optimizer, _, value in lines}
    for optimizer in ("SGD", "AdaGrad", "Adam"):
        assert (
            93 <= accuracy["Convolutional", optimizer] <= 97.5
            and 89 <= accuracy["FullyConnected", optimizer] <= 91.5
        )


def test_autoencoder():
    lines = [
        [float(n.strip("%")) for n in line.split()]
        for line in run("autoencoder")[0].splitlines()
        if line.endswith("%")
    ]
    (two, _, error2, pca2, alike2), (sixteen, _, error16, pca16, alike16) = lines
    assert (two, sixteen) == (2, 16) and (pca2, pca16) == pytest.approx((0.0547, 0.0275), abs=2e-4)
    assert (error2, error16) == pytest.approx((0.042, 0.016), abs=0.0015)
    assert 60 < alike2 < 70 and 88 < alike16 < 94


def test_tiny_gpt_sorts_nearly_everything():
    text, _ = run("tiny_gpt")
    assert float(re.search(r"of 2,000 new lists (\S+)% are sorted", text)[1]) > 99
    first, last = re.search(r"loss (\S+) at the first step, (\S+) over the last 20", text).groups()
    assert float(first) == pytest.approx(2.4, abs=0.1) and float(last) < 0.001
    even = int(re.search(r"\((\d+)% if", text)[1])
    shares = [
        int(n)
        for line in text.splitlines()
        if line.startswith("  layer")
        for n in re.findall(r"(\d+)%", line)
    ]
    assert even == 14 and len(shares) == 8 and min(shares) > even and 2.5 * even < max(shares) < 3.2 * even


def test_gan_draws_what_it_is_asked_for():
    text, _ = run("gan_mnist")
    rows = {
        line[:15].strip(): [float(n.strip("%")) for n in line[15:].split()]
        for line in text.splitlines()
        if line.startswith(("drawn", "unseen"))
    }
    drawn, real = rows["drawn"], rows["unseen real"]
    assert (
        drawn[0] > 90
        and drawn[0] >= real[0]
        and drawn[1] == pytest.approx(real[1], rel=0.1)
        and 0.8 * real[2] < drawn[2] < real[2]
    )
    assert float(re.search(r"discriminator (\S+) \(0.69", text)[1]) < 0.6
