"""The padding explorer: its arithmetic, its limits, and its behavior."""

import itertools
import json
import random
import re

import pytest
import torch
import torch.nn.functional as F
import traitlets
from axe_playwright_python.sync_playwright import Axe

from cnnbook.arithmetic import same_padding
from cnnbook.widgets import PaddingExplorer
from cnnbook.widgets.sliding import KERNELS
from tests.conftest import MODES, evaluate, start_widget

#: The widget's names of PyTorch's modes.
PAD = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}


def exact(rows):
    return torch.tensor(rows, dtype=torch.float64)


def pad(x, state):
    """What PyTorch makes of a matrix (H, W)."""
    top, bottom, left, right = state["padding"]
    sides = (left, right, top, bottom)
    return F.pad(x[None, None], sides, mode=PAD[state["mode"]])[0, 0]


def answers(state):
    """Padded input, output and uses by PyTorch; the uses through autograd."""
    x, w = exact(state["input"]), exact(state["kernel"])
    padded = pad(x, state)
    y = F.conv2d(padded[None, None], w[None, None])[0, 0]
    ones = torch.zeros_like(x, requires_grad=True)
    windows = pad(ones, state).unfold(0, w.shape[0], 1).unfold(1, w.shape[1], 1)
    windows.sum().backward()
    return padded, y, ones.grad


def is_accepted(state):
    """Whether PyTorch pads and convolves it."""
    try:
        answers(state)
    except RuntimeError:
        return False
    return True


def matrix(rng, rows, columns, decimals=4):
    return [
        [round(rng.uniform(-9, 9), decimals) for _ in range(columns)]
        for _ in range(rows)
    ]


def random_state(rng, largest=12, decimals=4):
    """A configuration; small inputs often reach the limits of the modes."""
    while True:
        h, w = rng.randint(1, largest), rng.randint(1, largest)
        most = rng.choice([1, 3, 8])
        state = {
            "input": matrix(rng, h, w, decimals),
            "kernel": matrix(rng, rng.randint(1, 9), rng.randint(1, 9), decimals),
            "padding": [rng.randint(0, most) for _ in range(4)],
            "mode": rng.choice(list(PAD)),
            "position": 0,
        }
        if is_accepted(state):
            return state


# --- The arithmetic in JavaScript ----------------------------------------------------


def test_padded_inputs_outputs_and_uses_are_those_of_pytorch(module):
    rng = random.Random(1)
    states = [random_state(rng, largest=rng.choice([2, 4, 9])) for _ in range(2000)]
    states += [random_state(rng, largest=28) for _ in range(60)]
    function = """(state) => [js.padded(state), js.correlate(state), js.uses(state),
        js.sizes(state)]"""
    results = evaluate(module, function, states)
    for state, (*ours, sizes) in zip(states, results, strict=True):
        for mine, theirs in zip(ours, answers(state), strict=True):
            assert exact(mine).shape == theirs.shape
            assert (exact(mine) - theirs).abs().max() < 1e-9
        assert [sizes["padded"], sizes["output"]] == [
            [len(ours[0]), len(ours[0][0])],
            [len(ours[1]), len(ours[1][0])],
        ]
    assert {state["mode"] for state in states} == set(PAD)


def test_padding_in_a_window_is_counted(module):
    rng = random.Random(2)
    cases = []
    for _ in range(1000):
        state = random_state(rng, largest=5)
        rows, columns = answers(state)[1].shape
        cases.append([state, rng.randrange(rows), rng.randrange(columns)])
    counts = evaluate(module, "(args) => js.paddingIn(...args)", cases)
    for (state, r, c), count in zip(cases, counts, strict=True):
        assert count == padding_in(state, r, c)


def padding_in(state, r, c):
    """By a mask: ones where the padded input is padding."""
    top, bottom, left, right = state["padding"]
    inside = torch.zeros(len(state["input"]), len(state["input"][0]))
    mask = F.pad(inside, (left, right, top, bottom), value=1)
    kh, kw = len(state["kernel"]), len(state["kernel"][0])
    return mask[r : r + kh, c : c + kw].sum().item()


def test_page_and_python_accept_exactly_what_pytorch_pads(module):
    states = []
    for size, mode in itertools.product(range(1, 11), PAD):
        for side, cells in itertools.product(range(4), range(9)):
            # The other direction is long enough for everything.
            shape = (size, 12) if side < 2 else (12, size)
            padding = [0, 0, 0, 0]
            padding[side] = cells
            for kernel in ((1, 1), (size, size), (size + cells, 9), (9, size + cells)):
                state = {"input": torch.ones(shape).tolist(), "padding": padding}
                state |= {"kernel": torch.ones(kernel).tolist(), "mode": mode}
                if max(kernel) <= 9:
                    states.append(state)
    told = evaluate(module, f"(state) => {REFUSAL}(state)", states)
    accepted = [is_accepted(state) for state in states]
    assert [message is None for message in told] == accepted
    assert 300 < sum(accepted) < len(states) - 300
    rng = random.Random(3)
    for state, expected in rng.sample(
        list(zip(states, accepted, strict=True)), 800
    ):  # the constructor is slower
        assert python_accepts(state) == expected


