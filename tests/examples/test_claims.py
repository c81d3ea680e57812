"""What the examples' texts claim, measured with the examples' own functions."""

import math
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm")

import mytorch
from mytorch import nn, optim
from mytorch.autograd.functional import hessian

from .running import load, run


def numbers(line):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", line.replace(",", ""))]


# ---- optimizers_2d.py ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paths():
    """The points that each optimizer visits in the plane."""
    example = load("optimizers_2d")
    return {name: example.trajectory(make, steps)[0] for name, (steps, make) in example.RUNS.items()}


def test_sgd_drops_across_the_valley_and_creeps_along_it(paths):
    ratios = paths["SGD"][1:4] / paths["SGD"][:3]
    np.testing.assert_allclose(ratios, np.tile([0.92, 0.2], (3, 1)))
    assert abs(paths["SGD"][3, 1]) < 0.01 * 4 and paths["SGD"][-1, 0] > 0.5


def test_who_goes_straight_who_swings_and_who_overshoots(paths):
    def detour(points):
        """The farthest that a path gets from the straight line to the minimum."""
        direction = points[0] / np.linalg.norm(points[0])
        return abs(points[:, 0] * direction[1] - points[:, 1] * direction[0]).max()

    assert max(detour(paths["AdaGrad"]), detour(paths["RMSprop"])) < 0.5 * min(
        detour(paths["SGD"]), detour(paths["Momentum"])
    )
    swings = {name: np.count_nonzero(np.diff(np.sign(points[:, 1]))) for name, points in paths.items()}
    assert swings["Momentum"] >= 3 and swings["AdaGrad"] == swings["RMSprop"] == 0
    assert paths["Adam"][-1, 0] < 0 < paths["Adam"][15, 0] and len(paths["Adam"]) == 21


def by_hand(name, gradient, start, lr, steps, inside, eps=1e-7):
    """The adaptive optimizers as in their papers, with eps outside or inside the square root."""
    x, m, v, points = np.array(start), 0.0, 0.0, [start]
    for t in range(1, steps + 1):
        g = gradient(x)
        if name == "AdaGrad":
            m, v = g, v + g * g
        elif name == "RMSprop":
            m, v = g, 0.9 * v + 0.1 * g * g
        else:
            m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        first, second = (m / (1 - 0.9**t), v / (1 - 0.99**t)) if name == "Adam" else (m, v)
        x = x - lr * first / (np.sqrt(second + eps) if inside else np.sqrt(second) + eps)
        points.append(x)
    return np.array(points)


@pytest.mark.parametrize(("name", "lr"), [("AdaGrad", 0.5), ("RMSprop", 0.1), ("Adam", 0.2)])
def test_eps_is_outside_the_root_and_where_that_matters(name, lr, paths):
    args = name, lambda x: x * [0.4, 4], (3.0, 4.0), lr, len(paths[name]) - 1
    outside, inside = by_hand(*args, False), by_hand(*args, True)
    np.testing.assert_allclose(paths[name], outside, atol=1e-13)
    assert 0 < abs(inside - outside).max() < 2e-7

    example = load("optimizers_3d")
    f, _, start, steps, optimizers, *_ = example.SURFACES["saddle"]
    args = name, lambda x: x * [-1, 2], start, 0.05, steps
    outside, inside = by_hand(*args, False)[:, 0], by_hand(*args, True)[:, 0]
    np.testing.assert_allclose(
        example.trajectory(f, start, optimizers[name], steps)[:, 0], outside, rtol=1e-12
    )
    # where the gradient is 1e-5, eps of 1e-7 under the root is what counts
    difference = abs(inside - outside) / outside
    assert difference[1] > 0.9 and 0.01 < difference[30] < 0.06 and 0.005 < difference[-1] < 0.01


# ---- optimizers_3d.py ----------------------------------------------------------------------------


