"""What packages tell the exporter to ONNX, which is not here."""

import enum

from ....as_torch.refused import classes

__all__ = ["ExportOptions", "ONNXProgram", "OnnxExporterError", "OperatorExportTypes", "TensorProtoDataType",
           "TrainingMode", "is_in_onnx_export", "register_custom_op_symbolic",
           "unregister_custom_op_symbolic"]  # fmt: skip
globals().update(classes("torch.onnx", "ExportOptions ONNXProgram", "models are not exported to ONNX"))


class OnnxExporterError(RuntimeError):
    """What an export would fail with."""


class TrainingMode(enum.IntEnum):
    """In which mode a model is exported."""

    EVAL, PRESERVE, TRAINING = range(3)


class OperatorExportTypes(enum.IntEnum):
    """Which operators an export may use."""

    ONNX, ONNX_ATEN, ONNX_ATEN_FALLBACK, ONNX_FALLTHROUGH = range(4)


class TensorProtoDataType(enum.IntEnum):
    """The numbers of ONNX's dtypes."""

    UNDEFINED, FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE = range(12)
    UINT32, UINT64, COMPLEX64, COMPLEX128, BFLOAT16 = range(12, 17)


def is_in_onnx_export():
    """False: nothing is exported."""
    return False


def register_custom_op_symbolic(symbolic_name, symbolic_fn, opset_version):
    """Nothing: an export, which would ask for it, is refused."""


def unregister_custom_op_symbolic(symbolic_name, opset_version):
    """Nothing."""
