"""What packages import from ``functorch``, the older name of ``torch.func``."""

from ...refused import classes, functions

_REASON = "torch.func.functional_call runs a module with other parameters"
_FOUND = {
    **classes("functorch", "FunctionalModule FunctionalModuleWithBuffers", _REASON),
    **functions(
        "functorch", "combine_state_for_ensemble make_functional make_functional_with_buffers", _REASON
    ),
}
globals().update(_FOUND)

__all__ = [*_FOUND]
