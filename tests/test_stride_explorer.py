"""The stride explorer: checks in Python, arithmetic, and what a reader does with it."""

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
from cnnbook.widgets import StrideExplorer
from cnnbook.widgets.sliding import KERNELS
from tests.conftest import MODES, evaluate, start_widget


def exact(rows):
    """A matrix of the page as a tensor, in the page's precision."""
    return torch.tensor(rows, dtype=torch.float64)


def conv2d(state, stride=None):
    """What PyTorch gives for a state of the widget: a tensor (OH, OW)."""
    x, w = exact(state["input"]), exact(state["kernel"])
    stride = tuple(stride or state["stride"])
    return F.conv2d(x[None, None], w[None, None], stride=stride)[0, 0]


def visits(state):
    """In how many windows each pixel stands: the gradient of a sum of all windows."""
    x = torch.zeros_like(exact(state["input"]), requires_grad=True)
    ones = torch.ones_like(exact(state["kernel"]))
    stride = tuple(state["stride"])
    F.conv2d(x[None, None], ones[None, None], stride=stride).sum().backward()
    return x.grad.round().long()


def sizes(state):
    """Size, kernel and stride, as `arithmetic` takes them."""
    x, w = state["input"], state["kernel"]
    return (len(x), len(x[0])), (len(w), len(w[0])), tuple(state["stride"])


def random_matrix(rng, rows, columns, decimals=4):
    return [
        [round(rng.uniform(-9, 9), decimals) for _ in range(columns)]
        for _ in range(rows)
    ]


def random_state(rng, largest=28, largest_kernel=9):
    """A random configuration; half of the strides are alike."""
    h, w = rng.randint(1, largest), rng.randint(1, largest)
    kh, kw = (rng.randint(1, min(side, largest_kernel)) for side in (h, w))
    down, right = rng.randint(1, 6), rng.randint(1, 6)
    state = {
        "input": random_matrix(rng, h, w),
        "kernel": random_matrix(rng, kh, kw),
        "stride": [down, rng.choice([down, right])],
    }
    rows, columns = arithmetic.output_size(*sizes(state))
    return state | {"position": rng.randrange(rows * columns)}


# --- Python --------------------------------------------------------------------------


def small(**traits):
    arguments = {"input": [[0, 1, 2], [3, 4, 5]], "kernel": [[1, 2], [0, -1]]}
    return StrideExplorer(**(arguments | traits))


FITS = r"kernel: expected one that fits into the input of shape \(2, 3\), got shape "
ONE_TO_SIX = r"stride: expected an integer from 1 to 6, or two .*\[down, right\], got "

