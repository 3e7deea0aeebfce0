"""Pictures for the chapters: handwritten digits, a photograph, and vehicles.

Nothing here needs the network: the digits come with the package, the photograph
with matplotlib, and the vehicles are drawn. Only ``mnist(full=True)`` and
``cifar10()`` may download. torch and torchvision are
imported by the functions that need them, so that importing this module is quick.
"""

from __future__ import annotations

import os
import sys
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import torch

__all__ = ["VEHICLES", "cache_folder", "cifar10", "mnist", "photograph", "vehicles"]

BUNDLED = Path(__file__).parent / "_data" / "mnist.npz"

# torchvision starts a download unless all four are there, whichever it needs
RAW_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

#: What the labels of `vehicles` stand for.
VEHICLES = ("car", "truck", "bus", "bicycle", "train", "ship")


class _Kept(NamedTuple):
    """What torchvision keeps of a data set in the cache folder."""

    name: str  # for the reader
    place: str  # of the files, in the cache folder
    files: tuple[str, ...]
    shape: tuple[int, ...]  # of one picture, as torchvision holds it
    instead: str  # what to do without


MNIST_KEPT = _Kept(
    "MNIST",
    "MNIST/raw",
    RAW_FILES,
    (28, 28),
    "use the digits that come with the package, mnist(full=False)",
)
CIFAR10_KEPT = _Kept(
    "CIFAR-10",
    "cifar-10-batches-py",
    (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"),
    (32, 32, 3),
    "use drawn pictures of the same size, vehicles()",
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
    _check_flags(train=train, full=full)
    return _whole("MNIST", MNIST_KEPT, train) if full else _bundled_mnist(train)


def cifar10(train: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Photographs of ten kinds of things, CIFAR-10 (introduced in chapter 9).

    They are read from `cache_folder`, where they are downloaded (170 MB, unpacked
    another 186 MB) unless they are there.

    Parameters
    ----------
    train : bool
        True for the 50,000 to learn from, False for the 10,000 to test with.

    Returns
    -------
    images : uint8 tensor (N, 3, 32, 32)
        Red, green and blue, 0 to 255; ``images / 255`` is what `vehicles` gives.
    labels : int64 tensor (N,)
        0 to 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Raises
    ------
    TypeError
        `train` is not True or False.
    FileNotFoundError
        The set is absent and cannot be downloaded.
    ValueError
        Its files are there but are not CIFAR-10 (cut off, damaged).
    """
    _check_flags(train=train)
    images, labels = _whole("CIFAR10", CIFAR10_KEPT, train)
    return images.permute(0, 3, 1, 2).contiguous(), labels


def vehicles(
    count: int,
    seed: int = 0,
    kinds: Sequence[str] | None = None,
    hide: Collection[str] = (),
    parts: bool = False,
) -> tuple[torch.Tensor, ...]:
    """Draw vehicles in a landscape (introduced in chapter 9).

    Kind, place, size, colors, direction and landscape are left to chance, and none
    of the others tells the kind: the same number of the same seed is in the same
    landscape, place and colors whichever kind is drawn there. Picture i follows from
    the seed and i alone, so fewer pictures are the first of more.

    Parameters
    ----------
    count : int
        How many; 5,000 take some seconds.
    seed : int
        Of all that is left to chance, 0 or more.
    kinds : sequence of str, optional
        Names of `VEHICLES`, each equally likely; by default all.
    hide : str or collection of str
        What is left out of the same pictures: "background" (it is then gray),
        "body", "wheels".
    parts : bool
        Tell also what each pixel shows.

    Returns
    -------
    x : float32 tensor (N, 3, 32, 32)
        Red, green and blue, in [0, 1].
    labels : int64 tensor (N,)
        Places in `VEHICLES`, with all kinds or with some.
    where : uint8 tensor (N, 32, 32)
        Only with `parts`: 0 for the background, 1 for the body, 2 and on for the
        wheels from left to right. A pixel that shows several counts for the highest.

    Raises
    ------
    ValueError
        `count` or `seed` is no whole number that large, or there is no such kind or
        part.
    TypeError
        `parts` is not True or False.
    """
    import numpy as np
    import torch

    from cnnbook.drawing import PARTS, draw
    from cnnbook.training import progress

    _check_flags(parts=parts)
    _check_whole("count", count, 1)
    _check_whole("seed", seed, 0)
    kinds = _names("kinds", VEHICLES if kinds is None else kinds, VEHICLES)
    hide = _names("hide", hide, PARTS)
    if not kinds:
        raise ValueError(f"kinds must name at least one of {', '.join(VEHICLES)}")
    numbers = progress(range(count), f"{count:,} vehicles", show=count > 5000)
    drawn = [draw(seed, i, kinds, hide) for i in numbers]
    pictures, found, maps = zip(*drawn, strict=True)
    # Each picture was drawn with its channels last; stack would keep that order.
    x = torch.from_numpy(np.stack(pictures)).contiguous()
    where = torch.from_numpy(np.stack(maps))
    labels = torch.tensor([VEHICLES.index(kinds[i]) for i in found])
    return (x, labels, where) if parts else (x, labels)


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
    """The folder for the whole of MNIST and for CIFAR-10, whether it exists or not.

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


def _whole(loader, kept, train):
    """Pictures and labels as torchvision's loader of that name has them."""
    import torch
    from torchvision import datasets

    folder = cache_folder()
    try:
        download = bool(_missing(folder, kept))
        found = getattr(datasets, loader)(folder, train=train, download=download)
        images, labels = torch.as_tensor(found.data), torch.as_tensor(found.targets)
        _check_pictures(images, labels, kept.shape)
    # A download fails in many ways, and so does the reading of a damaged file:
    # torchvision asserts, torch raises. The message names the cause; a chained
    # traceback would bury it.
    except Exception as error:
        raise _explained(error, folder, kept) from None
    return images, labels


def _missing(folder, kept):
    place = folder / kept.place
    return [name for name in kept.files if not (place / name).is_file()]


def _check_pictures(images, labels, shape):
    if images.shape[1:] != shape:
        wanted = ", ".join(map(str, shape))
        raise ValueError(f"expected images (N, {wanted}), got {tuple(images.shape)}")
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if labels.max() > 9:
        raise ValueError(f"expected labels from 0 to 9, got {int(labels.max())}")


def _explained(error, folder, kept):
    """The error for the reader: what was looked for, where, what failed, what now."""
    place = folder / kept.place
    failed = f"{type(error).__name__}: {error}".strip(": \n")
    if missing := _missing(folder, kept):
        return FileNotFoundError(
            f"The whole of {kept.name} is not in {place} (missing: "
            f"{', '.join(missing)}) and could not be downloaded.\n{failed}\n"
            f"Set CNNBOOK_DATA to a folder that contains {kept.place} with these "
            f"files, or {kept.instead}."
        )
    return ValueError(
        f"The files in {place} cannot be read as {kept.name}, perhaps because a "
        f"download was cut off.\n{failed}\nDelete them, so that the next call "
        f"downloads them again, or {kept.instead}."
    )


def _check_flags(**flags):
    for name, value in flags.items():
        # mnist("test") would otherwise be the training digits: a string is true
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {value!r}")


def _check_whole(name, value, least):
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"{name} must be a whole number, {least} or more, got {value!r}"
        )


def _names(argument, given, known):
    """The names given, one or several, if all are known."""
    names = (given,) if isinstance(given, str) else tuple(given)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(
            f"{argument} may contain {', '.join(known)}; got {unknown[0]!r}"
        )
    return names


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
