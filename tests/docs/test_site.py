"""The built pages: no markup is left in their text, no link is dead, every public name has an entry."""

import functools
import html
import re
import urllib.parse

import pytest

import mytorch
from tests.docs.site import PAGES, ROOT, SITE, built
from tests.test_docstrings import PUBLIC

pytestmark = built
MARKUP = re.compile(
    r":[a-z]+(:[a-z]+)?:`|^\s*(\.\. [a-z-]+::|```|:::)|\{\{|\}\}|``\w|^:(param|type|returns?|rtype|raises)\b"
    r"|\$\$|\\frac|\\sum|" + re.escape(str(ROOT)),
    re.MULTILINE,
)
EMPTY = re.compile(r"<(table|tbody|tr|ul|ol|pre)\b[^>]*>\s*</\1>")


@pytest.fixture(scope="module")
def texts():
    return {page: (SITE / page).read_text() for page in PAGES}


def article(text):
    return text.partition("<article")[2].partition("</article>")[0]


def leftovers(text):
    """What of markup is left in the running text of a page; code, signatures and formulas keep theirs."""
    text = re.sub(r"<(pre|code|script|style|dt)\b.*?</\1>", " ", article(text), flags=re.DOTALL)
    text = re.sub(r'<(span|div) class="math.*?</\1>', " ", text, flags=re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]+>", "", text))
    return [found[0] for found in MARKUP.finditer(words)]


def test_no_markup_is_left(texts):
    found = {page: leftovers(text) for page, text in texts.items()}
    assert not {page: marks for page, marks in found.items() if marks}


def test_markup_that_is_left_is_found():
    page = "<article><p>See :class:`Linear` or {{ busy }} for ``x``.</p><pre>{{ not this }}</pre></article>"
    assert leftovers(page) == [":class:`", "{{", "}}", "``x"]


def test_nothing_is_empty(texts):
    found = {page: [match[0] for match in EMPTY.finditer(article(text))] for page, text in texts.items()}
    assert not {page: tags for page, tags in found.items() if tags}
    assert EMPTY.search("<table class='x'>\n</table>")


def dead(page, link, ids):
    """Whether a link of a page leads to no file, or to no place in one of the pages."""
    address = urllib.parse.urlsplit(link)
    if address.scheme:
        return False
    target = ((SITE / page).parent / urllib.parse.unquote(address.path or page.split("/")[-1])).resolve()
    known = ids.get(target.relative_to(SITE).as_posix()) if target.is_relative_to(SITE) else None
    place = urllib.parse.unquote(address.fragment)
    return not target.is_file() or bool(place and known is not None and place not in known)


def test_no_link_is_dead(texts):
    ids = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in texts.items()}
    links = {page: set(re.findall(r'<[^>]+\b(?:href|src)="([^"]*)"', text)) for page, text in texts.items()}
    assert not [
        (page, link) for page in texts for link in links[page] if dead(page, html.unescape(link), ids)
    ]


def test_a_dead_link_is_found():
    ids = {page: {"here"} for page in PAGES}
    found = [dead("index.html", link, ids) for link in ("#here", "#gone", "gone.html", "learn.html#gone")]
    assert found == [False, True, True, True]


def test_every_public_name_has_an_entry(texts):
    described = {
        name for text in texts.values() for name in re.findall(r'<dt class="sig[^"]*" id="([^"]+)"', text)
    }
    entries = {id(located(name)) for name in described}
    assert not [name for name, value in PUBLIC.items() if own(name, value) and id(value) not in entries]


def located(name):
    """What a dotted name stands for, None if it is not there."""
    return functools.reduce(lambda owner, part: getattr(owner, part, None), name.split(".")[1:], mytorch)


def own(name, value):
    """Whether a name is of its namespace, not something that a module imports for itself."""
    return value.__module__.startswith(name.rpartition(".")[0])


def test_old_addresses_lead_to_the_pages():
    for page in ("quickstart", "examples/mnist", "api/tensor"):
        target = re.search(r'url=([^"]+)"', (SITE / page / "index.html").read_text())[1]
        assert (SITE / page / target).resolve() == SITE / f"{page}.html"
