"""The convolution stepper: its checks in Python, its arithmetic, and its behavior."""

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

from cnnbook.widgets import ConvolutionStepper, loader
from cnnbook.widgets.sliding import KERNELS
from tests.conftest import MODES, evaluate, opened, start_widget

CHAPTER = "notebooks/02_convolution.html"


def exact(rows):
    """A matrix of the page as a tensor, in the page's precision."""
    return torch.tensor(rows, dtype=torch.float64)


def conv2d(state):
    """What PyTorch gives for a state of the widget: a tensor (OH, OW)."""
    x, w = exact(state["input"]), exact(state["kernel"])
    w = w.flip(0, 1) if state["flip"] else w
    bias = torch.tensor([state["bias"]], dtype=torch.float64)
    return F.conv2d(x[None, None], w[None, None], bias, stride=state["stride"])[0, 0]


def random_matrix(rng, rows, columns, decimals=4):
    return [
        [round(rng.uniform(-9, 9), decimals) for _ in range(columns)]
        for _ in range(rows)
    ]


def random_state(rng, largest=28, largest_kernel=9, decimals=4):
    """A random configuration; its kernel has no symmetry that could hide a flip."""
    h, w = rng.randint(1, largest), rng.randint(1, largest)
    kh, kw = (rng.randint(1, min(side, largest_kernel)) for side in (h, w))
    return {
        "input": random_matrix(rng, h, w, decimals),
        "kernel": random_matrix(rng, kh, kw, decimals),
        "bias": round(rng.uniform(-9, 9), decimals),
        "stride": rng.randint(1, 5),
        "flip": rng.random() < 0.5,
        "position": 0,
    }


# --- Python --------------------------------------------------------------------------


def small(**traits):
    arguments = {"input": [[0, 1, 2], [3, 4, 5]], "kernel": [[1, 2], [0, -1]]}
    return ConvolutionStepper(**(arguments | traits))


FITS = r"expected one that fits into the input of shape \(2, 3\), got shape "

REFUSED = {
    "kernel too high": ({"kernel": [[1]] * 3}, rf"kernel: {FITS}\(3, 1\)"),
    "kernel too wide": ({"kernel": [[1, 2, 3, 4]]}, rf"kernel: {FITS}\(1, 4\)"),
    "no such preset": ({"kernel": "blury"}, "no preset 'blury', only identity, blur"),
    "zero stride": ({"stride": 0}, "'stride'.* less than 1, but a value of 0"),
    "half a stride": ({"stride": 1.5}, r"'stride' trait .* int.* not the float 1\.5"),
    "empty": ({"input": []}, r"input: expected a matrix \(H, W\), got \[\]"),
    "empty rows": ({"input": [[], []]}, "1 to 28 rows and columns, got 2 rows and 0"),
    "empty tensor": ({"kernel": torch.zeros(0, 2)}, r"kernel: expected a matrix"),
    "ragged": ({"input": [[1, 2], [3]]}, r"rows of one length, got lengths \[1, 2\]"),
    "a vector": ({"input": [1, 2]}, r"input: expected a matrix \(H, W\), got \[1, 2\]"),
    "a stack": ({"input": torch.zeros(1, 2, 3)}, "input: expected .* got "),
    "a number": ({"kernel": 3}, r"kernel: expected a matrix \(H, W\), got 3"),
    "nothing": ({"kernel": None}, r"kernel: expected a matrix \(H, W\), got None"),
    "text": ({"input": "abc"}, r"input: expected a matrix \(H, W\), got 'abc'"),
    "text within": ({"input": [["a"]]}, "input: expected finite numbers.*, got 'a'"),
    "not a number": ({"input": [[float("nan")]]}, "finite numbers.*, got nan"),
    "infinite": ({"kernel": np.full((1, 1), np.inf)}, "finite numbers.*, got inf"),
    "too large": ({"input": torch.zeros(29, 2)}, "1 to 28 .*, got 29 rows and 2"),
    "large kernel": ({"kernel": np.zeros((1, 10))}, "1 to 9 .*, got 1 rows and 10"),
    "bias of text": ({"bias": "much"}, "'bias' trait .* float, not the str 'much'"),
    "bias of nan": (
        {"bias": float("nan")},
        "bias: expected finite numbers.*, got nan",
    ),
    "flip of text": ({"flip": "yes"}, "'flip' trait .* boolean, not the str 'yes'"),
    "position": ({"position": -1}, "'position'.* less than 0, but a value of -1"),
    "bad preset": ({"kernels": {"x": [[1], [2, 3]]}}, r"matrix .* \[\[1\], \[2, 3\]\]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_in_the_constructor(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)


@pytest.mark.parametrize("case", [name for name in REFUSED if "preset" not in name])
def test_bad_value_is_refused_later_and_changes_nothing(case):
    stepper = small()
    (name, value), before = next(iter(REFUSED[case][0].items())), stepper.state()
    with pytest.raises(traitlets.TraitError, match=name):
        setattr(stepper, name, value)
    assert stepper.state() == before


def test_input_may_not_become_smaller_than_the_kernel():
    stepper = small()
    with pytest.raises(traitlets.TraitError, match=r"shape \(1, 3\), got shape \(2"):
        stepper.input = [[1, 2, 3]]
    assert stepper.input == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("kerne", "did you mean 'kernel'?"), ("strides", "'stride'"), ("xyz", "")],
)
def test_wrong_trait_name_is_told(name, hint):
    message = rf"^ConvolutionStepper has no trait '{name}', only bias, flip.*{hint}"
    message = message.replace("?", r"\?")
    with pytest.raises(TypeError, match=message):
        small(**{name: 1})
    with pytest.raises(AttributeError, match=message):
        setattr(small(), name, 1)


def test_input_and_kernel_are_asked_for():
    with pytest.raises(TypeError, match="needs an input and a kernel"):
        ConvolutionStepper(input=[[1]])
    with pytest.raises(TypeError, match=r"'kerne'.*did you mean 'kernel'"):
        ConvolutionStepper(input=[[1]], kerne=[[1]])


@pytest.mark.parametrize(
    "matrix",
    [
        torch.tensor([[1.0, 2.5], [-3.0, 0.125]]),
        torch.tensor([[1.0, 2.5], [-3.0, 0.125]], requires_grad=True),
        np.array([[1.0, 2.5], [-3.0, 0.125]], dtype=np.float32),
        ((1, 2.5), (-3, 0.125)),
        [torch.tensor([1.0, 2.5]).tolist(), [np.float64(-3), np.int64(0) + 0.125]],
    ],
)
def test_matrices_of_all_kinds_become_plain_numbers(matrix):
    stepper = ConvolutionStepper(input=matrix, kernel=matrix)
    assert stepper.input == stepper.kernel == [[1, 2.5], [-3, 0.125]]
    assert json.dumps(stepper.input) == "[[1, 2.5], [-3, 0.125]]"


