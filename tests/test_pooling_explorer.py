"""The pooling explorer: Python's checks, arithmetic, and what a reader does with it."""

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

from cnnbook import arithmetic
from cnnbook.widgets import PoolingExplorer
from tests.conftest import MODES, evaluate, start_widget


def exact(rows):
    """A matrix of the page as a tensor, in the page's precision."""
    return torch.tensor(rows, dtype=torch.float64)


def pool(state, x=None):
    """What PyTorch makes of a state of the widget: a tensor (OH, OW)."""
    x = exact(state["input"]) if x is None else x
    act = F.max_pool2d if state["kind"] == "max" else F.avg_pool2d
    return act(x[None, None], tuple(state["window"]), tuple(state["stride"]))[0, 0]


def winners(state):
    """PyTorch's indices of the winners: a tensor (OH, OW)."""
    x, window = exact(state["input"])[None, None], tuple(state["window"])
    _, at = F.max_pool2d(x, window, tuple(state["stride"]), return_indices=True)
    return at[0, 0]


def place(state):
    """Row and column of the selected output."""
    return divmod(state["position"], pool(state).shape[1])


def gradient(state):
    """What autograd gives each pixel: a tensor (H, W)."""
    x = exact(state["input"]).requires_grad_()
    y = pool(state, x)
    (y.sum() if state["upstream"] == "all" else y[place(state)]).backward()
    return x.grad


def visits(state):
    """In how many windows each pixel stands: the gradient of a sum of all windows."""
    x = torch.zeros_like(exact(state["input"]), requires_grad=True)
    window, stride = tuple(state["window"]), tuple(state["stride"])
    F.avg_pool2d(x[None, None], window, stride, divisor_override=1).sum().backward()
    return x.grad.round().long()


def sizes(state):
    """Size, window and stride, as `arithmetic` takes them."""
    x = state["input"]
    return (len(x), len(x[0])), tuple(state["window"]), tuple(state["stride"])


def random_matrix(rng, rows, columns):
    """Few different numbers, so that many are equal, or any."""
    low, high, decimals = rng.choice([(-1, 1, 0), (-9, 9, 0), (-3, 0, 0), (-9, 9, 4)])
    one = (lambda: rng.randint(low, high)) if not decimals else None
    one = one or (lambda: round(rng.uniform(low, high), decimals))
    return [[one() for _ in range(columns)] for _ in range(rows)]


def random_state(rng, largest=16):
    """A random configuration; half of the windows and of the strides are alike."""
    h, w = rng.randint(1, largest), rng.randint(1, largest)
    kh, kw = (rng.randint(1, min(side, 6)) for side in (h, w))
    down, right = rng.choice([(kh, kw), (rng.randint(1, 6), rng.randint(1, 6))])
    state = {
        "input": random_matrix(rng, h, w),
        "kind": rng.choice(["max", "average"]),
        "window": [kh, rng.choice([kw, min(kh, w)])],
        "stride": [down, rng.choice([down, right])],
        "upstream": rng.choice(["selected", "all"]),
    }
    rows, columns = arithmetic.output_size(*sizes(state))
    return state | {"position": rng.randrange(rows * columns)}


# --- Python --------------------------------------------------------------------------


def small(**traits):
    return PoolingExplorer(**({"input": [[0, 5, 2], [5, 4, -1]]} | traits))


FITS = r"window: expected one that fits into the input of shape \(2, 3\), got shape "
ROWS = r"window: expected an integer from 1 to 6, or two .*\[rows, columns\], got "
DOWN = r"stride: expected an integer from 1 to 6, or two .*\[down, right\], got "

