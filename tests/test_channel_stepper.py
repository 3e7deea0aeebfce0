"""The channel stepper: checks in Python, arithmetic, and what a reader does with it."""

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

from cnnbook.widgets import ChannelStepper
from tests.conftest import MODES, evaluate, start_widget

COLORS = ["red", "green", "blue"]


def exact(rows):
    """Nested lists of the page as a tensor, in the page's precision."""
    return torch.tensor(rows, dtype=torch.float64)


def conv2d(state):
    """What PyTorch gives for a state of the widget: a tensor (F, OH, OW).

    A channel is switched off by zeros in the filters, not in the input as in Python.
    """
    on = exact(state["channels"])[None, :, None, None]
    x, w = exact(state["input"]), exact(state["filters"]) * on
    return F.conv2d(x[None], w, exact(state["bias"]))[0]


def partial_sums(state):
    """What each channel adds to each place of the shown filter: (C, OH, OW)."""
    x, w = exact(state["input"]), exact(state["filters"])[state["filter"]]
    y = F.conv2d(x[None], w[:, None], groups=len(w))[0]
    return y * exact(state["channels"])[:, None, None]


def place_of(state):
    """Row and column of the current output."""
    return divmod(state["position"], conv2d(state).shape[2])


def random_volume(rng, *shape, decimals=4):
    if not shape:
        number = round(rng.uniform(-9, 9), decimals)
        return int(number) if decimals == 0 else number
    return [random_volume(rng, *shape[1:], decimals=decimals) for _ in range(shape[0])]


def random_state(rng, largest=12, decimals=4):
    """A random configuration; each channel is off in one of four."""
    channels, count = rng.randint(1, 4), rng.randint(1, 6)
    sides = [rng.randint(1, largest) for _ in range(2)]
    reach = [rng.randint(1, min(side, 5)) for side in sides]
    rows, columns = (n - k + 1 for n, k in zip(sides, reach, strict=True))
    return {
        "input": random_volume(rng, channels, *sides, decimals=decimals),
        "filters": random_volume(rng, count, channels, *reach, decimals=decimals),
        "bias": random_volume(rng, count, decimals=decimals),
        "position": rng.randrange(rows * columns),
        "filter": rng.randrange(count),
        "channels": [rng.random() < 0.75 for _ in range(channels)],
        "names": rng.choice([[], [f"depth {i}" for i in range(channels)]]),
    }


# --- Python --------------------------------------------------------------------------

X = [[[0, 1, 2], [3, 4, 5]], [[1, 0, 2], [-1, 1, 0]], [[2, 2, 0], [0, 1, 3]]]
W = [
    [[[1, 2], [0, -1]], [[0, 1], [1, 0]], [[2, 0], [1, -1]]],
    [[[0, 1], [0, 0]], [[-1, 0], [0, 0]], [[0, 0], [3, 0]]],
]


def small(**traits):
    return ChannelStepper(**({"input": X, "filters": W, "bias": [1, 0]} | traits))


