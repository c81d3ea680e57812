"""What a profile recorded: events, rows that sum them up, and the table of either."""

from __future__ import annotations

import operator

SUMS = "cpu_time_total", "cpu_memory_usage", "device_time_total"  # each with a "self_…" beside it
OUTSIDE = "(outside of modules)"


class _Costs:
    """Times in microseconds, memory in bytes; ``self_…`` leaves out the events inside."""

    __slots__ = ()
    cpu_time_total = self_cpu_time_total = device_time_total = self_device_time_total = 0.0
    cpu_memory_usage = self_cpu_memory_usage = 0
    count, parent, type = 1, None, ""
    cpu_time = property(lambda self: self.cpu_time_total / self.count if self.count else 0.0)
    device_time = property(lambda self: self.device_time_total / self.count if self.count else 0.0)

    def __repr__(self):
        return f"<{type(self).__name__} {self.key} {self.phase} {microseconds(self.cpu_time_total)}>"


class FunctionEvent(_Costs):
    """One call.

    kind: "op" (an operation), "node" (its backward), "backward" (the walk through the graph), "module",
    "optimizer", "data", "user" (``record_function``) or "step". module: the path of the module that it
    belongs to. phase: "forward" or "backward". forward: for a node, the event that recorded it.
    """

    __slots__ = """
        cpu_memory_usage cpu_time_total device_time_total end forward input_shapes key kind marks memory
        module name parent phase self_cpu_memory_usage self_cpu_time_total self_device_time_total stack start
    """.split()  # a profile has a million of them

    def __init__(self, name, kind, parent=None, module=None, forward=None):
        self.name, self.kind, self.parent, self.forward = name, kind, parent, forward
        self.key = "ProfilerStep*" if kind == "step" else name
        around, phase = ("", "forward") if parent is None else (parent.module, parent.phase)
        self.module = around if module is None else module
        self.phase = "backward" if kind == "backward" else phase
        self.start = self.end = None  # nanoseconds
        self.cpu_time_total = self.cpu_memory_usage = self.device_time_total = 0
        self.self_cpu_time_total = self.self_cpu_memory_usage = self.self_device_time_total = 0
        self.input_shapes = self.stack = ()

    def charge(self, name, amount):
        """The event costs ``amount``, which is no longer its parent's own."""
        setattr(self, name, amount)
        for event, own in (self, amount), (self.parent, -amount):
            if event is not None:
                setattr(event, f"self_{name}", getattr(event, f"self_{name}") + own)

    def path(self):
        """The events around it, the outermost first, and itself."""
        events = [self]
        while events[-1].parent is not None:
            events.append(events[-1].parent)
        return events[::-1]


class FunctionEventAvg(_Costs):
    """The sum of several events. ``cpu_time`` is the mean of a call."""

    count = 0

    def __init__(self, key, phase, input_shapes=(), *stack):
        self.key, self.phase, self.input_shapes, self.stack = key, phase, input_shapes, stack


