"""The order of the pixels: its checks in Python, its arithmetic, and its behavior."""

import json
import random
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cnnbook.data import mnist
from cnnbook.widgets import PixelOrder, loader
from cnnbook.widgets.sliding import KERNELS
from tests.conftest import MODES, evaluate

#: Same answers and same maps: far below what a percentage with two decimals shows.
EXACT = 1e-9


@pytest.fixture(scope="module")
def trained():
    """A trained layer and three digits, as chapter 1 shows them."""
    images, labels = mnist()
    x = images.flatten(1) / 255
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Linear(784, 10)
        optimizer = torch.optim.Adam(layer.parameters(), lr=3e-3)
        for _ in range(5):
            for batch in torch.randperm(len(x)).split(250):
                optimizer.zero_grad()
                F.cross_entropy(layer(x[batch]), labels[batch]).backward()
                optimizer.step()
    sure = layer(x).softmax(1)
    digits = {
        name: images[sure[:, digit].argmax()]
        for name, digit in {"a three": 3, "a seven": 7, "a zero": 0}.items()
    }
    return {"images": digits, "weights": layer.weight, "bias": layer.bias}


def random_traits(rng, most=9, count=2):
    """A random configuration; no two levels, weights or places stand for another."""
    h, w = rng.randint(2, most), rng.randint(2, most)
    images = {
        f"picture {i}": [[rng.randint(0, 255) for _ in range(w)] for _ in range(h)]
        for i in range(count)
    }
    images["picture 0"][0][0] = 255  # levels, not shares
    return {
        "images": images,
        "weights": [
            [round(rng.uniform(-2, 2), 3) for _ in range(h * w)] for _ in range(10)
        ],
        "bias": [round(rng.uniform(-2, 2), 4) for _ in range(10)],
        "order": rng.sample(range(h * w), h * w),
        "image": rng.choice(list(images)),
        "pixel": [rng.randrange(h), rng.randrange(w)],
        "shuffled": rng.random() < 0.7,
        "along": rng.random() < 0.5,
    }


def shown(traits):
    """The picture that a reader sees, by PyTorch: a float64 tensor (H, W)."""
    x = torch.tensor(traits["images"][traits["image"]], dtype=torch.float64) / 255
    if not traits["shuffled"]:
        return x
    return x.flatten()[traits["order"]].reshape(x.shape)


def answer(traits):
    """The probabilities of a Linear layer, by PyTorch: a float64 tensor (10,)."""
    weights = torch.tensor(traits["weights"], dtype=torch.float64)
    if traits["shuffled"] and traits["along"]:
        weights = weights[:, traits["order"]]
    bias = torch.tensor(traits["bias"], dtype=torch.float64)
    return F.linear(shown(traits).flatten(), weights, bias).softmax(0)


def neighborhood(traits):
    """The nine places, by NumPy: each place is written down and then shuffled along.

    Three rows of three places from 1, None outside.
    """
    h, w = np.shape(traits["images"][traits["image"]])
    row = np.arange(h * w)
    if traits["shuffled"]:
        row = np.array(traits["order"])  # which pixel stands at each place
    places = np.zeros(h * w, dtype=int)
    places[row] = np.arange(1, h * w + 1)
    padded = np.pad(places.reshape(h, w), 1)  # 0 outside
    r, c = traits["pixel"]
    part = padded[r : r + 3, c : c + 3].tolist()
    return [[place or None for place in line] for line in part]


def edges(x):
    """The map of the kernel for vertical edges, by PyTorch."""
    kernel = torch.tensor(KERNELS["vertical edges"], dtype=torch.float64)
    return F.conv2d(x[None, None], kernel[None, None])[0, 0]


# --- Python --------------------------------------------------------------------------


def small(**traits):
    arguments = {
        "images": {"a": [[0, 1, 2], [3, 4, 255]]},
        "weights": [[digit, 0.5, 0, 0, 0, -1.25] for digit in range(10)],
        "bias": [0] * 10,
    }
    return PixelOrder(**(arguments | traits))


def test_scores_are_those_of_pytorch():
    rng = random.Random(1)
    for _ in range(150):
        traits = random_traits(rng)
        scores = PixelOrder(**traits).scores
        assert scores.shape == (10,)
        assert (scores - answer(traits)).abs().max() < EXACT


def test_weights_along_change_nothing_and_weights_left_behind_do():
    rng = random.Random(2)
    for _ in range(50):
        widget = PixelOrder(**(random_traits(rng, 12) | {"shuffled": False}))
        before = widget.scores
        widget.shuffled, widget.along = True, True
        assert widget.scores.equal(before)
        widget.along = False
        if widget.order != sorted(widget.order):
            assert (widget.scores - before).abs().max() > EXACT


