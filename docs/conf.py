"""How the pages are built, first the English ones, which runs the examples, then the Chinese ones:

    sphinx-build -W --keep-going docs site
    sphinx-build -W --keep-going -t zh -c docs docs/zh site/zh

Nothing is fetched, neither when they are built nor when they are read.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
CHINESE = tags.has("zh")  # noqa: F821, Sphinx puts `tags` here
sys.path[:0] = [str(ROOT), str(DOCS / "extensions")]

from compatibility import compatibility
from sphinx.search.zh import SearchChinese
from tables import benchmarks, busy, limits

from mytorch import __version__ as version

project = "mytorch"
author = "the authors of mytorch"
release = version
language = "zh_CN" if CHINESE else "en"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx-mathjax-offline",
    "sphinx_reredirects",
]
exclude_patterns = ["zh", "gallery/sg_execution_times.rst", "sg_execution_times.rst"]
templates_path = [str(DOCS / "templates")]

# ---- text ----
myst_enable_extensions = ["colon_fence", "dollarmath", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    "benchmarks": benchmarks(),
    "busy": busy(),
    "compatibility": compatibility(),
    "limits": limits(),
}

# ---- reference ----
intersphinx_mapping = {"python": ("https://docs.python.org/3", str(DOCS / "inventories" / "python.inv"))}
if CHINESE:
    intersphinx_mapping["mytorch"] = ("..", str(ROOT / "site" / "objects.inv"))
    SearchChinese.language_name = "English"  # Sphinx 9.0 looks for a stemmer of this name in the browser
autosummary_generate = False
autodoc_default_options = {"members": True, "member-order": "bysource"}
maximum_signature_line_length = 100
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Shape"]
napoleon_preprocess_types = True
napoleon_type_aliases = {"device": "mytorch.device"}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# ---- look ----
html_theme = "pydata_sphinx_theme"
html_title = "mytorch"
html_favicon = str(DOCS / "static" / "logo.svg")
html_static_path = [str(DOCS / "static")]
html_css_files = ["mytorch.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "mytorch", "image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
    "navbar_end": ["language", "theme-switcher"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
}
html_context = {
    "default_mode": "auto",
    "chinese": CHINESE,
    "translated": [
        path.relative_to(DOCS / "zh").with_suffix("").as_posix() for path in DOCS.glob("zh/**/*.md")
    ],
}

# ---- the English pages alone: the reference, the examples, and pages that once had other addresses ----
if not CHINESE:
    extensions += ["names", "sphinx_gallery.gen_gallery", "gallery"]
    sphinx_gallery_conf = {
        "examples_dirs": "../examples",
        "gallery_dirs": "gallery",
        "filename_pattern": r"/[a-z]\w*\.py",
        "ignore_pattern": r"^_",
        "reset_argv": "gallery.arguments",
        "image_scrapers": ("gallery.pictures",),
        "within_subsection_order": "FileNameSortKey",
        "parallel": 2,
        "abort_on_example_error": True,
        "download_all_examples": False,
        "show_memory": False,
    }
    pages = [path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")]
    redirects = {f"{page}/index": f"../{page.name}.html" for page in pages if page.name != "index"}
