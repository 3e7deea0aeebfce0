"""Draw ``book/_static/share.png``, what a shared link to the book shows.

    python -m scripts.share_picture

A digit, a kernel that slides over it, and the map of its answers, all computed.
Running it twice gives the same bytes.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
import yaml
from PIL import Image

from cnnbook import figures
from cnnbook.data import mnist
from cnnbook.findable import PICTURE, PICTURE_SIZE

ROOT = Path(__file__).parent.parent
PATH = ROOT / "book" / PICTURE
DIGIT = 7  # of the bundled training digits
WINDOW = (8, 9)  # where the kernel stands in the picture
KERNEL = torch.tensor([[1.0, 1, 1], [0, 0, 0], [-1, -1, -1]])
#: Left, bottom, width and height of the three, in parts of the whole
BOXES = [(0.06, 0.09, 0.31, 0.6), (0.44, 0.27, 0.12, 0.24), (0.63, 0.09, 0.31, 0.6)]


def draw(title: str):
    """Return the figure: the title above, and a picture, a kernel and a map."""
    fig = plt.figure(figsize=[side / 100 for side in PICTURE_SIZE], layout="none")
    fig.text(0.06, 0.82, title, size=39, weight="bold", color="#1f2328", va="center")
    image = mnist()[0][DIGIT].float() / 255
    answer = F.conv2d(image[None, None], KERNEL[None, None])[0, 0]
    left, middle, right = (fig.add_axes(box) for box in BOXES)
    figures.gray(left, 1 - image)
    figures.frame(left, *WINDOW, *KERNEL.shape)
    figures.signed(middle, KERNEL)
    figures.signed(right, answer)
    figures.frame(right, *WINDOW, 1, 1)
    return fig


def save(fig, path) -> None:
    """Save a figure in 128 colors, which need fewer bytes."""
    fig.savefig(path, dpi=100)
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    save(draw(config["title"]), PATH)
    print(PATH)
