"""The stubs that editors read say what the package has."""

import subprocess
import sys

import pytest

from tests.stubs import STUBS

PROGRAM = """
import mytorch as torch

x = torch.zeros(2, 3)
reveal_type(torch.Tensor(2).exp())
reveal_type(torch.exp(x).clamp(0, 1).sum(1))
torch.nn.Linear(3, 4)
x.no_such_method()
torch.no_such_function(x)
"""


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.name)
def test_up_to_date(path):
    assert path.read_text() == STUBS[path](), "run `python -m tests.stubs`"


def test_a_type_checker_knows_the_methods(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--follow-imports=silent", str(program)]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    assert said.count('Revealed type is "mytorch.tensors.tensor.Tensor"') == 2, said
    assert '"Tensor" has no attribute "no_such_method"' in said
    assert 'Module has no attribute "no_such_function"' in said
