"""The tables that pages ask for by name, such as ``{{ benchmarks }}``, can be made from what is stored."""

import importlib

import pytest

from tests.docs.site import ROOT


@pytest.mark.parametrize("name", ["benchmarks", "busy", "limits", "compatibility"])
def test_a_table_can_be_made(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.syspath_prepend(ROOT / "docs" / "extensions")
    module = importlib.import_module("compatibility" if name == "compatibility" else "tables")
    assert "\n| --- |" in getattr(module, name)()