REFUSED = {
    "kernel too high": ({"kernel": [[1]] * 3}, rf"{FITS}\(3, 1\)"),
    "kernel too wide": ({"kernel": [[1, 2, 3, 4]]}, rf"{FITS}\(1, 4\)"),
    "no such preset": ({"kernel": "blury"}, "no preset 'blury', only identity, blur"),
    "zero stride": ({"stride": 0}, ONE_TO_SIX + "0"),
    "one zero": ({"stride": [2, 0]}, ONE_TO_SIX + r"\[2, 0\]"),
    "large stride": ({"stride": (7, 1)}, ONE_TO_SIX + r"\(7, 1\)"),
    "half a stride": ({"stride": 1.5}, ONE_TO_SIX + r"1\.5"),
    "three strides": ({"stride": [1, 2, 3]}, ONE_TO_SIX + r"\[1, 2, 3\]"),
    "true stride": ({"stride": True}, ONE_TO_SIX + "True"),
    "no stride": ({"stride": None}, ONE_TO_SIX + "None"),
    "stride of text": ({"stride": "22"}, ONE_TO_SIX + "'22'"),
    "empty": ({"input": []}, r"input: expected a matrix \(H, W\), got \[\]"),
    "ragged": ({"input": [[1, 2], [3]]}, r"rows of one length, got lengths \[1, 2\]"),
    "not a number": ({"input": [[float("nan")]]}, "input: .*finite.*, got nan"),
    "too large": ({"input": torch.zeros(29, 2)}, "1 to 28 .*, got 29 rows and 2"),
    "large kernel": ({"kernel": np.zeros((1, 10))}, "1 to 9 .*, got 1 rows and 10"),
    "position": ({"position": -1}, "'position'.* less than 0, but a value of -1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_in_the_constructor(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)


@pytest.mark.parametrize("case", [name for name in REFUSED if "preset" not in name])
def test_bad_value_is_refused_later_and_changes_nothing(case):
    explorer = small()
    (name, value), before = next(iter(REFUSED[case][0].items())), explorer.state()
    with pytest.raises(traitlets.TraitError, match=name):
        setattr(explorer, name, value)
    assert explorer.state() == before


def test_input_may_not_become_smaller_than_the_kernel():
    explorer = small()
    with pytest.raises(traitlets.TraitError, match=r"shape \(1, 3\), got shape \(2"):
        explorer.input = [[1, 2, 3]]
    assert explorer.input == [[0, 1, 2], [3, 4, 5]]


def test_wrong_or_missing_names_are_told():
    message = "StrideExplorer has no trait 'strides', only .*did you mean 'stride'"
    with pytest.raises(TypeError, match=message):
        small(strides=2)
    with pytest.raises(AttributeError, match=message):
        small().strides = 2
    with pytest.raises(TypeError, match="needs an input and a kernel"):
        StrideExplorer(input=[[1]])


@pytest.mark.parametrize(
    ("given", "stride"),
    [
        (3, [3, 3]),
        ((1, 6), [1, 6]),
        (torch.tensor([2, 3]), [2, 3]),
        ([np.int64(2), 3], [2, 3]),
        (np.int64(4), [4, 4]),
    ],
)
def test_strides_of_all_kinds_become_two_plain_integers(given, stride):
    assert json.dumps(small(stride=given).stride) == json.dumps(stride)
    assert small().stride == [2, 2]


def test_output_and_visits_are_those_of_pytorch():
    rng = random.Random(1)
    for _ in range(100):
        state = random_state(rng, largest=8)
        explorer = StrideExplorer(**state)
        y = conv2d(state)
        assert explorer.output.shape == y.shape
        # corr2d answers in torch's usual precision.
        torch.testing.assert_close(explorer.output.double(), y, rtol=1e-6, atol=1e-4)
        assert explorer.visits.equal(visits(state))


def test_text_form_is_the_same_in_every_run():
    text = "StrideExplorer: a 2×2 kernel with stride 2 on a 2×3 input gives a 1×1 "
    text += "output. 2 of 6 pixels are never read. "
    text += "Input: 0 1 2 / 3 4 5. Kernel: 1 2 / 0 -1"
    assert repr(small()) == repr(small()) == text
    large = StrideExplorer(input=torch.rand(9, 9), kernel="blur", stride=(1, 4))
    assert repr(large) == (
        "StrideExplorer: a 3×3 kernel with stride 1 down and 4 right on a 9×9 input "
        "gives a 7×2 output. 27 of 81 pixels are never read"
    )


def test_html_form_holds_the_state_and_words():
    html = small(stride=(1, 2), position=1).to_html()
    state = json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))
    assert state == small(stride=(1, 2), position=1).state()
    assert set(state) == {"input", "kernel", "kernels", "position", "stride"}
    assert state["kernels"] == KERNELS
    assert "stride 1 down and 2 right on a 2×3 input" in html


# --- The arithmetic in JavaScript ----------------------------------------------------


@pytest.fixture(scope="module")
def states():
    rng = random.Random(2)
    states = [random_state(rng, largest=rng.choice([3, 6, 10])) for _ in range(2000)]
    return states + [random_state(rng) for _ in range(30)]


def test_outputs_are_those_of_pytorch(module, states):
    function = """(state) => { const full = js.correlate(state);
        return [full, js.subsample(full, state.stride), js.outputSize(state)]; }"""
    results = evaluate(module, function, states)
    for state, (full, output, size) in zip(states, results, strict=True):
        for ours, y in ((full, conv2d(state, [1, 1])), (output, conv2d(state))):
            assert exact(ours).shape == y.shape
            assert (exact(ours) - y).abs().max() < 1e-9
        assert size == list(conv2d(state).shape)


def test_visits_are_the_gradient_of_pytorch(module, states):
    results = evaluate(module, "js.visits", states)
    for state, ours in zip(states, results, strict=True):
        assert torch.tensor(ours).equal(visits(state))


