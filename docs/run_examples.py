"""Run the examples and keep what they print and draw for the docs: docs/pictures/NAME.txt and
docs/pictures/NAME-*.png or .gif.

    python docs/run_examples.py                                  # all of them, with their defaults
    python docs/run_examples.py --only optimizers_2d linear_fit

An example that fails is reported at the end, and what the docs have of it stays; the others go on. Pictures
are made small: PNGs with 256 colours and at most 1,400 pixels wide, GIFs scaled down until they are small
enough. A web page that an example writes is shown by a screenshot, if chromium is there.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageSequence

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
PNG_BYTES, GIF_BYTES = 150_000, 900_000


def run(name, limit):
    """Run one example and replace what the docs have of it; the reason if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / name
        command = [sys.executable, f"examples/{name}.py", "--out", str(out)]
        if name == "distributed":  # on two processes, if there is an MPI
            command = ["mpiexec", "-n", "2", *command] if shutil.which("mpiexec") else command
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=limit,
                env=os.environ | {"COLUMNS": "100"},
            )
        except subprocess.TimeoutExpired:
            return f"took more than {limit} s"
        if done.returncode:
            return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        text = done.stdout.replace(str(out), f"runs/{name}")
        (PICTURES / f"{name}.txt").write_text(re.sub(r"[^\n]*\r(?!\n)", "", text).strip("\n") + "\n")
        drawn = sorted(out.rglob("*"))
        for old in PICTURES.glob(f"{name}-*"):
            if old.stem not in {f"{name}-{path.stem}" for path in drawn}:
                old.unlink()
        for path in drawn:
            target = PICTURES / f"{name}-{path.name}"
            if path.suffix == ".png":
                target.write_bytes(small_png(Image.open(path)))
            elif path.suffix == ".gif":
                target.write_bytes(small_gif(path))
            elif path.suffix == ".html":
                screenshot(path, target.with_suffix(".png"))
    return None


def small_png(image):
    """The bytes of a PNG of at most PNG_BYTES, or as near as three sizes and 64 colours come."""
    image = image.convert("RGB")
    for width, colours in ((1400, 256), (1100, 256), (1100, 128), (900, 64)):
        scaled = (
            image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS)
            if image.width > width
            else image
        )
        buffer = io.BytesIO()
        with_palette(scaled, colours).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= PNG_BYTES:
            break
    return buffer.getvalue()


def with_palette(image, colours):
    """The image in so many colours. Rare ones stay what they are: a thin line must not turn grey."""
    return image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=5, dither=Image.Dither.NONE)


def small_gif(path):
    """The bytes of a GIF of at most GIF_BYTES: narrower, with fewer colours, and at last every second
    frame."""
    if path.stat().st_size <= GIF_BYTES:
        return path.read_bytes()
    with Image.open(path) as animation:
        duration, frames = (
            animation.info.get("duration", 50),
            [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)],
        )
    for width, colours, step in ((800, 128, 1), (640, 64, 1), (640, 64, 2), (480, 64, 2), (400, 32, 3)):
        size = (width, frames[0].height * width // frames[0].width)
        # one for all, so that only what moves is stored
        palette = with_palette(frames[len(frames) // 2], colours)
        few = [
            frame.resize(size, Image.Resampling.LANCZOS).quantize(palette=palette, dither=Image.Dither.NONE)
            for frame in frames[::step]
        ]
        buffer = io.BytesIO()
        few[0].save(
            buffer,
            "GIF",
            save_all=True,
            append_images=few[1:],
            duration=duration * step,
            loop=0,
            optimize=True,
        )
        if buffer.tell() <= GIF_BYTES:
            break
    return buffer.getvalue()


def screenshot(page, target):
    """What a web page looks like when it is opened; nothing where there is no chromium, or it fails."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return
    shot = page.with_suffix(".png")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1300,850",
        "--virtual-time-budget=2000",
    ]
    try:
        subprocess.run(
            [browser, *flags, f"--screenshot={shot}", page.resolve().as_uri()],
            capture_output=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        return
    if shot.exists():
        target.write_bytes(small_png(Image.open(shot)))


def main():
    examples = sorted(path.stem for path in (ROOT / "examples").glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=examples, default=examples, help="these examples alone"
    )
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which an example has failed")
    args = parser.parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    failed = {}
    for name in args.only:
        start = time.monotonic()
        print(f"{name} …", end=" ", flush=True)
        try:
            reason = run(name, args.limit)
        except Exception as error:  # such as a damaged picture: the others are run all the same
            reason = f"{type(error).__name__}: {error}"
        if reason:
            failed[name] = reason
        print(f"{f'FAILED: {reason}' if reason else 'ok'} ({time.monotonic() - start:.0f} s)", flush=True)
    size = sum(path.stat().st_size for path in PICTURES.iterdir())
    print(f"docs/pictures holds {size / 1e6:.1f} MB")
    if failed:
        sys.exit("\n".join(["failed:", *(f"  {name}: {reason}" for name, reason in failed.items())]))


if __name__ == "__main__":
    main()
