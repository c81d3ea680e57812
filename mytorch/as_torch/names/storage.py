# Names only: there is nothing to read here.
"""``torch.storage``: the memory behind a tensor."""

from ...tensors.storages import TypedStorage, UntypedStorage