def test_places_are_those_of_numpy():
    rng = random.Random(3)
    for _ in range(300):
        traits = random_traits(rng)
        assert PixelOrder(**traits).places == neighborhood(traits)
    widget = small(images={"a": torch.rand(28, 28)}, weights=torch.zeros(10, 784))
    widget.pixel = [11, 12]  # counted from 0
    assert widget.places == [[292, 293, 294], [320, 321, 322], [348, 349, 350]]


def test_what_is_not_given_is_chosen():
    widget = small()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(0)).tolist()
    assert widget.state()["order"] == widget.order == order
    assert widget.order != sorted(order)
    assert (widget.image, widget.pixel) == ("a", [1, 1])
    assert (widget.shuffled, widget.along) == (False, True)
    explicit = small(order=None, image=None, pixel=None)
    assert explicit.state() == widget.state()
    widget.order, widget.pixel = [5, 4, 3, 2, 1, 0], [0, 0]
    widget.order = widget.pixel = None
    assert widget.state() == explicit.state()


def test_random_numbers_of_others_are_not_drawn():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    assert small().order
    assert torch.rand(1).equal(expected)


def test_shares_and_levels_are_the_same_picture():
    levels = torch.randint(0, 256, (4, 5), dtype=torch.uint8)
    levels[0, 0] = 255
    kinds = [levels, levels / 255, levels.numpy(), levels.tolist(), levels.double()]
    weights = torch.zeros(10, 20)
    for kind in kinds:
        widget = small(images={"x": kind}, weights=weights)
        assert widget.images == {"x": levels.tolist()}
        widget.images = widget.images
        assert widget.images == {"x": levels.tolist()}
    # One bright picture tells that the faint one beside it is not in shares
    both = small(images={"x": levels, "faint": levels.clamp(max=1)}, weights=weights)
    assert max(map(max, both.images["faint"])) == 1