def test_whole_numbers_and_booleans_of_arrays_become_plain_numbers():
    stepper = small(input=np.eye(3, dtype=bool), kernel=torch.ones(2, 2).long())
    assert json.dumps(stepper.input) == "[[1, 0, 0], [0, 1, 0], [0, 0, 1]]"
    assert json.dumps(stepper.kernel) == "[[1, 1], [1, 1]]"


@pytest.mark.parametrize("name", KERNELS)
def test_presets_by_name(name):
    stepper = ConvolutionStepper(input=torch.zeros(9, 9), kernel=name)
    assert stepper.kernel == KERNELS[name]
    total = 1 if name in ("identity", "blur", "sharpen") else 0
    assert sum(map(sum, stepper.kernel)) == pytest.approx(total, abs=1e-12)


def test_output_is_that_of_pytorch():
    rng = random.Random(1)
    for _ in range(400):
        state = random_state(rng, largest=12)
        output = ConvolutionStepper(**state).output
        assert output.shape == conv2d(state).shape
        # corr2d answers in torch's usual precision.
        torch.testing.assert_close(output.double(), conv2d(state), rtol=1e-6, atol=1e-5)


def test_text_form_is_the_same_in_every_run():
    text = "ConvolutionStepper: a 2×2 kernel slides over a 2×3 input. "
    text += "Input: 0 1 2 / 3 4 5. Kernel: 1 2 / 0 -1"
    assert repr(small()) == repr(small()) == text
    large = ConvolutionStepper(input=torch.rand(28, 28), kernel="blur")
    assert repr(large) == "ConvolutionStepper: a 3×3 kernel slides over a 28×28 input"


def saved_state(html):
    return json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))


def test_html_form_holds_the_state_and_words_and_no_program():
    stepper = small(bias=0.5, stride=2, flip=True)
    html = stepper._repr_mimebundle_()[0]["text/html"]
    assert html == stepper.to_html()
    state = saved_state(html)
    assert state == stepper.state()
    assert set(state) >= {"input", "kernel", "bias", "stride", "flip", "position"}
    assert "a 2×2 kernel slides over a 2×3 input. Input: 0 1 2 / 3 4 5" in html
    assert re.findall("<script[^>]*>", html) == ['<script type="application/json">']
    for trace in ("function", "=>", "http", "model_id"):
        assert trace not in html


def test_name_of_a_preset_cannot_end_the_state():
    evil = "</script><!--<script><img src=x onerror=alert(1)>"
    html = small(kernels={evil: [[1, 2], [0, -1]]}).to_html()
    assert html.count("<script") == html.count("</script") == 1
    assert "<img" not in html
    assert list(saved_state(html)["kernels"]) == [evil]


# --- The arithmetic in JavaScript ----------------------------------------------------


# Only the numbers of a message, for tests that look at what is told.
MESSAGES = {
    "empty": "empty",
    "notNumber": "not a number: {text}",
    "ragged": "row {row}: {count} and not {first}",
    "inputSize": "input: {rows} × {columns}, most {most}",
    "tooLarge": "kernel {kh} × {kw}, input {h} × {w}",
    "strideSize": "stride {value}",
    "tooBig": "too big: {value}",
}


def test_outputs_are_those_of_pytorch(module):
    rng = random.Random(2)
    states = [random_state(rng, largest=rng.choice([3, 6, 12])) for _ in range(3000)]
    states += [random_state(rng) for _ in range(60)]
    function = "(state) => [js.outputSize(state), js.correlate(state)]"
    results = evaluate(module, function, states)
    for state, (size, output) in zip(states, results, strict=True):
        expected = conv2d(state)
        assert size == list(expected.shape)
        ours = torch.tensor(output, dtype=torch.float64)
        assert (ours - expected).abs().max() < 1e-9


def test_windows_and_products_are_those_of_pytorch(module):
    rng = random.Random(4)
    cases = []
    for _ in range(300):
        state = random_state(rng, largest=9)
        rows, columns = conv2d(state).shape
        cases.append([state, rng.randrange(rows), rng.randrange(columns)])
    function = """([state, r, c]) => [js.windowAt(state, r, c),
        js.laid(state), js.productsAt(state, r, c)]"""
    results = evaluate(module, function, cases)
    for (state, r, c), (window, laid, products) in zip(cases, results, strict=True):
        x, w = torch.tensor(state["input"]), torch.tensor(state["kernel"])
        size, stride = w.shape, state["stride"]
        windows = x.unfold(0, size[0], stride).unfold(1, size[1], stride)
        w = w.flip(0, 1) if state["flip"] else w
        assert torch.tensor(window).equal(windows[r, c])
        assert torch.tensor(laid).equal(w)
        torch.testing.assert_close(torch.tensor(products), windows[r, c] * w)


def test_flip_is_a_turn(module):
    flipped = module.evaluate("js.flipped([[1, 2, 3], [4, 5, 6]])")
    assert flipped == [[6, 5, 4], [3, 2, 1]]


def test_another_output_keeps_the_place(module):
    rng = random.Random(6)
    pairs = [[random_state(rng, largest=6) for _ in range(2)] for _ in range(500)]
    for before, _ in pairs:
        before["position"] = rng.randrange(conv2d(before).numel())
    positions = evaluate(module, "(pair) => js.samePlace(...pair)", pairs)
    for (before, after), position in zip(pairs, positions, strict=True):
        (rows, columns), (to_rows, to_columns) = (
            conv2d(before).shape,
            conv2d(after).shape,
        )
        r, c = divmod(before["position"], columns)
        if (r, c) == (rows - 1, columns - 1):  # a finished output stays finished
            r, c = to_rows, to_columns
        expected = min(r, to_rows - 1) * to_columns + min(c, to_columns - 1)
        assert position == expected


def test_line_between_cells_has_no_gap(module):
    rng = random.Random(7)
    pairs = [[[rng.randrange(28) for _ in "rc"] for _ in range(2)] for _ in range(300)]
    lines = evaluate(module, "(pair) => js.between(...pair)", pairs)
    for (start, end), line in zip(pairs, lines, strict=True):
        assert (line[0], line[-1]) == (start, end)
        for (r, c), (next_r, next_c) in pairwise(line):
            assert max(abs(r - next_r), abs(c - next_c)) <= 1
    assert module.evaluate("js.between([2, 3], [2, 3])")[0] == [2, 3]


