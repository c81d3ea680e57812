"""The built pages: no markup is left in their text, no link is dead, every public name has an entry."""

import copy
import re
import urllib.parse

import pytest

from tests.docs.site import PAGES, ROOT, SITE, built
from tests.test_docstrings import PUBLIC

bs4 = pytest.importorskip("bs4", reason="needs Beautiful Soup, which the theme of the pages brings along")
pytestmark = built

LEFTOVERS = {
    "a role": re.compile(r":[a-z]+(:[a-z]+)?:`"),
    "a directive": re.compile(r"^\s*(\.\. [a-z-]+::|```|:::)", re.MULTILINE),
    "a substitution": re.compile(r"\{\{|\}\}"),
    "literals": re.compile(r"``\w"),
    "a field": re.compile(r"^:(param|type|return|rtype|raises)\b", re.MULTILINE),
    "mathematics": re.compile(r"\$\$|\\frac|\\sum"),
    "an absolute path": re.compile(re.escape(str(ROOT))),
}


@pytest.fixture(scope="module")
def soups():
    return {page: bs4.BeautifulSoup((SITE / page).read_bytes(), "html.parser") for page in PAGES}


def leftovers(article):
    """What of markup is left in the running text of a page; code and formulas keep theirs."""
    article = copy.copy(article)
    for tag in article.find_all(["pre", "code", "script", "style"]) + article.select(".math, .sig"):
        tag.replace_with(" ")
    text = article.get_text()
    return [f"{kind}: {found[0]!r}" for kind, pattern in LEFTOVERS.items() if (found := pattern.search(text))]


def test_no_markup_is_left(soups):
    found = {page: leftovers(soup.article) for page, soup in soups.items() if soup.article}
    assert not {page: kinds for page, kinds in found.items() if kinds}


def test_markup_that_is_left_is_found():
    page = "<article><p>See :class:`Linear` and {{ busy }} for ``x``.</p><pre>{{ not this }}</pre></article>"
    assert len(leftovers(bs4.BeautifulSoup(page, "html.parser"))) == 3


def test_no_table_or_list_is_empty(soups):
    empty = [
        (page, tag.name)
        for page, soup in soups.items()
        for tag in soup.select("article table, article ul, article ol, article dl.py > dt")
        if not tag.get_text(strip=True) and not tag.find("img")
    ]
    assert not empty


def dead(page, link, ids):
    """Whether a link of a page leads to no file, or to no place in one of the pages."""
    address = urllib.parse.urlsplit(link)
    if address.scheme:
        return False
    target = ((SITE / page).parent / urllib.parse.unquote(address.path or page.split("/")[-1])).resolve()
    known = ids.get(target.relative_to(SITE).as_posix()) if target.is_relative_to(SITE) else None
    place = urllib.parse.unquote(address.fragment)
    return not target.is_file() or bool(place and known is not None and place not in known)


def test_no_link_is_dead(soups):
    ids = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in soups.items()}
    found = {
        (page, tag[name])
        for page, soup in soups.items()
        for name in ("href", "src")
        for tag in soup.find_all(["a", "img", "link", "script"], **{name: True})
        if dead(page, tag[name], ids)
    }
    assert not found


def test_a_dead_link_is_found():
    ids = {page: {"here"} for page in PAGES}
    assert [dead("index.html", link, ids) for link in ("#here", "#gone", "gone.html", "learn.html#gone")] == [
        False, True, True, True,
    ]  # fmt: skip


def test_every_public_name_has_an_entry(soups):
    described = {tag["id"] for soup in soups.values() for tag in soup.select("dt.sig[id]")}
    assert not sorted(set(PUBLIC) - described)


def test_old_addresses_lead_to_the_pages():
    old = {"quickstart", "examples/mnist", "api/tensor"}
    for page in old:
        text = (SITE / page / "index.html").read_text()
        target = re.search(r'url=([^"]+)"', text)[1]
        assert (SITE / page / target).resolve() == SITE / f"{page}.html"