REFUSED = {
    "no pictures": ({"images": {}}, r"images: expected a dict .* by name, got \{\}"),
    "a list": ({"images": [[1]]}, r"images: expected a dict .* got \[\[1\]\]"),
    "named 3": ({"images": {3: [[1]]}}, r"images: expected a dict .* got \{3"),
    "ragged": ({"images": {"a": [[1, 2], [3]]}}, r"images: 'a': .* lengths \[1, 2\]"),
    "too thin": (
        {"images": {"a": [[1, 2]] * 1}},
        "images: 'a': expected 2 to 28 rows and columns, got 1 rows and 2 columns",
    ),
    "too large": ({"images": {"a": torch.zeros(29, 3)}}, "images: 'a': .* got 29 rows"),
    "negative": (
        {"images": {"a": [[0, -1, 0]] * 2}},
        "images: 'a': expected numbers from 0 to 1 or from 0 to 255, got -1 to 0",
    ),
    "too bright": ({"images": {"a": [[0, 256, 0]] * 2}}, "images: 'a': .* 0 to 256"),
    "text": ({"images": {"a": "x"}}, r"images: 'a': expected a matrix .* got 'x'"),
    "nan": ({"images": {"a": [[float("nan")] * 3] * 2}}, "images: 'a': .* got nan"),
    "two shapes": (
        {"images": {"a": [[0] * 3] * 2, "b": [[0] * 2] * 3}},
        r"images: expected one shape for all, got \[\(2, 3\), \(3, 2\)\]",
    ),
    "other pixels": (
        {"images": {"a": [[0] * 3] * 3}},
        r"weights: expected shape \(10, 9\) for images of shape \(3, 3\), got \(10, 6",
    ),
    "few weights": ({"weights": [[0] * 6] * 9}, r"weights: .*\(10, 6\).* got \(9, 6\)"),
    "turned": ({"weights": torch.zeros(6, 10)}, r"weights: .* got \(6, 10\)"),
    "no matrix": ({"weights": [0] * 6}, r"weights: expected a matrix \(H, W\), got"),
    "inf": ({"weights": np.full((10, 6), np.inf)}, "weights: .* finite .* got inf"),
    "short bias": ({"bias": [0] * 9}, r"bias: expected 10 numbers, got \[0, 0"),
    "a number": ({"bias": 0}, "bias: expected 10 numbers, got 0"),
    "text bias": ({"bias": ["x"] * 10}, "bias: expected finite numbers, got 'x'"),
    "twice": (
        {"order": [0, 1, 2, 3, 4, 4]},
        "order: .* each number from 0 to 5 once, got 6 numbers, 5 different, "
        "from 0 to 4",
    ),
    "from 1": ({"order": [1, 2, 3, 4, 5, 6]}, "order: .* from 1 to 6"),
    "short": ({"order": [0, 1]}, "order: .* got 2 numbers"),
    "empty": ({"order": []}, "order: .* got 0 numbers"),
    "halves": ({"order": [0.5] * 6}, r"order: expected .* whole numbers, got \[0\.5"),
    "seed": ({"order": 3}, "order: expected a list of whole numbers, got 3"),
    "other": ({"image": "b"}, "image: expected the name of a picture, 'a', got 'b'"),
    "outside": (
        {"pixel": [2, 0]},
        r"pixel: .* from \[0, 0\] to \[1, 2\], got \[2, 0\]",
    ),
    "before": ({"pixel": [0, -1]}, r"pixel: .* got \[0, -1\]"),
    "one": ({"pixel": [1]}, r"pixel: expected \[row, column\] .* got \[1\]"),
    "three": ({"pixel": [1, 1, 1]}, r"pixel: expected \[row, column\] .* got \[1, 1"),
    "flag": ({"shuffled": "yes"}, "'shuffled' trait .* boolean, not the str 'yes'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_in_the_constructor(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_later_and_changes_nothing(case):
    (traits, message), widget = REFUSED[case], small()
    before, ((name, value),) = widget.state(), traits.items()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert widget.state() == before


def test_pictures_cannot_leave_what_is_shown_without_one():
    widget = small(images={"a": [[0] * 3] * 2, "b": [[1] * 3] * 2}, image="b")
    with pytest.raises(traitlets.TraitError, match=r"image: expected .*'a', got 'b'"):
        widget.images = {"a": [[0] * 3] * 2}
    widget.pixel = [1, 2]
    with pytest.raises(traitlets.TraitError, match=r"pixel: .*\[2, 1\], got \[1, 2\]"):
        widget.images = {"b": [[0] * 2] * 3}
    assert list(widget.images) == ["a", "b"]


def test_wrong_names_and_missing_ones_are_told():
    with pytest.raises(TypeError, match=r"no trait 'shuffle'.*mean 'shuffled'"):
        small(shuffle=True)
    with pytest.raises(AttributeError, match="no trait 'shuffle'"):
        small().shuffle = True
    with pytest.raises(TypeError, match="PixelOrder needs weights and bias"):
        PixelOrder(images={"a": [[0, 1], [2, 3]]})


def test_by_itself_it_brings_digits_and_a_layer_that_reads_them():
    widget = PixelOrder(image="a nine")
    assert widget.scores.argmax() == 9
    widget.image = "a zero"
    assert widget.scores.argmax() == 0
    images, labels = mnist()
    nines = images[labels == 9].double().mean(0) / 255
    assert torch.tensor(widget.weights[9]).sub(nines.flatten()).abs().max() < 0.001
    assert PixelOrder(shuffled=True).places != widget.places


def test_text_form_says_what_is_shown():
    text = "PixelOrder: 'a', 2×3 pixels, as 6 numbers in a row. The pixel of row 1, "
    text += "column 2 is at place 2, the one below it at place 5 (+3). "
    text += "A dense network answers 0"
    assert repr(small(pixel=[0, 1])) == repr(small(pixel=[0, 1])) == text
    mixed = small(pixel=[1, 1], order=[5, 4, 3, 2, 1, 0], shuffled=True, along=False)
    text = "PixelOrder: 'a', 2×3 pixels shuffled, the weights not along, as 6 numbers "
    text += "in a row. The pixel of row 2, column 2 is at place 2. "
    text += "A dense network answers 9"
    assert repr(mixed) == text
    assert "shuffled, the weights along" in repr(small(shuffled=True))


def saved_state(html):
    return json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))


def test_page_and_front_end_hold_whole_thousandths():
    widget = small()
    for state in (saved_state(widget.to_html()), widget.get_state(), widget.state()):
        assert state["weights"][3] == [3000, 500, 0, 0, 0, -1250]
        assert all(type(n) is int for row in state["weights"] for n in row)
    assert widget.weights[3] == [3, 0.5, 0, 0, 0, -1.25]
    widget.set_state({"weights": [[7, 0, 0, 0, 0, 0]] * 10})
    assert widget.weights[0][0] == 0.007
    names = {"images", "weights", "bias", "order", "image", "pixel"}
    assert set(widget.state()) == names | {"shuffled", "along"}


def test_state_of_three_digits_is_small(trained):
    widget = PixelOrder(**trained)
    assert len(json.dumps(widget.state())) < 60_000
    assert len(widget.to_html()) < 50_000


# --- The arithmetic in JavaScript ----------------------------------------------------


def test_answers_are_those_of_pytorch(module):
    rng = random.Random(4)
    cases = [random_traits(rng, rng.choice([3, 6, 9])) for _ in range(1000)]
    cases += [random_traits(rng, 28) for _ in range(20)]
    cases += [random_traits(rng, 28) | {"shuffled": True} for _ in range(10)]
    results = evaluate(module, "js.scores", [in_thousandths(case) for case in cases])
    for traits, result in zip(cases, results, strict=True):
        scores = torch.tensor(result, dtype=torch.float64)
        assert (scores - answer(traits)).abs().max() < EXACT


def in_thousandths(traits):
    """The same as the page holds it, without the time that the checks take."""
    weights = [[round(1000 * value) for value in row] for row in traits["weights"]]
    return traits | {"weights": weights}