def test_starts_and_multiply_adds_are_those_of_the_formulas(module, states):
    function = "(state) => [js.startsOf(state), js.multiplyAdds(state)]"
    results = evaluate(module, function, states)
    for state, (starts, work) in zip(states, results, strict=True):
        size, kernel, stride = sizes(state)
        expected = arithmetic.window_starts(size, kernel, stride)
        assert starts == [list(one) for one in expected]
        assert work == arithmetic.conv_multiply_adds(size, 1, 1, kernel, stride)


def test_unread_lines_are_those_that_no_window_reads(module):
    cases = [
        (n, k, s) for n in range(1, 29) for k in range(1, n + 1) for s in range(1, 7)
    ]
    results = evaluate(module, "(case_) => js.unreadAlong(...case_)", cases)
    for (n, k, s), result in zip(cases, results, strict=True):
        assert result["end"] == arithmetic.unseen(n, kernel=k, stride=s)
        starts = arithmetic.window_starts(n, kernel=k, stride=s)
        read = {start + i for start in starts for i in range(k)}
        assert all(first <= last for first, last in result["gaps"])
        ours = [i for first, last in result["gaps"] for i in range(first, last + 1)]
        ours += range(n - result["end"], n)
        assert ours == [i for i in range(n) if i not in read]


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


def test_another_stride_keeps_the_place(module, states):
    pairs = list(pairwise(states[:1001]))
    results = evaluate(module, "(pair) => js.samePlace(...pair)", pairs)
    for (before, after), position in zip(pairs, results, strict=True):
        was = divmod(before["position"], conv2d(before).shape[1])
        now = divmod(position, conv2d(after).shape[1])
        every = arithmetic.window_starts(*sizes(after))
        for d in range(2):
            start = was[d] * before["stride"][d]
            best = min(abs(one - start) for one in every[d])
            assert abs(every[d][now[d]] - start) == best


def of_sizes(size, kernel, stride, position=0):
    """A state of these sizes, of ones."""
    return {
        "input": torch.ones(size).tolist(),
        "kernel": torch.ones(kernel).tolist(),
        "stride": list(stride),
        "position": position,
    }


#: (size, kernel, stride), and what a reader is told about unread pixels.
UNREAD = [
    ((7, 7), (3, 3), (2, 2), "All 49 pixels are read."),
    ((1, 1), (1, 1), (6, 6), "The only pixel is read."),
    ((8, 8), (3, 3), (2, 2), "15 of 64 ...: the last column, the last row."),
    ((7, 7), (3, 3), (2, 3), "7 of 49 ...: the last column."),
    ((9, 3), (3, 3), (4, 1), "9 of 27 ...: row 4 between ..., the last 2 rows."),
    (
        (3, 11),
        (1, 2),
        (1, 4),
        "15 of 33 ...: columns 3 to 4 and 7 to 8 between ..., the last column.",
    ),
    (
        (11, 9),
        (1, 3),
        (2, 6),
        "63 of 99 ...: columns 4 to 6 between ..., 5 rows between ....",
    ),
    ((7, 3), (1, 3), (2, 1), "9 of 21 ...: rows 2, 4 and 6 between ...."),
    ((5, 8), (3, 3), (6, 6), "31 of 40 ...: the last 5 columns, the last 2 rows."),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "told"), UNREAD)
def test_unread_pixels_in_words(module, size, kernel, stride, told):
    told = told.replace("between ...", "between the windows")
    told = told.replace("...", "pixels are never read")
    state = of_sizes(size, kernel, stride)
    assert module.evaluate("(s) => js.unreadText(s, js.WORDS.en)", state) == told


def test_unread_pixels_are_counted_and_placed(module, states):
    some = states[-800:]
    results = evaluate(module, "(s) => js.unreadText(s, js.WORDS.en)", some)
    for state, text in zip(some, results, strict=True):
        unread = visits(state) == 0
        if not unread.any():
            assert re.fullmatch(r"All \d+ pixels are read\.|The only .* read\.", text)
            continue
        numbers = re.match(r"(\d+) of (\d+) pixels are never", text).groups()
        assert list(map(int, numbers)) == [unread.sum(), unread.numel()]
        rows, columns = arithmetic.unseen(*sizes(state))
        assert told_at_the_end(text, "row") == rows
        assert told_at_the_end(text, "column") == columns


