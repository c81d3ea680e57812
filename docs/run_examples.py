"""Run examples at full length and keep what they print and draw for their pages: docs/pictures/NAME.txt and
NAME-*.png or .gif.

    python docs/run_examples.py optimizers_2d linear_fit     # without names all of them, an hour

Pictures are made small. Of a web page a screenshot is kept.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageSequence
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"


def run(name):
    """Run one example and replace what the docs have of it."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, f"examples/{name}.py", "--out", out]
        if name == "distributed":
            command = ["mpiexec", "-n", "2", *command]
        environment = os.environ | {"COLUMNS": "100", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
        text = re.sub(r"[^\n]*\r(?!\n)", "", done.stdout.replace(out, f"runs/{name}"))
        (PICTURES / f"{name}.txt").write_text(text.strip("\n") + "\n")
        for old in PICTURES.glob(f"{name}-*"):
            old.unlink()
        for page in Path(out).glob("*.html"):
            screenshot(page)
        for drawn in sorted(Path(out).glob("*.[pg][ni][gf]")):
            keep(drawn, PICTURES / f"{name}-{drawn.name}")


def screenshot(page):
    """What a web page looks like, as a PNG beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1300, "height": 850})
        tab.goto(page.as_uri())
        tab.screenshot(path=page.with_suffix(".png"))


def keep(drawn, target):
    """Save a picture with few colours and at most 1,400 pixels wide; an animation with half of its frames and
    640 pixels, if it is a large one. Thin lines keep their colours.
    """
    picture = Image.open(drawn)
    if drawn.suffix == ".png":
        picture.thumbnail((1400, 1400))
        few = picture.convert("RGB").quantize(
            256, Image.Quantize.MAXCOVERAGE, kmeans=5, dither=Image.Dither.NONE
        )
        few.save(target, optimize=True)
    elif drawn.stat().st_size < 900_000:
        target.write_bytes(drawn.read_bytes())
    else:
        size = 640, 640 * picture.height // picture.width
        frames = [frame.convert("RGB").resize(size) for frame in ImageSequence.Iterator(picture)][::2]
        palette = frames[len(frames) // 2].quantize(64)  # one for all, so that only what moves is stored
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
        duration = 2 * picture.info.get("duration", 50)
        first.save(target, save_all=True, append_images=others, duration=duration, loop=0, optimize=True)


if __name__ == "__main__":
    examples = sorted(path.stem for path in (ROOT / "examples").glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(examples))
    for name in parser.parse_args().names or examples:
        print(name, "…", flush=True)
        run(name)
