"""What packages take from ``torch._tensor_str`` to print tensors of their own classes."""

from ...tensors.printing import _options as PRINT_OPTS
from ...tensors.printing import _with_suffixes, array_text, tensor_repr


def _tensor_str(self, indent):
    """The elements in brackets, after ``indent`` characters on the line."""
    return array_text(self.detach().array, indent)


def _add_suffixes(tensor_str, suffixes, indent, force_newline=False):
    """The text with the suffixes and the closing bracket."""
    return _with_suffixes(tensor_str, suffixes, indent)


def _str_intern(inp, *, tensor_contents=None):
    """The text of a tensor, or what is given in its place."""
    return tensor_repr(inp) if tensor_contents is None else tensor_contents