def test_page_answers_as_the_property_and_along_as_before(module, trained):
    widget = PixelOrder(**trained)
    for image in trained["images"]:
        widget.image = image
        answers = {}
        for shuffled, along in [(False, True), (True, True), (True, False)]:
            widget.shuffled, widget.along = shuffled, along
            (ours,) = evaluate(module, "js.scores", [widget.state()])
            expected = widget.scores
            assert (
                torch.tensor(ours, dtype=torch.float64) - expected
            ).abs().max() < EXACT
            assert module.evaluate("js.winner", ours) == expected.argmax()
            answers[shuffled, along] = ours
        assert answers[True, True] == answers[False, True]  # to the last bit
        exact = F.linear(
            trained["images"][image].flatten() / 255,
            trained["weights"],
            trained["bias"],
        ).softmax(0)
        first = torch.tensor(answers[False, True])
        assert (first - exact).abs().max() < 0.01  # for all the rounding


def test_pictures_and_maps_are_those_of_pytorch(module):
    rng = random.Random(5)
    cases = [random_traits(rng, rng.choice([4, 7, 12])) for _ in range(600)]
    function = "(s) => [js.pictureOf(s), js.edges(js.pictureOf(s))]"
    results = evaluate(module, function, cases)
    sizes = set()
    for traits, (picture, edge_map) in zip(cases, results, strict=True):
        x = shown(traits)
        assert torch.tensor(picture, dtype=torch.float64).equal(x)
        sizes.add(min(x.shape))
        if min(x.shape) < 3:
            assert edge_map is None
            continue
        ours = torch.tensor(edge_map, dtype=torch.float64)
        assert ours.shape == edges(x).shape
        assert (ours - edges(x)).abs().max() < EXACT
    assert {2, 3} <= sizes


def test_kernel_is_that_of_the_other_chapters(module):
    assert module.evaluate("js.KERNEL") == KERNELS["vertical edges"]


def test_neighbors_are_those_of_numpy(module):
    rng = random.Random(6)
    cases = [random_traits(rng, rng.choice([3, 8, 28]), 1) for _ in range(600)]
    for case in cases:
        del case["weights"]
    results = evaluate(module, "js.placesOf", cases)
    assert results == [neighborhood(traits) for traits in cases]
    outside = [place for result in results for line in result for place in line]
    assert None in outside


def test_inverse_finds_each_pixel(module):
    rng = random.Random(7)
    orders = [rng.sample(range(n), n) for n in range(1, 60)]
    for order, went in zip(orders, evaluate(module, "js.inverse", orders), strict=True):
        assert [order[place] for place in went] == list(range(len(order)))
        assert went == np.argsort(order).tolist()


def test_labels_never_overlap_and_stay_as_near_as_they_can(module):
    rng = random.Random(8)
    cases = []
    for _ in range(1500):
        count, gap = rng.randint(1, 9), rng.choice([0, 3, 6])
        widths = [rng.uniform(8, 34) for _ in range(count)]
        length = sum(widths) + gap * (count - 1) + rng.choice([0.1, 30, 800])
        wanted = sorted(rng.uniform(0, length) for _ in range(count))
        cases.append([wanted, widths, gap, length])
    results = evaluate(module, "(c) => js.spread(...c)", cases)
    for (wanted, widths, gap, length), centers in zip(cases, results, strict=True):
        sides = [(c - w / 2, c + w / 2) for c, w in zip(centers, widths, strict=True)]
        assert sides[0][0] >= -1e-6
        assert sides[-1][1] <= length + 1e-6
        gaps = [b[0] - a[1] for a, b in pairwise(sides)]
        assert all(free >= gap - 1e-6 for free in gaps)
        # What touches no other and no end stands where it was wanted
        free = [np.inf, *gaps, np.inf]
        for i, (low, high) in enumerate(sides):
            alone = min(free[i], free[i + 1]) > gap + 1e-6
            if alone and low > 1e-6 and high < length - 1e-6:
                assert centers[i] == pytest.approx(wanted[i])
    assert module.evaluate("js.spread([50, 50], [10, 20], 5, 100)") == [40, 60]
    assert module.evaluate("js.spread([2, 98], [10, 10], 5, 100)") == [5, 95]


