"""``torch.export``: models as programs, which are not here."""

from ..refused import classes, functions

_REASON = "nothing is compiled or traced: functions and modules stay as they are"
globals().update(functions("torch.export", "export load save register_dataclass", _REASON))
globals().update(classes("torch.export", "Dim ExportedProgram", _REASON))
