"""The page of ``explain`` in a real browser without a head: what it shows, and what keys, buttons, slider and
address do.
"""

import html
import json
import re
import shutil
import subprocess

import pytest

import mytorch
from mytorch import nn
from mytorch.utils.visualize import Trace, explain

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--enable-logging=stderr",
)
ODD = "</script><img src=x onerror=alert()>&amp;"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(4, 8), nn.Linear(8, 3)
        self.register_parameter(ODD, nn.Parameter(mytorch.ones(3)))

    def forward(self, x):
        return self.out(self.hidden(x).relu()) * getattr(self, ODD)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    mytorch.manual_seed(0)
    model = Model()
    with Trace(model) as trace:
        loss = nn.functional.mse_loss(model(mytorch.randn(5, 4)), mytorch.zeros(5, 3))
    return explain(loss, trace, tmp_path_factory.mktemp("page") / "explain.html")


@pytest.fixture
def browse(page, tmp_path):
    """Open the page at a fragment, run a script in it, and return what the script hands to ``done``, and the
    page's errors.
    """

    def open_page(script, fragment="", size="1280,800", extra=()):
        ending = f"""<script>
            const text = (selector) => document.querySelector(selector).textContent;
            const all = (selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
            const press = (key) => document.body.dispatchEvent(
                new KeyboardEvent("keydown", {{key, bubbles: true, cancelable: true}}));
            const done = (result) => {{
                const element = document.body.appendChild(document.createElement("pre"));
                Object.assign(element, {{id: "result", textContent: JSON.stringify(result)}});
            }};
            {script}</script></body>"""
        copy = tmp_path / "page.html"
        copy.write_text(page.read_text("utf-8").replace("</body>", ending), "utf-8")
        command = [
            CHROMIUM,
            *FLAGS,
            *extra,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={size}",
            "--virtual-time-budget=20000",
        ]
        ran = subprocess.run(
            [*command, "--dump-dom", f"{copy.as_uri()}{fragment}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        found = re.search(r'<pre id="result">(.*?)</pre>', ran.stdout, re.DOTALL)
        errors = [line for line in ran.stderr.splitlines() if "CONSOLE" in line]
        assert found and not errors, (errors, ran.stderr[-2000:], ran.stdout[:2000])
        return json.loads(html.unescape(found[1]))

    return open_page


def test_the_first_step(browse):
    seen = browse(
        """done({
            title: document.title, heading: text("h2"), position: text("#position"),
            formulas: all(".rule pre"), places: all(".rule .place"),
            cells: all("#details tbody tr").slice(0, 2),
            list: all("#list button .name"), groups: all("#list .group"),
            current: all("[aria-current=step] .name"),
            bars: document.querySelectorAll("#chart rect:not(.hit)").length,
            images: document.images.length,
        })"""
    )
    assert seen["title"] == "Backward pass of Mse" and seen["images"] == 0
    assert seen["heading"].startswith("1. MseMseBackward0")
    assert "x=_mse_vjp" in seen["places"][0] and "mytorch/ops/losses/pointwise.py" in seen["places"][0]
    assert seen["formulas"][0].startswith("def _mse_vjp(g, x, target, reduction):")
    assert seen["cells"][0].startswith("in: ones, where the pass starts()float324 B1")
    assert seen["cells"][1].startswith("out for x, to#2 Mul(5, 3)float3260 B")
    assert seen["list"] == [
        "Mse",
        "Mul",
        ODD,
        "Linear",
        "out.weight",
        "out.bias",
        "Relu",
        "Linear",
        "hidden.weight",
        "hidden.bias",
    ]
    assert seen["groups"] == ["outside of the model", "Model", "out: Linear", "Model", "hidden: Linear"]
    assert seen["bars"] == 10 and seen["position"] == "step 1 of 10" and seen["current"] == ["Mse"]


def test_a_step_by_address(browse):
    seen = browse(
        """done({heading: text("h2"), formulas: all(".rule pre"), tables: all("#details tbody tr"),
                 slider: slider.value})""",
        "#step=2",
    )
    assert seen["heading"].startswith("2. MulMulBackward0Model")
    assert seen["formulas"] == ["x=lambda g, y: g * y", "y=lambda g, x: g * x"]
    assert seen["tables"][0].startswith("in, from#1 Mse(5, 3)float3260 B")
    assert seen["tables"][2].startswith(f"out for y, to#3 {ODD}(5, 3) summed to (3,)float3212 B")
    assert seen["tables"][3:] == ["y(3,)float3212 B", "x(5, 3)float3260 B"]
    assert seen["slider"] == "2"


def test_stepping(browse):
    seen = browse(
        """const steps = [];
        const note = (what) => steps.push([what, text("#position"), text("h2").split(" ")[1], location.hash]);
        next.click(); note("next");
        press("ArrowRight"); note("right");
        press("ArrowLeft"); note("left");
        press("End"); note("end");
        press("ArrowRight"); note("beyond");
        previous.click(); note("previous");
        press("Home"); note("home");
        slider.value = 7; slider.dispatchEvent(new Event("input")); note("slider");
        document.querySelectorAll("#list button")[3].click(); note("list");
        document.querySelectorAll("#chart rect.hit")[1].dispatchEvent(new MouseEvent("click")); note("bar");
        document.querySelector("#details .link").click(); note("link");
        location.hash = "#step=5";
        setTimeout(() => { note("address"); done(steps); }, 100);"""
    )
    positions = {what: (position, address) for what, position, _, address in seen}
    buttons = {"next": 2, "right": 3, "left": 2, "end": 10, "beyond": 10, "previous": 9, "home": 1}
    others = {"slider": 7, "list": 4, "bar": 2, "link": 1, "address": 5}
    assert positions == {what: (f"step {n} of 10", f"#step={n}") for what, n in (buttons | others).items()}
    assert {what: name for what, _, name, _ in seen}["slider"].startswith("Relu")


def test_playing(browse):
    seen = browse(
        """const steps = [];
        const note = (...selectors) => steps.push(...selectors.map(text));
        press(" "); note("#play");
        setTimeout(() => { note("#position"); press(" "); note("#play"); }, 2000);
        setTimeout(() => { note("#position"); press(" "); }, 5000);
        setTimeout(() => { note("#position", "#play"); steps.push(next.disabled); done(steps); }, 16000);"""
    )
    assert seen == ["Pause", "step 3 of 10", "Play", "step 3 of 10", "step 10 of 10", "Play", True]


@pytest.mark.parametrize("size", ["1280,800", "500,900"])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_can_be_read(browse, size, dark):
    extra = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    seen = browse(
        """const light = (color) => {
            const linear = (c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
            const [red, green, blue] = color.match(/\\d+/g).slice(0, 3).map((c) => linear(c / 255));
            return .2126 * red + .7152 * green + .0722 * blue;
        };
        const behind = (e) => {
            while (getComputedStyle(e).backgroundColor === "rgba(0, 0, 0, 0)") e = e.parentElement;
            return getComputedStyle(e).backgroundColor;
        };
        const contrast = (e) => {
            const [low, high] = [light(getComputedStyle(e).color), light(behind(e))].sort((p, q) => p - q);
            return (high + .05) / (low + .05);
        };
        const texts = document.querySelectorAll(
            "h1, h2, h3, p, pre, td, th, .place, .link, .name, .shape, .group, .summary, button:enabled");
        done({wider: document.documentElement.scrollWidth - innerWidth,
              least: Math.min(...[...texts].map(contrast)),
              page: light(getComputedStyle(document.body).backgroundColor)});""",
        "#step=4",
        size,
        extra,
    )
    assert seen["wider"] <= 0
    assert seen["least"] >= 4.5, "WCAG's contrast of text"
    assert (seen["page"] < 0.1) is dark