#: The message of the page's check, in the page's own words, or null.
REFUSAL = """((state) => {
    const words = new Proxy({}, { get: (_, name) => name === "sides" || name === "modes"
        ? {} : name });
    try { js.check(state, words); return null; } catch (error) { return error.message; }
})"""


def python_accepts(state):
    try:
        PaddingExplorer(**state)
    except traitlets.TraitError:
        return False
    return True


def test_two_sides_are_limited_each_alone():
    """Reflected or gone around on both sides, as PyTorch allows."""
    for mode, most in (("reflect", 2), ("circular", 3), ("zeros", 8), ("replicate", 8)):
        state = {"input": [[1] * 3] * 3, "kernel": [[1]], "mode": mode}
        assert is_accepted(state | {"padding": [most] * 4})
        PaddingExplorer(**state, padding=most)
        if most < 8:
            with pytest.raises(
                traitlets.TraitError, match=f"at most {most} at the top"
            ):
                PaddingExplorer(**state, padding=most + 1)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # it may take longer
def test_named_paddings(module):
    sizes = list(itertools.product(range(1, 10), repeat=2))
    kernels = [torch.rand(size).tolist() for size in sizes]
    named = evaluate(
        module,
        "(kernel) => ['valid', 'same', 'full'].map((n) => js.namedPadding(n, kernel))",
        kernels,
    )
    for kernel, (kh, kw), (valid, same, full) in zip(
        kernels, sizes, named, strict=True
    ):
        assert valid == [0, 0, 0, 0]
        assert same == [*same_padding(kh), *same_padding(kw)]
        assert full == [kh - 1, kh - 1, kw - 1, kw - 1]
        assert max(full) <= 8  # so every named padding is allowed
        x, w = torch.rand(1, 1, 12, 10), torch.tensor([[kernel]])
        state = {"padding": same, "mode": "zeros"}
        ours = F.conv2d(pad(x[0, 0], state)[None, None], w)
        torch.testing.assert_close(ours, F.conv2d(x, w, padding="same"))


def test_another_size_keeps_row_and_column(module):
    rng = random.Random(4)
    pairs = [[random_state(rng, 5), random_state(rng, 5)] for _ in range(500)]
    shapes = [[answers(state)[1].shape for state in pair] for pair in pairs]
    for (before, _), ((rows, columns), _) in zip(pairs, shapes, strict=True):
        before["position"] = rng.randrange(rows * columns)
    positions = evaluate(module, "(pair) => js.samePlace(...pair)", pairs)
    for (before, _), shape, position in zip(pairs, shapes, positions, strict=True):
        (_, columns), (to_rows, to_columns) = shape
        r, c = divmod(before["position"], columns)
        assert position == min(r, to_rows - 1) * to_columns + min(c, to_columns - 1)


# --- Python --------------------------------------------------------------------------


def small(**traits):
    arguments = {"input": [[0, 1, 2], [3, 4, -5]], "kernel": [[1, 2], [0, -1]]}
    return PaddingExplorer(**(arguments | traits))


def test_python_gives_what_pytorch_gives():
    rng = random.Random(5)
    for _ in range(300):
        state = random_state(rng, largest=6)
        explorer = PaddingExplorer(**state)
        padded, output, uses = answers(state)
        assert explorer.padded.equal(padded)
        # corr2d answers in torch's usual precision.
        torch.testing.assert_close(
            explorer.output.double(), output, rtol=1e-5, atol=1e-4
        )
        assert explorer.uses.tolist() == uses.tolist() == counted_uses(state)


def counted_uses(state):
    """The uses once more, by the names of the pixels in every window."""
    h, w = len(state["input"]), len(state["input"][0])
    names = pad(torch.arange(1.0, h * w + 1).reshape(h, w), state).long()  # 0: none
    kh, kw = len(state["kernel"]), len(state["kernel"][0])
    windows = names.unfold(0, kh, 1).unfold(1, kw, 1).flatten()
    counts = torch.bincount(windows, minlength=h * w + 1)[1:]
    return counts.reshape(h, w).tolist()


def test_uses_that_the_chapter_tells():
    explorer = PaddingExplorer(input=torch.ones(5, 5), kernel=torch.ones(3, 3))
    assert explorer.uses[0].tolist() == [4, 6, 6, 6, 4]
    assert explorer.uses[1].tolist() == [6, 9, 9, 9, 6]
    explorer.padding = 0
    assert explorer.uses[0].tolist() == [1, 2, 3, 2, 1]
    explorer.padding, explorer.mode = 1, "circular"
    assert explorer.uses.unique().tolist() == [9]


SIDES = r"expected an integer from 0 to 8, or four of them as \[top, bottom, left, "

