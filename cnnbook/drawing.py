"""Vehicles in a landscape, drawn with Pillow; `cnnbook.data.vehicles` hands them out.

A vehicle is drawn in units of its own length: x from 0 at its rear to 1 at its front,
y from 0 on the ground upward. Its form is a list of shapes and a list of wheels, and
a painter puts them into the picture, as large as it must be and facing either way.
The landscape is drawn before anyone knows which vehicle will stand in it.
"""

import colorsys

import numpy as np
from PIL import Image, ImageDraw

SIDE = 32  # pixels of a picture
FINE = 4  # each is the mean of 4 × 4 drawn ones
PARTS = ("background", "body", "wheels")
DARK = (35, 35, 40)
GLASS = (205, 228, 240)
LAMP = (255, 225, 120)


def draw(seed, index, kinds, hide=()):
    """One picture, the number of its vehicle in `kinds`, and its parts.

    Parameters
    ----------
    seed, index : int
        All that is left to chance follows from these two.
    kinds : sequence of str
        Names of `KINDS`, of which one is drawn.
    hide : collection of str
        What is not drawn, of `PARTS`.

    Returns
    -------
    picture : float32 array (3, 32, 32)
    kind : int
    parts : uint8 array (32, 32)
        0 for the background, 1 for the body, 2 and on for the wheels from the left;
        the highest of the 4 × 4 drawn pixels.
    """
    rng = np.random.default_rng([seed, index])
    picture, noise = _landscape(rng), rng.normal(0, 0.015, (SIDE, SIDE, 3))
    if "background" in hide:
        picture.paste((128, 128, 128), (0, 0, *picture.size))
    parts = Image.new("L", picture.size)
    brush = _Brush(picture, parts, _colors(rng), *_place(rng))
    kind = int(rng.integers(len(kinds)))  # nothing above depends on it
    body, wheels = KINDS[kinds[kind]](rng)
    if "body" not in hide:
        brush.body(body)
    if "wheels" not in hide:
        brush.wheels(wheels)
    pixels = np.asarray(picture.reduce(FINE), dtype=np.float64) / 255 + noise
    belongs = np.asarray(parts).reshape(SIDE, FINE, SIDE, FINE).max((1, 3))
    return pixels.clip(0, 1).astype(np.float32).transpose(2, 0, 1), kind, belongs


class _Brush:
    """Paints a vehicle into a picture, and its parts into another one."""

    def __init__(self, picture, parts, colors, length, left, ground, backward):
        self.length, self.left = length, left
        self.ground, self.backward = ground, backward
        self.colors = colors
        self.onto = ImageDraw.Draw(picture), ImageDraw.Draw(parts)

    def body(self, shapes):
        """Paint the shapes: a form, the name of a color, and numbers."""
        for form, color, *numbers in shapes:
            getattr(self, form)(self.colors[color], 1, *numbers)

    def wheels(self, wheels):
        """Paint wheels (x, radius, thickness); thickness 1 is a disk with a hub."""
        placed = sorted((*self._at(x, r), r, thick) for x, r, thick in wheels)
        for part, (x, y, radius, thick) in enumerate(placed, start=2):
            r = radius * self.length
            if thick < 1:
                self._ring(x, y, r, thick * r, part)
            else:
                self._disk(x, y, r, DARK, part)
                self._disk(x, y, 0.45 * r, (190, 190, 195), part)

    def polygon(self, color, part, *points):
        """A filled area with a thin dark edge."""
        points = [self._at(x, y) for x, y in points]
        edge = tuple(int(0.45 * c) for c in color)
        self.onto[0].polygon(points, fill=color, outline=edge, width=2)
        self.onto[1].polygon(points, fill=part)

    def bar(self, color, part, x0, y0, x1, y1):
        """A filled rectangle without an edge."""
        corners = sorted([self._at(x0, y0)[0], self._at(x1, y1)[0]])
        rows = sorted([self._at(x0, y0)[1], self._at(x1, y1)[1]])
        box = (corners[0], rows[0], corners[1], rows[1])
        self.onto[0].rectangle(box, fill=color)
        self.onto[1].rectangle(box, fill=part)

    def tube(self, color, part, width, *points):
        """A line through points, its width in lengths of the vehicle."""
        points = [self._at(x, y) for x, y in points]
        width = max(3, round(width * self.length))
        self.onto[0].line(points, fill=color, width=width, joint="curve")
        self.onto[1].line(points, fill=part, width=width)

    def ball(self, color, part, x, y, r):
        """A filled circle."""
        self._disk(*self._at(x, y), r * self.length, color, part)

    def _disk(self, x, y, r, color, part):
        box = (x - r, y - r, x + r, y + r)
        self.onto[0].ellipse(box, fill=color)
        self.onto[1].ellipse(box, fill=part)

    def _ring(self, x, y, r, width, part):
        box, width = (x - r, y - r, x + r, y + r), max(4, round(width))
        self.onto[0].ellipse(box, outline=DARK, width=width)
        self.onto[1].ellipse(box, outline=part, width=width)

    def _at(self, x, y):
        x = 1 - x if self.backward else x
        return self.left + x * self.length, self.ground - y * self.length


