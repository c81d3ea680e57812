"""``python -m mytorch program.py``: scripts, modules, code, and the processes that they start."""

import textwrap

import pytest

from tests.as_torch.programs import python

SCRIPT = """
    import os, sys
    import torch
    import beside
    print(__name__, os.path.basename(__file__), sys.argv[1:], torch.version.mytorch is not None, beside.x)
    sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "beside.py").write_text("import torch\nx = torch.ones(2).sum().item()\n")
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPT))
    return tmp_path


def test_a_script(folder):
    done = python("-m", "mytorch", str(folder / "train.py"), "3", "--lr=1")
    assert done.stdout == "__main__ train.py ['3', '--lr=1'] True 2.0\n", done.stderr
    assert done.returncode == 3


def test_a_module(folder):
    done = python("-m", "mytorch", "-m", "train", "0", cwd=folder)
    assert done.stdout == "__main__ train.py ['0'] True 2.0\n", done.stderr
    assert done.returncode == 0


def test_an_error_names_the_line(folder):
    (folder / "train.py").write_text("import torch\n\ntorch.ones(2) @ torch.ones(3)\n")
    done = python("-m", "mytorch", str(folder / "train.py"))
    assert done.returncode == 1
    assert 'train.py", line 3' in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 2), (("--help",), 0), (("--fast", "train.py"), 2), (("-m",), 2)]
)
def test_usage(arguments, code):
    done = python("-m", "mytorch", *arguments)
    assert done.returncode == code
    assert "usage: python -m mytorch program.py" in done.stdout + done.stderr


CHILDREN = """
    import multiprocessing, subprocess, sys
    import torch
    from torch.utils.data import DataLoader

    def work(x):
        import torch.nn
        return torch.version.mytorch is not None, type(x) is torch.Tensor, (x * 2).tolist()

    class Squares(torch.utils.data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return torch.tensor(i * i)

    if __name__ == "__main__":
        for way in ("spawn", "fork"):
            with multiprocessing.get_context(way).Pool(1) as pool:
                print(way, pool.map(work, [torch.ones(2)]))
        loader = DataLoader(Squares(), batch_size=2, num_workers=1, multiprocessing_context="spawn")
        print([batch.tolist() for batch in loader])
        code = "from torch import nn; import torch, mytorch; print(torch.__version__, nn is mytorch.nn)"
        print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip())
"""


def test_child_processes(tmp_path):
    (tmp_path / "children.py").write_text(textwrap.dedent(CHILDREN))
    done = python("-W", "ignore", "-m", "mytorch", str(tmp_path / "children.py"))
    assert done.stdout.splitlines() == [
        "spawn [(True, True, [2.0, 2.0])]",
        "fork [(True, True, [2.0, 2.0])]",
        "[[0, 1], [4, 9]]",
        "2.13.0 True",
    ], done.stderr


@pytest.mark.parametrize(
    "order", [("mytorch", "-m", "mytorch.profiler"), ("mytorch.profiler", "-m", "mytorch")]
)
def test_a_profile_of_it(folder, order):
    code = "import sys, torch\n(torch.ones(2, 2) @ torch.eye(2)).sum()\nprint(sys.argv[1:])"
    (folder / "train.py").write_text(code)
    done = python("-m", *order, str(folder / "train.py"), "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert "['--epochs', '1']" in done.stdout and "matmul" in done.stdout and "By module" in done.stdout