def told_at_the_end(text, line):
    """How many last rows, or columns, the text says are never read."""
    if re.search(rf"the last {line}\b", text):
        return 1
    found = re.search(rf"the last (\d+) {line}s", text)
    return int(found.group(1)) if found else 0


#: (size, kernel, stride), and the line of numbers.
NUMBERS = [
    (
        ((7, 7), (3, 3), (2, 2)),
        "7 × 7 input, 3 × 3 kernel, stride 2: 3 × 3 output, 9 windows instead of 25; "
        "81 multiply-adds instead of 225.",
    ),
    (
        ((7, 7), (3, 3), (1, 1)),
        "7 × 7 input, 3 × 3 kernel, stride 1: 5 × 5 output, 25 windows; "
        "225 multiply-adds.",
    ),
    (
        ((28, 28), (5, 5), (2, 6)),
        "28 × 28 input, 5 × 5 kernel, stride 2 down, 6 right: 12 × 4 output, "
        "48 windows instead of 576; 1,200 multiply-adds instead of 14,400.",
    ),
    (
        ((2, 2), (1, 1), (6, 6)),
        "2 × 2 input, 1 × 1 kernel, stride 6: 1 × 1 output, 1 window instead of 4; "
        "1 multiply-add instead of 4.",
    ),
]


@pytest.mark.parametrize(("case", "told"), NUMBERS)
def test_sizes_in_words(module, case, told):
    text = module.evaluate("(s) => js.sizesText(s, js.WORDS.en)", of_sizes(*case))
    assert text == told


@pytest.mark.parametrize(
    ("kernel", "place", "told"),
    [
        (
            (3, 3),
            (1, 0, 4),
            "Output row 2, column 1: input rows 3 to 5, columns 1 to 3, sum 4.",
        ),
        (
            (1, 2),
            (2, 1, -0.5),
            "Output row 3, column 2: input row 5, columns 3 to 4, sum −0.5.",
        ),
    ],
)
def test_window_in_words(module, kernel, place, told):
    function = "([state, place]) => js.windowText(state, ...place, js.WORDS.en)"
    state = of_sizes((7, 7), kernel, (2, 2))
    assert module.evaluate(function, [state, place]) == told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"stride": [0, 1]}, "Stride down must be a whole number from 1 to 6, not 0."),
        ({"stride": [1, 7]}, "Stride right must be a whole number from 1 to 6, not 7."),
        ({"stride": [1, 1.5]}, "Stride right must .* from 1 to 6, not 1.5."),
        ({"kernel": [[1]] * 3}, "A 3 × 1 kernel does not fit into a 2 × 3 input."),
        (
            {"input": [[1] * 3] * 29},
            "The input has 29 × 3 numbers; at most 28 × 28 fit.",
        ),
    ],
)
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
    start_widget(page, small(input=torch.eye(5), stride=1))
    assert page.evaluate("listeners") > 0
    page.locator("[data-control=play]").click()
    page.clock.run_for(600)
    assert page.evaluate("model.get('position')") == 1
    page.evaluate("end()")
    page.clock.run_for(10_000)
    assert page.evaluate("model.get('position')") == 1
    assert page.evaluate("listeners") == 0
    # Nor does it draw again when the page turns dark.
    blank = page.evaluate(
        """async () => {
            const canvas = document.querySelector("canvas");
            canvas.width = canvas.width; // empties it
            document.documentElement.dataset.theme = "dark";
            model.set("position", 0);
            await new Promise((resolve) => queueMicrotask(resolve));
            const { data } = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height);
            return data.every((value) => value === 0);
        }"""
    )
    assert blank
    page.close()


# --- The page ------------------------------------------------------------------------