def test_kernel_of_another_size_keeps_its_cells(module):
    resized = module.evaluate("kit.resized([[1, 2], [3, 4]], 3, 1)")
    assert resized == [[1], [3], [0]]
    assert module.evaluate("kit.resized([[1]], 2, 2)") == [[1, 0], [0, 0]]


def parsed(module, text):
    """The matrix that a text stands for, or the message that it is none."""
    return module.evaluate(
        """([text, words]) => {
            try { return js.parseMatrix(text, words); }
            catch (error) { return error.message; }
        }""",
        [text, MESSAGES],
    )


def test_matrices_are_read_as_python_prints_them(module):
    rng = random.Random(5)
    for _ in range(50):
        # Long rows are printed on several lines.
        rows = random_matrix(rng, rng.randint(1, 6), rng.randint(1, 28), decimals=2)
        assert parsed(module, "\n".join(" ".join(map(str, r)) for r in rows)) == rows
        for matrix in (rows, np.array(rows), torch.tensor(rows).double()):
            for text in (str(matrix), repr(matrix)):
                ours = torch.tensor(parsed(module, text))
                assert ours.allclose(torch.tensor(rows), rtol=1e-3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2\n3 4", [[1, 2], [3, 4]]),
        ("  1\t2 ; 3,4  \n\n", [[1, 2], [3, 4]]),
        ("1, 2,\n3, 4,", [[1, 2], [3, 4]]),
        ("−1 .5\n+2. 1e2", [[-1, 0.5], [2, 100]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("array([[1, 2],\n       [3, 4]])", [[1, 2], [3, 4]]),
        ("[[1, 2,\n  3], [4, 5,\n 6]]", [[1, 2, 3], [4, 5, 6]]),
        ("tensor([[1.]], dtype=torch.float64)", [[1]]),
        ("7", [[7]]),
        ("", "empty"),
        (" \n [[]] ", "empty"),
        ("1 2\n3", "row 2: 1 and not 2"),
        ("[[1], [2, 3]]", "row 2: 2 and not 1"),
        ("1 two\n3 4", "not a number: two"),
        ("1 2\n3 nan", "not a number: nan"),
        ("Infinity", "not a number: Infinity"),
        ("0x10", "not a number: 0x10"),
    ],
)
def test_text_is_read_or_its_fault_is_told(module, text, expected):
    assert parsed(module, text) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"kernel": [[1]] * 3}, "kernel 3 × 1, input 2 × 3"),
        ({"kernel": [[1] * 4]}, "kernel 1 × 4, input 2 × 3"),
        ({"stride": 0}, "stride 0"),
        ({"stride": -2}, "stride −2"),
        ({"stride": 1.5}, "stride 1.5"),
        ({"input": [[0]] * 29, "kernel": [[1]]}, "input: 29 × 1, most 28"),
        ({"input": [[0] * 40], "kernel": [[1]]}, "input: 1 × 40, most 28"),
        ({"bias": 2e6}, "too big: 2000000"),
        ({"kernel": [[-2e6]]}, "too big: −2000000"),
        ({"input": [[3e6]], "kernel": [[1]]}, "too big: 3000000"),
    ],
)
def test_state_is_checked(module, changes, message):
    state = small().state() | changes
    told = module.evaluate(
        """([state, words]) => {
            try { js.check(state, words); return null; }
            catch (error) { return error.message; }
        }""",
        [state, MESSAGES],
    )
    assert told == message


def test_whatever_python_accepts_the_page_can_show(module):
    largest = ConvolutionStepper(input=[[1e6, -1e6]], kernel=[[1e6]], bias=-1e6)
    module.evaluate("(state) => js.check(state, {})", largest.state())
    for traits in ({"input": [[1.1e6]]}, {"kernel": [[1.1e6]]}, {"bias": -1.1e6}):
        with pytest.raises(traitlets.TraitError, match="1"):
            ConvolutionStepper(**({"input": [[1]], "kernel": [[1]]} | traits))


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("0,5", 0.5), (" −3 ", -3), ("-.5", -0.5), ("2e-3", 0.002)],
)
def test_numbers_are_read_kindly(module, text, number):
    assert module.evaluate("(text) => kit.parseNumber(text)", text) == number


@pytest.mark.parametrize("text", ["", "-", "1e", "abc", "1 2", "1,2,3", "0x1", "NaN"])
def test_what_is_no_number_is_none(module, text):
    assert module.evaluate("(t) => Number.isNaN(kit.parseNumber(t))", text)


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_stops_and_listens_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    page.clock.install(time=0)
    page.goto("about:blank")
    page.clock.pause_at(1000)
    start_widget(page, small(input=torch.eye(5)))  # 16 positions: it would go on
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

PLACES = [f"{home}-{mode}" for home in ("served", "disk") for mode in MODES]

#: For what does not depend on the mode: one of each, with mouse and with touch.
in_two_places = pytest.mark.parametrize(
    "chapter", ["served-light", "disk-phone"], indirect=True
)