REFUSED = {
    "negative padding": ({"padding": -1}, rf"padding: {SIDES}right\], got -1"),
    "one negative side": ({"padding": [1, 1, -1, 1]}, r"got \[1, 1, -1, 1\]"),
    "much padding": ({"padding": 9}, f"padding: {SIDES}.*, got 9"),
    "half a cell": ({"padding": 1.5}, rf"padding: {SIDES}.*, got 1\.5"),
    "two sides": ({"padding": [1, 2]}, rf"padding: {SIDES}.*, got \[1, 2\]"),
    "a word": ({"padding": "same"}, f"padding: {SIDES}.*, got 'same'"),
    "a truth": ({"padding": True}, f"padding: {SIDES}.*, got True"),
    "nothing": ({"padding": None}, f"padding: {SIDES}.*, got None"),
    "no such mode": ({"mode": "mirror"}, "'mode'.*'zeros'.*'circular'.*'mirror'"),
    "kernel too high": (
        {"kernel": [[1]] * 5},
        r"kernel: expected .* padded input of shape \(4, 5\), got shape \(5, 1\)",
    ),
    "kernel too wide": ({"kernel": [[1] * 6]}, r"shape \(4, 5\), got shape \(1, 6\)"),
    "small input": (
        {"input": [[1]], "kernel": [[1] * 4]},
        r"\(3, 3\), got .* \(1, 4\)",
    ),
    "no such preset": ({"kernel": "blury"}, "no preset 'blury', only identity, blur"),
    "ragged": ({"input": [[1, 2], [3]]}, r"rows of one length, got lengths \[1, 2\]"),
    "large input": ({"input": torch.zeros(29, 2)}, "input: expected 1 to 28 rows"),
    "large kernel": ({"kernel": [[1] * 10]}, "kernel: expected 1 to 9 rows"),
    "position": ({"position": -1}, "'position'.* less than 0, but a value of -1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_in_the_constructor(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        small(**traits)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((next(iter(t)), next(iter(t.values()))) for t, _ in REFUSED.values()),
        ("mode", "reflect"),  # with two cells of padding in two rows
    ],
)
def test_bad_value_is_refused_later_and_changes_nothing(name, value):
    explorer = small(padding=[2, 0, 0, 0])
    if (name, value) == ("input", [[1]]):
        explorer.kernel = [[1, 2]]
    before = explorer.state()
    with pytest.raises(traitlets.TraitError, match=r"at most 1|padding|kernel|" + name):
        setattr(explorer, name, value)
    assert explorer.state() == before


def test_default_padding_is_checked_too():
    with pytest.raises(traitlets.TraitError, match=r"shape \(3, 3\), got shape \(5, 5"):
        PaddingExplorer(input=[[1]], kernel="curve")


def test_mode_says_what_it_expects():
    message = (
        r"padding: mode 'reflect' expects at most 1 at the top of an input of shape "
        r"\(2, 3\), got 2"
    )
    with pytest.raises(traitlets.TraitError, match=message):
        small(padding=2, mode="reflect")
    with pytest.raises(traitlets.TraitError, match=r"at most 3 at the right .* got 4"):
        small(padding=[2, 2, 3, 4], mode="circular")


def test_padding_forms():
    assert small().padding == [1, 1, 1, 1]
    assert small(padding=2).padding == [2, 2, 2, 2]
    for sides in ([0, 1, 2, 3], (0, 1, 2, 3), torch.arange(4), torch.arange(4).numpy()):
        assert json.dumps(small(padding=sides).padding) == "[0, 1, 2, 3]"
    explorer = small()
    explorer.padding = 3
    assert explorer.padding == [3, 3, 3, 3]
    explorer.padding = 0
    assert explorer.padding == [0, 0, 0, 0]
    assert small().padding == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("name", "hint"), [("paddings", "did you mean 'padding'"), ("modus", "mode")]
)
def test_wrong_trait_name_is_told(name, hint):
    message = f"^PaddingExplorer has no trait '{name}', only input, .*{hint}"
    with pytest.raises(TypeError, match=message):
        small(**{name: 1})
    with pytest.raises(AttributeError, match=message):
        setattr(small(), name, 1)
    with pytest.raises(TypeError, match="needs an input and a kernel"):
        PaddingExplorer(input=[[1]])


@pytest.mark.parametrize("name", KERNELS)
def test_presets_by_name(name):
    assert PaddingExplorer(torch.zeros(9, 9), name).kernel == KERNELS[name]


def test_text_form_is_the_same_in_every_run():
    text = (
        "PaddingExplorer: a 2×3 input, padded by 1 on all sides (zeros), gives with a "
        "2×2 kernel a 3×4 output. Each pixel of the input is used from 4 to 4 times. "
        "Input: 0 1 2 / 3 4 -5. Kernel: 1 2 / 0 -1"
    )
    assert repr(small()) == repr(small()) == text
    large = PaddingExplorer(torch.rand(28, 28), "blur", padding=[1, 2, 0, 3])
    assert repr(large) == (
        "PaddingExplorer: a 28×28 input, padded by 1 top, 2 bottom, 0 left, 3 right "
        "(zeros), gives with a 3×3 kernel a 29×29 output. Each pixel of the input is "
        "used from 2 to 9 times"
    )
    html = small()._repr_mimebundle_()[0]["text/html"]
    assert "gives with a 2×2 kernel a 3×4 output" in html
    state = json.loads(re.search(r"<script[^>]*>(.*?)</script>", html).group(1))
    assert state == small().state()
    names = "input inputs kernel kernels mode padding position"
    assert sorted(state) == names.split()


