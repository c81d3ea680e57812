"""What is written for TensorBoard, read as TensorBoard reads it."""

import io

import numpy as np
import pytest

import mytorch

pytest.importorskip("tensorboard", reason="not installed: see tests/packages/light.txt")
pytestmark = pytest.mark.filterwarnings("ignore")  # of protobuf and the stub of TensorFlow


@pytest.fixture
def written(tmp_path):
    """(a writer into a folder, a function that reads it)."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from mytorch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(tmp_path / "run")

    def read(folder="run"):
        writer.close()
        return EventAccumulator(str(tmp_path / folder)).Reload()

    return writer, read


def test_numbers(written):
    writer, read = written
    for step in range(3):
        writer.add_scalar("loss", mytorch.tensor(0.5 * step, requires_grad=True), step)
    writer.add_scalars("both", {"a": 1, "b": np.float32(2)}, 7)
    with pytest.raises(AssertionError):
        writer.add_scalar("loss", mytorch.ones(2))
    assert [(e.step, e.value) for e in read().Scalars("loss")] == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert [(e.step, e.value) for e in read("run/both_b").Scalars("both")] == [(7, 2.0)]


@pytest.mark.parametrize("bins", ["tensorflow", 10, "auto"])
def test_a_histogram(written, bins):
    writer, read = written
    values = mytorch.tensor([-1.0, 0.0, 0.5, 0.5, 3.0])
    writer.add_histogram("weights", values, 2, bins=bins)
    writer.add_histogram("coarse", values, 2, bins=bins, max_bins=4)
    with pytest.raises(ValueError, match="no element"):
        writer.add_histogram("weights", mytorch.zeros(0))
    events = read()
    (coarse,), (event,) = events.Histograms("coarse"), events.Histograms("weights")
    assert sum(coarse.histogram_value.bucket) == 5
    assert len(coarse.histogram_value.bucket) <= 6
    found = event.histogram_value
    assert (found.min, found.max, found.num, found.sum, found.sum_squares) == (-1, 3, 5, 3, 10.5)
    assert sum(found.bucket) == 5
    assert len(found.bucket) == len(found.bucket_limit)


def test_an_image_and_a_figure(written):
    import matplotlib.pyplot as plt
    from PIL import Image

    writer, read = written
    writer.add_image("picture", mytorch.linspace(0, 1, 24).reshape(1, 4, 6))
    writer.add_images("pictures", mytorch.zeros(3, 3, 4, 6, dtype=mytorch.uint8))
    figure = plt.figure(figsize=(1, 1))
    writer.add_figure("figure", figure)
    assert not plt.fignum_exists(figure.number)
    with pytest.raises(AssertionError, match="CHW"):
        writer.add_image("picture", mytorch.zeros(4, 6))
    found = read()
    pixels = np.asarray(Image.open(io.BytesIO(found.Images("picture")[0].encoded_image_string)))
    assert pixels.shape == (4, 6, 3)
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)
    assert (found.Images("pictures")[0].width, found.Images("pictures")[0].height) == (18, 4)
    assert found.Images("figure")[0].width == figure.canvas.get_width_height()[0]


def test_text_and_refusals(written):
    writer, read = written
    writer.add_text("note", "**bold**", 3)
    with pytest.raises(NotImplementedError, match="add_graph"):
        writer.add_graph(None)
    (event,) = read().Tensors("note/text_summary")
    assert (event.step, event.tensor_proto.string_val[0]) == (3, b"**bold**")
