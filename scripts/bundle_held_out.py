"""Make ``exercises/held_out_digits.npz``, digits that only the grader has.

    CNNBOOK_DATA=folder-with-MNIST python -m scripts.bundle_held_out

Of the 8,000 test digits of MNIST that the package does not bring, every eighth is
kept. Running it twice gives the same bytes.
"""

from pathlib import Path

import numpy as np

from cnnbook.data import mnist
from scripts.bundle_digits import COUNTS, write

HELD_OUT = Path(__file__).parent.parent / "exercises" / "held_out_digits.npz"
EVERY = 8


def held_out_digits():
    """The arrays to store, both uint8: images ``(N, 28, 28)`` and labels ``(N,)``."""
    images, labels = mnist(train=False, full=True)
    kept = slice(COUNTS["test"], None, EVERY)
    return {
        "images": images[kept].numpy(),
        "labels": labels[kept].numpy().astype(np.uint8),
    }


if __name__ == "__main__":
    write(HELD_OUT, held_out_digits())
    print(f"{HELD_OUT.name}: {HELD_OUT.stat().st_size:,} bytes")