# --- The page ------------------------------------------------------------------------

HILL = [
    [1, 1, 1, 1, 1, 2],
    [1, 2, 2, 2, 2, 1],
    [1, 2, 3, 3, 2, 1],
    [1, 2, 3, -3, 2, 1],
    [1, 2, -2, -2, 1, 1],
]

#: Reads, in one go, what an explorer shows.
SHOWN = """(place) => {
    const style = getComputedStyle(document.body);
    const color = (name) => style.getPropertyValue(`--cnn-${name}`).trim();
    const read = (name) => {
        const canvas = place.querySelector(`canvas[data-shows=${name}]`);
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        const density = canvas.width / parseFloat(canvas.style.width);
        const [rows, columns] = place.sizes[name];
        const cell = (canvas.width / density - 2) / columns;
        const at = (x, y) => {
            const index = (Math.floor(y * density) * canvas.width
                + Math.floor(x * density)) * 4;
            return [...data.slice(index, index + 4)];
        };
        // A place of each cell, in shares of its side.
        const all = (right, down) => Array.from({ length: rows }, (_, r) =>
            Array.from({ length: columns }, (_, c) =>
                at(1 + (c + right) * cell, 1 + (r + down) * cell)));
        return {
            height: canvas.height / density, cell, rows, columns,
            // Above the number, between the lines of the hatching.
            cells: all(0.5, cell < 22 ? 0.25 : 0.15),
            hatched: all(0.25, 0.25), // on a line of it
            upper: all(0.5, 0), // on a frame
            line: (r, c, count) => Array.from({ length: count * cell }, (_, i) =>
                at(1 + c * cell + i, 1 + r * cell)),
        };
    };
    const { model } = place;
    const [input, kernel, padding] = ["input", "kernel", "padding"]
        .map((name) => model.get(name));
    const [h, w] = [input.length + padding[0] + padding[1],
        input[0].length + padding[2] + padding[3]];
    place.sizes = {
        padded: [h, w],
        output: [h - kernel.length + 1, w - kernel[0].length + 1],
        uses: [input.length, input[0].length],
        kernel: [kernel.length, kernel[0].length],
    };
    const grids = Object.fromEntries(Object.keys(place.sizes).map((n) => [n, read(n)]));
    const edge = grids.padded.line(padding[0], padding[2], input[0].length);
    const names = ["input", "kernel", "padding", "mode", "position"];
    const value = (name) => place.querySelector(`[data-control=${name}]`).value;
    const text = (name) => place.querySelector(`[data-shows=${name}]`).textContent;
    return {
        state: Object.fromEntries(names.map((name) => [name, model.get(name)])),
        grids, edge,
        sizes: text("sizes"), sum: text("sum"),
        titles: [...place.querySelectorAll(".cnn-panel .cnn-title")]
            .map((el) => el.textContent),
        notes: [...place.querySelectorAll(".cnn-panel .cnn-note")]
            .map((el) => el.textContent),
        labels: Object.fromEntries(Object.keys(place.sizes).map((name) => [name,
            place.querySelector(`canvas[data-shows=${name}]`)
                .getAttribute("aria-label")])),
        message: place.querySelector("[role=alert]").textContent,
        fields: ["top", "bottom", "left", "right", "rows", "columns"]
            .map((name) => Number(value(name))),
        mode: value("mode"), preset: value("kernels"), example: value("inputs"),
        alike: place.querySelector("[data-control=alike]").checked,
        colors: Object.fromEntries("negative zero positive mark ink uses".split(" ")
            .map((name) => [name, color(name)])),
    };
}"""


class Explorer:
    """An explorer on a page, operated as a reader does."""

    def __init__(self, page, nth=0):
        self.page = page
        self.place = page.locator(".cnnbook-widget").nth(nth)
        self.padded, self.output = (
            self.place.locator(f"canvas[data-shows={name}]")
            for name in ("padded", "output")
        )
        self.message = self.place.get_by_role("alert")
        self.touch = page.evaluate("navigator.maxTouchPoints") > 0

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def set(self, **changes):
        self.place.evaluate("(place, changes) => place.model.set(changes)", changes)

    def press(self, *names):
        for name in names:
            control = self.control(name)
            control.tap() if self.touch else control.click()

    def type(self, name, text):
        self.control(name).fill(str(text))
        self.control(name).blur()

    def choose(self, name, value):
        self.control(name).select_option(value)

    def press_cell(self, canvas, r, c, size):
        box = canvas.bounding_box()
        x, y = ((i + 0.5) / n for i, n in zip((c, r), reversed(size), strict=True))
        act = canvas.tap if self.touch else canvas.click
        act(position={"x": x * box["width"], "y": y * box["height"]})

    def shown(self):
        return self.place.evaluate(SHOWN)