def _place(rng):
    """Length, left end, ground (in drawn pixels) and direction: one law for all."""
    whole = SIDE * FINE
    length = rng.uniform(0.5, 0.92) * whole
    left = rng.uniform(0.02 * whole, 0.98 * whole - length)
    ground = rng.uniform(0.74, 0.96) * whole
    return length, left, ground, bool(rng.integers(2))


def _colors(rng):
    """The names of colors in the forms below, with their red, green and blue."""
    fixed = {"dark": DARK, "glass": GLASS, "lamp": LAMP}
    return {"paint": _color(rng), "trim": _color(rng), **fixed}


def _color(rng):
    """Any hue, seldom none; neither black nor as pale as the windows."""
    h, s, v = rng.uniform(), rng.uniform(0.55, 1), rng.uniform(0.55, 0.95)
    s *= rng.uniform() > 0.15
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(h, s, v))


def _landscape(rng):
    """Sky, ground and what stands between them, pale enough to be behind."""
    side = SIDE * FINE
    sky = np.array(SKIES[rng.integers(len(SKIES))]) + rng.normal(0, 8, 3)
    ground = np.array(GROUNDS[rng.integers(len(GROUNDS))]) + rng.normal(0, 8, 3)
    horizon = int(rng.uniform(0.45, 0.75) * side)
    rows = np.linspace(-1, 1, side)[:, None]
    colors = np.where(
        np.arange(side)[:, None] < horizon, sky + 18 * rows, ground - 18 * rows
    )
    pixels = np.broadcast_to(colors[:, None], (side, side, 3))
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    onto = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 5)):
        thing = (_house, _tree, _hill, _cloud)[rng.integers(4)]
        thing(rng, onto, horizon, _hazy(rng, sky))
    return picture


SKIES = [(150, 195, 235), (185, 200, 215), (240, 205, 170), (215, 225, 235)]
GROUNDS = [(120, 120, 125), (110, 150, 90), (190, 170, 130), (95, 140, 175)]


def _hazy(rng, sky):
    """A color that the air between has mixed with the sky's."""
    own = np.array(_color(rng))
    return tuple((0.45 * own + 0.55 * sky).clip(0, 255).astype(int).tolist())


def _darker(color):
    return tuple(int(0.85 * c) for c in color)


def _house(rng, onto, horizon, color):
    x, width, height = rng.uniform(-10, 120), rng.uniform(14, 40), rng.uniform(20, 70)
    onto.rectangle((x, horizon - height, x + width, horizon), fill=color)
    for column in np.arange(x + 3, x + width - 5, 8):
        for row in np.arange(horizon - height + 4, horizon - 8, 11):
            box = (column, row, column + 4, row + 6)
            onto.rectangle(box, fill=_darker(color))


def _tree(rng, onto, horizon, color):
    x, r, height = rng.uniform(0, 128), rng.uniform(7, 18), rng.uniform(14, 45)
    onto.rectangle((x - 2, horizon - height, x + 2, horizon), fill=_darker(color))
    onto.ellipse((x - r, horizon - height - r, x + r, horizon - height + r), fill=color)


def _hill(rng, onto, horizon, color):
    x, width, height = rng.uniform(0, 128), rng.uniform(30, 80), rng.uniform(10, 45)
    corners = [(x - width, horizon), (x, horizon - height), (x + width, horizon)]
    onto.polygon(corners, fill=color)


def _cloud(rng, onto, horizon, color):
    x, y = rng.uniform(0, 128), rng.uniform(4, horizon - 20)
    for step in (-1, 0, 1):
        r = rng.uniform(5, 10)
        onto.ellipse((x + 9 * step - r, y - r, x + 9 * step + r, y + r), fill=color)


def _car(rng):
    hood, roof = rng.uniform(0.24, 0.28), rng.uniform(0.4, 0.46)
    rear, front = rng.uniform(0.06, 0.16), rng.uniform(0.74, 0.8)
    cabin = [(rear, hood), (rear + 0.12, roof), (front - 0.17, roof), (front, hood)]
    middle = (rear + front) / 2 - 0.02
    back = [(rear + 0.07, hood + 0.01), (rear + 0.14, roof - 0.03)]
    ahead = [(middle + 0.03, hood + 0.01), (middle + 0.03, roof - 0.03)]
    low = [(0, 0.1), (0, hood), (front, hood), (0.98, hood - 0.05), (1, 0.1)]
    shapes = [
        ("polygon", "paint", *cabin),
        ("polygon", "glass", *back, (middle, roof - 0.03), (middle, hood + 0.01)),
        ("polygon", "glass", *ahead, (front - 0.19, roof - 0.03), (front - 0.07, hood)),
        ("polygon", "paint", *low),
        ("bar", "lamp", 0.94, 0.17, 0.99, 0.21),
        ("bar", "trim", 0.3, 0.13, 0.68, 0.16),
    ]
    return shapes, [(0.2, 0.1, 1), (0.79, 0.1, 1)]