REFUSED = {
    "no channel": (
        {"input": []},
        r"input: expected 1 to 4 channels \(C, H, W\), got 0",
    ),
    "five channels": ({"input": torch.ones(5, 2, 3)}, "1 to 4 channels .*, got 5"),
    "matrix": ({"input": X[0]}, r"input: channel 1: expected a matrix .*got \[0, 1"),
    "number": ({"input": 3}, r"input: expected \(C, H, W\), got 3"),
    "unequal": ({"input": [[[1]], [[1, 2]]]}, r"of one shape, got \[\(1, 1\), \(1, 2"),
    "large": ({"input": torch.ones(3, 2, 13)}, "channel 1: .*1 to 12 .*, got 2 rows"),
    "nan": ({"input": [[[float("nan")]]] * 3}, "input: .*finite numbers, got nan"),
    "small input": ({"input": [[[1, 2, 3]]] * 3}, r"\(1, 3\), got shape \(2, 2\)"),
    "flat filter": ({"filters": [w[:2] for w in W]}, "expected 3 channels.*, got 2"),
    "ragged": ({"filters": [W[0], W[1][:2]]}, r"filters of one shape, got \[\(2, 2, 2"),
    "one filter": ({"filters": W[0]}, "filters: filter 1: channel 1: .*matrix"),
    "wide filter": ({"filters": torch.ones(2, 3, 1, 6)}, "filters: .*1 to 5 .*, got 1"),
    "no room": ({"filters": torch.ones(2, 3, 3, 1)}, r"fits into the input.*\(3, 1\)"),
    "many": ({"filters": torch.ones(7, 3, 1, 1)}, r"1 to 6 filters \(F, C.*, got 7"),
    "bias": ({"bias": [1]}, "bias: expected 2, one for each filter, got 1"),
    "no bias": ({"bias": []}, "bias: expected 2, one for each filter, got 0"),
    "one bias": ({"bias": 1}, "bias: expected numbers, got 1"),
    "nan bias": ({"bias": [0, float("inf")]}, "bias: expected finite.*, got inf"),
    "huge bias": ({"bias": [0, 2e6]}, "bias: expected numbers from -1,000,000 to"),
    "filter": ({"filter": 2}, "filter: expected an index from 0 to 1, got 2"),
    "negative": ({"filter": -1}, "'filter' .*less than 0, but a value of -1"),
    "position": ({"position": -1}, "'position' .*less than 0, but a value of -1"),
    "channels": ({"channels": [True]}, "channels: expected 3, one for each channel"),
    "none on": ({"channels": []}, "channels: expected 3, one for .*, got 0"),
    "switch": ({"channels": [1.5, 1, 1]}, "'channels' trait .* a boolean"),
    "names": ({"names": ["a", "b"]}, "names: expected 3, one for each channel, got 2"),
    "inputs": ({"inputs": {"gray": [X[0]]}}, "inputs: 'gray': expected 3 .*, got 1"),
    "sets": (
        {"filter_sets": {"gray": [[[[1]]]]}},
        "filter_sets: 'gray': expected 3 channels, as the input has, got 1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_at_first_and_later(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)
    stepper, (name, value) = small(), next(iter(traits.items()))
    before = stepper.state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(stepper, name, value)
    assert stepper.state() == before


def test_wrong_or_missing_names_are_told():
    message = "ChannelStepper has no trait 'channel', only .*did you mean 'channels'"
    with pytest.raises(TypeError, match=message):
        small(channel=[True])
    with pytest.raises(AttributeError, match=message):
        small().channel = 1
    with pytest.raises(TypeError, match="needs an input and filters"):
        ChannelStepper(input=X)
    with pytest.raises(
        traitlets.TraitError, match="nothing is named 'x', and no other"
    ):
        small(input="x")
    with pytest.raises(traitlets.TraitError, match="nothing is named 'b', only a"):
        small(filters="b", filter_sets={"a": W})


def test_what_is_given_by_name_is_found():
    stepper = ChannelStepper(
        input="x", filters="w", inputs={"x": X}, filter_sets={"w": torch.tensor(W)}
    )
    assert (stepper.input, stepper.filters) == (X, W)


def test_values_of_all_kinds_become_plain_numbers():
    stepper = small(
        input=torch.tensor(X, dtype=torch.float32) + 0.1,
        filters=[[np.array(k) for k in w] for w in W],
        bias=torch.tensor([0.25, 1.0], requires_grad=True),
    )
    x = json.dumps([[[round(v + 0.1, 1) for v in row] for row in p] for p in X])
    assert json.dumps(stepper.input) == x
    assert json.dumps([stepper.filters, stepper.bias]) == json.dumps([W, [0.25, 1]])
    usual = ChannelStepper(input=X, filters=W)
    assert (usual.bias, usual.channels, usual.names) == ([0, 0], [True] * 3, [])


def test_changes_that_fit_only_together_are_made_in_one_go():
    stepper = small()
    with pytest.raises(traitlets.TraitError, match="bias: expected 1"):
        stepper.filters = W[:1]
    with stepper.hold_trait_notifications():
        stepper.filters, stepper.bias = W[:1], [3]
    assert stepper.output.shape == (1, 1, 2)


def test_outputs_and_partial_sums_are_those_of_pytorch():
    rng = random.Random(1)
    for _ in range(300):
        state = random_state(rng, largest=rng.choice([5, 12]))
        stepper = ChannelStepper(**state)
        y, (r, c) = conv2d(state), place_of(state)
        torch.testing.assert_close(stepper.output, y, rtol=0, atol=1e-9)
        assert stepper.place == (r, c)
        sums = stepper.partial_sums
        torch.testing.assert_close(sums, partial_sums(state)[:, r, c])
        value = sums.sum() + state["bias"][state["filter"]]
        torch.testing.assert_close(value, y[state["filter"], r, c])


def test_what_is_switched_off_adds_zero_without_a_sign():
    stepper = small(channels=[False] * 3, input=-exact(X))
    assert str(stepper.partial_sums.tolist()) == "[0.0, 0.0, 0.0]"
    assert str(stepper.output.tolist()) == "[[[1.0, 1.0]], [[0.0, 0.0]]]"


def test_text_form_is_the_same_in_every_run():
    text = (
        "ChannelStepper: 2 filters of size 3×2×2 on an input of size 3×2×3: 2 outputs "
        "of size 1×2. Filter 1 at row 1, column 2: red 0 + green (off) 0 + blue 2 + "
        "bias 1 = 3"
    )
    # 1·1 + 2·2 + 4·0 − 5 = 0 and 2·2 + 0·0 + 1·1 − 3·1 = 2
    stepper = small(position=1, channels=[True, False, True])
    assert repr(stepper) == repr(small(**stepper.state())) == text
    one = ChannelStepper(input=[[[0.5]]], filters=[[[[0.25]]]], position=9)
    assert repr(one) == (
        "ChannelStepper: 1 filter of size 1×1×1 on an input of size 1×1×1: 1 output "
        "of size 1×1. Filter 1 at row 1, column 1: channel 1 0.125 + bias 0 = 0.125"
    )


def test_html_form_holds_the_state_and_words():
    stepper = small(position=1, names=["A", "<b>", "C"])
    html = stepper.to_html()
    state = json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))
    assert state == stepper.state()
    assert set(state) == {
        *("bias", "channels", "filter", "filter_sets", "filters"),
        *("input", "inputs", "names", "position"),
    }
    assert "column 2: A 0 + &lt;b&gt; 3 + C 2 + bias 1 = 6" in html


# --- The arithmetic in JavaScript ----------------------------------------------------


@pytest.fixture(scope="module")
def states():
    rng = random.Random(2)
    states = [random_state(rng, largest=rng.choice([2, 4, 7])) for _ in range(2500)]
    return states + [random_state(rng) for _ in range(200)]


