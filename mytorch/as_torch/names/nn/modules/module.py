"""What packages take from ``torch.nn.modules.module`` beside Module and its hooks."""

__all__ = ["_EXTRA_STATE_KEY_SUFFIX", "_addindent"]

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


def _addindent(s_, numSpaces):
    """The lines of a text after the first one, indented."""
    return s_.replace("\n", "\n" + " " * numSpaces)
