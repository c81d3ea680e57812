"""``torch.autograd.profiler``: the older form of :mod:`mytorch.profiler`."""

from ..profiler.profiler import ProfilerActivity, record_function
from ..profiler.profiler import profile as _profile
from ..tensors.public_names import lookup as _lookup

__all__ = ["profile", "record_function"]


class profile(_profile):
    """:class:`mytorch.profiler.profile`, unless ``enabled=False``; as text it is the table."""

    def __init__(self, enabled=True, *, use_cuda=False, **options):
        super().__init__(activities=list(ProfilerActivity)[: 1 + use_cuda], **options)
        self.enabled = enabled

    def __enter__(self):
        return super().__enter__() if self.enabled else None

    def __exit__(self, *exc_info):
        if self.enabled:
            super().__exit__(*exc_info)

    function_events = property(_profile.events)

    def __str__(self):
        return self.events().table()


__getattr__ = _lookup(__name__)