REFUSED = {
    "window too high": ({"window": 3}, rf"{FITS}\(3, 3\)"),
    "window too wide": ({"window": [1, 4]}, rf"{FITS}\(1, 4\)"),
    "zero window": ({"window": 0}, ROWS + "0"),
    "large window": ({"window": (1, 7)}, ROWS + r"\(1, 7\)"),
    "three sides": ({"window": [1, 1, 1]}, ROWS + r"\[1, 1, 1\]"),
    "zero stride": ({"stride": [2, 0]}, DOWN + r"\[2, 0\]"),
    "large stride": ({"stride": 7}, DOWN + "7"),
    "half a stride": ({"stride": 1.5}, DOWN + r"1\.5"),
    "true stride": ({"stride": True}, DOWN + "True"),
    "no kind": ({"kind": "mean"}, r"'kind' .*any of \['max', 'average'\], not .*mean"),
    "upstream": ({"upstream": "none"}, r"'upstream' .*\['selected', 'all'\], not "),
    "empty": ({"input": []}, r"input: expected a matrix \(H, W\), got \[\]"),
    "ragged": ({"input": [[1, 2], [3]]}, r"rows of one length, got lengths \[1, 2\]"),
    "not a number": ({"input": [[float("nan")]]}, "input: .*finite.*, got nan"),
    "too large": ({"input": torch.zeros(17, 2)}, "1 to 16 .*, got 17 rows and 2"),
    "too small": ({"input": [[1, 2, 3]]}, r"shape \(1, 3\), got shape \(2, 2\)"),
    "bad map": ({"inputs": {"a": [[1], [2, 3]]}}, r"'inputs' .*matrix of .*\[2, 3\]\]"),
    "position": ({"position": -1}, "'position'.* less than 0, but a value of -1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_in_the_constructor(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_later_and_changes_nothing(case):
    (traits, message), explorer = REFUSED[case], small()
    (name, value), before = next(iter(traits.items())), explorer.state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(explorer, name, value)
    assert explorer.state() == before


def test_wrong_or_missing_names_are_told():
    message = "PoolingExplorer has no trait 'strides', only .*did you mean 'stride'"
    with pytest.raises(TypeError, match=message):
        small(strides=2)
    with pytest.raises(AttributeError, match=message):
        small().strides = 2
    with pytest.raises(TypeError, match="PoolingExplorer needs an input"):
        PoolingExplorer(window=1)


@pytest.mark.parametrize(
    ("traits", "window", "stride"),
    [
        ({}, [2, 2], [2, 2]),
        ({"window": (2, 3)}, [2, 3], [2, 3]),
        ({"window": np.int64(1)}, [1, 1], [1, 1]),
        ({"stride": torch.tensor([3, 1])}, [2, 2], [3, 1]),
        ({"window": [1, 2], "stride": np.int64(6)}, [1, 2], [6, 6]),
    ],
)
def test_stride_is_the_window_unless_given(traits, window, stride):
    state = small(**traits).state()
    assert json.dumps([state["window"], state["stride"]]) == json.dumps(
        [window, stride]
    )


def test_stride_stays_when_the_window_changes_later():
    explorer = small()
    explorer.window = 1
    assert explorer.stride == [2, 2]


def test_properties_are_those_of_pytorch():
    rng = random.Random(1)
    for _ in range(300):
        state = random_state(rng, largest=7)
        explorer = PoolingExplorer(**state)
        torch.testing.assert_close(explorer.output, pool(state))
        assert explorer.place == place(state)
        torch.testing.assert_close(explorer.gradient, gradient(state))
        assert explorer.visits.equal(visits(state))
        if state["kind"] == "max":
            assert explorer.winners.equal(winners(state))
        else:
            with pytest.raises(ValueError, match="expected the kind 'max', got 'aver"):
                _ = explorer.winners


def test_position_behind_the_end_is_the_last():
    assert small(window=1, position=99).place == (1, 2)


def test_text_form_is_the_same_in_every_run():
    text = "PoolingExplorer: max pooling with a 2×2 window and stride 2 turns a 2×3 "
    text += "input into a 1×1 output. 2 of 6 pixels are never read. Output row 1, "
    text += "column 1 is 5, from input row 1, column 2, which gets all of its gradient"
    numbers = ". Input: 0 5 2 / 5 4 -1. Output: 5"
    assert repr(small()) == repr(small()) == text + numbers
    assert repr(small(kind="average", window=(1, 3), stride=(1, 2), position=1)) == (
        "PoolingExplorer: average pooling with a 1×3 window and stride 1 down and 2 "
        "right turns a 2×3 input into a 2×1 output. 0 of 6 pixels are never read. "
        "Output row 2, column 1 is 2.6667; each pixel of its window gets 1/3 of its "
        "gradient. Input: 0 5 2 / 5 4 -1. Output: 2.3333 / 2.6667"
    )
    assert "Input" not in repr(PoolingExplorer(input=torch.eye(9)))


def test_html_form_holds_the_state_and_words():
    explorer = small(window=1, position=1, inputs={"zeros": torch.zeros(2, 2)})
    html = explorer.to_html()
    state = json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))
    assert state == explorer.state()
    assert set(state) == {
        *("input", "inputs", "kind", "position", "stride", "upstream", "window")
    }
    assert "max pooling with a 1×1 window" in html


# --- The arithmetic in JavaScript ----------------------------------------------------


@pytest.fixture(scope="module")
def states():
    rng = random.Random(2)
    states = [random_state(rng, largest=rng.choice([3, 6, 9])) for _ in range(4000)]
    return states + [random_state(rng) for _ in range(200)]


def test_outputs_and_gradients_are_those_of_pytorch(module, states):
    function = "(s) => [js.pooled(s), js.outputSize(s), js.gradient(s)]"
    results = evaluate(module, function, states)
    for state, (output, size, given) in zip(states, results, strict=True):
        y = pool(state)
        assert size == list(y.shape)
        assert exact(output).shape == y.shape
        assert (exact(output) - y).abs().max() < 1e-9
        assert (exact(given) - gradient(state)).abs().max() < 1e-12


def test_winners_are_those_of_pytorch(module, states):
    ties = 0
    results = evaluate(module, "js.winners", states)
    for state, ours in zip(states, results, strict=True):
        if state["kind"] == "average":
            assert ours is None
            continue
        flat = [[r * len(state["input"][0]) + c for r, c in row] for row in ours]
        assert torch.tensor(flat).equal(winners(state))
        x = exact(state["input"])
        ties += int((x == x.max()).sum() > 1)
    assert ties > 500


def test_visits_are_the_gradient_of_pytorch(module, states):
    results = evaluate(module, "js.visits", states)
    for state, ours in zip(states, results, strict=True):
        assert torch.tensor(ours).equal(visits(state))


def test_shift_is_a_roll(module, states):
    cases = [[state["input"], by] for state in states[-600:] for by in (-1, 1)]
    results = evaluate(module, "([input, by]) => js.rolled(input, by)", cases)
    for (x, by), ours in zip(cases, results, strict=True):
        assert exact(ours).equal(exact(x).roll(by, dims=1))


