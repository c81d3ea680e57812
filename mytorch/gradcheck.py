"""``python -m mytorch.gradcheck``: prove the gradients of every operation numerically, first and second
order; one line per operation.

``--op NAME`` (more than once, if wanted) checks these alone. Names of modules check your own operations
instead: each has a list ``ROWS`` of ``mytorch.testing.samples.Sample``, as in CONTRIBUTING.md. The exit
status is 1 if a gradient is wrong.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from .autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from .core import arrays as backend
from .tensors.creation import tensor
from .tensors.generator import manual_seed
from .testing import samples


def check(row, where):
    """(first order, second order) of a row: "ok", "-" where there is none to check, or the message of the
    error.
    """
    if not row.smooth:
        return "-", "-"
    arrays = row.arrays("float64")
    inputs = [
        tensor(a, device=where, requires_grad=a.dtype.kind in "fc" and getattr(maker, "grad", True))
        for maker, a in zip(row.makers(), arrays)
    ]
    found = []
    for prove, wanted in ((gradcheck, True), (gradgradcheck, row.second)):
        manual_seed(0)
        try:
            with where:
                found.append("ok" if wanted and prove(row.call, inputs) else "-")
        except Exception as error:  # whatever it is, the other operations are checked too
            kind = "" if isinstance(error, GradcheckError) else f"{type(error).__name__}: "
            found.append(kind + str(error).split("\nnumerical:")[0])
    return tuple(found)


def main(arguments=None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mytorch.gradcheck", description="Prove the gradients of every operation numerically."
    )
    parser.add_argument(
        "modules",
        nargs="*",
        help="modules with a list ROWS, to check your own operations; mytorch's without any",
    )
    parser.add_argument(
        "--op", action="append", metavar="NAME", help="check only this operation (may be given several times)"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args(arguments)
    rows = (
        [row for name in options.modules for row in importlib.import_module(name).ROWS]
        if options.modules
        else samples.rows()
    )
    names = sorted({row.op for row in rows})
    if unknown := set(options.op or ()) - set(names):
        parser.error(f"no row for {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    where, wrong, began = backend.device(options.device), [], time.perf_counter()
    names = sorted(set(options.op)) if options.op else names
    for name in names:
        mine = [row for row in rows if row.op == name]
        results = [(row.id, *check(row, where)) for row in mine]
        orders = [_verdict([r[order] for r in results]) for order in (1, 2)]
        print(
            f"{name:32} {len(mine):3} {'row ' if len(mine) == 1 else 'rows'}   first order "
            f"{orders[0]:5}  second order {orders[1]:5}",
            flush=True,
        )
        wrong += [(row, message) for row, *both in results for message in both if message not in ("ok", "-")]
    for row, message in wrong:
        print(f"\n{row}: {message}")
    print(f"\n{len(names)} operations, {len(wrong)} wrong gradients, {time.perf_counter() - began:.1f} s")
    return 1 if wrong else 0


def _verdict(results):
    return "WRONG" if any(r not in ("ok", "-") for r in results) else "ok" if "ok" in results else "-"


if __name__ == "__main__":
    sys.exit(main())