#: Reads, in one go, what the widget shows.
SHOWN = """(place) => {
    const find = (name) => place.querySelector(`[data-shows=${name}]`);
    const control = (name) => place.querySelector(`[data-control=${name}]`);
    // Colors at points of each cell, given in cells or in pixels from its corner.
    const read = (name, matrix, points) => {
        const canvas = find(name);
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        const density = canvas.width / parseFloat(canvas.style.aspectRatio);
        const cell = (canvas.width / density - 2) / matrix[1];
        const radius = Math.max(1.5, Math.min(3.5, cell / 9)) + 2.5;
        const at = { corner: [cell - 6, cell - 6], edge: [cell / 2, 0.5],
            dot: [radius, radius] };
        const color = (x, y) => {
            const index = (Math.floor((1 + y) * density) * canvas.width
                + Math.floor((1 + x) * density)) * 4;
            return [...data.slice(index, index + 3)];
        };
        const grid = (f) => Array.from({ length: matrix[0] }, (_, r) =>
            Array.from({ length: matrix[1] }, (_, c) => f(r * cell, c * cell)));
        const result = { inks: grid((y, x) => {
            const colors = new Set();
            for (let i = 2; i < cell - 2; i += 0.5) {
                colors.add(String(color(x + i, y + 4)));
            }
            return colors.has(ink) ? 1 : 0;
        }) };
        for (const [name, [dx, dy]] of Object.entries(at)) {
            result[name] = grid((y, x) => color(x + dx, y + dy));
        }
        return result;
    };
    const style = getComputedStyle(document.body);
    const rgb = (name) => { // "#abcdef" as three numbers
        const hex = style.getPropertyValue(`--cnn-${name}`).trim();
        return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    };
    const ink = String(rgb("ink"));
    const size = (name) => find(name).previousSibling.lastChild.textContent
        .match(/(\\d+) × (\\d+)$/).slice(1).map(Number);
    const grids = {};
    for (const name of ["input", "full", "output"]) {
        const box = find(name).getBoundingClientRect();
        grids[name] = { size: size(name), label: find(name).getAttribute("aria-label"),
            width: box.width, ...read(name, size(name)) };
    }
    const names = ["input", "kernel", "position", "stride"];
    return {
        state: Object.fromEntries(names.map((name) => [name, place.model.get(name)])),
        grids,
        kernel: find("kernel").getAttribute("aria-label"),
        message: place.querySelector("[role=alert]").textContent,
        texts: Object.fromEntries(["window", "unread", "sizes"].map((name) =>
            [name, find(name).textContent])),
        strides: ["down", "right", "slide-down", "slide-right"].map((name) =>
            Number(control(name).value)),
        alike: control("alike").checked,
        kernelSize: ["rows", "columns"].map((name) => Number(control(name).value)),
        preset: control("kernels").value,
        colors: Object.fromEntries(["negative", "zero", "positive", "mark", "ink",
            "paper"].map((name) => [name, rgb(name)])),
    };
}"""


class Explorer:
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

    def press(self, *names):
        for name in names:
            self.control(name).click()

    def type(self, name, text):
        self.control(name).fill(text)
        self.control(name).press("Tab")

    def cell(self, name, row, column):
        """The middle of a grid's cell, as a position on its canvas."""
        canvas = self.grid(name)
        canvas.scroll_into_view_if_needed()
        text = canvas.get_attribute("aria-label")
        rows, columns = map(int, re.search(r"(\d+) × (\d+)", text).groups())
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
    y, full = conv2d(state), conv2d(state, [1, 1])
    assert state["position"] < y.numel()
    place = divmod(state["position"], y.shape[1])
    check_texts(shown, state, y, place)
    check_controls(shown, state)
    for name, matrix in {
        "input": exact(state["input"]),
        "full": full,
        "output": y,
    }.items():
        assert shown["grids"][name]["size"] == list(matrix.shape)
    check_input(shown, state, place)
    check_outputs(shown, state, y, full, place)
    check_common_cell(shown)


