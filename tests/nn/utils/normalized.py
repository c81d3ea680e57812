"""The same normalized layer in mytorch and in PyTorch."""

import warnings

import mytorch


def copied(make, steps):
    """The same normalized layer in both libraries, with the same parameters and buffers; what ``steps``
    gives.
    """
    values = {}

    def call(lib, x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = make(lib)
        if lib is mytorch:
            values.update({k: v.detach().numpy().copy() for k, v in layer.state_dict().items()})
        assert list(values) == list(layer.state_dict())
        layer.load_state_dict({k: lib.tensor(v) for k, v in values.items()})
        return steps(lib, layer, x)

    return call


def run(lib, layer, x):
    outputs = [layer(x), layer(x)]
    (outputs[0].sum() + outputs[1].sum() * 2).backward()
    gradients = [p.grad for p in layer.parameters()]
    layer.eval()
    return [*outputs, layer(x), *gradients, list(layer.state_dict().values())]
