"""What the runs of checks know of this session."""

from tests.distributed.launch import collected


def pytest_collection_finish(session):
    collected.update(item.module.__name__ for item in session.items if hasattr(item, "module"))
