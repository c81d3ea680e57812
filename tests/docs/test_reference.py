"""The pages of ``docs/api`` list every public name, a class under one name only; nothing need be built."""

import collections
import importlib
import inspect
import re

import pytest

import mytorch
from tests.docs.site import ROOT
from tests.test_documentation import PUBLIC

LIST = re.compile(r"^```\{names\} (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def listed():
    """{id of a value: the names under which the pages list it}"""
    pytest.importorskip("sphinx")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs" / "extensions")
        public = importlib.import_module("names").public
    found = collections.defaultdict(list)
    found[id(mytorch.Tensor)].append("mytorch.Tensor")  # has a directive of its own
    for page in (ROOT / "docs" / "api").glob("*.md"):
        for module, names in LIST.findall(page.read_text("utf-8")):
            home = importlib.import_module(module)
            for name in names.split() or public(home):
                found[id(getattr(home, name))].append(f"{module}.{name}")
    return found


def test_every_public_name_is_listed(listed):
    assert not [name for name, value in PUBLIC.items() if id(value) not in listed]


def test_nothing_is_listed_twice(listed):
    """A function may have an entry under each of its names; a class, with all its methods, under one."""
    names = collections.Counter(name for names in listed.values() for name in names)
    assert not [name for name, count in names.items() if count > 1]
    for value in filter(inspect.isclass, PUBLIC.values()):
        described = [name for name in listed[id(value)] if name.endswith(f".{value.__name__}")]
        assert len(described) <= 1, described
