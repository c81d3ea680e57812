"""The two of torchvision's operations in C++ that its models need; the others are refused."""

from __future__ import annotations

import importlib

import numpy

from ..core.graph import wrap

_REFUSED = """
    _deform_conv2d_backward _ps_roi_align_backward _ps_roi_pool_backward _roi_align_backward
    _roi_pool_backward box_iou_rotated deform_conv2d nms_rotated ps_roi_align ps_roi_pool qnms
    qroi_align roi_pool
""".split()


def nms(dets, scores, iou_threshold):
    """The indices of the boxes that are kept, best first: none overlaps a better one by more than that.

    dets: (boxes, 4) of x1, y1, x2, y2; scores: (boxes,).
    """
    boxes, order = dets.array, (-scores.array).argsort(kind="stable")
    x1, y1, x2, y2 = boxes.T
    areas = (x2 - x1) * (y2 - y1)
    dropped, kept = numpy.zeros(len(boxes), bool), []
    for place, i in enumerate(order):
        if dropped[i]:
            continue
        kept.append(i)
        others = order[place + 1 :]
        width = numpy.maximum(0, numpy.minimum(x2[i], x2[others]) - numpy.maximum(x1[i], x1[others]))
        height = numpy.maximum(0, numpy.minimum(y2[i], y2[others]) - numpy.maximum(y1[i], y1[others]))
        common = width * height
        dropped[others[common > iou_threshold * (areas[i] + areas[others] - common)]] = True
    return wrap(numpy.array(kept, "int64"))


def roi_align(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned):
    """Means of the image at points inside of every region: torchvision's own definition, in tensors."""
    define = importlib.import_module("torchvision.ops.roi_align")._roi_align
    return define(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned)


def _cuda_version():
    """-1: not compiled for CUDA."""
    return -1


def register(find):
    """Give ``find("torchvision::name")`` what is here; those that are not say so when they are called."""
    for function in (nms, roi_align, _cuda_version):
        operation = find(f"torchvision::{function.__name__}")
        operation.function, operation.differentiable = function, True
    for name in _REFUSED:
        find(f"torchvision::{name}")
