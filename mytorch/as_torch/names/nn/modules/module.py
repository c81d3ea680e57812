"""What packages take from ``torch.nn.modules.module`` beside Module and its hooks."""

__all__ = """
    _EXTRA_STATE_KEY_SUFFIX _addindent _global_buffer_registration_hooks _global_module_registration_hooks
    _global_parameter_registration_hooks
""".split()

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"
# nothing is called when a module gets a parameter, buffer or module
_global_parameter_registration_hooks: dict = {}
_global_buffer_registration_hooks: dict = {}
_global_module_registration_hooks: dict = {}


def _addindent(s_, numSpaces):
    """The lines of a text after the first one, indented."""
    return s_.replace("\n", "\n" + " " * numSpaces)