#: Reads, in one go, what a stepper shows.
SHOWN = """(place) => {
    const read = (canvas, rows, columns) => {
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        const density = canvas.width / parseFloat(canvas.style.width);
        const cell = (canvas.width / density - 2) / columns;
        const at = (x, y) => {
            const index = (Math.round(y * density) * canvas.width
                + Math.round(x * density)) * 4;
            return [...data.slice(index, index + 4)];
        };
        // Near a corner of each cell, where neither its number nor a frame is.
        const inset = cell < 16 ? cell / 2 : 5;
        const cells = Array.from({ length: rows }, (_, r) =>
            Array.from({ length: columns }, (_, c) =>
                at(1 + c * cell + inset, 1 + r * cell + inset)));
        // In the middle of each cell's upper edge, where a frame would be.
        const edges = Array.from({ length: rows }, (_, r) =>
            Array.from({ length: columns }, (_, c) =>
                at(1 + (c + 0.5) * cell, 1 + r * cell)));
        return { cells, edges };
    };
    const [input, output] = place.querySelectorAll("canvas.cnn-touch");
    const size = (canvas) => canvas.getAttribute("aria-label").match(/(\\d+) × (\\d+)/)
        .slice(1).map(Number);
    const style = getComputedStyle(document.body);
    const color = (name) => style.getPropertyValue(`--cnn-${name}`).trim();
    const names = ["bias", "flip", "gray", "input", "kernel", "position", "stride"];
    const field = (name) => place.querySelector(`[data-control=${name}]`);
    const label = (name) =>
        place.querySelector(`[data-shows=${name}]`).getAttribute("aria-label");
    return {
        state: Object.fromEntries(names.map((name) => [name, place.model.get(name)])),
        sum: place.querySelector("[data-shows=sum]").textContent,
        products: label("products"),
        window: label("window"),
        label: output.getAttribute("aria-label"),
        ranges: [...place.querySelectorAll(".cnn-maps .cnn-note")]
            .map((note) => note.textContent),
        message: place.querySelector("[role=alert]").textContent,
        inputSize: size(input),
        outputSize: size(output),
        input: read(input, ...size(input)),
        output: read(output, ...size(output)),
        kernel: [...place.querySelectorAll(".cnn-kernel tr")].map((row) =>
            [...row.querySelectorAll("input")].map((cell) => cell.value)),
        fields: ["bias", "stride", "rows", "columns"].map((name) => field(name).value),
        flip: field("flip").checked,
        slider: [field("position").value, field("position").max].map(Number),
        colors: Object.fromEntries(["negative", "zero", "positive", "mark"]
            .map((name) => [name, color(name)])),
    };
}"""


def number(text):
    """The number that a text of the page stands for, also one that a reader typed."""
    return float(text.replace("−", "-").replace(",", "."))


def rgb(color):
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def shades(matrix, scale, colors):
    """The colors that a matrix is drawn in: a tensor (rows, columns, 3)."""
    share = (matrix / (scale or 1)).clamp(-1, 1)
    ends = {name: torch.tensor(rgb(color)).double() for name, color in colors.items()}
    end = torch.where(share[..., None] < 0, ends["negative"], ends["positive"])
    return ends["zero"] + (end - ends["zero"]) * share.abs()[..., None]


class Stepper:
    """A stepper on a page, operated as a reader does."""

    def __init__(self, page, nth=0):
        self.page = page
        widgets = page.locator('.cnnbook-widget[data-widget="convolution_stepper"]')
        self.place = widgets.nth(nth)
        self.input, self.output = (
            self.place.locator("canvas.cnn-touch").nth(i) for i in (0, 1)
        )
        self.message = self.place.get_by_role("alert")
        self.touch = page.evaluate("navigator.maxTouchPoints") > 0

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def cell(self, r, c):
        return self.place.locator(".cnn-kernel tr").nth(r).locator("input").nth(c)

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def press(self, *names):
        """Click, or on a phone touch, controls by name."""
        for name in names:
            control = self.control(name) if isinstance(name, str) else name
            control.tap() if self.touch else control.click()

    def type(self, field, text):
        """Replace a field's text and leave the field."""
        field = self.control(field) if isinstance(field, str) else field
        field.fill(str(text))
        field.blur()

    def type_input(self, text):
        """Use a text as the input."""
        if not self.control("text").is_visible():
            self.press(self.place.locator("summary"))
        self.control("text").fill(text)
        self.press("apply")

    def configure(self, state, rng):
        """Type a whole configuration in, field by field."""
        self.type("rows", 1)
        self.type("columns", 1)
        separator = rng.choice([" ", ", ", "\t"])
        lines = [separator.join(map(str, row)) for row in state["input"]]
        self.type_input("\n".join(lines))
        self.type("rows", len(state["kernel"]))
        self.type("columns", len(state["kernel"][0]))
        for r, row in enumerate(state["kernel"]):
            for c, value in enumerate(row):
                self.cell(r, c).fill(str(value).replace("-", rng.choice("-−")))
        self.control("bias").fill(str(state["bias"]).replace(".", rng.choice(".,")))
        self.control("stride").fill(str(state["stride"]))
        self.control("flip").set_checked(state["flip"])

    def point(self, canvas, r, c):
        """The middle of a cell, relative to its canvas."""
        size = canvas.get_attribute("aria-label")
        rows, columns = map(int, re.search(r"(\d+) × (\d+)", size).groups())
        box = canvas.bounding_box()
        return {
            "x": (c + 0.5) / columns * box["width"],
            "y": (r + 0.5) / rows * box["height"],
        }

    def press_cell(self, canvas, r, c):
        position = self.point(canvas, r, c)
        act = canvas.tap if self.touch else canvas.click
        act(position=position)

    def drag(self, canvas, *cells, quick=False):
        """Press on the first cell, move over the others, let go."""
        canvas.scroll_into_view_if_needed()
        box, points = canvas.bounding_box(), [self.point(canvas, *rc) for rc in cells]
        points = [(box["x"] + p["x"], box["y"] + p["y"]) for p in points]
        if self.touch:
            return self._drag_by_touch(points)
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=1 if quick else 4)
        self.page.mouse.up()

    def _drag_by_touch(self, points):
        # Playwright's own touchscreen only taps.
        session = self.page.context.new_cdp_session(self.page)
        kinds = ["touchStart"] + ["touchMove"] * (len(points) - 1) + ["touchEnd"]
        for kind, (x, y) in zip(kinds, [*points, points[-1]], strict=True):
            touches = [] if kind == "touchEnd" else [{"x": x, "y": y}]
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches}
            )
        session.detach()

    def shown(self):
        return self.place.evaluate(SHOWN)


def check_shown(stepper, **expected):
    """Compare all that is shown with PyTorch, and the state with what is expected."""
    shown = stepper.shown()
    state = shown["state"]
    assert {name: state[name] for name in expected} == expected
    assert shown["message"] == ""
    x, w, y = exact(state["input"]), state["kernel"], conv2d(state)
    assert shown["inputSize"] == list(x.shape)
    assert shown["outputSize"] == list(y.shape)
    at = min(state["position"], y.numel() - 1)
    check_sum(shown, state, y, at)
    check_ranges(shown, x.flatten(), y.flatten()[: at + 1])
    check_controls(shown, state, y, at)
    check_colors(shown, state, x, y, at)
    assert [[number(value) for value in row] for row in shown["kernel"]] == w