def test_the_cubic_has_a_minimum_at_0_and_a_saddle_elsewhere():
    f = load("optimizers_3d").SURFACES["cubic"][0]
    for point, signs in (((0.0, 0.0), (1, 1)), ((0.25, -0.5), (-1, 1))):
        x = mytorch.tensor(point, dtype=mytorch.float64, requires_grad=True)
        (gradient,) = mytorch.autograd.grad(f(x[0], x[1]), x)
        assert gradient.abs().max().item() < 1e-12
        curvatures = np.linalg.eigvalsh(hessian(lambda x: f(x[0], x[1]), x).detach().numpy())
        assert tuple(np.sign(curvatures)) == signs


def test_who_leaves_the_saddle_and_who_runs_away():
    text, _ = run("optimizers_3d", "--quick")
    cubic, saddle = (
        {line.split()[0]: line for line in part.splitlines()[1:] if line}
        for part in text.strip().split("f(x) = ")[1:]
    )
    for name in ("SGD", "AdaGrad", "RMSprop", "Adam"):
        assert "near the minimum" in cubic[name]
    assert (
        "ran off to minus infinity (f < -10 after 9 steps)" in cubic["Momentum"]
        and float(cubic["Momentum"].split(")")[1].split()[0]) < -1e100
    )
    assert "still at the saddle" in saddle["SGD"]
    for name, step in (("AdaGrad", 57), ("RMSprop", 8), ("Momentum", 66), ("Adam", 21)):
        assert f"left the saddle (|x₀| > 1 after {step} steps)" in saddle[name]


def test_sgd_leaves_the_saddle_by_5_percent_a_step():
    example = load("optimizers_3d")
    f, _, start, steps, optimizers, *limits = example.SURFACES["saddle"]
    points = example.trajectory(f, start, optimizers["SGD"], steps)
    np.testing.assert_allclose(points[1:, 0] / points[:-1, 0], 1.05)
    assert (
        len(points) == 101
        and points[-1, 0] < 0.002
        and example.verdict("saddle", points, limits) == "still at the saddle"
    )


# ---- linear_fit.py -------------------------------------------------------------------------------


def test_linear_fit():
    example = load("linear_fit")
    data = example.make_data(0)
    curves = {}
    for name, make in example.OPTIMIZERS.items():
        by_iteration, by_epoch, model = example.train(data, make, 30, 0)
        assert len(by_iteration) == 30 * 16 and len(by_epoch) == 30
        np.testing.assert_allclose(model.weight[0].tolist(), [0.5, 0.8], atol=0.01)
        assert 4 <= next(i + 1 for i, loss in enumerate(by_epoch) if loss < 2e-4) <= 6
        curves[name] = by_epoch
    for name in ("SGD", "Momentum", "AdaGrad"):
        np.testing.assert_allclose(curves[name][10:], 1.05e-4, rtol=0.02)
    assert 1.05e-4 < np.mean(curves["Adam"][20:]) < 1.3e-4
    assert 1.8e-4 < max(curves["RMSprop"][10:]) < 2.5e-4
    assert example.check_sgd(data, 0) < 1e-7


# ---- adam_deep_dive.py ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    example = load("adam_deep_dive")
    shipped = example.load_mnist()
    return [
        example.TensorDataset(
            mytorch.from_numpy((images.reshape(-1, 784) / 255).astype(np.float32)), mytorch.from_numpy(labels)
        )
        for images, labels in (
            (shipped.train_images, shipped.train_labels),
            (shipped.test_images, shipped.test_labels),
        )
    ]


def test_the_three_recipes(digits):
    example = load("adam_deep_dive")
    logs = {
        name: example.train(digits, make, 15, 0, scheduled=True, clip=5.0)
        for name, make in example.OPTIMIZERS.items()
    }
    steps, warm_up = 15 * 79, 15 * 79 // 10
    for name, log in logs.items():
        assert 0.92 < log["val_accuracy"][-1] < 0.945 and len(log["lr"]) == steps
        assert sum(norm > 5 for norm in log["norm"]) < 0.01 * steps and max(log["clipped_norm"]) < 5 * (
            1 + 1e-6
        )
        base, t = {"SGD+momentum": 0.05}.get(name, 1e-3), np.arange(steps)
        cosine = 0.01 + 0.99 * (1 + np.cos(np.pi * (t - warm_up) / (steps - warm_up))) / 2
        np.testing.assert_allclose(
            log["lr"], base * np.where(t < warm_up, (t + 1) / (warm_up + 1), cosine), rtol=1e-12
        )
    adam, decayed = (np.convolve(logs[name]["loss"], np.ones(25) / 25, "valid") for name in ("Adam", "AdamW"))
    assert (abs(adam - decayed) / adam).max() < 0.1


