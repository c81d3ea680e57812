"""The built documentation, which the tests of this folder read: `sphinx-build` puts it into `site`."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
SITE = ROOT / "site"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if not {"_static", "_downloads"} & set(path.parts) and b'http-equiv="refresh"' not in path.read_bytes()
)
built = pytest.mark.skipif(not PAGES, reason="needs the pages: sphinx-build docs site")
