"""Freed memory stays with the process, unless the user says otherwise."""

import platform

import pytest

from mytorch.kernels.malloc import keep_freed_memory


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("MYTORCH_KEEP_MEMORY", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)


def test_glibc_keeps_freed_memory():
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")


@pytest.mark.parametrize(
    ("name", "value"),
    [("MYTORCH_KEEP_MEMORY", "0"), ("MALLOC_ARENA_MAX", "2"), ("GLIBC_TUNABLES", "glibc.malloc.check=0")],
)
def test_settings_of_the_user_stay(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert not keep_freed_memory()