def test_changed_outputs_are_counted_as_pytorch_has_them(module, states):
    function = """(s) => js.changesBetween(js.pooled(s),
        js.pooled({ ...s, input: js.rolled(s.input, 1) }))"""
    some = states[:1500]
    for state, ours in zip(some, evaluate(module, function, some), strict=True):
        moved = pool(state, exact(state["input"]).roll(1, dims=1))
        assert torch.tensor(ours).equal((pool(state) - moved).abs() > 1e-9)


def test_nearest_window_is_the_nearest(module, states):
    rng = random.Random(3)
    cases = []
    for state in states[:1500]:
        (h, w), _, _ = sizes(state)
        cases.append([state, rng.uniform(-4, h), rng.uniform(-4, w)])
    results = evaluate(module, "(case_) => js.nearest(...case_)", cases)
    for (state, r, c), position in zip(cases, results, strict=True):
        rows, columns = arithmetic.window_starts(*sizes(state))
        row, column = divmod(position, len(columns))
        assert abs(rows[row] - r) == min(abs(start - r) for start in rows)
        assert abs(columns[column] - c) == min(abs(start - c) for start in columns)


def test_window_over_a_pixel_has_it_if_one_can(module, states):
    rng = random.Random(4)
    cases = []
    for state in states[:2000]:
        (h, w), _, _ = sizes(state)
        cases.append([state, rng.randrange(h), rng.randrange(w)])
    results = evaluate(module, "(case_) => js.windowOver(...case_)", cases)
    kept = 0
    for (state, r, c), position in zip(cases, results, strict=True):
        (_, (kh, kw), (down, right)) = sizes(state)
        columns = pool(state).shape[1]

        def has(at, r=r, c=c, kh=kh, kw=kw, down=down, right=right, columns=columns):
            top, left = at // columns * down, at % columns * right
            return top <= r < top + kh and left <= c < left + kw

        assert 0 <= position < pool(state).numel()
        assert has(position) == (visits(state)[r, c] > 0)
        if has(state["position"]):
            kept += 1
            assert position == state["position"]
    assert kept > 100


def test_another_stride_keeps_the_place(module, states):
    pairs = list(pairwise(states[:1001]))
    results = evaluate(module, "(pair) => js.samePlace(...pair)", pairs)
    for (before, after), position in zip(pairs, results, strict=True):
        now = divmod(position, pool(after).shape[1])
        every = arithmetic.window_starts(*sizes(after))
        for d in range(2):
            start = place(before)[d] * before["stride"][d]
            best = min(abs(one - start) for one in every[d])
            assert abs(every[d][now[d]] - start) == best


# --- Words ---------------------------------------------------------------------------

NUMBERS = [[1, 3, 2, 0], [4, 5, 0, 2], [-1, 0.25, 2, 2], [0, 0, 1, 2]]


def stated(**changes):
    state = {"input": NUMBERS, "kind": "max", "window": [2, 2], "stride": [2, 2]}
    return state | {"position": 0, "upstream": "selected"} | changes


TOLD = [
    (
        {},
        "Output row 1, column 1: the largest of 1, 3, 4, 5 is 5, in input row 2, "
        "column 2.",
        "Its gradient of 1 goes to input row 2, column 2 alone.",
    ),
    (
        {"position": 3},
        "Output row 2, column 2: the largest of 2, 2, 1, 2 is 2. It is there 3 times; "
        "the first, in input row 3, column 3, wins.",
        "Its gradient of 1 goes to input row 3, column 3 alone.",
    ),
    (
        {"kind": "average", "position": 2},
        "Output row 2, column 1: the average of −1, 0.25, 0, 0 is about −0.188.",
        "Its gradient of 1 is shared out: 1/4 to each pixel of the window.",
    ),
    (
        {"kind": "average", "window": [1, 2], "position": 1, "upstream": "all"},
        "Output row 1, column 2: the average of 2, 0 is 1.",
        "Each of the 4 outputs sends back 1: 8 of 16 pixels get some, at most 0.5.",
    ),
    (
        {"window": [4, 4], "stride": [1, 1], "upstream": "all"},
        "Output row 1, column 1: the largest of 16 numbers is 5, in input row 2, "
        "column 2.",
        "Each of the 1 outputs sends back 1: 1 of 16 pixels get some, at most 1.",
    ),
    (
        {"window": [1, 1], "kind": "average", "position": 2},
        "Output row 2, column 1: −1, the only number of its window.",
        "Its gradient of 1 goes to input row 3, column 1 alone.",
    ),
]


@pytest.mark.parametrize(("changes", "window", "path"), TOLD)
def test_window_and_gradient_in_words(module, changes, window, path):
    function = """(s) => [js.windowText(s, ...js.placeOf(s), js.WORDS.en),
        js.gradientText(s, js.WORDS.en)]"""
    assert module.evaluate(function, stated(**changes)) == [window, path]