def check_texts(shown, state, y, place):
    """The three lines, the labels of the grids, and the kernel in words."""
    (r, c), (size, kernel, stride) = place, sizes(state)
    value = y[r, c].item()
    first = [n * s for n, s in zip(place, stride, strict=True)]
    last = [start + reach for start, reach in zip(first, kernel, strict=True)]
    text = shown["texts"]["window"]
    told = [float(n.replace("−", "-")) for n in re.findall(r"−?[\d.]*\d", text)]
    # "row 3", but "rows 3 to 5"
    spans = [sorted({start + 1, end}) for start, end in zip(first, last, strict=True)]
    flat = spans[0] + spans[1]
    assert told[:-1] == [r + 1, c + 1, *flat]
    assert told[-1] == pytest.approx(value, abs=6e-4)
    assert text in shown["grids"]["input"]["label"]
    unread = int((visits(state) == 0).sum())
    start = f"{unread} of" if unread else "All" if size != (1, 1) else "The only"
    assert shown["texts"]["unread"].startswith(start)
    now = arithmetic.conv_multiply_adds(size, 1, 1, kernel, stride)
    most = arithmetic.conv_multiply_adds(size, 1, 1, kernel)
    assert f"{now:,} multiply-add" in shown["texts"]["sizes"]
    assert (f"instead of {most:,}." in shown["texts"]["sizes"]) == (now != most)
    rows = shown["kernel"].split(": ")[1].replace("−", "-").split("; ")
    ours = exact([[float(v) for v in row.split()] for row in rows])
    assert ours.allclose(exact(state["kernel"]), atol=6e-3)


def check_controls(shown, state):
    down, right = state["stride"]
    assert shown["strides"] == [down, right] * 2
    assert not shown["alike"] or down == right
    assert shown["kernelSize"] == list(exact(state["kernel"]).shape)
    names = [name for name, kernel in KERNELS.items() if kernel == state["kernel"]]
    assert shown["preset"] == (names[0] if names else "")


def check_input(shown, state, place):
    """Colors and dots where windows are, hatches where none is, the frame."""
    grid, colors = shown["grids"]["input"], shown["colors"]
    x, read = exact(state["input"]), visits(state) > 0
    (_, (kh, kw), (down, right)) = sizes(state)
    drawn, expected = exact(grid["corner"]), shades(x, colors, x.abs().max())
    assert (drawn - expected)[read].abs().max() <= 1
    ink, mark = exact(colors["ink"]), exact(colors["mark"])
    hatched = torch.tensor(grid["inks"]) == 1
    assert hatched[~read].all()
    starts = torch.zeros(x.shape, dtype=bool)
    rows, columns = arithmetic.window_starts(*sizes(state))
    starts[torch.tensor(rows)[:, None], torch.tensor(columns)] = True
    dots = (exact(grid["dot"]) == ink).all(-1)
    assert dots[read].equal(starts[read])
    assert not hatched[read & ~starts].any()
    framed = (exact(grid["edge"]) == mark).all(-1)
    r, c = place[0] * down, place[1] * right
    top = [[r, column] for column in range(c, c + kw)]
    assert framed[: r + 1].nonzero().tolist() == top
    bottom = framed[r + 1 :].nonzero().tolist()  # in the cells below the window
    below = [[kh - 1, column] for column in range(c, c + kw)]
    assert bottom == (below if r + kh < x.shape[0] else [])


def check_outputs(shown, state, y, full, place):
    """What the stride keeps is strong and outlined, the rest pale; the frames."""
    colors, (down, right) = shown["colors"], state["stride"]
    scale = full.abs().max()
    grid = shown["grids"]["full"]
    kept = torch.zeros(full.shape, dtype=bool)
    kept[::down, ::right] = True
    paper, ink, mark = (exact(colors[name]) for name in ("paper", "ink", "mark"))
    strong = shades(full, colors, scale)
    expected = torch.where(kept[..., None], strong, 0.4 * strong + 0.6 * paper)
    assert (exact(grid["corner"]) - expected).abs().max() <= 2
    edges = exact(grid["edge"])
    current = torch.zeros_like(kept)
    current[place[0] * down, place[1] * right] = True
    assert (edges == mark).all(-1).equal(current)
    assert (edges == ink).all(-1).equal(kept & ~current)
    grid = shown["grids"]["output"]
    assert (exact(grid["corner"]) - shades(y, colors, scale)).abs().max() <= 1
    framed = (exact(grid["edge"]) == mark).all(-1).nonzero().tolist()
    assert framed[0] == list(place)


def check_common_cell(shown):
    """The cells of the three grids are of one size on the screen."""
    cells = [grid["width"] / grid["size"][1] for grid in shown["grids"].values()]
    assert max(cells) - min(cells) < 0.1
    assert min(cells) > 4


