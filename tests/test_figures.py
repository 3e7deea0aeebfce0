"""Figures: their text, their size, their sameness."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from cnnbook import figures

ALT = "a matrix of two rows and two columns in signed colors"


@pytest.fixture
def shown(monkeypatch):
    """What `figures.show` displays: a list of (data, metadata)."""
    outputs = []
    monkeypatch.setattr(
        figures, "display", lambda data, metadata, raw: outputs.append((data, metadata))
    )
    return outputs


def draw():
    fig, (ax,) = figures.row(1, height=2, width=3)
    figures.signed(ax, torch.tensor([[1.0, -2], [0, 4]]), "title", numbers=True)
    return fig


def test_a_figure_carries_its_text_and_its_size(shown):
    figures.show(draw(), ALT)
    (data, metadata) = shown[0]
    assert data["text/plain"] == f"Figure: {ALT}"
    assert metadata["image/png"]["alt"] == ALT
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    size = [metadata["image/png"][side] for side in ("width", "height")]
    # 150 pixels of the image on 100 of the page: sharp on a dense screen
    assert size == [round(side / 1.5) for side in image.size]
    assert 100 < size[1] <= 210  # two inches, and the margin


def test_columns_of_one_size():
    _, axes = figures.row(2, widths=[3, 1])
    left, right = (ax.get_subplotspec().get_position(ax.figure).width for ax in axes)
    assert left > 2 * right


def test_axes_in_rows():
    fig, axes = figures.row(3, height=2, across=2)
    assert tuple(fig.get_size_inches()) == (figures.WIDTH, 4)
    places = [ax.get_subplotspec().get_position(fig) for ax in axes]
    assert places[0].y0 == places[1].y0 > places[2].y0
    assert places[0].x0 == places[2].x0 < places[1].x0
    assert fig.axes == axes  # no empty one


def test_a_figure_too_wide_for_a_phone_is_refused(shown):
    fig, _ = figures.row(3, width=7.2)
    with pytest.raises(
        ValueError, match=r"expected a figure of 5.2 inches.* got 7\.\d"
    ):
        figures.show(fig, ALT)
    assert not shown


def test_rare_colors_survive_among_many(shown):
    shades = torch.linspace(0, 1, 120 * 120).reshape(120, 120)
    edges = torch.zeros(120, 120)
    edges[:, 40], edges[:, 80] = 1, -1
    fig, (left, right) = figures.row(2)
    figures.gray(left, shades)
    figures.signed(right, edges)
    raw = io.BytesIO()
    fig.canvas.draw()
    fig.savefig(raw, bbox_inches="tight", pad_inches=0.05)
    figures.show(fig, ALT)
    saved = io.BytesIO(base64.b64decode(shown[0][0]["image/png"]))
    few, all_of_them = (
        np.asarray(Image.open(image).convert("RGB")).astype(int)
        for image in (saved, raw)
    )
    assert abs(few - all_of_them).max() <= 8


def test_the_same_figure_is_the_same_bytes(shown):
    for _ in range(2):
        figures.show(draw(), ALT)
    assert shown[0] == shown[1]


def test_signed_colors_are_the_widgets(shown):
    figures.show(draw(), ALT)
    data = base64.b64decode(shown[0][0]["image/png"])
    colors = {rgb for _, rgb in Image.open(io.BytesIO(data)).convert("RGB").getcolors()}
    strongest = (0xD9, 0x66, 0x0B)
    assert any(
        sum(abs(a - b) for a, b in zip(c, strongest, strict=True)) < 12 for c in colors
    )


def test_a_figure_without_a_text_is_refused(shown):
    with pytest.raises(ValueError, match="alt must say what the figure shows, got 'pl"):
        figures.show(draw(), "plot")
    assert not shown


def test_nan_leaves_a_cell_empty():
    _, (ax,) = figures.row(1)
    figures.signed(ax, torch.tensor([[1.0, torch.nan]]), scale=1, numbers=True)
    assert [text.get_text() for text in ax.texts] == ["1"]


def test_an_even_matrix_has_colors_too():
    _, (ax,) = figures.row(1)
    figures.signed(ax, torch.zeros(2, 2))
    assert ax.images[0].get_clim() == (-1, 1)


def test_a_color_image_is_drawn_channels_last():
    _, (ax,) = figures.row(1)
    image = torch.arange(24).reshape(3, 2, 4) / 24
    figures.color(ax, image)
    drawn = torch.as_tensor(ax.images[0].get_array())
    assert torch.equal(drawn, image.permute(1, 2, 0))