def check_sum(shown, state, y, at):
    """The sum line, the window and the products in words."""
    r, c = divmod(at, y.shape[1])
    place, sentence = shown["sum"].split(": ", 1)
    assert re.findall(r"\d+", place) == [str(r + 1), str(c + 1)]
    assert number(sentence.rsplit("= ", 1)[1]) == pytest.approx(
        y[r, c].item(), abs=6e-4
    )
    assert number(re.search("bias (\\S+)", sentence).group(1)) == state["bias"]
    value = shown["label"].split(": ")[1].split(" ")[0].rstrip(".")
    assert number(value) == pytest.approx(y[r, c].item(), abs=6e-3)
    kernel = exact(state["kernel"])
    kernel = kernel.flip(0, 1) if state["flip"] else kernel
    top, left = r * state["stride"], c * state["stride"]
    window = exact(state["input"])
    window = window[top : top + kernel.shape[0], left : left + kernel.shape[1]]
    assert numbers(shown["window"]).allclose(window, atol=6e-3)
    assert numbers(shown["products"]).allclose(window * kernel, atol=6e-3)
    if kernel.numel() <= 9:
        factors = [*window.flatten().tolist(), *kernel.flatten().tolist()]
        short = all(factor == round(factor, 2) for factor in factors)
        assert (" ≈ " in sentence) != short
        terms = re.findall(r"\(?([−\d.]+)\)?·\(?([−\d.]+)", sentence)
        factors = torch.tensor([[number(a), number(b)] for a, b in terms]).double()
        expected = torch.stack([window.flatten(), kernel.flatten()], dim=1)
        assert factors.allclose(expected, atol=6e-3)


def check_ranges(shown, *matrices):
    """The smallest and the largest number of the input and of the known output."""
    for text, matrix in zip(shown["ranges"], matrices, strict=True):
        least, most = re.findall(r"[−\d.]+", text)
        assert number(least) == pytest.approx(matrix.min().item(), abs=6e-3)
        assert number(most) == pytest.approx(matrix.max().item(), abs=6e-3)


def numbers(label):
    """The matrix of a label such as "Products: 1 2; 3 4"."""
    rows = label.split(": ")[1].split("; ")
    return torch.tensor([[number(v) for v in row.split()] for row in rows]).double()


def check_controls(shown, state, y, at):
    sides = [len(state["kernel"]), len(state["kernel"][0])]
    assert [number(text) for text in shown["fields"]] == [
        state["bias"],
        state["stride"],
        *sides,
    ]
    assert shown["flip"] == state["flip"]
    assert shown["slider"] == [at, y.numel() - 1]


def check_colors(shown, state, x, y, at):
    """The pixels: input and output in their colors, the rest empty, the frames."""
    colors = {name: color for name, color in shown["colors"].items() if name != "mark"}
    tones = {"negative": "#000000", "zero": "#000000", "positive": "#ffffff"}
    drawn = torch.tensor(shown["input"]["cells"]).double()
    expected = shades(x, x.abs().max(), tones if state["gray"] else colors)
    assert (drawn[..., :3] - expected).abs().max() <= 1
    drawn = torch.tensor(shown["output"]["cells"]).double().flatten(0, 1)
    if state["gray"] and abs(sum(map(sum, state["kernel"])) - 1) < 0.01:
        expected = shades(y, x.abs().max(), tones)  # a photograph of a photograph
    else:  # the bias does not change the scale, so that one sees what it does
        scale = (y - state["bias"]).abs().max() or abs(state["bias"])
        expected = shades(y, scale, colors)
    expected = expected.flatten(0, 1)
    assert (drawn[: at + 1, :3] - expected[: at + 1]).abs().max() <= 1
    assert (drawn[: at + 1, 3] == 255).all()
    assert (drawn[at + 1 :, 3] == 0).all()  # not yet known
    mark = torch.tensor([*rgb(shown["colors"]["mark"]), 255])
    r, c = divmod(at, y.shape[1])
    framed = (torch.tensor(shown["output"]["edges"]) == mark).all(-1)
    assert framed.nonzero().tolist()[0] == [r, c]
    framed = (torch.tensor(shown["input"]["edges"]) == mark).all(-1)
    stride, width = state["stride"], len(state["kernel"][0])
    top = [[r * stride, c * stride + j] for j in range(width)]
    assert framed.nonzero().tolist()[:width] == top


@pytest.fixture(scope="module", params=PLACES)
def chapter(request, browser, homes):
    """The chapter's page, in one of the ways that readers come to it."""
    home, mode = request.param.split("-")
    with opened(browser, homes(home), CHAPTER, **MODES[mode]) as page:
        page.stepper = Stepper(page)
        page.initial = page.stepper.shown()["state"]
        yield page


@pytest.fixture
def stepper(chapter):
    """The chapter's first stepper as it was at first; at the end nothing went wrong."""
    stepper = chapter.stepper
    stepper.press("first")  # also stops a slide
    stepper.place.evaluate("(place, state) => place.model.set(state)", chapter.initial)
    if not stepper.control("slide").is_checked():
        stepper.press("slide")
    if stepper.control("text").is_visible():
        stepper.press(stepper.place.locator("summary"))
    yield stepper
    assert chapter.watch.trouble == []


def test_first_stepper_shows_what_pytorch_gives(stepper):
    check_shown(stepper, position=0, bias=0, stride=1, flip=False)


def test_buttons_move_the_window(stepper):
    for presses, position in [
        (["step"], 1),
        (["step", "step"], 3),
        (["step"], 3),  # the end
        (["back"], 2),
        (["first"], 0),
        (["back"], 0),
        (["last"], 3),
        (["first", "step"], 1),
    ]:
        stepper.press(*presses)
        check_shown(stepper, position=position)


def test_slider_moves_the_window(stepper):
    slider = stepper.control("position")
    for position in (2, 0, 3):
        slider.fill(str(position))
        check_shown(stepper, position=position)
    slider.press("ArrowLeft")
    check_shown(stepper, position=2)


def test_play_slides_on_until_pause(chapter, stepper):
    stepper.press("play")
    assert stepper.control("play").inner_text() == "Pause"
    chapter.wait_for_function(
        "document.querySelector('.cnnbook-widget').model.get('position') > 0"
    )
    stepper.press("play")
    assert stepper.control("play").inner_text() == "Play"
    assert stepper.get("position") >= 1
    check_shown(stepper)