@pytest.fixture(params=MODES)
def explorer(request, lone_page):
    """An explorer of a small input, on each kind of page."""
    options = dict(MODES[request.param])
    theme = "dark" if request.param == "dark" else "light"
    return Explorer(lone_page(default_explorer(), theme=theme, **options))


@pytest.fixture
def light(lone_page):
    """The same for what does not depend on the page."""
    return Explorer(lone_page(default_explorer()))


def default_explorer(**traits):
    inputs = {"hill": HILL, "ones": torch.ones(5, 6)}
    arguments = {"input": HILL, "kernel": "vertical edges", "inputs": inputs}
    return PaddingExplorer(**(arguments | traits))


def number(text):
    return float(text.replace("−", "-"))


def check_shown(explorer, **expected):
    """Compare all that is shown with PyTorch, and the state with what is expected."""
    shown = explorer.shown()
    state = shown["state"]
    assert {name: state[name] for name in expected} == expected
    assert shown["message"] == ""
    padded, y, uses = answers(state)
    r, c = divmod(min(state["position"], y.numel() - 1), y.shape[1])
    check_words(shown, padded, y, uses, (r, c))
    check_controls(shown, explorer)
    check_colors(shown, padded, y, uses)
    check_frames(shown, padded, (r, c))


def check_words(shown, padded, y, uses, place):
    state = shown["state"]
    x, w = exact(state["input"]), exact(state["kernel"])
    sizes = [f"{rows} × {columns}" for rows, columns in (m.shape for m in (x, w))]
    around = [f"{rows} × {columns}" for rows, columns in (padded.shape, y.shape)]
    line = f"{sizes[0]}, padded {around[0]}, kernel {sizes[1]}, output {around[1]}"
    assert shown["sizes"].replace("\u00a0", " ") == line
    titles = [title.replace("\u00a0", " ") for title in shown["titles"]]
    assert titles == [
        f"Padded input {around[0]}",
        f"Output {around[1]}",
        "Uses of each pixel",
        f"Kernel {sizes[1]}",
    ]
    r, c = place
    numbers = [number(text) for text in re.findall(r"−?\d[\d.]*", shown["sum"])]
    expected = [r + 1, c + 1, padding_in(state, r, c), w.numel(), y[r, c].item()]
    assert numbers == pytest.approx(expected, abs=6e-4)
    assert number(shown["labels"]["output"].split(": ")[1].split(". ")[0]) == (
        pytest.approx(y[r, c].item(), abs=6e-3)
    )
    check_notes(shown, y, uses)


def check_notes(shown, y, uses):
    frame, output, used = shown["notes"][:3]
    assert frame == (
        "hatched: padding" if any(shown["state"]["padding"]) else "no padding"
    )
    ends = [number(text) for text in re.findall(r"−?\d[\d.]*", output)]
    assert ends == pytest.approx([y.min().item(), y.max().item()], abs=6e-3)
    least, most = int(uses.min()), int(uses.max())
    one = f"{most} uses each"
    assert used == (f"from {least} to {most} uses" if least < most else one)
    if uses.numel() <= 81:
        rows = shown["labels"]["uses"].split(": ")[1].split("; ")
        assert [[int(v) for v in row.split()] for row in rows] == uses.tolist()


def check_controls(shown, explorer):
    state = shown["state"]
    sizes = [len(state["kernel"]), len(state["kernel"][0])]
    assert shown["fields"] == [*state["padding"], *sizes]
    assert shown["mode"] == state["mode"]
    presets = [name for name, w in KERNELS.items() if w == state["kernel"]]
    assert shown["preset"] == (presets or [""])[0]
    if len(set(state["padding"])) > 1:
        assert not shown["alike"]


def rgb(color):
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def shades(values, scale, zero, positive, negative):
    """The colors that a matrix is drawn in: a tensor (rows, columns, 3)."""
    share = (values / (scale or 1)).clamp(-1, 1)[..., None]
    ends = [exact(rgb(color)) for color in (zero, positive, negative)]
    return ends[0] + (torch.where(share < 0, ends[2], ends[1]) - ends[0]) * share.abs()


def check_colors(shown, padded, y, uses):
    colors = shown["colors"]
    signed = [colors[name] for name in ("zero", "positive", "negative")]
    one_hue = [colors[name] for name in ("zero", "uses", "zero")]
    w = exact(shown["state"]["kernel"])
    for name, values, ramp in [
        ("padded", padded, signed),
        ("output", y, signed),
        ("uses", uses, one_hue),
        ("kernel", w, signed),
    ]:
        grid = shown["grids"][name]
        assert grid["height"] == values.shape[0] * grid["cell"] + 2
        drawn = exact(grid["cells"])
        expected = shades(values, values.abs().max(), *ramp)
        assert (drawn[..., :3] - expected).abs().max() <= 1, name
    assert len({shown["grids"][n]["cell"] for n in ("padded", "output", "uses")}) == 1


