"""The functions that write the graphs of ONNX's operators, version 11."""

from ....as_torch.refused import functions

globals().update(
    functions(
        "torch.onnx.symbolic_opset11", "add select squeeze unsqueeze", "models are not exported to ONNX"
    )
)