def test_play_and_pause_by_the_clock(browser, homes):
    """Once more with a clock in our hands: after Pause nothing moves any more."""
    with opened(browser, homes("served"), "book/index.html") as page:
        page.clock.install(time=0)
        page.goto(homes("served") + CHAPTER)
        page.clock.pause_at(10_000)
        stepper, hour = Stepper(page), 3_600_000
        play = stepper.control("play")
        play.click()
        page.clock.run_for(600)
        assert stepper.get("position") == 1
        for pause in (
            play.click,
            lambda: stepper.press("back"),
            lambda: stepper.control("position").fill("1"),
            lambda: stepper.press_cell(stepper.output, 0, 1),
            lambda: stepper.press_cell(stepper.input, 0, 2),
            lambda: stepper.input.press("ArrowRight"),
        ):
            pause()
            now = stepper.get("position")
            assert play.inner_text() == "Play"
            page.clock.run_for(hour)
            assert stepper.get("position") == now < 3
            play.click()
        page.clock.run_for(hour)
        assert stepper.get("position") == 3
        assert play.inner_text() == "Play"
        check_shown(stepper)
        play.click()  # at the end it starts again
        assert stepper.get("position") == 0
        page.clock.run_for(600)
        assert stepper.get("position") == 1
        assert page.watch.trouble == []


def test_arrow_keys_move_the_window(stepper):
    for canvas in (stepper.input, stepper.output):
        stepper.press("first")
        for key, position in [
            ("ArrowRight", 1),
            ("ArrowRight", 1),
            ("ArrowDown", 3),
            ("ArrowDown", 3),
            ("ArrowLeft", 2),
            ("ArrowUp", 0),
            ("ArrowUp", 0),
            ("End", 3),
            ("Home", 0),
        ]:
            canvas.press(key)
            check_shown(stepper, position=position)
        canvas.press("x")
        assert stepper.get("position") == 0


def test_press_on_a_grid_moves_the_window(stepper):
    for canvas, cell, position in [
        (stepper.output, (1, 0), 2),
        (stepper.output, (0, 1), 1),
        (stepper.input, (2, 2), 3),
        (stepper.input, (0, 0), 0),
        (stepper.input, (2, 0), 2),
    ]:
        stepper.press_cell(canvas, *cell)
        check_shown(stepper, position=position)


def test_drag_on_a_grid_moves_the_window(chapter, stepper):
    for canvas, last in ((stepper.input, 2), (stepper.output, 1)):
        stepper.press("first")
        stepper.drag(canvas, (0, 0), (0, last))
        check_shown(stepper, position=1)
        if not stepper.touch:  # a finger that goes down scrolls the page
            stepper.drag(canvas, (0, 0), (last, 0), (last, last))
            check_shown(stepper, position=3)
            canvas.hover(position=stepper.point(canvas, 0, 0))
            check_shown(stepper, position=3)  # nothing is pressed any more


@pytest.mark.parametrize("chapter", ["served-phone"], indirect=True)
def test_swipe_over_a_grid_scrolls_the_page(chapter, stepper):
    stepper.input.scroll_into_view_if_needed()
    before = chapter.evaluate("scrollY")
    stepper.drag(stepper.input, (2, 1), (1, 1), (0, 1), (0, 1))
    chapter.wait_for_function("(before) => scrollY > before + 10", arg=before)


def test_fields_change_the_convolution(stepper):
    stepper.type(stepper.cell(0, 1), "-2.5")
    check_shown(stepper, kernel=[[1, -2.5], [0, -1]])
    stepper.type("bias", "0,75")
    check_shown(stepper, bias=0.75)
    stepper.press("flip")
    check_shown(stepper, flip=True, position=0)
    stepper.press("step", "step")
    stepper.type("stride", "2")
    check_shown(stepper, stride=2, position=0)
    stepper.type("stride", "1")
    stepper.type("rows", "3")
    check_shown(stepper, kernel=[[1, -2.5], [0, -1], [0, 0]])
    stepper.type("columns", "1")
    check_shown(stepper, kernel=[[1], [0], [0]], bias=0.75, flip=True)
    stepper.press("flip", "last")
    check_shown(stepper, flip=False, position=2)


def test_another_size_keeps_the_place(stepper):
    stepper.type("columns", "1")
    stepper.control("position").fill("3")
    assert stepper.shown()["sum"].startswith("Row 2, column 1:")
    stepper.type("columns", "2")
    assert stepper.shown()["sum"].startswith("Row 2, column 1:")
    check_shown(stepper, position=2)
    stepper.press("last")  # a finished output stays finished
    stepper.type("rows", "1")
    check_shown(stepper, position=5)


def test_reset_shows_the_beginning_again(chapter, stepper):
    stepper.type_input("1 2 3 4 5\n" * 5)
    stepper.control("kernels").select_option("blur")
    stepper.type("bias", "7")
    stepper.type("stride", "2")
    stepper.press("flip", "last", "reset")
    check_shown(stepper, **chapter.initial)


def test_presets_are_kernels(stepper):
    stepper.type_input("1 2 3 4 5\n" * 5)
    choice = stepper.control("kernels")
    for name in ("sharpen", "vertical edges", "curve", "blur", "identity"):
        choice.select_option(name)
        check_shown(stepper, kernel=KERNELS[name])
        assert choice.input_value() == name
    stepper.type(stepper.cell(0, 0), "5")
    assert choice.locator("option:checked").inner_text() == "my own"


def test_pen_writes_into_the_input(stepper):
    stepper.press("edit")
    stepper.control("pen").fill("−7.5")
    stepper.press_cell(stepper.input, 1, 2)
    expected = [row[:] for row in stepper.page.initial["input"]]
    expected[1][2] = -7.5
    check_shown_while_editing(stepper, expected)
    stepper.input.scroll_into_view_if_needed()
    scrolled = stepper.page.evaluate("scrollY")
    stepper.drag(stepper.input, (2, 0), (2, 1), (2, 2), (1, 2), (0, 2))
    assert stepper.page.evaluate("scrollY") == scrolled
    expected[2] = [-7.5] * 3
    expected[0][2] = -7.5
    check_shown_while_editing(stepper, expected)
    stepper.control("pen").fill("2")
    stepper.drag(stepper.input, (0, 0), (2, 2), quick=True)
    for side in range(3):
        expected[side][side] = 2
    check_shown_while_editing(stepper, expected)
    stepper.press("slide")
    stepper.press_cell(stepper.input, 2, 2)
    check_shown(stepper, input=expected, position=3)


def test_pen_writes_by_keyboard(stepper):
    stepper.press("edit")
    stepper.control("pen").fill("4")
    keys = ["ArrowUp", "ArrowLeft"] * 3 + ["Enter", "ArrowDown", "ArrowRight", " "]
    for key in keys:
        stepper.input.press(key)
    expected = [row[:] for row in stepper.page.initial["input"]]
    expected[0][0] = expected[1][1] = 4
    check_shown_while_editing(stepper, expected)