SIZES = [
    (
        {},
        "4 × 4 input, 2 × 2 window, stride 2: 2 × 2 output. All 16 pixels are read.",
    ),
    (
        {"window": [3, 2], "stride": [3, 1]},
        "4 × 4 input, 3 × 2 window, stride 3 down, 1 right: 1 × 3 output. "
        "4 of 16 pixels are never read.",
    ),
    (
        {"input": [[1, 2]], "window": [1, 1]},
        "1 × 2 input, 1 × 1 window, stride 2: 1 × 1 output. "
        "1 of 2 pixels is never read.",
    ),
    (
        {"input": [[1]], "window": [1, 1], "stride": [6, 6]},
        "1 × 1 input, 1 × 1 window, stride 6: 1 × 1 output. The only pixel is read.",
    ),
]


@pytest.mark.parametrize(("changes", "told"), SIZES)
def test_sizes_in_words(module, changes, told):
    text = module.evaluate("(s) => js.sizesText(s, js.WORDS.en)", stated(**changes))
    assert text == told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"stride": [0, 1]}, "Stride down must be a whole number from 1 to 6, not 0."),
        ({"stride": [1, 7]}, "Stride right must be a whole number from 1 to 6, not 7."),
        ({"window": [1.5, 1]}, "Window rows must .* from 1 to 6, not 1.5."),
        ({"window": [1, 0]}, "Window columns must .* from 1 to 6, not 0."),
        ({"window": [2, 5]}, "A 2 × 5 window does not fit into a 4 × 4 input."),
        (
            {"input": [[1] * 3] * 17},
            "The input .* 17 × 3 .*; at most 16 × 16 fit.",
        ),
        ({"input": [[0, -2e6], [0, 0]]}, "−2000000 is too large: use numbers between "),
    ],
)
def test_state_is_checked(module, changes, message):
    told = module.evaluate(
        """(state) => {
            try { js.check(state, js.WORDS.en); return null; }
            catch (error) { return error.message; }
        }""",
        stated(**changes),
    )
    assert (told is None and message is None) or re.match(message, told)


# --- In JupyterLab -------------------------------------------------------------------


def test_removed_widget_listens_and_draws_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    start_widget(page, small())
    assert page.evaluate("listeners") > 0
    page.evaluate("end()")
    assert page.evaluate("listeners") == 0
    blank = page.evaluate("""async () => {
        const canvas = document.querySelector("canvas");
        canvas.width = canvas.width; // empties it
        document.documentElement.dataset.theme = "dark";
        model.set("position", 1);
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        return data.every((value) => value === 0);
    }""")
    assert blank
    page.close()


def test_what_a_reader_does_is_seen_from_python(browser):
    page = browser.new_page()
    start_widget(page, small())
    page.evaluate("""() => {
        window.saved = [];
        const save = model.save_changes.bind(model);
        model.save_changes = () => { saved.push(model.get("input")); save(); };
    }""")
    page.locator("[data-control=shift-left]").click()
    page.locator("[data-control=cell]").fill("7,12345")
    assert page.evaluate("saved") == [
        [[5, 2, 0], [4, -1, 5]],
        [[5, 7.1235, 0], [4, -1, 5]],
    ]
    PoolingExplorer(input=page.evaluate("model.get('input')"))
    page.close()


# --- The page ------------------------------------------------------------------------

#: Reads, in one go, what the widget shows.
SHOWN = """(place) => {
    const find = (name) => place.querySelector(`[data-shows=${name}]`);
    const control = (name) => place.querySelector(`[data-control=${name}]`);
    const input = place.model.get("input");
    const size = { input, gradient: input };
    const text = find("output").previousSibling.lastChild.textContent;
    const shape = (name) => size[name] ? [size[name].length, size[name][0].length]
        : text.match(/(\\d+) × (\\d+)$/).slice(1).map(Number);
    const read = (name) => {
        const canvas = find(name);
        const [rows, columns] = shape(name);
        const context = canvas.getContext("2d");
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const { a: across, d: down } = context.getTransform(); // pixels of the canvas
        const cell = Math.round(canvas.width / across - 2) / columns;
        const color = (x, y) => {
            const index = (Math.floor((1 + y) * down) * canvas.width
                + Math.floor((1 + x) * across)) * 4;
            return [...data.slice(index, index + 3)];
        };
        const grid = (f) => Array.from({ length: rows }, (_, r) =>
            Array.from({ length: columns }, (_, c) => f(c * cell, r * cell)));
        // Off the number, the ring, the dashes and the triangle.
        const points = { face: [0.13 * cell + 0.5, 0.13 * cell + 0.5],
            top: [cell / 2, 0.5] };
        // How dark or light the ring is drawn: pixels of its color from the middle of
        // the cell upward, where no number reaches.
        const ring = (x, y) => {
            const face = String(color(x + points.face[0], y + points.face[1]));
            let count = 0;
            for (let at = 0.09; at < 0.2; at += 0.002) {
                const seen = String(color(x + cell / 2 - 0.5, y + at * cell + 0.5));
                count += ["0,0,0", "255,255,255"].includes(seen) && seen !== face;
            }
            return count;
        };
        const hatched = (x, y) => {
            const face = new Set();
            for (let at = 3; at < cell - 3; at += 0.5) {
                face.add(String(color(x + at, y + 0.86 * cell)));
            }
            return face.has(ink) ? 1 : 0;
        };
        const corner = (x, y) => color(x + cell - 4.5, y + 4);
        return {
            cell: canvas.getBoundingClientRect().width / columns,
            label: canvas.getAttribute("aria-label"),
            role: canvas.getAttribute("role"),
            face: grid((x, y) => color(x + points.face[0], y + points.face[1])),
            top: grid((x, y) => color(x + points.top[0], y + points.top[1])),
            ring: grid(ring), hatched: grid(hatched), corner: grid(corner),
        };
    };
    const style = getComputedStyle(document.body);
    const rgb = (name) => { // "#abcdef" as three numbers
        const hex = style.getPropertyValue(`--cnn-${name}`).trim();
        return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    };
    const ink = String(rgb("ink"));
    const names = ["input", "kind", "window", "stride", "position", "upstream"];
    const pair = (name) => ["rows", "columns"].map((side) =>
        Number(control(`${name}-${side}`).value));
    return {
        state: Object.fromEntries(names.map((name) => [name, place.model.get(name)])),
        maps: Object.fromEntries(["input", "output", "gradient"].map((name) =>
            [name, { size: shape(name), ...read(name) }])),
        message: place.querySelector("[role=alert]").textContent,
        texts: Object.fromEntries(["window", "path", "news", "sizes", "cell"].map(
            (name) => [name, find(name).textContent])),
        window: pair("window"), stride: pair("stride"), kind: control("kind").value,
        ticks: Object.fromEntries(["alike", "tied", "all"].map((name) =>
            [name, control(name).checked])),
        cell: control("cell").value,
        cellName: control("cell").getAttribute("aria-label"),
        colors: Object.fromEntries(["negative", "zero", "positive", "mark", "ink"].map(
            (name) => [name, rgb(name)])),
    };
}"""


