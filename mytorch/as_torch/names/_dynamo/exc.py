"""The compiler's errors, which never happen."""


class TorchDynamoException(RuntimeError):
    """The base class."""


class Unsupported(TorchDynamoException):
    """What cannot be compiled."""


class TensorifyScalarRestartAnalysis(TorchDynamoException):
    """What has to be compiled again."""