def check_shown_while_editing(stepper, expected):
    """The same; a frame more is on the input, and the line may tell of the cell."""
    assert stepper.get("input") == expected
    stepper.press("slide")
    check_shown(stepper, input=expected)
    stepper.press("edit")


def test_input_can_be_typed(stepper):
    stepper.type_input("tensor([[1., -2., 3.],\n        [0.5, 5., 6.]])")
    check_shown(stepper, input=[[1, -2, 3], [0.5, 5, 6]])
    stepper.type_input("\n".join(["0 1 " * 14] * 28))
    check_shown(stepper, input=[[0, 1] * 14] * 28)
    stepper.press("last")
    check_shown(stepper, position=27 * 27 - 1)


def test_random_configurations(chapter, stepper):
    rng = random.Random(f"{chapter.url} {chapter.viewport_size}")
    for _ in range(12):
        state = random_state(rng, largest=rng.choice([3, 6]), largest_kernel=3)
        stepper.configure(round_all(state), rng)
        stepper.press("last")
        state = {k: v for k, v in round_all(state).items() if k != "position"}
        last = conv2d(state).numel() - 1
        check_shown(stepper, position=last, **state)
        stepper.control("position").fill(str(rng.randint(0, last)))
        check_shown(stepper, **state)


def round_all(state):
    """The same with numbers of one decimal, as a reader types them."""
    rounded = {"bias": round(state["bias"], 1)}
    for name in ("input", "kernel"):
        rounded[name] = [[round(value, 1) for value in row] for row in state[name]]
    return state | rounded


def test_photograph_is_drawn_in_gray(chapter, stepper):
    photograph = Stepper(chapter, 2)
    check_shown(photograph, gray=True)
    shown = photograph.shown()
    assert all(r == g == b for row in shown["input"]["cells"] for r, g, b, _ in row)
    choice = photograph.control("inputs")
    for name in ("digit", "collar"):
        choice.select_option(name)
        check_shown(photograph, input=photograph.get("inputs")[name])


def test_steppers_of_a_page_do_not_meet(chapter, stepper):
    others = [Stepper(chapter, nth) for nth in (1, 2, 3)]
    before = [other.shown() for other in others]
    stepper.type("bias", "9")
    stepper.press("flip", "last", "edit")
    stepper.control("pen").fill("3")
    stepper.press_cell(stepper.input, 1, 1)
    assert [other.shown() for other in others] == before
    assert [other.control("slide").is_checked() for other in others] == [True] * 3
    now = stepper.shown()
    others[2].press("first", "flip")
    assert stepper.shown() == now


# --- Bad input in the page -----------------------------------------------------------

#: What is typed where, and what the message must name.
BAD = [
    ("rows", "4", ["4 × 2", "3 × 3"]),
    ("columns", "9", ["2 × 9", "3 × 3"]),
    ("rows", "0", ["0"]),
    ("rows", "1.5", ["1.5"]),
    ("columns", "10", ["10"]),
    ("columns", "-1", ["−1"]),
    ("stride", "0", ["0"]),
    ("stride", "-1", ["−1"]),
    ("stride", "1.5", ["1.5"]),
    ("stride", "abc", ["abc"]),
    ("stride", "", ["“”"]),
    ("bias", "abc", ["abc"]),
    ("bias", "1 2", ["1 2"]),
    ("bias", "2000000", ["2000000"]),
    ("cell", "abc", ["abc"]),
    ("cell", "--1", ["--1"]),
    ("cell", "-1e9", ["−1000000000"]),
]


@in_two_places
def test_bad_text_in_a_field_is_told_and_changes_nothing(stepper):
    before = stepper.shown()
    for name, text, named in BAD:
        field = stepper.cell(0, 0) if name == "cell" else stepper.control(name)
        good = field.input_value()
        stepper.type(field, text)
        now = stepper.shown()
        expect(stepper.message).to_be_in_viewport()
        for part in named:
            assert part in now["message"], (name, text)
        assert field.get_attribute("aria-invalid") == "true"
        for part in ("state", "sum", "products", "label", "output", "input"):
            assert now[part] == before[part]
        stepper.type(field, good)
        assert field.get_attribute("aria-invalid") is None
        assert stepper.shown() == before
    stepper.type("bias", "2")
    check_shown(stepper, bias=2)


@in_two_places
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("1 2 3\n4 5", "Row 2 has 2 numbers, but row 1 has 3"),
        ("1 2 3\n4 five 6", "five"),
        ("1 2 3\n" * 29, "29 × 3"),
        ("1 " * 30 + "\n" + "1 " * 30, "2 × 30"),
        ("1", "2 × 2 kernel does not fit into a 1 × 1"),
        ("1 2 3\n4 5 1e7", "10000000"),
    ],
)
def test_bad_matrix_is_told_and_changes_nothing(stepper, text, named):
    before = stepper.shown()
    stepper.type_input(text)
    expect(stepper.message).to_be_in_viewport()
    assert named in stepper.message.inner_text()
    assert stepper.control("text").input_value() == text
    assert stepper.control("text").get_attribute("aria-invalid") == "true"
    assert stepper.shown() | {"message": ""} == before
    stepper.type_input("1 2\n3 4")
    check_shown(stepper, input=[[1, 2], [3, 4]])
    assert stepper.control("text").get_attribute("aria-invalid") is None


@in_two_places
def test_bad_pen_is_told_and_writes_nothing(stepper):
    before = stepper.get("input")
    stepper.press("edit")
    for text in ("abc", "", "2e6"):
        stepper.control("pen").fill(text)
        stepper.press_cell(stepper.input, 1, 1)
        told = text.replace("2e6", "2000000")
        expect(stepper.message).to_contain_text(f"“{told}”" if text != "2e6" else told)
        assert stepper.message.is_visible()
        assert stepper.get("input") == before
    stepper.control("pen").fill("8")
    stepper.press_cell(stepper.input, 1, 1)
    expect(stepper.message).to_be_hidden()
    assert stepper.get("input")[1][1] == 8


@in_two_places
def test_preset_that_does_not_fit_cannot_be_chosen(stepper):
    choice = stepper.control("kernels")
    option = choice.locator("option[value=curve]")
    assert option.is_disabled()
    stepper.type_input("1 2 3 4 5\n" * 5)
    assert not option.is_disabled()
    choice.select_option("curve")
    check_shown(stepper, kernel=KERNELS["curve"])
    stepper.type_input("1 2 3\n" * 3)  # now it is there, and the input too small
    assert "5 × 5 kernel does not fit into a 3 × 3" in stepper.message.inner_text()
    check_shown_but_message(stepper, kernel=KERNELS["curve"])