def test_outputs_are_those_of_pytorch(module, states):
    function = "(s) => [js.correlate(s), js.outputSize(s), js.placeOf(s)]"
    results = evaluate(module, function, states)
    for state, (ours, size, place) in zip(states, results, strict=True):
        y = conv2d(state)
        assert exact(ours).shape == y.shape
        assert (exact(ours) - y).abs().max() < 1e-9
        assert size == list(y.shape[1:])
        assert tuple(place) == place_of(state)


def test_partial_sums_are_those_of_a_layer_with_groups(module, states):
    function = """(s) => { const place = js.placeOf(s); return [
        js.partialSums(s, s.filter, ...place),
        s.input.map((_, k) => js.productsAt(s, k, ...place)),
        s.input.map((_, k) => js.windowAt(s, k, ...place))]; }"""
    results = evaluate(module, function, states)
    for state, (sums, products, windows) in zip(states, results, strict=True):
        r, c = place_of(state)
        expected = partial_sums(state)[:, r, c]
        w = exact(state["filters"])[state["filter"]]
        under = exact(state["input"])[:, r : r + w.shape[1], c : c + w.shape[2]]
        assert (exact(sums) - expected).abs().max() < 1e-9
        assert exact(windows).equal(under)
        on = exact(state["channels"])[:, None, None]
        assert (exact(products) - on * under * w).abs().max() < 1e-9


def test_other_sizes_keep_the_place(module, states):
    pairs = list(pairwise(states[:1001]))
    results = evaluate(module, "(pair) => js.samePlace(...pair)", pairs)
    for (before, after), position in zip(pairs, results, strict=True):
        (rows, columns), (to_rows, to_columns) = (
            conv2d(state).shape[1:] for state in (before, after)
        )
        r, c = place_of(before)
        if (r, c) == (rows - 1, columns - 1):
            expected = (to_rows - 1, to_columns - 1)
        else:
            expected = (min(r, to_rows - 1), min(c, to_columns - 1))
        assert divmod(position, to_columns) == expected


def numbers(text):
    """All numbers in a text of the page."""
    return [float(n.replace("−", "-")) for n in re.findall(r"−?[\d.]*\d", text)]


def test_sums_in_words_hold_the_factors(module, states):
    function = """(s) => s.input.map((_, k) =>
        js.sumText(s, k, ...js.placeOf(s), js.WORDS.en))"""
    results = evaluate(module, function, states)
    for state, texts in zip(states, results, strict=True):
        r, c = place_of(state)
        for k, text in enumerate(texts):
            w = exact(state["filters"])[state["filter"], k]
            under = exact(state["input"])[k, r : r + w.shape[0], c : c + w.shape[1]]
            factors = torch.stack([under.flatten(), w.flatten()], 1).flatten()
            if not state["channels"][k]:
                assert text == "switched off: adds\xa0"
            elif w.numel() > 9:
                assert text == f"sum of {w.numel()} products =\xa0"
            else:
                assert exact(numbers(text)).allclose(factors, rtol=0, atol=6e-3)
                assert text.count("·") == w.numel()


WORDED = {
    "integers": ({}, 0, "0·1 + 1·2 + 3·0 + 4·(−1) =\xa0"),
    "below zero": ({}, 1, "1·0 + 0·1 + (−1)·1 + 1·0 =\xa0"),
    "not in full": ({"input": torch.full((3, 2, 3), 0.125)}, 0, None),
    "other filter": ({"filter": 1, "position": 1}, 2, "2·0 + 0·0 + 1·3 + 3·0 =\xa0"),
}


@pytest.mark.parametrize("case", WORDED)
def test_sum_in_words(module, case):
    traits, channel, told = WORDED[case]
    function = "([s, k]) => js.sumText(s, k, ...js.placeOf(s), js.WORDS.en)"
    text = module.evaluate(function, [small(**traits).state(), channel])
    rounded = "0.13·1 + 0.13·2 + 0.13·0 + 0.13·(−1) ≈\xa0"
    assert text == (told or rounded)


@pytest.mark.parametrize(
    ("traits", "told"),
    [
        ({}, "Filter 1, row 1, column 1: red −2 + green −1 + blue 3 + bias 1 = 1."),
        (
            {"channels": [True, False, False], "filter": 1, "position": 1},
            "Filter 2, row 1, column 2: red 2 + green 0 (off) + blue 0 (off) + bias 0 "
            "= 2.",
        ),
        (
            {"names": ["a", "b", "c"], "bias": [0.555, 0]},
            "Filter 1, row 1, column 1: a −2 + b −1 + c 3 + bias 0.56 = 0.56.",
        ),
    ],
)
def test_status_in_words(module, traits, told):
    function = "(s) => js.statusText(s, ...js.placeOf(s), js.WORDS.en)"
    assert module.evaluate(function, small(**traits).state()) == told


CHECKED = [
    ({}, None),
    ({"input": X[:2]}, "The filters have 3 channels, but the input has 2."),
    ({"channels": [True]}, "Number of switches: 1, but of channels: 3."),
    ({"names": ["a"]}, "Number of names: 1, but of channels: 3."),
    ({"input": [[[1, 2, 3]]] * 3}, "A 2 × 2 filter does not fit into a 1 × 3 input."),
    ({"bias": [1]}, "Number of biases: 1, but of filters: 2."),
    ({"filter": 2}, "There is no filter 3, only 2."),
    ({"bias": [1, -1000001]}, "−1000001 is too large: use numbers .* 1,000,000."),
]


