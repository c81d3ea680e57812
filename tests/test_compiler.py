"""torch.compiler's names, which leave modules as they are."""

import mytorch


def test_no_compiler_for_modules():
    class Twice(mytorch.jit.ScriptModule):
        @mytorch.jit.script_method
        def forward(self, x):
            return mytorch.jit.annotate(mytorch.Tensor, x * 2)

    net = Twice()
    assert net.compile() is None and net(mytorch.ones(1)).item() == 2
    assert (
        mytorch.compiler.disable(net) is net
        and mytorch.compiler.disable(reason="none")(net) is net
        and not mytorch.compiler.is_compiling()
    )
