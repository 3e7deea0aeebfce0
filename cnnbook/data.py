"""Pictures for the chapters: handwritten digits and a photograph.

Nothing here needs the network: the digits come with the package, the photograph
with matplotlib. Only ``mnist(full=True)`` may download. torch and torchvision are
imported by the functions that need them, so that importing this module is quick.
"""

from __future__ import annotations

import os
import sys
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["cache_folder", "mnist", "photograph"]

BUNDLED = Path(__file__).parent / "_data" / "mnist.npz"

# torchvision starts a download unless all four are there, whichever it needs
RAW_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def mnist(train: bool = True, full: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Handwritten digits and what they show (introduced in chapter 2).

    MNIST is by Yann LeCun, Corinna Cortes and Christopher J.C. Burges, licensed
    CC BY-SA 3.0; ``_data/LICENSE-MNIST`` says what the bundled file changes.

    Parameters
    ----------
    train : bool
        True for digits to learn from, False for digits to test with.
    full : bool
        False for the digits bundled with the package, the first 10,000 training and
        the first 2,000 test digits of MNIST. True for all 60,000 and 10,000, from
        `cache_folder`, where they are downloaded (12 MB, unpacked 55 MB) unless
        they are there.

    Returns
    -------
    images : uint8 tensor (N, 28, 28)
        0 is the background and 255 the ink. Networks take floats with a channel
        dimension: ``x = images[:, None] / 255`` is float32 (N, 1, 28, 28) in [0, 1].
    labels : int64 tensor (N,)
        0 to 9.

    Raises
    ------
    TypeError
        `train` or `full` is not True or False.
    FileNotFoundError
        The whole set is absent and cannot be downloaded.
    ValueError
        Its files are there but are not MNIST (cut off, damaged).
    """
    for name, value in (("train", train), ("full", full)):
        # mnist("test") would otherwise be the training digits: a string is true
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {value!r}")
    return _whole_mnist(train) if full else _bundled_mnist(train)


def photograph(height: int | None = None) -> torch.Tensor:
    """A color photograph, Grace Hopper in uniform (introduced in chapter 2).

    The file is ``grace_hopper.jpg`` of matplotlib's sample data. Its own comment
    names its source, commons.wikimedia.org/wiki/File:Grace_Hopper.jpg: a portrait by
    the US Navy, so a work of the US government and in the public domain, as which
    matplotlib took it in (its pull request 1599).

    Parameters
    ----------
    height : int, optional
        Rows wanted, 1 to 600. The columns follow, so that the aspect stays; each new
        pixel is the mean of the area it covers. By default the photograph as it is.

    Returns
    -------
    float32 tensor (3, H, W)
        Red, green and blue, in [0, 1]; (3, 600, 512) without `height`.

    Raises
    ------
    ValueError
        `height` is not a whole number from 1 to 600.
    FileNotFoundError
        This matplotlib came without its sample data.
    """
    import torch

    photo = _read_photograph()  # (3, 600, 512)
    rows, columns = photo.shape[1:]
    if height is None:
        return photo
    whole = isinstance(height, Integral) and not isinstance(height, bool)
    if not whole or not 1 <= height <= rows:
        raise ValueError(
            f"height must be a whole number from 1 to {rows}, the rows of the "
            f"photograph, got {height!r}"
        )
    size = (height, max(1, round(columns * height / rows)))
    return torch.nn.functional.interpolate(photo[None], size, mode="area")[0]


def cache_folder() -> Path:
    """The folder that holds ``MNIST/raw``, whether or not it exists yet.

    It is what the environment variable ``CNNBOOK_DATA`` names or, where that is
    not set, a folder ``cnnbook`` among the user's caches.
    """
    named = os.environ.get("CNNBOOK_DATA")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        caches = "~/Library/Caches"
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "cnnbook"


def _bundled_mnist(train):
    import numpy as np
    import torch

    split = "train" if train else "test"
    with np.load(BUNDLED, allow_pickle=False) as arrays:
        images = torch.from_numpy(arrays[f"{split}_images"])
        labels = torch.from_numpy(arrays[f"{split}_labels"])
    return images, labels.long()  # stored as uint8; losses want int64


def _whole_mnist(train):
    from torchvision.datasets import MNIST

    folder = cache_folder()
    try:
        digits = MNIST(folder, train=train, download=bool(_missing(folder)))
        _check_digits(digits.data, digits.targets)
    # A download fails in many ways, and so does the reading of a damaged file:
    # torchvision asserts, torch raises. The message names the cause; a chained
    # traceback would bury it.
    except Exception as error:
        raise _explained(error, folder) from None
    return digits.data, digits.targets


def _missing(folder):
    raw = folder / "MNIST" / "raw"
    return [name for name in RAW_FILES if not (raw / name).is_file()]


def _check_digits(images, labels):
    if images.shape[1:] != (28, 28):
        raise ValueError(f"expected images (N, 28, 28), got {tuple(images.shape)}")
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if labels.max() > 9:
        raise ValueError(f"expected labels from 0 to 9, got {int(labels.max())}")


def _explained(error, folder):
    """The error for the reader: what was looked for, where, what failed, what now."""
    raw = folder / "MNIST" / "raw"
    failed = f"{type(error).__name__}: {error}".strip(": \n")
    bundled = "use the digits that come with the package, mnist(full=False)"
    if missing := _missing(folder):
        return FileNotFoundError(
            f"The whole of MNIST is not in {raw} (missing: {', '.join(missing)}) "
            f"and could not be downloaded.\n{failed}\nSet CNNBOOK_DATA to a folder "
            f"that contains MNIST/raw with these files, or {bundled}."
        )
    return ValueError(
        f"The files in {raw} cannot be read as MNIST, perhaps because a download "
        f"was cut off.\n{failed}\nDelete them, so that the next call downloads them "
        f"again, or {bundled}."
    )


def _read_photograph():
    import matplotlib
    import numpy as np
    import torch
    from PIL import Image

    path = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")
    if not path.is_file():
        raise FileNotFoundError(
            f"matplotlib's sample data should contain {path}. Some systems package "
            "it apart: install matplotlib with pip."
        )
    with Image.open(path) as photo:
        pixels = torch.from_numpy(np.array(photo.convert("RGB")))  # (H, W, 3)
    return pixels.permute(2, 0, 1).contiguous() / 255
