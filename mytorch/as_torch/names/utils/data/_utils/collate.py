"""How samples become a batch."""

import collections.abc
import re

from ......utils.data.collate import default_collate
from ......utils.data.collate import default_collate_fn_map as default_collate_fn_map
from ......utils.data.collate import default_convert as default_convert

np_str_obj_array_pattern = re.compile(r"[SaUO]")
default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def collate(batch, *, collate_fn_map=None):
    """One batch of the samples: of a type in the map its function's, of containers item by item, of others
    what ``default_collate`` makes.
    """
    first, known = batch[0], collate_fn_map or {}
    for kind, function in known.items():
        if isinstance(first, kind):
            return function(batch, collate_fn_map=known)
    if isinstance(first, collections.abc.Mapping):
        return type(first)({k: collate([x[k] for x in batch], collate_fn_map=known) for k in first})
    if isinstance(first, collections.abc.Sequence) and not isinstance(first, (str, bytes)):
        columns = [collate(column, collate_fn_map=known) for column in zip(*batch)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    return default_collate(batch)