@pytest.mark.parametrize(("changes", "message"), CHECKED)
def test_state_is_checked(module, changes, message):
    told = module.evaluate(
        """(state) => {
            try { js.check(state, js.WORDS.en); return null; }
            catch (error) { return error.message; }
        }""",
        small().state() | changes,
    )
    assert (told is None and message is None) or re.fullmatch(message, told)


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_stops_and_listens_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    page.clock.install(time=0)
    page.goto("about:blank")
    page.clock.pause_at(1000)
    start_widget(page, pictured())
    assert page.evaluate("listeners") > 0
    page.locator("[data-control=play]").click()
    page.clock.run_for(600)
    assert page.evaluate("model.get('position')") == 1
    page.evaluate("end()")
    page.clock.run_for(10_000)
    assert page.evaluate("model.get('position')") == 1
    assert page.evaluate("listeners") == 0
    page.close()


def test_what_is_done_in_the_page_is_told_to_python(browser):
    """All that is saved together fits together, and is what Python accepts."""
    page = browser.new_page()
    first = pictured()
    start_widget(page, first)
    page.evaluate("""() => {
        window.saved = [];
        const names = ["input", "filters", "bias", "position", "filter", "channels"];
        model.save_changes = () => saved.push(Object.fromEntries(
            names.map((name) => [name, model.get(name)])));
    }""")
    page.locator("[data-control=step]").click()
    page.locator("[data-control=filter-2]").click()
    page.locator("[data-control=channel-2]").click()
    page.locator("[data-control=bias]").fill("2.5")
    page.locator("[data-shows=filters-3]").press("ArrowDown")
    page.keyboard.type("-4")
    page.locator("[data-control=filter_sets]").select_option("one")
    for state in page.evaluate("saved"):
        with first.hold_trait_notifications():
            for name, value in state.items():
                setattr(first, name, value)
        if len(state["filters"]) == 3:
            last = state
    assert (last["position"], last["filter"], last["bias"]) == (1, 1, [1, 2.5, 0])
    assert last["channels"] == [True, False, True]
    assert last["filters"][1][2][1][0] == -4
    assert (first.filters, first.bias) == (pictured().filter_sets["one"], [0])
    page.close()


# --- The page ------------------------------------------------------------------------

#: Reads, in one go, what the widget shows.
SHOWN = """(place) => {
    const find = (name) => place.querySelector(`[data-shows=${name}]`);
    const control = (name) => place.querySelector(`[data-control=${name}]`);
    const style = getComputedStyle(document.body);
    const rgb = (name) => { // "#abcdef" as three numbers
        const hex = style.getPropertyValue(`--cnn-${name}`).trim();
        return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    };
    // The color of each cell near its corner, and on its inner and outer frame.
    const read = (name, [rows, columns]) => {
        const canvas = find(name);
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        const density = canvas.width / parseFloat(canvas.style.aspectRatio);
        const cell = (canvas.width / density - 2) / columns;
        const color = (x, y) => {
            const index = (Math.floor((1 + y) * density) * canvas.width
                + Math.floor((1 + x) * density)) * 4;
            return [...data.slice(index, index + 3)];
        };
        const every = (count, f) =>
            Array.from({ length: count }, (_, i) => f(i * cell));
        const grid = (dx, dy) =>
            every(rows, (y) => every(columns, (x) => color(x + dx, y + dy)));
        return { fill: grid(cell - 2.5, cell - 2.5), ring: grid(cell / 2, 3.2),
            edge: grid(cell / 2, 0.4), cell, label: canvas.getAttribute("aria-label") };
    };
    const parts = ["input", "filters", "bias", "position", "filter", "channels",
        "names"];
    const get = (name) => [name, place.model.get(name)];
    const state = Object.fromEntries(parts.map(get));
    const shape = (matrix) => [matrix.length, matrix[0].length];
    const [h, w] = shape(state.input[0]);
    const kernel = shape(state.filters[0][0]);
    const all = (name, size, list) =>
        list.map((_, i) => read(`${name}-${i + 1}`, size));
    // Where the frame of the window is, in cells of the plane.
    const frames = [...place.querySelectorAll(".cnn-deep-plane")].map((plane) => {
        const [canvas, frame] =
            [...plane.children].map((el) => el.getBoundingClientRect());
        const [x, y] = [canvas.width / w, canvas.height / h];
        return [(frame.top - canvas.top) / y, (frame.left - canvas.left) / x,
            frame.height / y, frame.width / x];
    });
    const picture = find("picture").getBoundingClientRect().width > 0;
    return {
        state,
        planes: all("input", [h, w], state.input),
        slices: all("filters", kernel, state.input),
        products: all("products", kernel, state.input),
        maps: all("output", [h - kernel[0] + 1, w - kernel[1] + 1], state.filters),
        picture: picture ? read("picture", [h, w]).fill : null,
        frames: picture ? frames : frames.slice(1),
        sums: state.input.map((_, k) => find(`part-${k + 1}`).textContent),
        texts: state.input.map((_, k) => find(`text-${k + 1}`).textContent),
        column: [...place.querySelectorAll(".cnn-deep-term")].map((term) =>
            [...term.children].map((part) => part.value ?? part.textContent)),
        titles: [...place.querySelectorAll(".cnn-title")].map((el) =>
            [...el.children].map((line) => line.textContent)),
        on: state.input.map((_, k) => control(`channel-${k + 1}`).checked),
        pressed: state.filters.map((_, f) =>
            control(`filter-${f + 1}`).getAttribute("aria-pressed")),
        editor: [control("cell").value, control("cell").getAttribute("aria-label"),
            control("cell").closest("[role=group]").getAttribute("aria-label")],
        status: find("status").textContent,
        message: place.querySelector("[role=alert]").textContent,
        chosen: ["inputs", "filter_sets"].map((name) => control(name)?.value),
        colors: Object.fromEntries(["negative", "zero", "positive", "mark", "ink",
            "paper", "red", "green", "blue"].map((name) => [name, rgb(name)])),
    };
}"""


