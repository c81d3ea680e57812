"""Short-time Fourier transforms: spectra of overlapping frames of a signal, and the signal from its spectra
(Griffin and Lim, 1984, https://doi.org/10.1109/TASSP.1984.1164317).
"""

from __future__ import annotations

import warnings

from ...core.arrays import array_of, xp
from ...core.graph import wrap
from ..complex import view_as_real
from ..composite import composite
from ..indexing import getitem
from ..permute import transpose
from ..shape import expand, reshape
from ..spatial.padding import pad, pad_constant
from ..strided import overlap_add, windows
from .transforms import fft, ifft, irfft, rfft

NO_WINDOW = (
    "A window was not provided. A rectangular window will be applied, which is known to cause spectral "
    "leakage. Other windows such as torch.hann_window are recommended. To suppress this warning and use a "
    "rectangular window, explicitly set `window=torch.ones(n_fft)`."
)


def _is_complex(x):
    return array_of(x).dtype.kind == "c"


def _lengths(name, n_fft, hop_length, win_length, window):
    """(hop length, the window's length) with their defaults. RuntimeError for a window of another length."""
    hop_length = n_fft // 4 if hop_length is None else hop_length
    win_length = n_fft if win_length is None else win_length
    if not 0 < win_length <= n_fft:
        raise RuntimeError(f"{name}(): expected 0 < win_length <= n_fft={n_fft}, but got {win_length}")
    if window is None:
        warnings.warn(NO_WINDOW, stacklevel=4)
    elif window.shape != (win_length,):
        raise RuntimeError(
            f"{name}(): expected a 1D window tensor of size equal to win_length={win_length}, but got a "
            f"window of size {list(window.shape)}"
        )
    return hop_length, win_length


def _centred(window, like, n_fft, win_length):
    """The window (ones by default) in the middle of ``n_fft`` numbers, with zeros beside it."""
    if window is None:
        array = array_of(like)
        window = wrap(xp(array).ones(win_length, array.real.dtype))
    before = (n_fft - win_length) // 2
    widths = ((before, n_fft - win_length - before),)
    return window if win_length == n_fft else pad_constant(window, widths=widths, value=0)


@composite
def stft(
    input,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window=None,
    center=True,
    pad_mode="reflect",
    normalized=False,
    onesided=None,
    return_complex=None,
    align_to_window=None,
):
    """Fourier transforms of the frames of a signal: (T,) or (N, T) -> (…, frequencies, frames).

    A frame is ``n_fft`` samples times ``window``; one begins every ``hop_length`` samples (n_fft / 4).
    ``center`` pads the signal (``pad_mode``) so that frame t is centred at sample t · hop_length.
    ``normalized`` divides by √n_fft. ``onesided``: only the n_fft // 2 + 1 frequencies that are not negative,
    by default for real signals. ``return_complex=False`` gives pairs (…, 2). RuntimeError for sizes that do
    not fit, NotImplementedError for ``align_to_window``.
    """
    is_real = not (_is_complex(input) or (window is not None and _is_complex(window)))
    if return_complex is None:
        if is_real:
            raise RuntimeError("stft requires the return_complex parameter be given for real inputs.")
        return_complex = True
    if align_to_window is not None:
        if center:
            raise RuntimeError("stft align_to_window should only be set when center = false")
        if align_to_window:
            raise NotImplementedError("stft: frames that are aligned to a shorter window are not implemented")
    hop_length, win_length = _lengths("stft", n_fft, hop_length, win_length, window)
    if len(input.shape) not in (1, 2):
        raise RuntimeError(f"stft(): expected a 1D or 2D tensor, but got {len(input.shape)}D")
    x = reshape(input, shape=(1, -1)) if len(input.shape) == 1 else input
    if center:
        x = reshape(pad(reshape(x, shape=(1, *x.shape)), [n_fft // 2] * 2, pad_mode), shape=(x.shape[0], -1))
    if not 0 < n_fft <= x.shape[1]:
        raise RuntimeError(f"stft(): expected 0 < n_fft <= {x.shape[1]}, but got n_fft={n_fft}")
    if hop_length <= 0:
        raise RuntimeError(f"stft(): expected hop_length > 0, but got hop_length={hop_length}")
    onesided = is_real if onesided is None else onesided
    if onesided and not is_real:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    frames = windows(x, dimension=1, size=n_fft, step=hop_length) * _centred(window, x, n_fft, win_length)
    spectra = (rfft if onesided else fft)(frames, norm="ortho" if normalized else "backward")
    out = transpose(spectra, dim0=1, dim1=2)
    out = getitem(out, index=(0,)) if len(input.shape) == 1 else out
    return out if return_complex else view_as_real(out)


@composite
def istft(
    input,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window=None,
    center=True,
    normalized=False,
    onesided=None,
    length: int | None = None,
    return_complex=False,
):
    """The signal whose :func:`stft` comes closest: (…, frequencies, frames) -> (T,) or (N, T).

    The parameters are those of the transform; ``length`` is that of the signal. RuntimeError where the
    windows leave a sample out, and for sizes that do not fit.
    """
    if not _is_complex(input):
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    hop_length, win_length = _lengths("istft", n_fft, hop_length, win_length, window)
    if not 0 < hop_length <= win_length:
        raise RuntimeError(
            f"istft(): expected 0 < hop_length <= win_length={win_length}, but got {hop_length}"
        )
    if len(input.shape) not in (2, 3) or not array_of(input).size:
        raise RuntimeError(f"istft(): expected 2D or 3D spectra that are not empty, got {list(input.shape)}")
    x = input if len(input.shape) == 3 else reshape(input, shape=(1, *input.shape))
    x = transpose(x, dim0=1, dim1=2)
    onesided = x.shape[2] != n_fft if onesided is None else onesided
    if x.shape[2] != (n_fft // 2 + 1 if onesided else n_fft):
        raise RuntimeError(
            f"istft(): expected the frequency dimension to match n_fft={n_fft} with onesided={onesided}, but "
            f"got {x.shape[2]}"
        )
    if onesided and return_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    window = _centred(window, x, n_fft, win_length)
    norm = "ortho" if normalized else "backward"
    if return_complex:
        frames = ifft(x, norm=norm)
    else:  # of a real signal the other frequencies are the conjugates
        frames = irfft(getitem(x, index=(..., slice(n_fft // 2 + 1))), n_fft, norm=norm)
    out = _joined(frames * window, window, hop_length, center, length)
    return getitem(out, index=(0,)) if len(input.shape) == 2 else out


def _joined(frames, window, hop_length, center, length):
    """The frames (N, count, n_fft) added where they overlap, over the sum of the squares of the windows."""
    count, n_fft = frames.shape[1:]
    total = n_fft + hop_length * (count - 1)
    out = overlap_add(frames, shape=(frames.shape[0], total), dimension=1, step=hop_length)
    squares = expand(window * window, shape=(1, count, n_fft))
    weight = overlap_add(squares, shape=(1, total), dimension=1, step=hop_length)
    start = n_fft // 2 if center else 0
    stop = total - start if length is None else min(start + length, total)
    out, weight = (getitem(a, index=(slice(None), slice(start, stop))) for a in (out, weight))
    least = abs(array_of(weight))
    if least.size and (least := least.min()) < 1e-11:
        raise RuntimeError(f"istft(): the windows leave samples out: window overlap add min: {least:.3g}")
    out = out / weight
    if length is not None and length > stop - start:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded "
            "with zeros in the tail.",
            stacklevel=4,
        )
        out = pad_constant(out, widths=((0, 0), (0, length - (stop - start))), value=0)
    return out
