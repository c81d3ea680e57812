"""How samples become a batch."""

import re

from ......utils.data.collate import default_collate, default_convert

np_str_obj_array_pattern = re.compile(r"[SaUO]")
default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)