class Explorer:
    """The widget of a page, as a reader meets it."""

    def __init__(self, page):
        self.page, self.place = page, page.locator(".cnnbook-widget")
        self.message = self.place.get_by_role("alert")

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def map(self, name):
        return self.place.locator(f"canvas[data-shows={name}]")

    def line(self, name):
        return self.place.locator(f"p[data-shows={name}]").inner_text()

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def set(self, **state):
        self.place.evaluate("(place, state) => place.model.set(state)", state)

    def choose(self, name, value):
        self.control(name).select_option(str(value))

    def type(self, text):
        self.control("cell").fill(text)
        self.control("cell").press("Tab")

    def at(self, name, row, column):
        """The middle of a map's cell, as a position on its canvas."""
        canvas = self.map(name)
        canvas.scroll_into_view_if_needed()
        rows, columns = self.shown()["maps"][name]["size"]
        box = canvas.bounding_box()
        return {
            "x": (column + 0.5) * box["width"] / columns,
            "y": (row + 0.5) * box["height"] / rows,
        }

    def shown(self):
        return self.place.evaluate(SHOWN)


def shades(matrix, colors, scale):
    """The colors that a matrix is drawn in: a tensor (rows, columns, 3)."""
    zero, low, high = (exact(colors[n]) for n in ("zero", "negative", "positive"))
    share = (matrix / (scale or 1))[..., None]
    return zero + torch.where(share < 0, low - zero, high - zero) * share.abs()


def check_shown(explorer, **expected):
    """Compare all that is shown with PyTorch, and the state with what is expected."""
    shown = explorer.shown()
    state = shown["state"]
    assert {name: state[name] for name in expected} == expected
    assert shown["message"] == ""
    check_controls(shown, state)
    check_texts(shown, state)
    check_input(shown, state)
    check_others(shown, state)
    cells = [drawn["cell"] for drawn in shown["maps"].values()]
    assert max(cells) - min(cells) < 0.1
    return shown


def check_controls(shown, state):
    for name in ("window", "stride", "kind"):
        assert shown[name] == state[name]
    window, stride = state["window"], state["stride"]
    if shown["ticks"]["alike"]:
        assert window[0] == window[1]
        assert stride[0] == stride[1]
    if shown["ticks"]["tied"]:
        assert window == stride
    assert shown["ticks"]["all"] == (state["upstream"] == "all")
    row, column = map(int, re.findall(r"\d+", shown["cellName"]))
    value = state["input"][row - 1][column - 1]
    assert float(shown["cell"].replace("−", "-")) == value
    number = f"{value:g}".replace("-", "−")
    assert shown["texts"]["cell"] == f"{shown['cellName']}: {number}."


def check_texts(shown, state):
    (r, c), y = place(state), pool(state)
    value = f"{round(y[r, c].item(), 3) + 0:g}".replace("-", "−")
    start = f"Output row {r + 1}, column {c + 1}: "
    text, path = shown["texts"]["window"], shown["texts"]["path"]
    assert text.startswith(start)
    assert value in text
    assert f"{start}{value}." in shown["maps"]["output"]["label"]
    assert path in shown["maps"]["gradient"]["label"]
    roles = [shown["maps"][name]["role"] for name in ("input", "output", "gradient")]
    assert roles == ["application", "application", "img"]
    if state["upstream"] == "all":
        assert f": {(gradient(state) > 0).sum()} of {gradient(state).numel()} " in path
    elif state["kind"] == "max":
        row, column = divmod(winners(state)[r, c].item(), len(state["input"][0]))
        assert f"input row {row + 1}, column {column + 1} alone." in path
    unread = int((visits(state) == 0).sum())
    assert (f"{unread} of" in shown["texts"]["sizes"]) == (unread > 0)
    sides = " × ".join(map(str, y.shape))
    assert f": {sides} output." in shown["texts"]["sizes"]