def pictured(**traits):
    """A widget whose numbers have no symmetry, with inputs and filters to choose."""
    rng = random.Random(4)
    x, w = random_volume(rng, 3, 5, 6, decimals=0), random_volume(rng, 3, 3, 3, 2)
    arguments = {
        "input": "first",
        "filters": "three",
        "bias": [1, -2, 0],
        "inputs": {"first": x, "other": random_volume(rng, 3, 4, 3, decimals=1)},
        "filter_sets": {
            "three": w,
            "one": [[[[1]], [[-2]], [[0.5]]]],
            "large": torch.ones(2, 3, 5, 1),
        },
    }
    return ChannelStepper(**(arguments | traits))


class Stepper:
    """The widget of a page, as a reader meets it."""

    def __init__(self, page):
        self.page, self.place = page, page.locator(".cnnbook-widget")
        self.message = self.place.get_by_role("alert")

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def grid(self, name):
        return self.place.locator(f"canvas[data-shows={name}]")

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def set(self, state):
        self.place.evaluate("(place, state) => place.model.set(state)", state)

    def press(self, *names):
        for name in names:
            self.control(name).click()

    def press_cell(self, name, row, column, phone=False):
        canvas = self.grid(name)
        canvas.scroll_into_view_if_needed()
        text = canvas.get_attribute("aria-label")
        rows, columns = map(int, re.search(r"(\d+) × (\d+);", text).groups())
        box = canvas.bounding_box()
        at = {
            "x": (column + 0.5) * box["width"] / columns,
            "y": (row + 0.5) * box["height"] / rows,
        }
        canvas.tap(position=at) if phone else canvas.click(position=at)

    def shown(self):
        return self.place.evaluate(SHOWN)


def shades(matrix, colors, scale, high="positive", low=None):
    """The colors that a matrix is drawn in: a tensor (rows, columns, 3)."""
    zero, high = exact(colors["zero"]), exact(colors[high])
    low = exact(low or colors["negative"])
    share = (matrix / (scale or 1))[..., None]
    return zero + torch.where(share < 0, low - zero, high - zero) * share.abs()


def veiled(shown, colors, on):
    """What is switched off is below a veil of paper."""
    return shown if on else 0.3 * shown + 0.7 * exact(colors["paper"])


def check_shown(stepper, **expected):
    """Compare all that is shown with PyTorch, and the state with what is expected."""
    shown = stepper.shown()
    state = shown["state"]
    assert {name: state[name] for name in expected} == expected
    assert shown["message"] == ""
    assert state["position"] < conv2d(state)[0].numel()
    check_planes(shown, state)
    check_products(shown, state)
    check_maps(shown, state)
    check_picture(shown, state)
    check_words(shown, state)
    return shown


def colored(state):
    return len(state["input"]) == 3 and state["names"] in ([], COLORS)


def check_planes(shown, state):
    """Colors of planes and slices, those switched off paler; the windows' frames."""
    x, w = exact(state["input"]), exact(state["filters"])[state["filter"]]
    colors = shown["colors"]
    for k, (plane, slice_) in enumerate(
        zip(shown["planes"], shown["slices"], strict=True)
    ):
        tint = (COLORS[k], [128] * 3) if colored(state) else ("positive", None)
        expected = shades(x[k], colors, x.abs().max(), *tint)
        check_cells(plane, veiled(expected, colors, state["channels"][k]), shown)
        expected = shades(w[k], colors, w.abs().max())
        check_cells(slice_, veiled(expected, colors, state["channels"][k]), shown)
    window = [*place_of(state), *w.shape[1:]]
    assert len(shown["frames"]) == len(x) + colored(state)
    for frame in shown["frames"]:
        assert frame == pytest.approx(window, abs=0.2)


def check_cells(grid, expected, shown):
    """The cells' colors, except for one that the selected cell's frame may cover."""
    wrong = ((exact(grid["fill"]) - expected).abs().amax(-1) > 2).nonzero().tolist()
    assert wrong in ([], [selected(shown)])


def selected(shown):
    """Row and column of the selected cell, from 0."""
    label = shown["editor"][1]
    return [int(number) - 1 for number in re.search(CELL, label).groups()]


CELL = r"row (\d+), column (\d+)$"


def check_products(shown, state):
    r, c = place_of(state)
    w = exact(state["filters"])[state["filter"]]
    under = exact(state["input"])[:, r : r + w.shape[1], c : c + w.shape[2]]
    products = under * w * exact(state["channels"])[:, None, None]
    for grid, matrix in zip(shown["products"], products, strict=True):
        expected = shades(matrix, shown["colors"], products.abs().max())
        assert (exact(grid["fill"]) - expected).abs().max() <= 2
        told = exact(numbers(grid["label"].split(": ")[1]))
        assert told.allclose(matrix.flatten(), rtol=0, atol=6e-3)