def pictured(**traits):
    """A widget whose numbers have no symmetry."""
    rng = random.Random(4)
    arguments = {"input": random_matrix(rng, 8, 7, 0), "kernel": "vertical edges"}
    return StrideExplorer(**(arguments | traits))


@pytest.fixture(params=MODES)
def explorer(request, lone_page):
    """The widget in each of the ways that readers come to it."""
    theme = "dark" if request.param == "dark" else "light"
    return Explorer(lone_page(pictured(), theme=theme, **MODES[request.param]))


def test_all_is_shown_as_pytorch_has_it(explorer):
    check_shown(explorer, position=0, stride=[2, 2])
    rng = random.Random(5)
    for _ in range(12):
        state = random_state(rng, largest=10, largest_kernel=4)
        explorer.place.evaluate("(place, state) => place.model.set(state)", state)
        check_shown(explorer, **state)


def test_controls_change_what_is_shown(explorer):
    explorer.type("down", "3")  # both alike
    check_shown(explorer, stride=[3, 3])
    explorer.press("alike")
    explorer.control("slide-right").fill("1")
    check_shown(explorer, stride=[3, 1])
    explorer.type("down", "6")
    check_shown(explorer, stride=[6, 1])
    explorer.press("alike")
    check_shown(explorer, stride=[6, 6])
    explorer.control("slide-down").press("Home")
    check_shown(explorer, stride=[1, 1])
    explorer.control("slide-down").press("ArrowRight")
    explorer.control("kernels").select_option("blur")
    check_shown(explorer, stride=[2, 2], kernel=KERNELS["blur"])
    explorer.type("rows", "2")
    explorer.type("columns", "1")
    check_shown(explorer, kernel=[[0.0625], [0.125]])
    explorer.press("reset")
    check_shown(explorer, stride=[2, 2], kernel=KERNELS["vertical edges"])


def test_buttons_and_keys_choose_a_window(explorer):
    for presses, position in [
        (["step"], 1),
        (["step", "step"], 3),
        (["back"], 2),
        (["last"], 8),
        (["step"], 8),
        (["first", "back"], 0),
    ]:
        explorer.press(*presses)
        check_shown(explorer, position=position)
    for name in ("input", "full", "output"):
        for key, position in [
            ("ArrowRight", 1),
            ("ArrowDown", 4),
            ("ArrowLeft", 3),
            ("ArrowLeft", 3),
            ("ArrowUp", 0),
            ("ArrowUp", 0),
            ("End", 8),
            ("Home", 0),
            ("x", 0),
        ]:
            explorer.grid(name).press(key)
            assert explorer.get("position") == position


def test_press_on_each_grid_chooses_a_window(request, explorer):
    phone = "phone" in request.node.callspec.params["explorer"]
    for name, cell, position in [
        ("input", (3, 3), 4),  # the middle of the window from row 2, column 2
        ("input", (7, 6), 8),
        ("full", (2, 4), 5),
        ("full", (0, 0), 0),
        ("output", (2, 1), 7),
    ]:
        at = explorer.cell(name, *cell)
        grid = explorer.grid(name)
        grid.tap(position=at) if phone else grid.click(position=at)
        check_shown(explorer, position=position)


def test_drag_moves_the_window(lone_page):
    explorer = Explorer(lone_page(pictured()))
    box = explorer.grid("output").bounding_box()
    mouse = explorer.page.mouse
    mouse.move(box["x"] + 5, box["y"] + 5)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 5, box["y"] + 5, steps=4)
    check_shown(explorer, position=2)
    mouse.up()
    mouse.move(box["x"] + 5, box["y"] + 5)
    assert explorer.get("position") == 2