def test_piece_of_the_row_holds_the_place(module):
    for count in (4, 7, 15, 40, 784):
        places = range(1, count + 1) if count < 50 else (1, 5, 8, 400, 780, 784)
        for width in (220, 356, 559, 560, 1200):
            for place in places:
                layout = module.evaluate(
                    "(a) => js.ribbonLayout(...a)", [width, place, count]
                )
                length = min(count, 15 if width >= 560 else 7)
                assert layout["length"] == length
                first = min(max(0, place - 1 - length // 2), count - length)
                assert layout["start"] == first
                assert first < place <= first + length
                assert layout["left"] >= 1
                assert layout["left"] + layout["cell"] * length <= width


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"image": "b"}, "There is no picture “b”"),
        ({"pixel": [2, 0]}, "There is no pixel [2, 0] in 2 × 3"),
        ({"pixel": [0, -1]}, "There is no pixel [0, -1] in 2 × 3"),
        ({"order": [0, 1, 2, 3, 4, 4]}, "each number from 0 to 5 once"),
        ({"order": [0, 1]}, "each number from 0 to 5 once"),
    ],
)
def test_impossible_state_is_told_and_the_picture_stays(lone_page, change, message):
    place = Order(lone_page(small()))
    before = place.shown()
    place.set(**change)
    told = place.message()
    assert (message or "") in told
    assert bool(told) == bool(message)
    assert place.shown() == before
    place.set(image="a", pixel=[1, 1], order=[0, 1, 2, 3, 4, 5])
    assert place.message() == ""


# --- The widget as a reader uses it --------------------------------------------------

READ = """(canvas, [rows, columns]) => {
    const context = canvas.getContext("2d");
    const density = canvas.width / canvas.style.width.replace("px", "");
    const cell = (canvas.width / density - 2) / columns;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const at = (i) => Math.round((1 + (i + 0.5) * cell) * density);
    const color = (i) => [data[i], data[i + 1], data[i + 2]];
    return JSON.stringify(Array.from({ length: rows }, (_, r) => Array.from(
        { length: columns }, (_, c) => color(4 * (at(r) * canvas.width + at(c))))));
}"""


class Order:
    """The widget on a page of its own."""

    def __init__(self, page):
        self.page = page
        self.place = page.locator("[data-widget=pixel_order][data-state=live]")
        self.root = self.place.locator(".cnn-order")
        self.picture = self.canvas("picture")
        self.row = self.canvas("row")

    def control(self, name):
        return self.root.locator(f"[data-control={name}]")

    def canvas(self, name):
        return self.root.locator(f"canvas[data-shows={name}]")

    def text(self, name):
        return self.root.locator(f"[data-shows={name}]").inner_text()

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def set(self, **changes):
        self.place.evaluate("(place, changes) => place.model.set(changes)", changes)

    def state(self):
        return self.place.evaluate(
            """(place) => Object.fromEntries(["image", "pixel", "shuffled", "along"]
                .map((name) => [name, place.model.get(name)]))"""
        )

    def press(self, row, column, act="click"):
        """Press a pixel of the picture shown, by mouse or by finger ("tap")."""
        h, w = 28, 28
        box = self.picture.bounding_box()
        position = {
            "x": (column + 0.5) * box["width"] / w,
            "y": (row + 0.5) * box["height"] / h,
        }
        getattr(self.picture, act)(position=position)

    def table(self):
        """Places and steps as they stand in the table."""
        cells = self.root.locator(".cnn-places td").all_inner_texts()
        return [cell.replace("\n", " ") for cell in cells]

    def message(self):
        # Hidden while it is empty, and then there is no such role
        return self.root.locator("[role=alert]").text_content()

    def bars(self):
        return self.root.locator(".cnn-bars > div").all_inner_texts()

    def pixels(self, name, shape):
        return torch.tensor(json.loads(self.canvas(name).evaluate(READ, list(shape))))

    def shown(self):
        pictures = [
            self.canvas(name).evaluate("(canvas) => canvas.toDataURL()")
            for name in ("picture", "row", "seen", "map")
        ]
        return [self.table(), self.bars(), self.text("where"), pictures]


def check_shown(order, widget, **expected):
    """All that the reader sees is what PyTorch and NumPy say of the state."""
    state = order.state()
    assert state == state | expected
    traits = widget.state() | state | {"weights": widget.weights}
    check_table(order, traits)
    check_answer(order, traits)
    x = shown(traits)
    levels = (x * 255).round().long()
    assert order.pixels("seen", x.shape).equal(levels[..., None].expand(-1, -1, 3))
    check_map(order, x)
    frames = {place for line in neighborhood(traits) for place in line} - {None}
    free = torch.tensor([i + 1 not in frames for i in range(x.numel())])
    drawn = order.pixels("picture", x.shape).flatten(0, 1)[..., 0]
    assert drawn[free].equal(levels.flatten()[free])
    assert order.control("along").is_disabled() != state["shuffled"]


def check_table(order, traits):
    places = neighborhood(traits)
    center = places[1][1]

    def cell(place):
        if place is None or place == center:
            return "outside" if place is None else str(place)
        return f"{place} ({place - center:+d})".replace("-", "−")

    assert order.table() == [cell(place) for line in places for place in line]
    r, c = traits["pixel"]
    where = order.text("where")
    assert f"ow {r + 1}, column {c + 1}" in where
    assert f"place {center} of {len(traits['order'])}" in where
    steps = [abs(p - center) for line in places for p in line if p and p != center]
    if traits["shuffled"]:
        assert f"are {min(steps)} to {max(steps)} places away" in where
    elif places[2][1]:
        assert f"place {places[2][1]}: {places[2][1] - center} on" in where
    else:
        assert "No pixel is below it" in where