def check_maps(shown, state):
    """The outputs as far as the filters have come, and the current one's frame."""
    y, colors = conv2d(state), shown["colors"]
    known = (torch.arange(y[0].numel()) <= state["position"]).reshape(y[0].shape)
    place = place_of(state)
    for f, grid in enumerate(shown["maps"]):
        fills, edges = exact(grid["fill"]), exact(grid["edge"])
        expected = shades(y[f], colors, y.abs().max())
        wrong = ((fills - expected).abs().amax(-1) > 2) & known
        assert wrong.nonzero().tolist() in ([], [list(place)])  # or under its frame
        assert not fills[~known].any()  # nothing is drawn there
        frame = colors["mark"] if f == state["filter"] else colors["ink"]
        assert edges[place].tolist() == pytest.approx(frame, abs=40)
        value = f"row {place[0] + 1}, column {place[1] + 1}: "
        told = re.search(value + r"(−?[\d.]*\d)\. ", grid["label"]).group(1)
        assert numbers(told)[0] == pytest.approx(y[f][place].item(), abs=6e-3)
    pressed = ["true" if f == state["filter"] else "false" for f in range(len(y))]
    assert shown["pressed"] == pressed


def check_picture(shown, state):
    if not colored(state):
        assert shown["picture"] is None
        return
    x = exact(state["input"])
    light = x.clamp(min=0) * exact(state["channels"])[:, None, None]
    expected = 255 * light / max(1, x.max().item())
    assert (exact(shown["picture"]) - expected.permute(1, 2, 0)).abs().max() <= 1


def check_words(shown, state):
    """Partial sums, the column that adds them up, titles, switches, and the status."""
    (r, c), f = place_of(state), state["filter"]
    sums = partial_sums(state)[:, r, c]
    value = conv2d(state)[f, r, c].item()
    near = {"rel": 0, "abs": 6e-3}
    assert [numbers(s)[0] for s in shown["sums"]] == pytest.approx(
        sums.tolist(), **near
    )
    lasts = [numbers(text)[-1] for text in shown["texts"]]
    assert lasts == pytest.approx(sums.tolist(), **near)
    column = [numbers(text.replace("-", "−"))[0] for _, text in shown["column"]]
    expected = [*sums.tolist(), state["bias"][f], value]
    assert column == pytest.approx(expected, **near)
    off = [name.endswith("(off)") for name, _ in shown["column"][: len(sums)]]
    assert [not one for one in off] == shown["on"] == state["channels"]
    assert numbers(shown["status"])[-1] == pytest.approx(value, **near)
    x, w = exact(state["input"]).shape, exact(state["filters"]).shape
    size = {
        "Input": x,
        f"Filter {f + 1}": w[1:],
        "Output": (w[0], *conv2d(state).shape[1:]),
    }
    for name, sides in size.items():
        assert [name, " × ".join(map(str, sides))] in shown["titles"]
    where = f"row {r + 1}, column {c + 1}"
    assert [f"Output of filter {f + 1}", where] in shown["titles"]


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def stepper(mode, lone_page):
    """The widget in each of the ways that readers come to it."""
    theme = "dark" if mode == "dark" else "light"
    return Stepper(lone_page(pictured(), theme=theme, **MODES[mode]))


def test_all_is_shown_as_pytorch_has_it(stepper):
    check_shown(stepper, position=0, filter=0)
    rng = random.Random(5)
    for i in range(12):
        state = random_state(rng, largest=8 if i % 2 else 12, decimals=i % 3)
        stepper.set(state)
        check_shown(stepper, **state)


def test_buttons_and_keys_choose_a_place(stepper):
    shape = conv2d(pictured().state()).shape
    assert shape == (3, 3, 5)
    for presses, position in [
        (["step"], 1),
        (["step", "step"], 3),
        (["back"], 2),
        (["last"], 14),
        (["step"], 14),
        (["first", "back"], 0),
    ]:
        stepper.press(*presses)
        check_shown(stepper, position=position, filter=0)
    for key, position in [
        ("ArrowRight", 1),
        ("ArrowDown", 6),
        ("ArrowLeft", 5),
        ("ArrowLeft", 5),
        ("ArrowUp", 0),
        ("End", 14),
        ("Home", 0),
        ("x", 0),
    ]:
        stepper.grid("output-2").press(key)
        assert stepper.get("position") == position
    check_shown(stepper, position=0, filter=1)


def test_press_on_an_output_goes_there(stepper, mode):
    for name, cell, position in [("output-3", (2, 1), 11), ("output-1", (0, 4), 4)]:
        stepper.press_cell(name, *cell, phone=mode == "phone")
        check_shown(stepper, position=position, filter=int(name[-1]) - 1)
    stepper.press("filter-2")
    check_shown(stepper, position=4, filter=1)


def test_channels_are_switched_off_and_on(stepper):
    stepper.press("last")
    for name, channels in [
        ("channel-2", [True, False, True]),
        ("channel-3", [True, False, False]),
        ("channel-1", [False] * 3),
        ("channel-2", [False, True, False]),
    ]:
        stepper.press(name)
        check_shown(stepper, channels=channels, position=14)
    stepper.press("reset")
    check_shown(stepper, channels=[True] * 3, position=0)


def test_press_on_a_number_and_type_another(stepper, mode):
    """By mouse or touch; the field stands with the pressed channel."""
    state = stepper.shown()["state"]
    x, w = exact(state["input"]), exact(state["filters"])
    stepper.press_cell("input-2", 3, 1, phone=mode == "phone")
    assert stepper.shown()["editor"][1:] == ["green, input, row 4, column 2", "green"]
    stepper.control("cell").fill("-2,5")
    x[1, 3, 1] = -2.5
    check_shown(stepper, input=x.tolist(), filters=w.tolist())
    stepper.press("filter-3")
    stepper.press_cell("filters-3", 2, 0, phone=mode == "phone")
    assert stepper.shown()["editor"][1:] == ["blue, filter, row 3, column 1", "blue"]
    assert float(stepper.control("cell").input_value()) == w[2, 2, 2, 0]
    stepper.control("cell").fill("1e1")
    w[2, 2, 2, 0] = 10
    shown = check_shown(stepper, input=x.tolist(), filters=w.tolist())
    ring = exact(shown["slices"][2]["ring"])
    ink = (ring - exact(shown["colors"]["ink"])).abs().amax(-1) < 40
    assert ink.nonzero().tolist() == [[2, 0]]


