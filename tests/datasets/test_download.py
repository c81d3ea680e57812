"""Downloads, from a server on this machine: whole and right, or not at all."""

import hashlib
import http.server
import os
import socket
import stat
import threading

import pytest

from mytorch import hub
from mytorch.datasets.download import download
from mytorch.serialization.download import fetch

CONTENT = os.urandom(700_000)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


CUT = ("/breaks-off", "/chunk-breaks-off", "/stalls")


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/missing":
            return self.send_error(404)
        if self.path == "/garbage":
            self.wfile.write(b"\0\1\2 no HTTP\r\n\r\n")
            return None
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            return self.end_headers()
        content = CONTENT[:-1] + b"?" if self.path == "/wrong" else CONTENT
        if self.path == "/hangs":
            self.server.stopped.wait(10)
            return None
        self.send_response(200)
        if self.path == "/chunk-breaks-off":
            self.send_header("Transfer-Encoding", "chunked")
        elif self.path != "/no-length":
            self.send_header("Content-Length", str(len(content) - 10 * (self.path == "/wrong-length")))
        self.end_headers()
        if self.path == "/chunk-breaks-off":
            self.wfile.write(b"ffff\r\n")
        self.wfile.write(content[:1000] if self.path in CUT else content)
        if self.path == "/stalls":
            self.server.stopped.wait(10)
        return None

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked, server.stopped = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def urls(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fetch, "__kwdefaults__", {**fetch.__kwdefaults__, "timeout": 0.5})
    server.asked.clear()
    return lambda *names: [f"http://127.0.0.1:{server.server_port}/{name}" for name in names]


def test_a_good_file(tmp_path, urls):
    path = tmp_path / "new" / "folder" / "file.gz"
    assert download(urls("good", "never asked"), path, MD5) == urls("good")[0]
    assert path.read_bytes() == CONTENT and os.listdir(path.parent) == ["file.gz"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("good", ["good", "moved", "no-length"])
def test_hub_downloads(tmp_path, urls, good):
    (url,) = urls(good)
    hub.download_url_to_file(url, tmp_path / "file.pth", hashlib.sha256(CONTENT).hexdigest()[:8])
    assert (tmp_path / "file.pth").read_bytes() == CONTENT and os.listdir(tmp_path) == ["file.pth"]


BAD = {
    "missing": (OSError, "404"),
    "wrong": (RuntimeError, "invalid hash value"),
    "wrong-length": (RuntimeError, "invalid hash value"),
    "breaks-off": (OSError, "ended too early: got 1,000 of 700,000 bytes"),
    "chunk-breaks-off": (OSError, "ended too early: got only a part"),
    "garbage": (OSError, "does not speak HTTP"),
    "hangs": (OSError, "timed out"),
    "stalls": (OSError, "stopped sending for 0.5 s"),
}


@pytest.mark.parametrize("bad", BAD)
def test_hub_keeps_no_part_of_a_file(tmp_path, urls, bad):
    (url,), (error, message) = urls(bad), BAD[bad]
    name = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    for _ in range(2):  # what was kept would be taken for the file
        with pytest.raises(error, match=message):
            hub.load_state_dict_from_url(url, tmp_path, check_hash=True, file_name=name)
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("bad", [*BAD])
def test_the_next_mirror_is_tried(tmp_path, urls, server, bad):
    path = tmp_path / "file.gz"
    timeout = 0.2 if bad in ("hangs", "stalls") else 10
    assert download(urls(bad, "good"), path, MD5, timeout=timeout) == urls("good")[0]
    assert path.read_bytes() == CONTENT and os.listdir(tmp_path) == ["file.gz"] and len(server.asked) == 2


def test_nothing_is_left_when_all_fail(tmp_path, urls):
    path = tmp_path / "file.gz"
    path.write_bytes(b"what was there")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
        with pytest.raises(RuntimeError) as caught:
            download([*urls("missing", "wrong"), refused], path, MD5)
    message = str(caught.value).splitlines()
    assert (
        message[0] == "could not download file.gz:"
        and "404" in message[1]
        and f'expected "{MD5}"' in message[2]
        and "refused" in message[3]
    )
    assert path.read_bytes() == b"what was there" and os.listdir(tmp_path) == ["file.gz"]


def test_a_file_that_is_too_large(tmp_path, urls):
    with pytest.raises(RuntimeError, match="larger than 1,000 bytes"):
        download(urls("good"), tmp_path / "file.gz", MD5, largest=1000)
    assert os.listdir(tmp_path) == []