def _truck(rng):
    cab, top = rng.uniform(0.66, 0.72), rng.uniform(0.5, 0.6)
    roof = rng.uniform(0.38, 0.44)
    nose = [(cab, 0.1), (cab, roof), (0.88, roof), (0.97, 0.26), (1, 0.1)]
    pane = [(cab + 0.08, 0.26), (cab + 0.08, roof - 0.04), (0.87, roof - 0.04)]
    shapes = [
        ("bar", "dark", 0.02, 0.09, cab, 0.14),
        ("polygon", "trim", (0, 0.15), (0, top), (cab - 0.04, top), (cab - 0.04, 0.15)),
        ("polygon", "paint", *nose),
        ("polygon", "glass", *pane, (0.93, 0.26)),
        ("bar", "lamp", 0.94, 0.14, 0.99, 0.18),
    ]
    return shapes, [(0.13, 0.095, 1), (0.35, 0.095, 1), (0.84, 0.095, 1)]


def _bus(rng):
    top, windows = rng.uniform(0.44, 0.52), int(rng.integers(4, 6))
    pane, sill = 0.8 / windows, rng.uniform(0.24, 0.28)
    box = [(0, 0.08), (0, top), (0.97, top), (1, 0.26), (1, 0.08)]
    shapes = [("polygon", "paint", *box)]
    for i in range(windows):
        x = 0.05 + pane * i
        shapes.append(("bar", "glass", x, sill, x + pane - 0.045, top - 0.06))
    shapes += [
        ("bar", "glass", 0.87, 0.12, 0.95, top - 0.06),
        ("bar", "trim", 0.02, 0.16, 0.83, 0.2),
        ("bar", "lamp", 0.95, 0.11, 0.99, 0.15),
    ]
    return shapes, [(0.2, 0.085, 1), (0.74, 0.085, 1)]


def _bicycle(rng):
    r = rng.uniform(0.2, 0.23)
    saddle, bars = rng.uniform(0.46, 0.5), rng.uniform(0.5, 0.56)
    rear, crank, front = (r, r), (0.46, r - 0.01), (1 - r, r)
    seat, head = (0.38, saddle - 0.06), (0.7, bars - 0.1)
    shapes = [
        ("tube", "paint", 0.04, rear, crank, seat, rear),
        ("tube", "paint", 0.04, crank, head, seat),
        ("tube", "paint", 0.04, front, head, (0.67, bars)),
        ("tube", "dark", 0.04, (0.66, bars), (0.76, bars)),
        ("tube", "trim", 0.05, (0.31, saddle), (0.45, saddle)),
        ("tube", "paint", 0.04, seat, (0.37, saddle)),
    ]
    return shapes, [(r, r, 0.2), (1 - r, r, 0.2)]


def _train(rng):
    cab, roof = rng.uniform(0.28, 0.34), rng.uniform(0.5, 0.58)
    top, chimney = rng.uniform(0.34, 0.38), rng.uniform(0.76, 0.84)
    shapes = [
        ("polygon", "dark", (0.9, 0.14), (0.9, 0.04), (1, 0.04)),
        ("bar", "dark", 0.02, 0.1, 0.95, 0.15),
        ("polygon", "paint", (cab, 0.15), (cab, top), (0.93, top), (0.93, 0.15)),
        ("bar", "dark", chimney, top, chimney + 0.09, roof - 0.02),
        ("bar", "dark", chimney - 0.02, roof - 0.06, chimney + 0.11, roof),
        ("ball", "trim", (cab + chimney) / 2 + 0.03, top, 0.06),
        ("polygon", "trim", (0.02, 0.15), (0.02, roof), (cab, roof), (cab, 0.15)),
        ("bar", "glass", 0.08, 0.33, cab - 0.06, roof - 0.08),
        ("bar", "dark", 0, roof, cab + 0.04, roof + 0.04),
        ("bar", "lamp", 0.92, top - 0.09, 0.97, top - 0.03),
    ]
    return shapes, [(x, 0.09, 1) for x in (0.14, 0.4, 0.6, 0.8)]


def _ship(rng):
    deck, bridge = rng.uniform(0.16, 0.22), rng.uniform(0.3, 0.36)
    funnel, height = rng.uniform(0.3, 0.42), rng.uniform(0.46, 0.54)
    hull = [(0.1, 0), (0, deck), (0.8, deck), (1, deck + 0.05), (0.88, 0)]
    house = [(0.14, deck), (0.14, bridge), (0.66, bridge), (0.72, deck)]
    shapes = [
        (
            "polygon",
            "trim",
            (funnel, bridge),
            (funnel, height),
            (funnel + 0.13, height),
            (funnel + 0.13, bridge),
        ),
        ("bar", "dark", funnel, height - 0.05, funnel + 0.13, height),
        ("polygon", "glass", *house),
        ("polygon", "paint", *hull),
    ]
    for i in range(4):
        shapes.append(("ball", "dark", 0.23 + 0.12 * i, (deck + bridge) / 2, 0.027))
    return shapes, []


#: How the form of each kind is drawn: a function of chance, giving shapes and wheels.
KINDS = {
    "car": _car,
    "truck": _truck,
    "bus": _bus,
    "bicycle": _bicycle,
    "train": _train,
    "ship": _ship,
}