def check_input(shown, state):
    """Colors, hatches where no window reads, rings around winners, the frame."""
    drawn, colors = shown["maps"]["input"], shown["colors"]
    x, read = exact(state["input"]), visits(state) > 0
    ours, expected = exact(drawn["face"]), shades(x, colors, x.abs().max())
    assert (ours - expected)[read].abs().max() <= 1
    assert torch.tensor(drawn["hatched"], dtype=bool)[~read].all()
    ring = torch.tensor(drawn["ring"])
    if state["kind"] == "max":
        at = winners(state)
        ringed = torch.zeros(x.numel(), dtype=bool)
        ringed[at.flatten()] = True
        assert (ring > 0)[read].equal(ringed.view(x.shape)[read])
        strong = at[place(state)].item()
        others = [i for i in at.flatten().tolist() if i != strong]
        assert not others or ring.flatten()[strong] > ring.flatten()[others].max()
    else:
        assert not (ring > 0)[read].any()
    check_frame(drawn, state, colors)


def check_frame(drawn, state, colors):
    """The selected window has its frame, from its first row to the one below it."""
    (h, _), (kh, kw), stride = sizes(state)
    r, c = (at * step for at, step in zip(place(state), stride, strict=True))
    framed = (exact(drawn["top"]) == exact(colors["mark"])).all(-1)
    rows = [r] if r + kh == h else [r, r + kh]
    wanted = [[row, column] for row in rows for column in range(c, c + kw)]
    assert framed.nonzero().tolist() == wanted


def check_others(shown, state):
    """Output and gradient: their numbers' colors and their frames."""
    colors, y, given = shown["colors"], pool(state), gradient(state)
    drawn = shown["maps"]["output"]
    assert drawn["size"] == list(y.shape)
    scale = exact(state["input"]).abs().max()
    assert (exact(drawn["face"]) - shades(y, colors, scale)).abs().max() <= 1
    one = state | {"window": [1, 1], "stride": [1, 1], "input": y.tolist()}
    check_frame(drawn, one, colors)
    drawn = shown["maps"]["gradient"]
    expected = shades(given, colors, max(1, given.max()))
    assert (exact(drawn["face"]) - expected).abs().max() <= 1
    if state["upstream"] == "all":
        assert not (exact(drawn["top"]) == exact(colors["mark"])).all(-1).any()
    else:
        check_frame(drawn, state, colors)


#: Numbers without symmetry, some of them equal.
RNG = random.Random(11)
PICTURE = [[RNG.randint(-9, 9) for _ in range(7)] for _ in range(8)]
MAPS = {"picture": PICTURE, "steps": [[r + c for c in range(5)] for r in range(5)]}


def pictured(**traits):
    return PoolingExplorer(**({"input": PICTURE, "inputs": MAPS} | traits))


@pytest.fixture(params=MODES)
def explorer(request, lone_page):
    """The widget in each of the ways that readers come to it."""
    theme = "dark" if request.param == "dark" else "light"
    page = lone_page(pictured(), theme=theme, **MODES[request.param])
    shown = Explorer(page)
    shown.phone = request.param == "phone"
    return shown


def test_all_is_shown_as_pytorch_has_it(explorer):
    check_shown(explorer, position=0, window=[2, 2], stride=[2, 2])
    rng = random.Random(5)
    for _ in range(25):
        state = random_state(rng, largest=9)
        explorer.set(**state)
        check_shown(explorer, **state)


def test_lists_and_boxes_change_window_and_stride(explorer):
    explorer.choose("window-rows", 3)  # both alike, and the stride with it
    check_shown(explorer, window=[3, 3], stride=[3, 3])
    explorer.choose("stride-columns", 2)
    shown = check_shown(explorer, window=[3, 3], stride=[2, 2])
    assert shown["ticks"] == {"alike": True, "tied": False, "all": False}
    explorer.choose("window-columns", 4)
    check_shown(explorer, window=[4, 4], stride=[2, 2])
    explorer.control("alike").uncheck()
    explorer.choose("window-rows", 1)
    explorer.choose("stride-rows", 5)
    check_shown(explorer, window=[1, 4], stride=[5, 2])
    explorer.control("tied").check()
    check_shown(explorer, window=[1, 4], stride=[1, 4])
    explorer.choose("window-columns", 2)
    check_shown(explorer, window=[1, 2], stride=[1, 2])
    explorer.control("alike").check()
    check_shown(explorer, window=[1, 1], stride=[1, 1])
    explorer.choose("kind", "average")
    explorer.control("all").check()
    check_shown(explorer, kind="average", upstream="all")
    explorer.choose("inputs", "steps")
    check_shown(explorer, input=MAPS["steps"], kind="average")
    explorer.control("reset").click()
    check_shown(
        explorer,
        input=PICTURE,
        kind="max",
        window=[2, 2],
        stride=[2, 2],
        position=0,
        upstream="selected",
    )


