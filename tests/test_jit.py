"""torch's names for compilers, which leave functions as they are."""

import pytest

import mytorch


def test_no_compiler():
    @mytorch.jit.script
    def double(x):
        return x * 2

    @mytorch.jit.ignore
    def triple(x):
        return x * 3

    @mytorch.jit.unused
    def half(x):
        return x / 2

    assert (double(2), triple(2), half(2), mytorch.jit.trace(double, (1,))(4)) == (4, 6, 1, 8)
    assert mytorch.jit.ignore(drop=True)(double) is double
    assert not mytorch.jit.is_scripting() and not mytorch.jit.is_tracing()
    for call in (
        lambda: mytorch.jit.save(double, "f"),
        lambda: mytorch.jit.load("f"),
        lambda: mytorch.onnx.export(double, (1,), "f"),
    ):
        with pytest.raises(NotImplementedError, match="state_dict"):
            call()
