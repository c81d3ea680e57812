"""``torch.nn.quantized``: arithmetic as a module, whose numbers would be counted before quantization."""

from ....nn import Module
from ....ops.arithmetic import add, mul
from ....ops.join import cat
from ....ops.matmul import matmul


class FloatFunctional(Module):
    """The operations as methods, in floating point."""

    def forward(self, x):
        """Not to be called; RuntimeError, as in PyTorch."""
        raise RuntimeError(
            "FloatFunctional is not intended to use the 'forward'. Please use the underlying operation"
        )

    def add(self, x, y):
        """x + y."""
        return add(x, y)

    def mul(self, x, y):
        """x · y."""
        return mul(x, y)

    def cat(self, x, dim=0):
        """The tensors of the list joined."""
        return cat(x, dim)

    def matmul(self, x, y):
        """The matrix product."""
        return matmul(x, y)

    def add_relu(self, x, y):
        """max(x + y, 0)."""
        return add(x, y).relu()
