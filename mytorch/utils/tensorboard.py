"""``SummaryWriter``: numbers, histograms, images, text and figures for TensorBoard.

It needs the package tensorboard, which needs neither PyTorch nor TensorFlow, and Pillow for images.
"""

from __future__ import annotations

import importlib
import io
import os
import socket
import time

import numpy

from ..core.sums import summed
from ..tensors.public_names import lookup as _lookup


def _part(module, name):
    """A name of the package tensorboard. ImportError that says how to install it."""
    try:
        return getattr(importlib.import_module(f"tensorboard.{module}"), name)
    except ModuleNotFoundError as error:
        raise ImportError("SummaryWriter needs the package tensorboard: pip install tensorboard") from error


def _array(values):
    """A tensor, array or number as an array of NumPy."""
    values = values.detach().cpu().numpy() if hasattr(values, "detach") else values
    return numpy.asarray(values)


def _bins():
    """The limits of TensorBoard's histograms: a tenth wider each, in both directions from zero."""
    positive = 1e-12 * 1.1 ** numpy.arange(775)
    return numpy.concatenate([-positive[::-1], [0.0], positive])


class SummaryWriter:
    """Writes events into the folder ``log_dir``, by default ``runs/`` and the time and the machine's name."""

    def __init__(
        self, log_dir=None, comment="", purge_step=None, max_queue=10, flush_secs=120, filename_suffix=""
    ):
        writer = _part("summary.writer.event_file_writer", "EventFileWriter")
        if not log_dir:
            name = time.strftime("%b%d_%H-%M-%S") + "_" + socket.gethostname() + comment
            log_dir = os.path.join("runs", name)
        self.log_dir = os.fspath(log_dir)
        self._writers = {}
        self._open = lambda folder: writer(folder, max_queue, flush_secs, filename_suffix)
        self._writer(self.log_dir)
        if purge_step is not None:  # TensorBoard then drops what was written from that step on
            event = _part("compat.proto.event_pb2", "Event")(wall_time=time.time(), step=purge_step)
            event.session_log.status = 1
            self._writers[self.log_dir].add_event(event)

    def _writer(self, folder):
        if folder not in self._writers:
            self._writers[folder] = self._open(folder)
        return self._writers[folder]

    def _add(self, step, walltime, folder=None, plugin=None, **value):
        """One event with one value; ``plugin`` names the page of TensorBoard that shows it."""
        summary = _part("compat.proto.summary_pb2", "Summary")()
        added = summary.value.add(**value)
        if plugin is not None:
            added.metadata.plugin_data.plugin_name = plugin
        when = time.time() if walltime is None else walltime
        event = _part("compat.proto.event_pb2", "Event")(summary=summary, wall_time=when)
        if step is not None:
            event.step = int(step)
        self._writer(folder or self.log_dir).add_event(event)

    def get_logdir(self):
        """The folder of the events."""
        return self.log_dir

    def add_scalar(
        self, tag, scalar_value, global_step=None, walltime=None, new_style=False, double_precision=False
    ):
        """A number."""
        number = _array(scalar_value)
        if number.size != 1:
            raise AssertionError(f"scalar should be 0D, {tag} has {number.size} elements")
        self._add(global_step, walltime, tag=tag, simple_value=float(number.reshape(())))

    def add_scalars(self, main_tag, tag_scalar_dict, global_step=None, walltime=None):
        """Several numbers in one diagram, each from a folder of its own."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, main_tag.replace("/", "_") + "_" + tag)
            number = float(_array(value).reshape(()))
            self._add(global_step, walltime, folder, tag=main_tag, simple_value=number)

    def add_histogram(self, tag, values, global_step=None, bins="tensorflow", walltime=None, max_bins=None):
        """The distribution of the elements; ``bins`` as in numpy.histogram, or "tensorflow" for its own.

        ValueError for no elements.
        """
        values = _array(values).reshape(-1).astype("float64")
        if not values.size:
            raise ValueError("The input has no element.")
        counts, limits = numpy.histogram(values, _bins() if bins == "tensorflow" else bins)
        if max_bins is not None and len(counts) > max_bins:
            limits = numpy.append(limits[:-1][:: -(-len(counts) // max_bins)], limits[-1])
            counts, _ = numpy.histogram(values, limits)
        filled = numpy.flatnonzero(counts)
        first, last = (filled[0], filled[-1] + 1) if filled.size else (0, len(counts))
        # an empty one before the first, so that its lower limit is known
        content = {"bucket": [0.0, *counts[first:last]], "bucket_limit": limits[first : last + 1]}
        numbers = {"min": values.min(), "max": values.max(), "num": values.size}
        sums = {"sum": summed(values), "sum_squares": values.dot(values)}
        histogram = _part("compat.proto.summary_pb2", "HistogramProto")(**content, **numbers, **sums)
        self._add(global_step, walltime, tag=tag, histo=histogram)

    def add_image(self, tag, img_tensor, global_step=None, walltime=None, dataformats="CHW"):
        """An image with the dimensions ``dataformats``, of bytes or of numbers from 0 to 1."""
        image = _array(img_tensor)
        if image.ndim != len(dataformats) or not {*dataformats} <= {*"NCHW"}:
            raise AssertionError(f"add_image: an image of shape {list(image.shape)} is not {dataformats}")
        order = [dataformats.index(letter) for letter in "NHWC" if letter in dataformats]
        image = image.transpose(order)
        if "C" not in dataformats:
            image = image[..., None]
        if "N" in dataformats:  # side by side
            image = numpy.concatenate(list(image), 1)
        if image.dtype != numpy.uint8:
            image = (image.astype("float32") * 255).clip(0, 255).astype("uint8")
        if image.shape[-1] == 1:
            image = image.repeat(3, -1)
        file = io.BytesIO()
        importlib.import_module("PIL.Image").fromarray(image).save(file, "PNG")
        height, width, channels = image.shape
        size = {"height": height, "width": width, "colorspace": channels}
        proto = _part("compat.proto.summary_pb2", "Summary").Image
        self._add(global_step, walltime, tag=tag, image=proto(**size, encoded_image_string=file.getvalue()))

    def add_images(self, tag, img_tensor, global_step=None, walltime=None, dataformats="NCHW"):
        """Several images, side by side."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(self, tag, figure, global_step=None, close=True, walltime=None):
        """A figure of Matplotlib, which is closed afterwards unless ``close`` is False."""
        figure.canvas.draw()
        self.add_image(tag, numpy.asarray(figure.canvas.buffer_rgba()), global_step, walltime, "HWC")
        if close:
            importlib.import_module("matplotlib.pyplot").close(figure)

    def add_text(self, tag, text_string, global_step=None, walltime=None):
        """A text in Markdown."""
        make = _part("util.tensor_util", "make_tensor_proto")
        tensor = make(numpy.array([text_string.encode()], object))
        self._add(global_step, walltime, tag=f"{tag}/text_summary", tensor=tensor, plugin="text")

    def flush(self):
        """Write what waits into the file."""
        for writer in self._writers.values():
            writer.flush()

    def close(self):
        """Flush, and close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def _refused(name):
    def method(self, *args, **kwargs):
        raise NotImplementedError(f"SummaryWriter.{name} is not here; add_text and add_figure may do")

    method.__name__, method.__doc__ = name, "NotImplementedError."
    return method


for _name in (
    "add_audio add_custom_scalars add_embedding add_graph add_hparams add_mesh add_pr_curve add_video".split()
):
    setattr(SummaryWriter, _name, _refused(_name))

__getattr__ = _lookup(__name__)