def check_answer(order, traits):
    scores = answer(traits)
    best = int(scores.argmax())
    assert order.text("answer") == f"{best} ({percent(scores[best], 2)})"
    assert [bar.split() for bar in order.bars()] == [
        [str(digit), percent(score, 0)] for digit, score in enumerate(scores)
    ]
    first = order.root.locator(".cnn-bars .cnn-first")
    assert first.inner_text().split()[0] == str(best)


def percent(share, decimals):
    """As JavaScript writes it: halves up, no zeros at the end."""
    factor = 10**decimals
    return f"{np.floor(100 * float(share) * factor + 0.5) / factor:g}%"


def check_map(order, x):
    y = edges(x)
    drawn = order.pixels("map", y.shape).double()
    red_over_blue = drawn[..., 0] - drawn[..., 2]
    zero = red_over_blue[y.abs() < 0.02]
    base = zero.median() if len(zero) else 0
    strong = y.abs() > 0.5
    assert (red_over_blue[strong] > base).equal(y[strong] > 0)


@pytest.fixture(params=MODES)
def order(lone_page, trained, request):
    """The widget with three digits, in one of the modes."""
    theme = "dark" if request.param == "dark" else "light"
    widget = PixelOrder(**trained)
    order = Order(lone_page(widget, theme=theme, **MODES[request.param]))
    order.widget, order.act = widget, "tap" if request.param == "phone" else "click"
    return order


def test_beginning(order):
    check_shown(order, order.widget, image="a three", pixel=[14, 14], shuffled=False)
    assert order.text("answer").startswith("3 (")
    assert order.table()[7] == "435 (+28)"
    assert "trained on" in order.text("dense-note")


def test_pixel_is_pressed(order):
    for row, column in [(11, 12), (0, 0), (27, 27), (0, 13), (27, 1)]:
        order.press(row, column, order.act)
        check_shown(order, order.widget, pixel=[row, column])
    assert order.table() == [
        *["729 (−29)", "730 (−28)", "731 (−27)"],
        *["757 (−1)", "758", "759 (+1)"],
        *["outside"] * 3,
    ]
    order.press(11, 12, order.act)
    assert order.table() == [
        *["292 (−29)", "293 (−28)", "294 (−27)"],
        *["320 (−1)", "321", "322 (+1)"],
        *["348 (+27)", "349 (+28)", "350 (+29)"],
    ]


def test_shuffle_goes_with_the_pixels_and_the_weights(order):
    order.press(11, 12, order.act)
    before, bars = order.text("answer"), order.bars()
    order.control("shuffled").check()
    check_shown(order, order.widget, pixel=[11, 12], shuffled=True, along=True)
    assert (order.text("answer"), order.bars()) == (before, bars)
    assert "same terms in another order" in order.text("dense-note")
    assert "Noise" in order.text("person-note")
    assert "no way to shuffle a 3 × 3 kernel along" in order.text("convolution-note")
    order.control("along").uncheck()
    check_shown(order, order.widget, pixel=[11, 12], shuffled=True, along=False)
    assert order.text("answer") != before
    expected = f"Its weights meet the wrong pixels. In order it answered {before}."
    assert order.text("dense-note") == expected
    # A press in the shuffled picture chooses the pixel that is there now
    order.press(3, 4, order.act)
    at = order.widget.order[3 * 28 + 4]
    check_shown(order, order.widget, pixel=list(divmod(at, 28)))
    assert order.table()[4] == str(3 * 28 + 4 + 1)
    order.control("shuffled").uncheck()
    check_shown(order, order.widget, pixel=list(divmod(at, 28)), along=False)
    assert order.text("answer") == before
    assert "trained on" in order.text("dense-note")


def test_other_picture_and_reset(order):
    order.control("image").select_option("a seven")
    check_shown(order, order.widget, image="a seven", pixel=[14, 14])
    assert order.text("answer").startswith("7 (")
    order.control("shuffled").check()
    order.control("along").uncheck()
    order.press(2, 2, order.act)
    order.control("image").select_option("a zero")
    check_shown(order, order.widget, image="a zero", shuffled=True, along=False)
    order.control("reset").click()
    check_shown(
        order,
        order.widget,
        **{"image": "a three", "pixel": [14, 14], "shuffled": False, "along": True},
    )
    assert order.control("image").input_value() == "a three"
    assert not order.control("shuffled").is_checked()
    assert order.control("along").is_checked()