def test_keys_choose_a_number_and_digits_change_it(stepper):
    x = exact(stepper.get("input"))
    plane = stepper.grid("input-3")
    for key in ["ArrowLeft", "ArrowDown", "ArrowRight", "ArrowRight"]:
        plane.press(key)
    assert stepper.shown()["editor"][1] == "blue, input, row 2, column 3"
    told = f"row 2, column 3: {x[2, 1, 2]:g}.".replace("-", "−")
    assert told in plane.get_attribute("aria-label")
    assert told in stepper.place.get_by_role("status").inner_text()
    stepper.page.keyboard.type("-12")
    x[2, 1, 2] = -12
    check_shown(stepper, input=x.tolist())
    stepper.page.keyboard.press("Enter")  # back to the grid
    stepper.page.keyboard.press("ArrowDown")
    stepper.page.keyboard.press("Enter")  # and into the field
    stepper.page.keyboard.type("7")
    x[2, 2, 2] = 7
    check_shown(stepper, input=x.tolist())


def test_number_that_is_not_finished_is_for_the_cell_it_was_typed_for(lone_page):
    stepper = Stepper(lone_page(pictured()))
    x = exact(stepper.get("input"))
    stepper.press_cell("input-1", 0, 0)
    stepper.page.keyboard.type("3")
    stepper.press_cell("input-1", 2, 2)
    x[0, 0, 0] = 3
    check_shown(stepper, input=x.tolist())
    stepper.page.keyboard.type("-")
    stepper.press_cell("filters-2", 1, 1)
    check_shown(stepper, input=x.tolist(), filters=pictured().filters)


def test_bias_is_that_of_the_filter(stepper):
    stepper.control("bias").fill("0.5")
    check_shown(stepper, bias=[0.5, -2, 0])
    stepper.press("filter-2")
    assert stepper.control("bias").input_value() == "−2"
    stepper.control("bias").fill("7")
    check_shown(stepper, bias=[0.5, 7, 0])


def test_inputs_and_filters_can_be_chosen(stepper):
    first = pictured()
    stepper.press("filter-3", "last")
    choose = stepper.control
    choose("inputs").select_option("other")
    shown = check_shown(stepper, input=first.inputs["other"], position=3, filter=2)
    assert shown["chosen"] == ["other", "three"]
    choose("filter_sets").select_option("one")
    shown = check_shown(stepper, bias=[0], filter=0, position=11)
    assert shown["chosen"] == ["other", "one"]
    stepper.press_cell("filters-1", 0, 0)
    stepper.page.keyboard.type("9")
    assert check_shown(stepper)["chosen"] == ["other", ""]
    choose("filter_sets").select_option("large")
    message = "A 5 × 1 filter does not fit into a 4 × 3 input."
    assert stepper.message.inner_text() == message
    assert stepper.get("filters")[0][0] == [[9]]
    choose("filter_sets").select_option("three")
    check_shown(stepper, bias=[1, -2, 0], filters=first.filters)


def test_play_by_the_clock(lone_page):
    for options in ({}, {"reduced_motion": "reduce"}):
        wide = pictured(input=torch.eye(12).expand(3, 12, 12), inputs={})  # 110 places
        stepper = Stepper(lone_page(wide, **options))
        page, play = stepper.page, stepper.control("play")
        page.clock.install(time=0)
        page.clock.pause_at(10_000)
        play.click()
        page.clock.run_for(1100)
        now = stepper.get("position")
        assert now == 2 if options else 6 <= now <= 9
    for pause in (
        play.click,
        lambda: stepper.press("back"),
        lambda: stepper.grid("output-1").press("ArrowRight"),
        lambda: stepper.grid("output-2").click(),
    ):
        pause()
        now = stepper.get("position")
        assert play.inner_text() == "Play"
        page.clock.run_for(60_000)
        assert stepper.get("position") == now < 109
        play.click()
        assert play.inner_text() == "Pause"
    page.clock.run_for(60_000)
    assert stepper.get("position") == 109
    assert play.inner_text() == "Play"
    play.click()
    assert stepper.get("position") == 0  # at the end it starts again


# --- Bad input in the page -----------------------------------------------------------

BAD = [
    ("cell", "x", "“x” is not a number."),
    ("cell", "", "“” is not a number."),
    ("cell", "2e6", "2000000 is too large: use numbers between −1,000,000 and"),
    ("bias", "1..2", "“1..2” is not a number."),
    ("bias", "-1e7", "−10000000 is too large: use numbers between −1,000,000 and"),
]


@pytest.mark.parametrize("end", ["Tab", "Enter"])
def test_bad_text_is_told_by_its_field_and_changes_nothing(lone_page, end):
    stepper = Stepper(lone_page(pictured()))
    stepper.press_cell("filters-2", 1, 1)
    before = stepper.shown()
    for name, text, message in BAD:
        field = stepper.control(name)
        old = field.input_value()
        field.fill(text)
        field.press(end)
        assert stepper.message.inner_text().startswith(message)
        assert field.get_attribute("aria-invalid") == "true"
        near = stepper.message.evaluate(
            """(el, name) =>
                !!el.previousSibling.querySelector(`[data-control=${name}]`)""",
            name,
        )
        assert near
        after = stepper.shown()
        for part in ("state", "planes", "slices", "products", "maps", "column"):
            if name == "cell" or part != "column":
                assert after[part] == before[part]
        field.fill(old)
        field.press("Tab")
        check_shown(stepper)