def test_keys_and_presses_choose_an_output(explorer):
    for key, position in [
        *(("ArrowRight", 1), ("ArrowDown", 4), ("ArrowLeft", 3), ("ArrowLeft", 3)),
        *(("ArrowUp", 0), ("ArrowUp", 0), ("End", 11), ("Home", 0), ("x", 0)),
    ]:
        explorer.map("output").press(key)
        check_shown(explorer, position=position)
    for cell, position in [((2, 1), 7), ((0, 0), 0), ((3, 2), 11)]:
        at = explorer.at("output", *cell)
        canvas = explorer.map("output")
        canvas.tap(position=at) if explorer.phone else canvas.click(position=at)
        shown = check_shown(explorer, position=position)
        winner = winners(shown["state"]).flatten()[position].item()
        row, column = divmod(winner, 7)
        assert shown["cellName"] == f"Input row {row + 1}, column {column + 1}"


def test_press_on_the_input_chooses_a_cell_and_its_window(explorer):
    for cell, position in [((5, 3), 7), ((4, 2), 7), ((0, 5), 2), ((7, 6), 11)]:
        at = explorer.at("input", *cell)
        canvas = explorer.map("input")
        canvas.tap(position=at) if explorer.phone else canvas.click(position=at)
        shown = check_shown(explorer, position=position)
        name = f"Input row {cell[0] + 1}, column {cell[1] + 1}"
        assert shown["cellName"] == name
        assert shown["maps"]["input"]["label"].startswith(f"Input 8 × 7. {name}: ")


def test_drag_moves_the_selection(lone_page):
    explorer = Explorer(lone_page(pictured()))
    explorer.map("output").scroll_into_view_if_needed()
    box = explorer.map("output").bounding_box()
    mouse = explorer.page.mouse
    mouse.move(box["x"] + 5, box["y"] + 5)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 5, box["y"] + 5, steps=4)
    check_shown(explorer, position=2)
    mouse.up()
    mouse.move(box["x"] + 5, box["y"] + 5)
    assert explorer.get("position") == 2


def marked(shown):
    """Which outputs have the triangle of those that changed."""
    drawn = shown["maps"]["output"]
    corner, face = exact(drawn["corner"]), exact(drawn["face"])
    return ((corner == 0).all(-1) | (corner == 255).all(-1)) & (corner != face).any(-1)


def test_edited_number_and_what_it_changes(explorer):
    explorer.map("input").press("Home")
    keyboard = explorer.page.keyboard
    keyboard.press("ArrowRight")
    keyboard.press("ArrowDown")
    keyboard.type("12")  # the first digit goes to the field
    shown = check_shown(explorer, position=0)
    wanted = [row[:] for row in PICTURE]
    wanted[1][1] = 12
    assert shown["state"]["input"] == wanted
    assert shown["texts"]["news"] == (
        "Input row 2, column 2 is now 12. Changed outputs: 1 of 12."
    )
    assert marked(shown).flatten().tolist() == [True] + [False] * 11
    keyboard.press("Enter")  # back to the map
    keyboard.press("ArrowRight")
    assert explorer.shown()["cellName"] == "Input row 2, column 3"
    assert "12" in explorer.line("window") or explorer.get("position") == 1
    explorer.map("input").press("ArrowLeft")
    explorer.type(str(PICTURE[1][1]))
    shown = check_shown(explorer, input=PICTURE)
    assert "Changed outputs: 1 of 12." in shown["texts"]["news"]


def test_number_typed_in_parts_is_compared_with_the_first(lone_page):
    """A loser that becomes a winner and a loser again changes nothing."""
    explorer = Explorer(lone_page(PoolingExplorer(input=[[5, 1], [2, 3]])))
    explorer.map("input").press("End")
    assert explorer.shown()["cellName"] == "Input row 2, column 2"
    cell = explorer.control("cell")
    cell.fill("70")
    assert explorer.line("news").endswith("Changed outputs: 1 of 1.")
    cell.fill("4")
    assert explorer.line("news").endswith("is now 4. Changed outputs: 0 of 1.")
    assert not marked(explorer.shown()).any()


@pytest.mark.parametrize(("side", "by"), [("left", -1), ("right", 1)])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_shift_tells_which_outputs_change(lone_page, side, by, kind):
    explorer = Explorer(lone_page(pictured(kind=kind)))
    x = exact(PICTURE)
    for _ in range(2):
        before = pool(explorer.shown()["state"])
        explorer.control(f"shift-{side}").click()
        x = x.roll(by, dims=1)
        shown = check_shown(explorer)
        assert exact(shown["state"]["input"]).equal(x)
        changed = (pool(shown["state"]) - before).abs() > 1e-9
        assert shown["texts"]["news"].startswith(f"Shifted {side} by one pixel")
        assert shown["texts"]["news"].endswith(f"outputs: {changed.sum()} of 12.")
        assert marked(shown).equal(changed)
    explorer.map("output").press("ArrowRight")
    assert explorer.line("news").startswith("Shifted")
    explorer.choose("window-rows", 1)  # what was counted is no longer there
    assert explorer.line("news").startswith("Shift the map")
    assert not marked(explorer.shown()).any()


def test_map_of_another_size_keeps_cell_and_window_inside(lone_page):
    explorer = Explorer(lone_page(pictured()))
    explorer.map("input").press("End")
    explorer.map("output").press("End")
    explorer.choose("inputs", "steps")
    check_shown(explorer, position=3)
    assert explorer.shown()["texts"]["cell"] == "Input row 1, column 1: 0."