def test_keys_move_the_pixel(order):
    order.picture.focus()
    scrolled = order.page.evaluate("scrollY")
    for key, pixel in [
        *[("ArrowUp", [13, 14]), ("ArrowLeft", [13, 13]), ("ArrowDown", [14, 13])],
        *[("ArrowRight", [14, 14]), ("Home", [0, 0]), ("ArrowUp", [0, 0])],
        *[("ArrowLeft", [0, 0]), ("End", [27, 27]), ("ArrowRight", [27, 27])],
        *[("ArrowDown", [27, 27]), ("x", [27, 27])],
    ]:
        order.picture.press(key)
        assert order.get("pixel") == pixel, key
    assert order.page.evaluate("scrollY") == scrolled
    check_shown(order, order.widget, pixel=[27, 27])
    order.control("shuffled").check()
    order.picture.press("Home")
    assert order.table()[4] == "1"
    order.picture.press("ArrowDown")
    assert order.table()[4] == "29"
    check_shown(order, order.widget, shuffled=True)


def test_keys_move_along_the_row(order):
    order.set(pixel=[3, 27])
    for key, pixel in [
        *[("ArrowRight", [4, 0]), ("ArrowRight", [4, 1]), ("ArrowLeft", [4, 0])],
        *[("ArrowLeft", [3, 27]), ("Home", [0, 0]), ("ArrowLeft", [0, 0])],
        *[("End", [27, 27]), ("ArrowRight", [27, 27]), ("ArrowUp", [27, 27])],
    ]:
        order.row.press(key)
        assert order.get("pixel") == pixel, key
    check_shown(order, order.widget)


