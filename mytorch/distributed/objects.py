"""The collectives of objects: numbers, strings, tensors, and containers of them, in the format of ``save``.

That format cannot run code. What does not fit is a TypeError, except in a group made with
``allow_pickle=True``, which unpickles what other ranks send.
"""

from __future__ import annotations

import io
import zipfile

import numpy

from ..core.graph import wrap
from ..serialization import checkpoint, load, save
from . import collectives
from .arguments import check_given
from .point_to_point import recv, send
from .process_group import for_members, member, root


def as_bytes(obj, group):
    """``obj`` as a uint8 tensor. TypeError if it is no plain data and the group does not allow pickles."""
    content = io.BytesIO()
    if group.allow_pickle:
        save(obj, content)
    else:
        try:
            encoder = checkpoint.Encoder()
            value = encoder(obj)
        except checkpoint.NotPlain as error:
            raise TypeError(
                f"only plain data and tensors travel between ranks as objects ({error}); a group made with "
                "allow_pickle=True pickles the rest, and runs whatever code the other ranks send"
            ) from error
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            checkpoint.write_members(archive, encoder, value, None)
    return wrap(numpy.frombuffer(content.getbuffer(), numpy.uint8))


def from_bytes(tensor, group):
    """The object that :func:`as_bytes` wrote. RuntimeError for a pickle that the group does not allow."""
    return load(io.BytesIO(tensor.array.tobytes()), map_location="cpu", weights_only=not group.allow_pickle)


def _sizes(contents):
    return wrap(numpy.array([c.array.size for c in contents], numpy.int64))


def _room(size):
    return wrap(numpy.empty(size, numpy.uint8))


def _exchanged(contents, group):
    """Send ``contents[i]`` (bytes) to rank i; what each rank has sent to this one."""
    sizes = wrap(numpy.zeros(group.size(), numpy.int64))
    collectives.all_to_all_single(sizes, _sizes(contents), group=group)
    received = [_room(size) for size in sizes.tolist()]
    collectives.all_to_all(received, contents, group)
    return received


@for_members
def all_gather_object(object_list, obj, group=None):
    """Fill ``object_list``, one place per rank, with ``obj`` of each."""
    sent, sizes = as_bytes(obj, group), wrap(numpy.zeros(group.size(), numpy.int64))
    collectives.all_gather_into_tensor(sizes, _sizes([sent]), group)
    received = [_room(size) for size in sizes.tolist()]
    collectives.all_gather(received, sent, group)
    for i, tensor in enumerate(received):
        object_list[i] = from_bytes(tensor, group)


@for_members
def gather_object(obj, object_gather_list=None, dst=None, group=None, group_dst=None):
    """Fill ``object_gather_list`` of rank ``dst`` with ``obj`` of each; elsewhere it is None. ValueError for
    a list that is missing, or given elsewhere.
    """
    to = root(group, dst, group_dst, "dst", default=0)
    given = object_gather_list is not None
    check_given("object_gather_list", given, group.rank() == to, "destination")
    content = as_bytes(obj, group)
    received = _exchanged([content if r == to else _room(0) for r in range(group.size())], group)
    for i, tensor in enumerate(received if group.rank() == to else ()):
        object_gather_list[i] = from_bytes(tensor, group)


@for_members
def broadcast_object_list(object_list, src=None, group=None, device=None, group_src=None):
    """Replace the objects in ``object_list`` by those of rank ``src``. ValueError for another length."""
    source = root(group, src, group_src, default=0)
    sends = group.rank() == source
    content = as_bytes(list(object_list), group) if sends else _room(0)
    size = _sizes([content])
    collectives.broadcast(size, group=group, group_src=source)
    content = content if sends else _room(size.item())
    collectives.broadcast(content, group=group, group_src=source)
    if not sends:
        received = from_bytes(content, group)
        if len(received) != len(object_list):
            raise ValueError(
                f"broadcast_object_list: rank {group.ranks[source]} sends {len(received)} objects, this rank "
                f"has {len(object_list)} places"
            )
        object_list[:] = received


@for_members
def scatter_object_list(
    scatter_object_output_list, scatter_object_input_list=None, src=None, group=None, group_src=None
):
    """Put this rank's object of the list of ``src`` into the first place of the output list. ValueError
    unless that has a place, and the list of ``src`` an object per rank.
    """
    if not isinstance(scatter_object_output_list, list) or not scatter_object_output_list:
        raise ValueError("Expected argument scatter_object_output_list to be a list of size at least 1.")
    source = root(group, src, group_src, default=0)
    objects = scatter_object_input_list
    if group.rank() != source:
        contents = [_room(0)] * group.size()
    elif objects is None or len(objects) != group.size():
        raise ValueError(
            "scatter_object_list: the source needs one object per rank in scatter_object_input_list"
        )
    else:
        contents = [as_bytes(obj, group) for obj in objects]
    scatter_object_output_list[0] = from_bytes(_exchanged(contents, group)[source], group)


@for_members
def send_object_list(object_list, dst=None, group=None, device=None, group_dst=None, use_batch=False):
    """Send the objects in ``object_list`` to rank ``dst``."""
    content = as_bytes(list(object_list), group)
    for tensor in (_sizes([content]), content):
        send(tensor, dst, group, 0, group_dst)


def recv_object_list(object_list, src=None, group=None, device=None, group_src=None, use_batch=False) -> int:
    """Fill ``object_list`` with the objects that rank ``src`` (None: any) sends; returns the sender."""
    if (group := member(group, "recv_object_list")) is None:
        return -1
    size = wrap(numpy.zeros(1, numpy.int64))
    sender = recv(size, src, group, 0, group_src)
    content = _room(size.item())
    recv(content, sender, group, 0)
    object_list[:] = from_bytes(content, group)
    return sender