# --- Bad input in the page -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "“x” is not a number."),
        ("", "“” is not a number."),
        (
            "2e6",
            "2000000 is too large: use numbers between −1,000,000 and 1,000,000.",
        ),
    ],
)
def test_bad_number_is_told_by_its_field_and_changes_nothing(lone_page, text, message):
    explorer = Explorer(lone_page(pictured()))
    before = explorer.shown()
    explorer.type(text)
    assert explorer.message.inner_text() == message
    assert explorer.control("cell").get_attribute("aria-invalid") == "true"
    assert explorer.message.evaluate(
        "(el) => !!el.previousSibling.querySelector('[data-control=cell]')"
    )
    after = explorer.shown()
    for part in ("state", "maps", "texts"):
        assert after[part] == before[part]
    explorer.type("3")
    check_shown(explorer)


def test_window_that_does_not_fit_is_told_and_changes_nothing(lone_page):
    explorer = Explorer(lone_page(PoolingExplorer(input=[[1, 2, 3, 4], [4, 3, 1, 2]])))
    before = explorer.shown()
    explorer.choose("window-columns", 4)
    message = "A 4 × 4 window does not fit into a 2 × 4 input."
    assert explorer.message.inner_text() == message
    after = explorer.shown()
    for part in ("state", "maps", "texts", "window"):
        assert after[part] == before[part]
    explorer.control("alike").uncheck()
    explorer.choose("window-columns", 4)
    check_shown(explorer, window=[2, 4])
    explorer.control("alike").check()  # would be 2 × 2
    check_shown(explorer, window=[2, 2])


def test_bad_state_keeps_the_last_picture(lone_page):
    explorer = Explorer(lone_page(pictured()))
    before = explorer.shown()["maps"]
    explorer.set(window=[9, 1])
    message = "Window rows must be a whole number from 1 to 6, not 9."
    assert explorer.message.inner_text() == message
    assert explorer.shown()["maps"] == before
    explorer.set(window=[2, 1])
    check_shown(explorer, window=[2, 1])


def test_lists_offer_what_fits(lone_page):
    explorer = Explorer(lone_page(PoolingExplorer(input=[[1, 2, 3, 4], [4, 3, 1, 2]])))
    for name, off in [("window-rows", ["3", "4", "5", "6"]), ("window-columns", "56")]:
        options = explorer.control(name).locator("option")
        found = options.evaluate_all(
            "(all) => all.filter((o) => o.disabled).map((o) => o.text)"
        )
        assert found == list(off)


# --- For everyone --------------------------------------------------------------------


def test_status_lines_speak_only_of_what_changed(lone_page):
    explorer = Explorer(lone_page(pictured()))
    explorer.page.evaluate("""() => {
        window.spoken = [];
        for (const line of document.querySelectorAll("[role=status]")) {
            new MutationObserver(() => spoken.push(line.dataset.shows))
                .observe(line, { childList: true, characterData: true, subtree: true });
        }
    }""")
    explorer.map("output").press("ArrowRight")
    assert set(explorer.page.evaluate("spoken")) == {"window", "path", "cell"}
    explorer.page.evaluate("() => { spoken = []; }")
    explorer.control("all").check()
    assert set(explorer.page.evaluate("spoken")) == {"path"}


def test_tab_reaches_every_control_and_shows_where_it_is(lone_page):
    explorer = Explorer(lone_page(pictured()))
    expected = explorer.place.locator("button, input, select, [tabindex]").evaluate_all(
        "(all) => all.map((el) => el.dataset.control ?? el.dataset.shows)"
    )
    assert len(expected) == 6 + 3 + 2 + 1 + 3
    reached = []
    for _ in expected:
        explorer.page.keyboard.press("Tab")
        name, outlined = explorer.page.evaluate("""() => {
            const { dataset } = document.activeElement;
            const style = getComputedStyle(document.activeElement);
            return [dataset.control ?? dataset.shows,
                style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
        }""")
        assert outlined, name
        reached.append(name)
    assert reached == expected


def test_no_barriers(explorer):
    explorer.type("abc")
    assert explorer.message.is_visible()
    results = Axe().run(explorer.page, context=".cnnbook", options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


def test_nothing_is_too_small_to_press(lone_page):
    explorer = Explorer(lone_page(pictured(), **MODES["phone"]))
    controls = explorer.place.locator("button, select, input[type=text], .cnn-check")
    for box in [control.bounding_box() for control in controls.all()]:
        assert min(box["width"], box["height"]) >= 24
    assert explorer.shown()["maps"]["input"]["cell"] >= 24


@pytest.mark.parametrize("width", [320, 390, 736])
def test_no_sideways_scrolling_and_maps_side_by_side(lone_page, width):
    options = {"viewport": {"width": width, "height": 800}}
    explorer = Explorer(lone_page(pictured(), **options))
    rng = random.Random(6)
    names = ("input", "output", "gradient")
    for _ in range(12):
        state = random_state(rng)
        explorer.set(**state)
        wide = explorer.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, sizes(state)
        boxes = [explorer.map(name).bounding_box() for name in names]
        tops = [box["y"] for box in boxes[: 3 if width > 700 else 2]]
        assert max(tops) - min(tops) < 1, sizes(state)
        assert boxes[0]["width"] == pytest.approx(boxes[2]["width"], abs=0.1)
