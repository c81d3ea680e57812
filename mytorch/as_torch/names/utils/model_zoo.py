"""The progress bar that packages take from ``torch.utils.model_zoo``: that of the package tqdm, or none."""

import sys

__all__ = ["tqdm"]

try:
    from tqdm import tqdm
except ImportError:

    class tqdm:
        """Counts on standard error where tqdm is not installed."""

        def __init__(self, iterable=None, total=None, **options):
            self.iterable, self.total, self.n = iterable, total, 0

        def __iter__(self):
            for item in self.iterable:
                yield item
                self.update(1)

        def update(self, n):
            """``n`` more are done."""
            self.n += n
            sys.stderr.write(f"\r{self.n}" + (f" of {self.total}" if self.total else ""))

        def close(self):
            """End the line."""
            sys.stderr.write("\n")

        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            self.close()