def test_row_can_be_pressed(order):
    box = order.row.bounding_box()
    for place in (1, 200, 784):
        x = min(box["width"] - 1, (place - 0.5) / 784 * box["width"])
        getattr(order.row, order.act)(position={"x": x, "y": 50})
        now = int(order.table()[4])
        assert abs(now - place) <= 3  # a CSS pixel of a phone holds two places
        check_shown(order, order.widget)
    order.set(pixel=[14, 14])  # place 407, in the middle of the piece
    length = 15 if box["width"] >= 560 else 7
    cell = min(46, (box["width"] - 2) // length)
    left = round((box["width"] - cell * length) / 2)
    position = {"x": left + (length // 2 + 2.5) * cell, "y": box["height"] - 15}
    getattr(order.row, order.act)(position=position)
    assert order.table()[4] == "409"


def test_drag_takes_the_pixel_along(lone_page, trained):
    order = Order(lone_page(PixelOrder(**trained)))
    box = order.picture.bounding_box()
    size = box["width"] / 28
    at = [(box["x"] + (c + 0.5) * size, box["y"] + 10.5 * size) for c in (4, 9, 15)]
    order.page.mouse.move(*at[0])
    order.page.mouse.down()
    seen = [order.get("pixel")]
    for point in at[1:]:
        order.page.mouse.move(*point)
        seen.append(order.get("pixel"))
    order.page.mouse.up()
    order.page.mouse.move(*at[0])
    assert [*seen, order.get("pixel")] == [[10, 4], [10, 9], [10, 15], [10, 15]]


def test_row_shows_the_picture_line_by_line(lone_page):
    """Six numbers, so wide that each place has a color of its own."""
    levels = [[0, 60, 120], [180, 240, 255]]
    order = Order(lone_page(small(images={"a": levels}, order=[5, 3, 1, 0, 2, 4])))
    read = """(canvas) => {
        const context = canvas.getContext("2d");
        const y = canvas.height * 0.42; // the strip is 42 to 68 of 142
        return Array.from({ length: 6 }, (_, i) => context.getImageData(
            (i + 0.5) / 6 * canvas.width - 9, y, 1, 1).data[0]);
    }"""
    assert order.row.evaluate(read) == [0, 60, 120, 180, 240, 255]
    order.control("shuffled").check()
    assert order.row.evaluate(read) == [255, 180, 60, 0, 120, 240]
    label = order.row.get_attribute("aria-label")
    assert "at places 1, 2, 3, 4, 5, 6" in label
    assert "1: 1, 2: 0.71, 3: 0.24, 4: 0, 5: 0.47, 6: 0.94" in label


def test_small_picture_has_no_map(lone_page):
    order = Order(lone_page(small()))
    assert "does not fit" in order.text("convolution-note")
    expect(order.canvas("map")).to_be_hidden()


def test_nine_are_framed_where_they_went(lone_page, trained):
    """A frame changes the edge of a cell; all other edges stay as they are."""
    widget = PixelOrder(**trained, shuffled=True)
    order = Order(lone_page(widget))
    picture = order.picture.evaluate(
        """(canvas) => {
            const context = canvas.getContext("2d");
            const density = canvas.width / canvas.style.width.replace("px", "");
            const { data, width } = context.getImageData(
                0, 0, canvas.width, canvas.height);
            const at = (p) => Math.round((1 + p) * density);
            const color = (x, y) => {
                const i = 4 * (at(y) * width + at(x));
                return [data[i], data[i + 1], data[i + 2]];
            };
            return Array.from({ length: 784 }, (_, i) =>
                color((i % 28) * 10 + 5, Math.floor(i / 28) * 10));
        }"""
    )
    mark = [0x7B, 0x1F, 0xA2]
    marked = {i + 1 for i, color in enumerate(picture) if color == mark}
    # The upper edge of a cell is also the lower edge of the cell above
    places = {place for line in widget.places for place in line}
    assert places <= marked <= places | {place + 28 for place in places}


def test_change_from_elsewhere_is_shown(order):
    order.set(image="a seven", pixel=[5, 6], shuffled=True, along=False)
    check_shown(order, order.widget, image="a seven", pixel=[5, 6])
    assert order.control("image").input_value() == "a seven"
    assert order.control("shuffled").is_checked()
    assert not order.control("along").is_checked()


def test_widgets_of_a_page_do_not_meet(lone_page):
    page = lone_page(small(), small())
    first, second = page.locator(".cnn-order").all()
    before = second.inner_text()
    first.locator("[data-control=shuffled]").check()
    assert second.inner_text() == before
    assert not second.locator("[data-control=shuffled]").is_checked()


# --- For everyone --------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_barriers(lone_page, trained, theme, width):
    viewport = {"width": width, "height": 800}
    page = lone_page(PixelOrder(**trained), theme=theme, viewport=viewport)
    order = Order(page)
    for shuffled in (False, True):
        order.control("shuffled").set_checked(shuffled)
        results = Axe().run(page, context=".cnnbook-widget", options={"preload": False})
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_nothing_scrolls_sideways(lone_page, trained, width):
    viewport = {"width": width, "height": 800}
    page = lone_page(PixelOrder(**trained), viewport=viewport)
    order = Order(page)
    for name in ("shuffled", None):
        if name:
            order.control(name).check()
        wide = page.evaluate(
            """() => [...document.querySelectorAll("html, .cnnbook, .cnnbook *")]
                .filter((el) => el.scrollWidth > el.clientWidth + 1 && el.clientWidth)
                .map((el) => el.outerHTML.slice(0, 80))"""
        )
        assert wide == []
    tops = order.root.locator(".cnn-shown").evaluate_all(
        "(all) => all.map((el) => el.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1  # side by side


def test_ribbon_follows_the_width(lone_page, trained):
    page = lone_page(PixelOrder(**trained), viewport={"width": 1200, "height": 800})
    order = Order(page)
    label = order.row.get_attribute("aria-label")
    assert "Around place 407: 400: " in label
    page.set_viewport_size({"width": 390, "height": 800})
    expect(order.row).to_have_attribute(
        "aria-label", re.compile("Around place 407: 404: ")
    )
    box, home = order.row.bounding_box(), order.root.bounding_box()
    assert box["width"] <= home["width"]


def test_every_control_is_reached_and_named(lone_page, trained):
    page = lone_page(PixelOrder(**trained, shuffled=True))
    order = Order(page)
    tree = order.root.aria_snapshot()
    for name in [
        *['combobox "Picture"', 'checkbox "shuffle the pixels"', 'button "Reset"'],
        *['checkbox "shuffle the network’s weights along"', "application", "img"],
    ]:
        assert name in tree
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => document.activeElement.dataset.control
                    ?? document.activeElement.dataset.shows"""
            )
        )
    assert reached == ["image", "shuffled", "along", "reset", "picture", "row"]


def test_without_script_the_page_says_what_there_is(lone_page):
    page = lone_page(small(), script=False)
    assert "2×3 pixels, as 6 numbers in a row" in page.locator("main").inner_text()


def test_removed_widget_stops_and_listens_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    page.goto("about:blank")
    left = page.evaluate(
        """async ([source, hostSource, state]) => {
            const file = new Blob([source], { type: "text/javascript" });
            const { default: widget } = await import(URL.createObjectURL(file));
            const { Model } = (0, eval)(hostSource);
            let [listeners, observers] = [0, 0];
            for (const kind of ["ResizeObserver", "MutationObserver"]) {
                const Kind = window[kind];
                window[kind] = class extends Kind {
                    observe(...a) { this.on ??= ++observers; super.observe(...a); }
                    disconnect() { observers--; super.disconnect(); }
                };
            }
            const model = new Model(state);
            const [on, off] = [model.on.bind(model), model.off.bind(model)];
            const count = (events) => events.split(" ").length;
            model.on = (events, f) => { listeners += count(events); on(events, f); };
            model.off = (events, f) => { listeners -= count(events); off(events, f); };
            const end = widget.render({ model, el: document.body });
            const during = [listeners, observers];
            end();
            const text = document.body.innerText;
            model.set("shuffled", true);
            await new Promise(requestAnimationFrame);
            return [during, listeners, observers, document.body.innerText === text];
        }""",
        [loader.esm("pixel_order"), loader.as_expression("host"), small().state()],
    )
    page.close()
    assert left == [[8, 2], 0, 0, True]