def check_frames(shown, padded, place):
    """The window, the selected output, the hatching and the edge of the input."""
    state, grids = shown["state"], shown["grids"]
    mark = exact([*rgb(shown["colors"]["mark"]), 255])
    r, c = place
    width = len(state["kernel"][0])
    upper = (exact(grids["padded"]["upper"]) == mark).all(-1).nonzero().tolist()
    # The lower edge is the upper one of the next row, if there is one.
    assert upper[:width] == [[r, c + j] for j in range(width)]
    upper = (exact(grids["output"]["upper"]) == mark).all(-1).nonzero().tolist()
    assert upper[0] == [r, c]
    top, bottom, left, right = state["padding"]
    inside = torch.zeros(len(state["input"]), len(state["input"][0]))
    expected = F.pad(inside, (left, right, top, bottom), value=1).bool()
    grid = grids["padded"]
    if grid["cell"] >= 22:  # finer cells leave no room between lines and frames
        differs = exact(grid["hatched"]) != exact(grid["cells"])
        assert differs.any(-1).equal(expected)
    if any(state["padding"]) and not covered(state, r, c):
        points = {tuple(point[:3]) for point in shown["edge"]}
        assert points >= {tuple(rgb(shown["colors"][name])) for name in ("ink", "zero")}


def covered(state, r, c):
    """Whether the window's frame lies on the input's upper edge."""
    return state["padding"][0] in (r, r + len(state["kernel"]))


def test_first_picture_is_what_pytorch_gives(explorer):
    check_shown(explorer, padding=[1, 1, 1, 1], mode="zeros", position=0)
    assert explorer.shown()["sum"] == (
        "Output row 1, column 1: padding in 5 of the window’s 9 cells; sum = −4"
    )
    assert explorer.shown()["alike"]
    assert explorer.shown()["example"] == "hill"


def test_controls_change_the_picture(explorer):
    for mode in ("reflect", "replicate", "circular"):
        explorer.choose("mode", mode)
        check_shown(explorer, mode=mode)
    explorer.type("left", 3)
    check_shown(explorer, padding=[3, 3, 3, 3])
    explorer.press("alike")
    explorer.type("bottom", 0)
    explorer.type("right", 5)
    check_shown(explorer, padding=[3, 0, 3, 5])
    explorer.choose("kernels", "curve")
    check_shown(explorer, kernel=KERNELS["curve"])
    explorer.type("rows", 2)
    check_shown(explorer, kernel=KERNELS["curve"][:2])
    explorer.type("columns", 6)
    check_shown(explorer, kernel=[[*row, 0] for row in KERNELS["curve"][:2]])
    explorer.choose("inputs", "ones")
    check_shown(explorer, input=[[1] * 6] * 5, mode="circular")
    explorer.press("reset")
    check_shown(explorer, input=HILL, padding=[1] * 4, mode="zeros", position=0)
    assert explorer.shown()["alike"]


def test_named_paddings_are_buttons(explorer):
    explorer.press("valid")
    check_shown(explorer, padding=[0, 0, 0, 0])
    explorer.press("full")
    check_shown(explorer, padding=[2, 2, 2, 2])
    explorer.press("same")
    check_shown(explorer, padding=[1, 1, 1, 1])
    assert explorer.shown()["alike"]
    explorer.type("rows", 4)
    explorer.type("columns", 2)
    explorer.press("same")
    check_shown(explorer, padding=[1, 2, 0, 1])
    assert not explorer.shown()["alike"]
    assert explorer.shown()["sizes"].replace("\u00a0", " ").endswith("output 5 × 6")
    explorer.press("full")
    check_shown(explorer, padding=[3, 3, 1, 1])
    explorer.press("valid")
    check_shown(explorer, padding=[0, 0, 0, 0])
    assert explorer.shown()["alike"]  # ticked by the reader, and true again


def test_tick_box_links_the_sides(light):
    light.press("alike")
    light.type("right", 2)
    check_shown(light, padding=[1, 1, 1, 2])
    light.type("right", 1)
    assert not light.shown()["alike"]  # nobody ticked it
    light.type("top", 3)
    check_shown(light, padding=[3, 1, 1, 1])
    light.press("alike")
    check_shown(light, padding=[3, 3, 3, 3])
    assert light.shown()["alike"]
    light.type("right", 2)
    check_shown(light, padding=[2, 2, 2, 2])
    light.set(padding=[0, 1, 2, 3])  # from Python
    check_shown(light, padding=[0, 1, 2, 3])
    light.type("top", 1)
    check_shown(light, padding=[1, 1, 2, 3])


def test_unlike_sides_start_unticked(lone_page):
    page = lone_page(default_explorer(padding=[0, 1, 2, 3]))
    explorer = Explorer(page)
    check_shown(explorer, padding=[0, 1, 2, 3])
    assert not explorer.shown()["alike"]
    explorer.press("valid", "reset")
    check_shown(explorer, padding=[0, 1, 2, 3])
    assert not explorer.shown()["alike"]


def test_press_selects_an_output(explorer):
    for canvas, cell, size, position in [
        (explorer.output, (2, 3), (5, 6), 15),
        (explorer.output, (4, 5), (5, 6), 29),
        (explorer.padded, (0, 0), (7, 8), 0),  # the nearest window
        (explorer.padded, (1, 2), (7, 8), 1),  # the pressed cell in its middle
        (explorer.padded, (3, 4), (7, 8), 15),
        (explorer.padded, (6, 7), (7, 8), 29),
    ]:
        explorer.press_cell(canvas, *cell, size)
        check_shown(explorer, position=position)


