"""Profile three steps of the CNN of examples/mnist.py; docs/profiler.md gets the tables, and
docs/pictures/profiler.png is the flame graph.

    python docs/profile_mnist.py
"""

import importlib
import re
import sys
from pathlib import Path

import mytorch as torch
from mytorch import nn, optim
from mytorch.profiler import profile, schedule
from mytorch.utils.data import DataLoader

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "examples"))
mnist = importlib.import_module("mnist")


def record():
    """The profile of three training steps, after warming up."""
    torch.manual_seed(0)
    images, labels, *_ = mnist.load_mnist("subset")
    loader = DataLoader(mnist.as_dataset(images, labels), batch_size=64, shuffle=True)
    model, loss_function = mnist.build("cnn"), nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=4e-3)
    steps = schedule(wait=5, warmup=2, active=3, repeat=1)
    with profile(schedule=steps, profile_memory=True) as prof:
        for _, (x, y) in zip(range(10), loader):
            optimizer.zero_grad()
            loss_function(model(x), y).backward()
            optimizer.step()
            prof.step()
    return prof


def main():
    """Rewrite what the page shows."""
    prof = record()
    prof.plot(str(DOCS / "pictures" / "profiler.png"))
    page = DOCS / "profiler.md"
    text = page.read_text()
    for group in ("operation", "module"):
        table = prof.key_averages(group_by=group).table(sort_by="self_cpu_time_total", row_limit=14)
        block = f"<!-- by {group} -->\n\n```text\n{table}```\n\n<!-- end -->"
        text = re.sub(f"<!-- by {group} -->.*?<!-- end -->", lambda _, block=block: block, text, flags=re.S)
    page.write_text(text)


if __name__ == "__main__":
    main()