def test_without_bias_correction_the_first_step_is_larger(digits):
    def steps(**options):
        x = mytorch.tensor([1.0, -2.0], dtype=mytorch.float64, requires_grad=True)
        optimizer, lengths = optim.Adam([x], lr=1e-3, eps=0.0, **options), []
        for _ in range(1000):
            before = x.detach().clone()
            x.grad = mytorch.tensor([5.0, -0.03], dtype=mytorch.float64)
            optimizer.step()
            lengths.append((x.detach() - before).abs().tolist())
        return np.array(lengths)

    ratio = steps(bias_correction=False) / steps()
    np.testing.assert_allclose(ratio[0], 0.1 / math.sqrt(0.001), rtol=1e-9)  # 3.16
    np.testing.assert_allclose(ratio[11], 6.6, atol=0.05)
    assert ratio[:, 0].argmax() == 11 and 1.2 < ratio[-1].max() < 1.3

    example = load("adam_deep_dive")
    on, off = (
        example.train(digits, lambda p: optim.Adam(p, lr=1e-3, bias_correction=flag), 2, 0)["loss"]
        for flag in (True, False)
    )
    assert np.mean(off[:79]) < 0.75 * np.mean(on[:79]) and np.mean(off[79:]) < 0.75 * np.mean(on[79:])


def test_clipping_bounds_the_norm_and_does_not_rescue(digits):
    example = load("adam_deep_dive")
    free, clipped = (
        example.train(digits, lambda p: optim.Adam(p, lr=0.1), 3, 0, clip=clip) for clip in (None, 1.0)
    )
    assert max(free["clipped_norm"]) > 50 and max(clipped["clipped_norm"]) < 1 + 1e-6 < max(clipped["norm"])
    assert clipped["val_accuracy"][-1] < 0.13 and 0.2 < free["val_accuracy"][-1] < 0.5


def test_adam_does_not_feel_the_scale_of_the_gradient():
    def path(scale):
        x = mytorch.tensor([1.0, -2.0], dtype=mytorch.float64, requires_grad=True)
        optimizer = optim.Adam([x], lr=0.1, eps=0.0)
        for k in range(20):
            x.grad = scale * mytorch.tensor([math.cos(k), math.sin(3 * k) + 2], dtype=mytorch.float64)
            optimizer.step()
        return x.detach().numpy()

    np.testing.assert_allclose(path(1e-3), path(1.0), rtol=1e-9)


# ---- mytorch_optim.py, mlp_mnist.py, sigmoid_mnist.py --------------------------------------------