def test_drag_moves_the_window(light):
    box = light.output.bounding_box()
    move = light.page.mouse
    move.move(box["x"] + 5, box["y"] + 5)
    move.down()
    move.move(box["x"] + box["width"] - 5, box["y"] + 5, steps=5)
    check_shown(light, position=5)
    move.up()
    move.move(box["x"] + 5, box["y"] + 5)
    check_shown(light, position=5)


def test_keys_select_an_output(explorer):
    for canvas in (explorer.padded, explorer.output):
        explorer.set(position=0)
        for key, position in [
            ("ArrowRight", 1),
            ("ArrowDown", 7),
            ("ArrowLeft", 6),
            ("ArrowLeft", 6),
            ("ArrowUp", 0),
            ("ArrowUp", 0),
            ("End", 29),
            ("ArrowDown", 29),
            ("Home", 0),
            ("x", 0),
        ]:
            canvas.press(key)
            assert explorer.get("position") == position
        canvas.press("End")
        check_shown(explorer, position=29)


def test_another_size_keeps_the_place(light):
    light.set(position=29)
    light.press("valid")
    check_shown(light, padding=[0] * 4, position=11)
    light.press("full")
    check_shown(light, position=2 * 8 + 3)


def test_random_configurations(lone_page):
    rng = random.Random(6)
    explorer = Explorer(lone_page(default_explorer()))
    for i in range(16):
        state = random_state(rng, largest=rng.choice([3, 6, 28]), decimals=1)
        state["position"] = rng.randrange(answers(state)[1].numel())
        explorer.set(**state)
        check_shown(explorer, **state)
        if i % 4 == 0:
            explorer.press("reset")
            check_shown(explorer, input=HILL, padding=[1] * 4, mode="zeros", position=0)


# --- Bad input in the page -----------------------------------------------------------

#: What is done, and what the message must say.
BAD = [
    ("top", "-1", "Padding top must be a whole number from 0 to 8, not −1."),
    ("left", "9", "Padding left must be a whole number from 0 to 8, not 9."),
    ("right", "0.5", "Padding right must be a whole number from 0 to 8, not 0.5."),
    ("bottom", "one", "“one” is not a number."),
    ("bottom", "", "“” is not a number."),
    ("rows", "0", "Kernel rows must be a whole number from 1 to 9, not 0."),
    ("columns", "10", "Kernel columns must be a whole number from 1 to 9, not 10."),
    ("rows", "8", "A kernel of 8 × 3 does not fit into a padded input of 7 × 8."),
]


@pytest.mark.parametrize("kind", ["light", "phone"])
def test_bad_text_in_a_field_is_told_and_changes_nothing(lone_page, kind):
    explorer = Explorer(lone_page(default_explorer(), **MODES[kind]))
    before = explorer.shown()
    for name, text, message in BAD:
        field, good = explorer.control(name), explorer.control(name).input_value()
        explorer.type(name, text)
        now = explorer.shown()
        assert now["message"].replace("\u00a0", " ") == message
        assert explorer.message.is_visible()
        assert field.get_attribute("aria-invalid") == "true"
        assert is_below(explorer.message, field)
        for part in ("state", "grids", "sum", "sizes"):
            assert now[part] == before[part]
        explorer.type(name, good)
        assert field.get_attribute("aria-invalid") is None
        assert explorer.shown() == before


def is_below(message, control):
    """Whether the message stands right below the row that holds the control."""
    row = control.locator("xpath=ancestor::div[contains(@class, 'cnn-row')]")
    return row.evaluate("(row) => row.nextElementSibling?.matches('[role=alert]')")


def test_limits_of_the_modes_are_told(light):
    light.choose("mode", "reflect")
    light.type("top", 5)
    told = light.message.inner_text()
    assert told == (
        "Padding top is 5, but mode reflect allows at most 4 here: less than the "
        "input’s 5 rows."
    )
    light.type("top", 4)
    check_shown(light, padding=[4] * 4)
    light.choose("mode", "circular")
    light.press("alike")
    light.type("right", 7)
    told = light.message.inner_text()
    assert told == (
        "Padding right is 7, but mode circular allows at most 6 here: no more than "
        "the input’s 6 columns."
    )
    light.choose("mode", "replicate")  # ends the message, and the bad number
    check_shown(light, padding=[4] * 4, mode="replicate")
    light.type("right", 7)
    check_shown(light, padding=[4, 4, 4, 7])
    light.choose("mode", "circular")
    assert "Padding right is 7" in light.message.inner_text()
    assert is_below(light.message, light.control("mode"))
    assert light.control("mode").input_value() == "replicate"
    light.choose("kernels", "identity")
    check_shown(light, mode="replicate", kernel=KERNELS["identity"])