def check_shown_but_message(stepper, **expected):
    """The last good picture is still there, and still true."""
    shown = stepper.shown()
    assert shown["message"]
    assert {name: shown["state"][name] for name in expected} == expected
    y = conv2d(shown["state"])
    assert shown["outputSize"] == list(y.shape)
    check_sum(shown, shown["state"], y, shown["state"]["position"])


@in_two_places
def test_unfinished_number_is_not_told_yet(stepper):
    field = stepper.control("bias")
    field.fill("")
    for key, bias in [("-", 0), ("1", -1), (".", -1), ("5", -1.5), ("e", -1.5)]:
        field.press(key)
        assert not stepper.message.is_visible()
        assert stepper.get("bias") == bias
    assert field.input_value() == "-1.5e"
    field.blur()
    assert "-1.5e" in stepper.message.inner_text()


@in_two_places
def test_change_from_elsewhere_is_shown_and_ends_a_message(stepper):
    stepper.type("stride", "0")
    assert stepper.message.is_visible()
    change = {"bias": 3, "kernel": [[1, 2, 3]], "flip": True}
    stepper.place.evaluate("(place, change) => place.model.set(change)", change)
    check_shown(stepper, **change)
    assert stepper.control("stride").input_value() == "1"
    assert stepper.control("stride").get_attribute("aria-invalid") is None


def test_redrawing_leaves_alone_what_is_being_typed(browser, homes):
    with opened(browser, homes("served"), "book/index.html") as page:
        page.clock.install(time=0)
        page.goto(homes("served") + CHAPTER)
        page.clock.pause_at(10_000)
        stepper = Stepper(page)
        stepper.press("play")
        stepper.control("bias").fill("-")
        page.clock.run_for(600)
        assert stepper.get("position") == 1
        assert stepper.control("bias").input_value() == "-"
        stepper.control("bias").press("2")
        page.clock.run_for(600)
        check_shown(stepper, bias=-2, position=2)


# --- For everyone --------------------------------------------------------------------

FOCUSABLE = "button, input, select, textarea, summary, [tabindex]"


def stops(stepper):
    """The visible controls in order; of radio buttons Tab reaches the chosen one."""
    return stepper.place.locator(FOCUSABLE).evaluate_all(
        """(all) => all.filter((el) => el.checkVisibility() && !el.disabled
                && !(el.type === "radio" && !el.checked))
            .map((el) => el.outerHTML.slice(0, 120))"""
    )


@in_two_places
def test_tab_reaches_every_control_and_shows_where_it_is(chapter, stepper):
    stepper.press("edit")
    stepper.press(stepper.place.locator("summary"))
    expected = stops(stepper)
    assert len(expected) >= 20
    stepper.control("kernels").focus()
    chapter.keyboard.press("Shift+Tab")
    reached = []
    for _ in expected:
        chapter.keyboard.press("Tab")
        focus = stepper.place.evaluate("""(place) => {
            const el = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(el);
            return [place.contains(el) && el.outerHTML.slice(0, 120),
                outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
        }""")
        assert focus[1], f"no outline on {focus[0]}"
        reached.append(focus[0])
    assert reached == expected
    chapter.keyboard.press("Tab")
    assert not stepper.place.evaluate("(el) => el.contains(document.activeElement)")


@in_two_places
def test_every_control_has_a_name(stepper):
    stepper.press("edit", "flip")
    stepper.press(stepper.place.locator("summary"))
    tree = stepper.place.aria_snapshot()
    roles = "button|textbox|slider|combobox|checkbox|radio|application|img"
    controls = re.findall(rf"- '?({roles})\b(.*)", tree)
    assert {role for role, _ in controls} >= set(roles.split("|"))
    assert [role for role, rest in controls if not re.match(' "[^"]', rest)] == []


@pytest.mark.parametrize(
    "chapter", ["served-light", "served-dark", "disk-phone"], indirect=True
)
def test_no_barriers_while_it_is_used(chapter, stepper):
    stepper.press("edit", "flip")
    stepper.press(stepper.place.locator("summary"))
    stepper.type(stepper.cell(0, 0), "-0.6")
    stepper.type("bias", "abc")
    assert stepper.message.is_visible()
    results = Axe().run(
        chapter,
        context='[data-widget="convolution_stepper"]',
        options={"preload": False},  # it would ask for style sheets in vain
    )
    assert results.violations_count == 0, results.generate_report()


def test_nothing_moves_unasked(browser, homes):
    options = {"reduced_motion": "reduce"}
    with opened(browser, homes("served"), CHAPTER, **options) as page:
        stepper = Stepper(page)
        stepper.press("step", "flip", "edit", "slide")
        assert page.evaluate("document.getAnimations().length") == 0
        style = "getComputedStyle(document.documentElement).scrollBehavior"
        assert page.evaluate(style) == "auto"
        moving = stepper.place.locator("*").evaluate_all(
            """(all) => all.filter((el) => {
                const { transitionDuration, animationName } = getComputedStyle(el);
                return parseFloat(transitionDuration) > 0.01
                    || animationName !== "none";
            }).map((el) => el.outerHTML.slice(0, 80))"""
        )
        assert moving == []
        check_shown(stepper, position=1)


def contrast(one, two):
    """WCAG's ratio of two colors (r, g, b)."""

    def luminance(color):
        shares = [value / 255 for value in color]
        linear = [
            s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


def test_numbers_can_be_read_on_every_color(module):
    inks = {"#000": [0, 0, 0], "#fff": [255, 255, 255]}
    ends = re.findall(r"--cnn-(negative|zero|positive): (#\w{6})", loader.css())
    themes = [dict(ends[:3]), dict(ends[3:6])]
    assert themes[0] != themes[1]
    for theme in themes:
        colors = {name: rgb(color) for name, color in theme.items()}
        drawn = module.evaluate(
            """(colors) => Array.from({ length: 201 }, (_, i) => {
                const color = kit.shade(i / 100 - 1, 1, colors);
                return [color, kit.inkOn(color)];
            })""",
            colors,
        )
        assert drawn[0][0] == colors["negative"]
        assert drawn[100][0] == colors["zero"]
        assert drawn[200][0] == colors["positive"]
        for color, ink in drawn:
            assert contrast(color, inks[ink]) >= 4.5