def test_the_decay_of_the_learning_rate():
    example = load("mytorch_optim")
    optimizer = example.OPTIMIZERS["SGD"](nn.Linear(1, 1))
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = mytorch.zeros_like(parameter)
    for _ in range(948):
        optimizer.step()
    rate = optimizer.param_groups[0]["lr"]
    assert (
        rate == pytest.approx(0.1 * (1 - 2e-4) ** sum(step // 100 for step in range(1, 949)))
        and round(rate / 0.1, 2) == 0.45
    )


def test_mlp_on_the_shipped_digits():
    text, out = run("mlp_mnist")
    lines = [numbers(line) for line in text.splitlines() if line.startswith("epoch")]
    assert len(lines) == 20 and len(list(out.glob("epoch*.mt"))) == 20
    last = [accuracy for _, _, accuracy in lines[-5:]]  # of 1,000 digits: rounding moves one by some .5
    assert 91 <= sum(last) / 5 <= 92 and lines[-1][1] < 0.5 * lines[9][1]
    state = mytorch.load(out / "epoch20.mt")
    model = load("mlp_mnist").MLP()
    model.load_state_dict(state["model"])
    assert state["epoch"] == 20 and state["optimizer"]["state"]


def test_sigmoid_on_the_shipped_digits():
    text, _ = run("sigmoid_mnist", "--quick")
    rows = {
        line.split("  ")[0]: [float(n) for n in line.replace("%", "").split()[-3:]]
        for line in text.splitlines()
        if "%" in line
    }
    assert (
        rows["sigmoid, SGD lr 0.01"][2] == pytest.approx(0.03, abs=0.005) and rows["ReLU, SGD lr 0.01"][2] > 1
    )
    assert (
        max(rows["sigmoid, SGD lr 0.01"][:2]) < 20 < 35 < rows["ReLU, SGD lr 0.01"][0]
        and rows["sigmoid, Adam lr 0.01"][1] > 85
    )


# ---- the models of the second half ---------------------------------------------------------------


def test_autoencoder_draws_closer_than_pca():
    text, _ = run("autoencoder", "--quick")
    two = numbers(next(line for line in text.splitlines() if line.startswith("      2")))
    assert two[2] < 0.98 * two[3] and two[3] == pytest.approx(0.0547, abs=2e-4)
    example = load("autoencoder")
    images, test_images, _, test_labels = example.load("subset", "")
    everything = example.pca(images.numpy(), images.numpy()[:50], 784)
    np.testing.assert_allclose(everything, images.numpy()[:50], atol=1e-4)  # all components draw everything
    codes = np.eye(10, dtype=np.float32)[test_labels]
    assert example.neighbours_agree(codes, test_labels, codes, test_labels) == 1 and test_images.shape == (
        1000,
        784,
    )


def test_char_rnn_knows_more_than_pairs_and_goes_on_to_learn_by_heart():
    example = load("char_rnn")
    names = example.NAMES.read_text().split()
    assert (
        len(names) == len(set(names)) == 1355
        and names == sorted(names)
        and example.NAMES.stat().st_size < 200_000
    )
    text, _ = run("char_rnn")
    value = {line.split("  ")[1].split(",")[0]: numbers(line)[-1] for line in text.splitlines()[1:5]}
    assert value["nothing known"] == pytest.approx(math.log2(27), abs=1e-3) and value[
        "letters counted"
    ] == pytest.approx(4.1, abs=0.05)
    assert value["pairs counted"] == pytest.approx(3.5, abs=0.05) and value["LSTM"] == pytest.approx(
        3.1, abs=0.05
    )
    known = [numbers(line)[1] for line in text.splitlines() if re.match(r" +(0.5|0.8|1.1) ", line)]
    assert len(known) == 3 and known[0] > known[1] > known[2] > 0
    training, test = example.split(0)
    assert len(training) == 1219 and len(test) == 136 and not set(training) & set(test)
    _, history = example.train(training, test, "lstm", 20, 0)
    best = history[:, 1].argmin()
    assert (
        8 <= best <= 16
        and history[-1, 1] > history[best, 1] + 0.03
        and history[-1, 0] < history[best, 0] - 0.2
    )


def test_char_rnn_counts_right():
    example = load("char_rnn")
    # each pair was seen once, 27 letters get one each
    assert example.counted_bits(["ab"], ["ab"], 1) == pytest.approx(-math.log2(2 / 28))
    x, y = example.encode(["ab", "c"])
    assert x.tolist() == [[0, 1, 2], [0, 3, 0]] and y.tolist() == [[1, 2, 0], [3, 0, -1]]


def test_tiny_gpt_sorts():
    example = load("tiny_gpt")
    text, _ = run("tiny_gpt", "--quick")
    assert numbers(next(line for line in text.splitlines() if "new lists" in line))[1] > 90
    shown = [line.split(" | ") for line in text.splitlines() if "   right" in line]
    assert shown and all(sorted(start.split()) == answer.split()[:-1] for start, answer in shown)
    mytorch.manual_seed(0)
    model = example.GPT(9).eval()
    tokens = example.sequences(3, 4)
    assert (
        tokens.shape == (3, 9)
        and (tokens[:, 4] == example.BAR).all()
        and (tokens[:, 5:] == tokens[:, :4].sort(1).values).all()
    )
    changed = tokens.clone()
    changed[:, 6:] = 0
    with mytorch.no_grad():  # causal: what comes later is not seen
        assert (
            (model(tokens)[:, :6] - model(changed)[:, :6]).abs().max()
            < 1e-5
            < (model(tokens)[:, 6:] - model(changed)[:, 6:]).abs().max()
        )
    assert sum(p.numel() for p in example.GPT(17).parameters()) == 102_603


def test_gan_parts():
    example = load("gan_mnist")
    mytorch.manual_seed(0)
    generator, discriminator = example.Generator(), example.Discriminator()
    digits = mytorch.tensor([3, 1, 4])
    with mytorch.no_grad():
        fake = generator(mytorch.randn(3, 64), digits)
        assert (
            fake.shape == (3, 1, 28, 28)
            and fake.abs().max() <= 1
            and discriminator(fake, digits).shape == (3, 1)
        )
    pictures = np.arange(80 * 784, dtype=np.float32).reshape(80, 28, 28) / 1e4
    assert (example.sheet(pictures)[28:56, 56:84] == pictures[12]).all()
    np.testing.assert_allclose(example.nearest(pictures[:2], pictures[1:]), [784 * 28 / 1e4, 0], atol=0.01)
    np.testing.assert_allclose(
        example.variety(pictures[:20], np.arange(20) % 10), 10 * 784 * 28 / 1e4, rtol=1e-3
    )


def test_newton_arrives_and_gradient_descent_does_not():
    text, _ = run("newton")
    rows = {
        tuple(re.split(r"  +", line)[:2]): numbers(line)
        for line in text.splitlines()
        if re.match("(Rosenbrock|logistic)", line)
    }
    steps, passes, value, norm = rows["Rosenbrock", "Newton-CG"]
    assert (steps, passes) == (22, 65) and value < 1e-20 and norm < 1e-10
    assert (
        rows["Rosenbrock", "gradient descent"][0] == 5000 and rows["Rosenbrock", "gradient descent"][3] > 1e-3
    )
    steps, passes, value, norm = rows["logistic regression", "Newton-CG"]
    assert steps == 7 and 900 < passes < 1100 and norm < 1e-10
    assert (
        rows["logistic regression", "gradient descent"][2] > value + 1e-3
        and rows["logistic regression", "gradient descent"][3] > 1e-4
    )
    last = numbers(next(line for line in text.splitlines() if "last steps, logistic" in line))
    assert all(math.log10(b) < 1.3 * math.log10(a) for a, b in zip(last[1:], last[2:]))


def test_newton_direction_solves_the_system():
    example = load("newton")
    x = mytorch.tensor([0.3, -0.7, 1.1], dtype=mytorch.float64, requires_grad=True)

    def f(x):
        return (x**4).sum() + x[0] * x[1] + (x - 1).square().sum()

    (gradient,) = mytorch.autograd.grad(f(x), x, create_graph=True)
    p, products = example.newton_direction(gradient, x, 1e-12)
    np.testing.assert_allclose(
        p.numpy(), np.linalg.solve(hessian(f, x).detach().numpy(), -gradient.detach().numpy()), rtol=1e-9
    )
    assert products <= 4


def test_custom_op_and_what_a_wrong_one_is_told():
    text, _ = run("custom_op", "--quick")
    assert (
        re.search(r"@primitive +True +True\nautograd.Function +True +True\n", text)
        and "log cosh 1000 = 999.3068" in text
    )
    for wrong, ratio in (("WrongSign", -1), ("ForgottenGradient", 3)):
        message = text[text.index(wrong) :]
        place = re.search(r"d output\[(\d)\] / d input\[\1\]: numerical (\S+), analytical (\S+);", message)
        assert float(place[2]) / float(place[3]) == pytest.approx(ratio, rel=1e-6)
        assert message.count("numerical:") >= 1 and message.count("analytical:") >= 1
    errors = {
        line.split()[0]: [float(n) for n in line.split()[1:]]
        for line in text.splitlines()
        if line.startswith("float")
    }
    assert errors["float32"] == [1e-2, 2e-5] and errors["float64"] == [1e-5, 2e-11]
    assert load("custom_op").log_cosh(np.array([-2.0])) == pytest.approx(math.log(math.cosh(2)))