def test_button_or_choice_that_does_not_fit_is_told(light):
    light.choose("kernels", "curve")
    light.choose("mode", "reflect")
    light.type("rows", 7)
    light.press("full")
    assert "Padding top is 6, but mode reflect" in light.message.inner_text()
    assert light.get("padding") == [1, 1, 1, 1]
    light.press("valid")
    told = light.message.inner_text().replace("\u00a0", " ")
    assert told == "A kernel of 7 × 5 does not fit into a padded input of 5 × 6."
    light.press("reset")
    check_shown(light, padding=[1] * 4, mode="zeros")


def test_bad_change_from_elsewhere_keeps_the_last_good_picture(light):
    before = light.shown()
    light.set(padding=[0, 0, 0, 0], kernel=[[1] * 7])
    now = light.shown()
    assert "does not fit" in now["message"]
    assert [now[part] for part in ("sum", "sizes")] == [
        before[part] for part in ("sum", "sizes")
    ]
    light.set(padding=[1, 1, 1, 1])
    check_shown(light, kernel=[[1] * 7])


# --- For everyone --------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barriers_while_it_is_used(lone_page, theme):
    page = lone_page(default_explorer(), theme=theme)
    explorer = Explorer(page)
    explorer.choose("mode", "reflect")
    explorer.type("left", "9")
    assert explorer.message.is_visible()
    results = Axe().run(page, options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


def test_tab_reaches_every_control(light):
    names = "inputs kernels rows columns top bottom left right alike mode valid same "
    names += "full reset padded output"
    light.control("inputs").focus()
    for name in names.split():
        focus = light.place.evaluate("""() => {
            const { dataset } = document.activeElement;
            const { outlineStyle } = getComputedStyle(document.activeElement);
            return [dataset.control ?? dataset.shows, outlineStyle !== "none"];
        }""")
        assert focus == [name, True]
        light.page.keyboard.press("Tab")
    assert not light.place.evaluate("(el) => el.contains(document.activeElement)")
    tree = light.place.aria_snapshot()
    for name in ("Padding top", "Kernel rows", "Mode", "all sides alike", "same"):
        assert f'"{name}"' in tree
    assert 'application "Padded input 7 × 8' in tree.replace("\u00a0", " ")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_page(lone_page, width):
    large = PaddingExplorer(torch.rand(28, 28), torch.rand(9, 9), padding=8)
    wide = PaddingExplorer(torch.rand(1, 28), torch.rand(1, 9), padding=8)
    options = {"viewport": {"width": width, "height": 800}, "has_touch": width < 400}
    page = lone_page(default_explorer(), large, wide, **options)
    explorers = [Explorer(page, nth) for nth in range(3)]
    explorers[0].choose("mode", "circular")
    explorers[0].type("top", 8)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    scrolls = "(all) => all.filter((el) => el.scrollWidth > el.clientWidth + 1).length"
    assert page.locator(".cnn-panel").evaluate_all(scrolls) == 0
    for explorer in explorers:  # the two to compare, side by side
        padded, output = explorer.padded.bounding_box(), explorer.output.bounding_box()
        assert padded["x"] + padded["width"] < output["x"]
        assert abs(padded["y"] - output["y"]) < 2
        style = "(el) => getComputedStyle(el).touchAction"
        assert explorer.padded.evaluate(style) == "pan-y"


def test_two_explorers_do_not_meet(lone_page):
    page = lone_page(default_explorer(), default_explorer())
    one, other = Explorer(page), Explorer(page, 1)
    before = other.shown()
    one.press("alike", "valid")
    one.type("left", 3)
    one.output.press("End")
    assert other.shown() == before
    assert page.requests == [url for url in page.requests if url.startswith("file:")]


def test_theme_is_followed(light):
    light.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    check_shown(light)
    assert rgb(light.shown()["colors"]["zero"])[0] < 80


def test_parts_keep_their_order_and_rows_their_room(lone_page):
    """An even kernel has the padded input reach a size at which its cells shrink."""
    for width in (320, 390, 736, 1280):
        explorer = Explorer(
            lone_page(default_explorer(), viewport={"width": width, "height": 800})
        )
        tops = []
        for side in (3, 4, 5):
            explorer.type("rows", side)
            explorer.type("columns", side)
            explorer.press("same")
            explorer.output.press("End")
            boxes = [
                explorer.place.locator(f"canvas[data-shows={name}]").bounding_box()
                for name in ("padded", "uses")
            ]
            assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"], (width, side)
            tops.append(boxes[0]["y"])
        assert len(set(tops)) == 1, (width, tops)


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_listens_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    start_widget(page, default_explorer())
    assert page.evaluate("listeners") > 0
    assert page.locator("[data-shows=sum]").inner_text()  # drawn at once
    blank = page.evaluate(
        """async () => {
            end(); // before the frame that it asked for
            const canvas = document.querySelector("canvas");
            canvas.width = canvas.width; // empties it
            document.documentElement.dataset.theme = "dark";
            model.set("position", 3);
            await new Promise((resolve) => setTimeout(resolve, 60));
            const { data } = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height);
            return data.every((value) => value === 0);
        }"""
    )
    assert blank
    assert page.evaluate("listeners") == 0
    page.close()