@pytest.mark.parametrize("calm", [False, True])
def test_play_by_the_clock(lone_page, calm):
    options = {"reduced_motion": "reduce"} if calm else {}
    wide = pictured(input=torch.eye(28), stride=1)  # 676 windows
    explorer = Explorer(lone_page(wide, **options))
    page, play = explorer.page, explorer.control("play")
    page.clock.install(time=0)
    page.clock.pause_at(10_000)
    play.click()
    page.clock.run_for(1100)
    now = explorer.get("position")
    assert now == 2 if calm else 40 < now < 60
    for pause in (
        play.click,
        lambda: explorer.press("back"),
        lambda: explorer.grid("full").press("ArrowRight"),
        lambda: explorer.grid("input").click(),
    ):
        pause()
        now = explorer.get("position")
        assert play.inner_text() == "Play"
        page.clock.run_for(60_000)
        assert explorer.get("position") == now < 675
        play.click()
        assert play.inner_text() == "Pause"
    page.clock.run_for(10)
    explorer.type("down", "6")  # goes on with fewer windows
    page.clock.run_for(60_000)
    assert explorer.get("position") == 24
    assert play.inner_text() == "Play"
    play.click()
    assert explorer.get("position") == 0  # at the end it starts again


def test_cells_stay_as_they_are_when_the_stride_changes(explorer):
    width = explorer.shown()["grids"]["input"]["width"]
    for stride in range(1, 7):
        explorer.type("down", str(stride))
        assert explorer.shown()["grids"]["input"]["width"] == width


# --- Bad input in the page -----------------------------------------------------------

BAD = [
    ("down", "0", "Stride down must be a whole number from 1 to 6, not 0."),
    ("right", "7", "Stride right must be a whole number from 1 to 6, not 7."),
    ("down", "1,5", "Stride down must be a whole number from 1 to 6, not 1.5."),
    ("down", "x", "“x” is not a number."),
    ("rows", "9", "A 9 × 3 kernel does not fit into a 8 × 7 input."),
    ("columns", "10", "Kernel columns must be a whole number from 1 to 9, not 10."),
    ("rows", "-2", "Kernel rows must be a whole number from 1 to 9, not −2."),
]


def test_bad_text_is_told_by_its_field_and_changes_nothing(lone_page):
    explorer = Explorer(lone_page(pictured()))
    before = explorer.shown()
    for name, text, message in BAD:
        old = explorer.control(name).input_value()
        explorer.type(name, text)
        assert explorer.message.inner_text() == message
        assert explorer.control(name).get_attribute("aria-invalid") == "true"
        near = explorer.message.evaluate(
            """(el, name) =>
                !!el.previousSibling.querySelector(`[data-control=${name}]`)""",
            name,
        )
        assert near
        after = explorer.shown()
        for part in ("state", "grids", "texts"):
            assert after[part] == before[part]
        explorer.type(name, old)
        check_shown(explorer)


def test_preset_that_does_not_fit_cannot_be_chosen(lone_page):
    explorer = Explorer(lone_page(pictured(input=torch.ones(4, 4))))
    options = explorer.control("kernels").locator("option")
    off = options.evaluate_all(
        "(all) => all.filter((o) => o.disabled).map((o) => o.text)"
    )
    assert off == ["curve", "my own"]


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
    explorer.press("step")
    assert set(explorer.page.evaluate("spoken")) == {"window"}
    explorer.page.evaluate("() => { spoken = []; }")
    explorer.type("down", "3")
    assert set(explorer.page.evaluate("spoken")) >= {"unread", "sizes"}


def test_tab_reaches_every_control_and_shows_where_it_is(lone_page):
    explorer = Explorer(lone_page(pictured()))
    expected = explorer.place.locator("button, input, select, [tabindex]").evaluate_all(
        "(all) => all.map((el) => el.dataset.control ?? el.dataset.shows)"
    )
    assert len(expected) == 5 + 4 + 3 + 5
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
    explorer.type("down", "abc")
    assert explorer.message.is_visible()
    results = Axe().run(explorer.page, context=".cnnbook", options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 390, 736])
def test_no_sideways_scrolling_and_grids_side_by_side(lone_page, width):
    options = {"viewport": {"width": width, "height": 800}}
    explorer = Explorer(lone_page(pictured(), **options))
    rng = random.Random(6)
    for _ in range(8):
        state = random_state(rng)
        explorer.place.evaluate("(place, state) => place.model.set(state)", state)
        wide = explorer.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, sizes(state)
        first, *tops = [
            explorer.grid(name).bounding_box()["y"]
            for name in ("input", "full", "output")
        ]
        assert max(tops) - min(tops) < 1, sizes(state)
        assert (first < tops[0] - 20) == (width < 700), sizes(state)