class EventList(list):
    """Events, or the rows that sum them up."""

    def __init__(self, events=(), profile_memory=False):
        super().__init__(events)
        self.profile_memory = profile_memory

    def __str__(self):
        return self.table()

    @property
    def self_cpu_time_total(self):
        """The sum of all self times, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes=False, group_by_stack_n=0, group_by="operation"):
        """A row for each name and phase, and with ``group_by_input_shapes`` for each list of input shapes,
        with ``group_by_stack_n`` for each n innermost lines.

        ``group_by="module"``: a row for each module's path and phase instead. Its total time includes the
        modules inside; its calls are those of the module, and backward the nodes that ran.
        """
        if group_by not in ("operation", "module"):
            raise ValueError(f"key_averages: group_by is 'operation' or 'module', not {group_by!r}")

        def key(event):
            shapes = repr(event.input_shapes) if group_by_input_shapes else ""
            return event.key, event.phase, shapes, *event.stack[:group_by_stack_n]

        rows: dict = {}
        types: dict = {}  # path of a module -> its class
        for event in self:
            if group_by == "operation":
                keys = list(map(key, event.path()))
            else:
                parts = event.module.split(".")
                keys = [(".".join(parts[: n + 1]) or OUTSIDE, event.phase) for n in range(len(parts))]
            for place in dict.fromkeys(keys):  # what it costs itself is in the total of all rows around it
                row = rows.setdefault(place, FunctionEventAvg(*place))
                for name in SUMS:
                    own = getattr(event, f"self_{name}")
                    setattr(row, name, getattr(row, name) + own)
                    if place == keys[-1]:
                        setattr(row, f"self_{name}", getattr(row, f"self_{name}") + own)
            rows[keys[-1]].count += group_by == "operation" or event.kind in ("module", "node")
            if group_by_input_shapes:
                rows[keys[-1]].input_shapes = event.input_shapes
            if group_by == "module" and event.kind == "module":
                types[event.module] = event.name.removeprefix("nn.Module: ")
        for row in rows.values():
            row.type = types.get(row.key, "")
        return EventList(rows.values(), self.profile_memory)

    def table(
        self, sort_by=None, row_limit=100, max_name_column_width=55, max_shapes_column_width=80, header=None
    ):
        """The table as text, as in torch; ``sort_by`` names an attribute of the rows, the largest first.

        AttributeError for one that they lack. ``row_limit=-1``: all rows.
        """
        if not self:
            return ""
        rows, total = list(self), self.self_cpu_time_total
        on_gpu = sum(row.self_device_time_total for row in self)
        if sort_by is not None:
            rows.sort(key=operator.attrgetter(sort_by.replace("cuda", "device")), reverse=True)
        columns = [
            ("Name", "key", lambda name: _cut(name, max_name_column_width)),
            ("Phase", "phase", str),
            ("Self CPU %", "self_cpu_time_total", lambda time: _share(time, total)),
            ("Self CPU", "self_cpu_time_total", microseconds),
            ("CPU total %", "cpu_time_total", lambda time: _share(time, total)),
            ("CPU total", "cpu_time_total", microseconds),
            ("CPU time avg", "cpu_time", microseconds),
        ]
        if any(row.type for row in rows):
            columns.insert(1, ("Type", "type", str))
        if on_gpu:
            columns.append(("Self CUDA", "self_device_time_total", microseconds))
            columns.append(("Self CUDA %", "self_device_time_total", lambda time: _share(time, on_gpu)))
            columns.append(("CUDA total", "device_time_total", microseconds))
        if self.profile_memory:
            columns.append(("CPU Mem", "cpu_memory_usage", _bytes))
            columns.append(("Self CPU Mem", "self_cpu_memory_usage", _bytes))
        columns.append(("# of Calls", "count", str))
        if any(row.input_shapes for row in rows):
            columns.append(("Input Shapes", "input_shapes", lambda s: _cut(str(s), max_shapes_column_width)))
        if any(row.stack for row in rows):
            columns.append(("Source Location", "stack", lambda lines: "".join(lines[:1])))
        cells = [[show(getattr(row, name)) for _, name, show in columns] for row in rows]
        cells = [[title for title, _, _ in columns], *(cells[:row_limit] if row_limit >= 0 else cells)]
        widths = [max(map(len, column)) for column in zip(*cells)]
        first, *lines = ["  ".join(f"{cell:>{w}}" for cell, w in zip(line, widths)) for line in cells]
        rule = "  ".join("-" * width for width in widths)
        footer = [f"Self CPU time total: {microseconds(total)}"]
        footer += [f"Self CUDA time total: {microseconds(on_gpu)}"] * bool(on_gpu)
        top = [] if header is None else ["=" * len(rule), header]
        return "\n".join([*top, rule, first, rule, *lines, rule, *footer]) + "\n"


def microseconds(time):
    """A time in microseconds as text, in the unit that suits it."""
    if time >= 1e6:
        return f"{time / 1e6:.3f}s"
    return f"{time / 1e3:.3f}ms" if time >= 1e3 else f"{time:.3f}us"


def _share(time, whole):
    return f"{100 * time / whole:.2f}%" if whole else "NaN"


def _bytes(count):
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"


def _cut(text, width):
    return text if width is None or len(text) <= width else text[: width - 3] + "..."
