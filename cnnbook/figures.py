"""Every plot of the book: one style, the widgets' colors, text for the blind."""

import base64
import io
import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

plt.style.use(Path(__file__).parent / "book.mplstyle")

#: Blue for negative, white for zero, orange for positive: as in the widgets.
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#2166ac", "#ffffff", "#d9660b"], N=256
)
MARK = "#7b1fa2"


#: Inches. A phone shows a figure of this width with letters of 9 pixels.
WIDTH = 5.2


def row(count, height=2.6, width=WIDTH, widths=None, across=None):
    """A figure with `count` axes side by side; sizes in inches.

    `widths` are the axes' relative widths: give the numbers of columns where
    pictures of different sizes shall have pixels of one size. `across` is how many
    axes stand in a row, all of them by default; each row is `height` high.

    Returns
    -------
    fig : matplotlib Figure
    axes : list of `count` Axes
    """
    across = across or count
    down = math.ceil(count / across)
    size = (width, height * down)
    fig, axes = plt.subplots(
        down, across, figsize=size, squeeze=False, width_ratios=widths
    )
    for ax in axes.flat[count:]:
        ax.remove()
    return fig, list(axes.flat[:count])


def signed(ax, matrix, title="", scale=None, numbers=False):
    """Draw a matrix (H, W) in signed colors, with its numbers if asked.

    `scale` is the value of the strongest color, by default the largest absolute
    value in the matrix. NaN leaves a cell empty.
    """
    matrix = np.asarray(matrix)
    scale = scale or float(abs(matrix).max()) or 1.0
    ax.imshow(matrix, cmap=SIGNED, vmin=-scale, vmax=scale)
    bare(ax, title)
    if numbers:
        for r, line in enumerate(matrix.tolist()):
            for c, value in enumerate(line):
                if math.isnan(value):
                    continue  # NaN: not yet known
                color = "white" if abs(value) > 0.75 * scale else "black"
                text = f"{value:g}".replace("-", "−")
                ax.text(c, r, text, ha="center", va="center", color=color)


def gray(ax, image, title=""):
    """Draw an image (H, W) with values from 0 (black) to 1 (white)."""
    ax.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=1)
    bare(ax, title)


def color(ax, image, title=""):
    """Draw a color image (3, H, W) with values from 0 to 1."""
    ax.imshow(np.asarray(image).transpose(1, 2, 0))  # Matplotlib: channels last
    bare(ax, title)


def bare(ax, title=""):
    """Axes for a picture: no ticks, no grid, a thin frame."""
    ax.set(xticks=[], yticks=[], title=title)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#c3c9d0")


def frame(ax, r, c, height, width):
    """Mark the window of `height` × `width` pixels whose top left is (r, c)."""
    corner = (c - 0.5, r - 0.5)
    box = plt.Rectangle(corner, width, height, fill=False, edgecolor=MARK, linewidth=3)
    # At the edge, half of the line would be cut off, and the axes drawn over it
    box.set(clip_on=False, zorder=3)
    ax.add_patch(box)


def show(fig, alt, colors=128):
    """Show a figure and close it; the output carries a text alternative.

    Parameters
    ----------
    fig : matplotlib Figure
    alt : str
        What the figure shows, for those who do not see it. It is also the output's
        plain text, so nbval compares the numbers that it holds.
    colors : int
        Colors in the saved image: few keep the notebook small.

    Raises
    ------
    ValueError
        If `alt` is too short to say anything, or the figure too wide for a phone.
    """
    if len(alt.split()) < 5:
        raise ValueError(f"alt must say what the figure shows, got {alt!r}")
    png, (width, height) = _png(fig, colors)
    plt.close(fig)
    if width > 100 * WIDTH + 20:  # some room for what reaches out of the axes
        raise ValueError(
            f"expected a figure of {WIDTH} inches, or its letters cannot be read on a "
            f"phone; got {width / 100:g}: put fewer axes `across`"
        )
    data = {"image/png": png, "text/plain": f"Figure: {alt}"}
    size = {"alt": alt, "width": width, "height": height}
    display(data, metadata={"image/png": size}, raw=True)


def _png(fig, colors):
    raw = io.BytesIO()
    # Twice: Matplotlib's first layout of a figure differs from run to run.
    fig.canvas.draw()
    fig.savefig(raw, format="png", bbox_inches="tight", pad_inches=0.05)
    image = Image.open(raw).convert("RGB")
    small = io.BytesIO()
    # Pillow's default, the median cut, gives rare colors away: an orange line among
    # many grays turned brownish. This one is off by a few of 255 levels at most.
    cover = Image.Quantize.MAXCOVERAGE
    few = image.quantize(colors, cover, kmeans=1, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True)
    # On the page a figure is as large as its inches say: 100 CSS pixels each.
    scale = 100 / plt.rcParams["savefig.dpi"]
    size = [round(side * scale) for side in image.size]
    return base64.b64encode(small.getvalue()).decode(), size
