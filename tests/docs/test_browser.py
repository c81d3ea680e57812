"""All built pages in a real browser: wide and narrow, on light and dark ground, without network."""

import functools
import http.server
import shutil
import threading

import pytest

from tests.docs.site import PAGES, SITE, built

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [built, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# What hangs over the edge of the page, pictures that did not load, lines of 110 columns that do not fit.
LAYOUT = """() => {
  const page = document.documentElement, faults = [];
  if (page.scrollWidth > innerWidth) faults.push(`wider than the window: ${page.scrollWidth}`);
  for (const img of document.images)
    if (img.complete && !img.naturalWidth) faults.push(`no picture ${img.src}`);
  if (innerWidth > 1000)
    for (const pre of document.querySelectorAll("article pre"))
      if (pre.scrollWidth > pre.clientWidth + 1 && !/.{111}/.test(pre.textContent))
        faults.push(`does not fit: ${pre.textContent.slice(0, 60)}`);
  return faults;
}"""

# Text whose contrast with what is behind it is below 4.5 (WCAG 2, level AA).
CONTRAST = """(theme) => {
  document.documentElement.dataset.theme = theme;
  const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true}), known = {};
  const rgba = (color) => {
    if (color in known) return known[color];
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return known[color] = [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const grounds = new Map([[null, theme === "dark" ? [0, 0, 0] : [255, 255, 255]]]);
  const ground = (node) => {
    if (!grounds.has(node))
      grounds.set(node, over(rgba(getComputedStyle(node).backgroundColor), ground(node.parentElement)));
    return grounds.get(node);
  };
  const light = (rgb) => {
    const linear = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = {}, texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim(), node = texts.currentNode.parentElement;
    if (!text || !node.offsetParent || node.closest("script, style, svg")) continue;
    const behind = ground(node), front = over(rgba(getComputedStyle(node).color), behind);
    const [low, high] = [light(front), light(behind)].sort((x, y) => x - y);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint[`${node.tagName}.${node.className} ${ratio.toFixed(1)}`] = text.slice(0, 40);
  }
  return Object.entries(faint).map((entry) => `${theme}: ${entry.join(": ")}`);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def tab(address):
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=WIDE, reduced_motion="reduce")
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(f"error: {error}"))
        page.on("console", lambda said: said.type == "error" and page.faults.append(f"console: {said.text}"))
        page.on("requestfailed", lambda asked: page.faults.append(f"failed: {asked.url}"))
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith((address, "data:")) or page.faults.append(f"asked {asked.url}")
            ),
        )
        yield page
        browser.close()


def faults(tab, url):
    """All that is wrong with a page."""
    tab.faults.clear()
    tab.set_viewport_size(WIDE)
    tab.goto(url)
    found = tab.evaluate(LAYOUT) + tab.evaluate(CONTRAST, "dark") + tab.evaluate(CONTRAST, "light")
    tab.set_viewport_size(NARROW)
    return found + [f"narrow: {fault}" for fault in tab.evaluate(LAYOUT)] + tab.faults


@pytest.mark.parametrize("page", PAGES)
def test_a_page(tab, address, page):
    assert not faults(tab, f"{address}/{page}")


def test_faults_are_found(tab, address):
    page = """<html><body style="background: white"><article><p style="color: #999">faint</p>
      <div style="width: 2000px">wide</div><pre style="overflow: auto; width: 90px">a long line of code</pre>
      <img src="gone.png"><script>throw Error("bad")</script></article></body></html>"""
    tab.route("**/faulty.html", lambda route: route.fulfill(body=page, content_type="text/html"))
    found = "\n".join(faults(tab, f"{address}/faulty.html"))
    for fault in (
        "light: P. 2.8",
        "wider than",
        "does not fit",
        "no picture",
        "error: bad",
        "404",
        "narrow: wider",
    ):
        assert fault in found, f"{fault!r} was not found: {found}"


def test_search(tab, address):
    tab.goto(f"{address}/search.html?q=conv2d")
    tab.wait_for_selector("ul.search li a", timeout=20_000)
    assert any("conv2d" in text.lower() for text in tab.locator("ul.search li a").all_inner_texts())
