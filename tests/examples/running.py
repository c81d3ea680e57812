"""Import an example and run it in this process: its text, its pictures, its functions."""

import atexit
import contextlib
import importlib.util
import io
import shutil
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

from mytorch.core.primitive import primitives

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))  # as for ``python examples/name.py``: they share _options.py
NAMES = sorted(path.stem for path in EXAMPLES.glob("[!_]*.py"))
_modules, _runs = {}, {}
drawn = {}  # (name, options) -> for each picture (file name, what each of its plots shows)
_folder = Path(tempfile.mkdtemp(prefix="mytorch-examples-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def load(name):
    """The example as a module, imported once."""
    if name not in _modules:
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        module = _modules[name] = importlib.util.module_from_spec(spec)
        known = dict(primitives)
        spec.loader.exec_module(module)
        primitives.clear()
        primitives.update(known)  # the operation that custom_op.py makes is not one of the library's
    return _modules[name]


def content(axes):
    """(the lengths of the lines that the legend names, whether anything else is drawn)."""
    named = [len(line.get_xdata()) for line in axes.lines if not line.get_label().startswith("_")]
    others = any(len(line.get_xdata()) > 1 for line in axes.lines)
    return named, others or bool(axes.images or axes.collections or axes.patches)


def run(name, *options):
    """What ``python examples/name.py options`` prints, and the folder of its pictures; each run once."""
    if (name, options) not in _runs:
        out = _folder / f"{name}-{len(_runs)}"
        text, argv, savefig = io.StringIO(), sys.argv, Figure.savefig
        sys.argv = [f"{name}.py", "--out", str(out), *options]
        pictures = drawn[name, options] = []

        def noting(figure, path, **settings):
            pictures.append((Path(path).name, [content(axes) for axes in figure.axes]))
            savefig(figure, path, **settings)

        Figure.savefig = noting
        try:
            # stderr: the progress bars
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(io.StringIO()):
                load(name).main()
        finally:
            sys.argv, Figure.savefig = argv, savefig
        _runs[name, options] = text.getvalue(), out
    return _runs[name, options]