def test_state_that_makes_no_sense_is_told_and_the_picture_stays(lone_page):
    stepper = Stepper(lone_page(pictured()))
    before = stepper.shown()
    stepper.place.evaluate("(place) => place.model.set('input', [[[1]], [[2]], [[3]]])")
    message = "A 3 × 2 filter does not fit into a 1 × 1 input."
    assert stepper.message.inner_text() == message
    stepper.grid("filters-1").press("ArrowRight")  # selects a cell
    assert stepper.message.inner_text() == message
    value = {"input": pictured().input}
    stepper.place.evaluate("(place, value) => place.model.set(value)", value)
    after = check_shown(stepper)
    assert after["planes"][1:] == before["planes"][1:]


def test_message_is_told_when_channels_come_and_go(lone_page):
    """It may stand in the row of a channel that is no longer there."""
    stepper = Stepper(lone_page(pictured()))
    stepper.press_cell("input-3", 0, 0)
    stepper.control("cell").fill("x")
    stepper.control("cell").press("Tab")
    assert stepper.message.is_visible()
    state = {
        "input": [[[1, 2], [3, 4]]],
        "filters": [[[[1]]]],
        "bias": [0],
        "filter": 0,
        "names": [],
        "channels": [True],
        "position": 2,
    }
    stepper.set(state)
    check_shown(stepper, **state)
    stepper.place.evaluate("(place) => place.model.set('filter', 3)")
    assert stepper.message.inner_text() == "There is no filter 4, only 1."


# --- For everyone --------------------------------------------------------------------


def test_status_speaks_once_of_a_step_and_not_while_playing(lone_page):
    stepper = Stepper(lone_page(pictured()))
    status = stepper.place.get_by_role("status")
    assert status.count() == 1
    stepper.page.evaluate("""() => {
        window.spoken = 0;
        new MutationObserver(() => spoken++).observe(
            document.querySelector("[role=status]"),
            { childList: true, characterData: true, subtree: true });
    }""")
    stepper.press("step")
    assert stepper.page.evaluate("spoken") == 1
    assert status.get_attribute("aria-live") == "polite"
    stepper.page.clock.install()
    stepper.press("play")
    assert status.get_attribute("aria-live") == "off"


def test_tab_reaches_every_control_and_shows_where_it_is(lone_page):
    stepper = Stepper(lone_page(pictured()))
    expected = stepper.place.locator("button, input, select, [tabindex]").evaluate_all(
        "(all) => all.map((el) => el.dataset.control ?? el.dataset.shows)"
    )
    assert len(expected) == 2 + 3 + 1 + 3 * 3 + 1 + 1 + 3 + 5
    assert expected[6:9] == ["channel-1", "cell", "input-1"]
    reached = []
    for _ in expected:
        stepper.page.keyboard.press("Tab")
        name, outlined = stepper.page.evaluate("""() => {
            const { dataset } = document.activeElement;
            const style = getComputedStyle(document.activeElement);
            return [dataset.control ?? dataset.shows,
                style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
        }""")
        assert outlined, name
        reached.append(name)
    assert reached == expected


def test_no_barriers(stepper):
    stepper.press("channel-2")
    stepper.control("cell").fill("abc")
    stepper.control("cell").press("Tab")
    assert stepper.message.is_visible()
    results = Axe().run(stepper.page, context=".cnnbook", options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 390, 688, 736])
def test_no_sideways_scrolling_and_cells_large_enough_to_press(lone_page, width):
    options = {"viewport": {"width": width, "height": 800}}
    stepper = Stepper(lone_page(pictured(), **options))
    small = stepper.place.locator("button, select, .cnn-check, input[type=text]")
    sizes = small.evaluate_all(
        "(all) => all.map((el) => el.getBoundingClientRect())"
        ".map((box) => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 24
    rng = random.Random(6)
    for _ in range(8):
        state = random_state(rng)
        stepper.set(state)
        wide = stepper.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, exact(state["input"]).shape
        names = ("input-1", "filters-1")
        plane, slice_ = (stepper.grid(name).bounding_box() for name in names)
        assert plane["x"] + plane["width"] < slice_["x"]  # side by side
        assert slice_["x"] + slice_["width"] <= width


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_field_has_room_for_its_number_and_says_of_which_cell(lone_page, width):
    options = {"viewport": {"width": width, "height": 800}}
    stepper = Stepper(lone_page(pictured(), **options))
    height = stepper.place.bounding_box()["height"]
    for name in ("cell", "bias"):
        field = stepper.control(name)
        field.fill("−12.75")
        assert field.evaluate("(el) => el.scrollWidth <= el.clientWidth")
    label = stepper.place.locator(".cnn-deep-where")
    field = stepper.control("cell").bounding_box()
    beside = label.bounding_box()
    assert label.inner_text() == "row 1, column 1"  # as it is seen, "" if hidden
    assert beside["height"] <= field["height"]
    assert beside["x"] + beside["width"] <= field["x"]
    stepper.place.locator(".cnn-deep-editor").evaluate("(label) => label.remove()")
    assert (
        stepper.place.bounding_box()["height"] == height
    )  # it takes no row of its own
