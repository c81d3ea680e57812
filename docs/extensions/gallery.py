"""How sphinx-gallery runs the examples: with `--quick`, each into a folder whose pictures it shows."""

import os
import re
import shutil
from pathlib import Path

from sphinx_gallery.scrapers import figure_rst

ROOT = Path(__file__).parent.parent.parent


def arguments(gallery_conf, script_vars):
    """The command line of an example, which runs in its own folder and may ask for its `__file__`."""
    script_vars["example_globals"]["__file__"] = script_vars["src_file"]
    return ["--quick", "--out", os.path.relpath(folder(script_vars), ROOT / "examples")]


def folder(script_vars):
    return ROOT / "runs" / "gallery" / Path(script_vars["src_file"]).stem


def pictures(block, block_vars, gallery_conf):
    """What an example drew, as reStructuredText."""
    shown = ""
    for drawn in sorted(folder(block_vars).glob("*.[pg][ni][gf]")):
        target = Path(next(block_vars["image_path_iterator"])).with_suffix(drawn.suffix)
        shutil.copy(drawn, target)
        shown += figure_rst([target], gallery_conf["src_dir"])
    return shown


def adapt(app, docname, source):
    """An example's docstring begins with a sentence: its page gets the name of the file above it, and what
    reStructuredText wants before code and lists.
    """
    if docname.startswith("gallery/"):
        label = f".. _sphx_glr_{docname.replace('/', '_')}.py:\n"
        title = f"{docname.removeprefix('gallery/')}.py"
        text = source[0].replace(label, f"{label}\n{title}\n{'=' * len(title)}\n", 1)
        text = re.sub(r"\n\n    (python|mpiexec) ", r"\n\n.. code-block:: bash\n\n    \1 ", text, count=1)
        source[0] = text.replace("\n1. ", "\n\n1. ", 1)


def setup(app):
    app.connect("source-read", adapt)
    return {"parallel_read_safe": True}
