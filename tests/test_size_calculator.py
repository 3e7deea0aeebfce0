"""The size calculator: its checks in Python, its arithmetic, and its behavior."""

import json
import random
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from torch import nn

from cnnbook import arithmetic
from cnnbook.widgets import SizeCalculator
from tests.conftest import MODES, evaluate, start_widget

NAMES = ["kernel", "stride", "padding", "dilation"]
BOUNDS = {
    "input": (1, 4096),
    "kernel": (1, 64),
    "stride": (1, 64),
    "padding": (0, 64),
    "dilation": (1, 32),
}


def small(size=10, *layers, **traits):
    layers = layers or ({"kernel": 3, "stride": 2},)
    return SizeCalculator(size=size, layers=list(layers), **traits)


def layer(kernel, stride=1, padding=0, dilation=1):
    return dict(zip(NAMES, (kernel, stride, padding, dilation), strict=True))


def random_layer(rng, largest=9):
    return layer(
        rng.randint(1, largest),
        rng.randint(1, largest),
        rng.randint(0, largest // 2 + 1),
        rng.randint(1, 4),
    )


def size_or_0(size, layer):
    """What the reference answers; 0 where it refuses."""
    try:
        return arithmetic.output_size(size, **layer)
    except ValueError:
        return 0


def torch_size(size, layer):
    """What PyTorch answers; 0 where it refuses."""
    k, s, p, d = layer.values()
    try:
        y = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, k), None, s, p, d)
    except RuntimeError:
        return 0
    return y.shape[-1]


# --- The arithmetic in JavaScript ----------------------------------------------------


def random_cases(seed, count):
    rng = random.Random(seed)
    return [[rng.randint(1, 30), random_layer(rng)] for _ in range(count)]


def test_sizes_are_those_of_pytorch_and_of_the_reference(module):
    cases = random_cases(1, 4000)
    sizes = evaluate(module, "(given) => js.outputSize(...given)", cases)
    assert sizes == [torch_size(*case) for case in cases]
    assert sizes == [size_or_0(*case) for case in cases]
    assert 500 < sizes.count(0) < 3500  # both answers and refusals


def test_sizes_within_the_bounds_are_those_of_the_reference(module):
    rng = random.Random(2)
    cases = []
    for _ in range(3000):
        numbers = [rng.randint(*BOUNDS[name]) for name in NAMES]
        cases.append([rng.randint(1, 4096), layer(*numbers)])
    sizes = evaluate(module, "(given) => js.outputSize(...given)", cases)
    assert sizes == [size_or_0(*case) for case in cases]


def test_windows_and_unread_pixels_are_those_of_the_reference(module):
    cases = [case for case in random_cases(3, 4000) if size_or_0(*case)]
    function = """([size, layer]) => {
        const missed = js.unread(size, layer);
        return [js.windowStarts(size, layer), missed, js.atEnd(size, missed),
            js.leftOut(size, layer)];
    }"""
    results = evaluate(module, function, cases)
    for (size, along), (starts, missed, at_end, left) in zip(
        cases, results, strict=True
    ):
        expected = list(arithmetic.window_starts(size, **along))
        assert starts == expected
        assert at_end == arithmetic.unseen(size, **along)
        reach = along["dilation"] * (along["kernel"] - 1) + 1
        assert left == size + along["padding"] - (expected[-1] + reach)
        read = {
            start + tap * along["dilation"]
            for start in expected
            for tap in range(along["kernel"])
        }
        assert missed == [x for x in range(size) if x not in read]


def test_unread_pixels_are_those_without_a_gradient(module):
    cases = [case for case in random_cases(4, 600) if size_or_0(*case)]
    results = evaluate(module, "(given) => js.unread(...given)", cases)
    for (size, along), missed in zip(cases, results, strict=True):
        k, s, p, d = along.values()
        x = torch.zeros(1, 1, size, requires_grad=True)
        F.conv1d(x, torch.ones(1, 1, k), None, s, p, d).sum().backward()
        assert missed == (x.grad[0, 0] == 0).nonzero().flatten().tolist()


def test_receptive_fields_and_chains_are_those_of_the_reference(module):
    rng = random.Random(5)
    cases = [
        [rng.randint(1, 200), [random_layer(rng, 5) for _ in range(rng.randint(1, 8))]]
        for _ in range(2000)
    ]
    function = "([size, all]) => [js.receptiveField(all), js.sizesOf(size, all)]"
    results = evaluate(module, function, cases)
    for (size, layers), (field, sizes) in zip(cases, results, strict=True):
        expected = arithmetic.receptive_field([tuple(one.values()) for one in layers])
        assert field == expected._asdict()
        chain = [size]
        for one in layers:
            if chain[-1]:
                chain.append(size_or_0(chain[-1], one))
        assert sizes == chain
    assert len({sizes[-1] == 0 for _, sizes in results}) == 2


def brute(unknown, size, along, wanted):
    """Every value within the bounds that gives the wanted output."""
    found = []
    for value in range(BOUNDS[unknown][0], BOUNDS[unknown][1] + 1):
        if unknown == "input":
            output = size_or_0(value, along)
        else:
            output = size_or_0(size, along | {unknown: value})
        if output == wanted:
            found.append(value)
    return found


def test_solutions_are_all_there_are(module):
    rng = random.Random(6)
    cases = []
    for number in range(600):
        unknown = rng.choice(NAMES) if number % 30 else "input"
        size, along = rng.randint(1, 60), random_layer(rng)
        likely = size_or_0(size, along)
        wanted = likely if likely and rng.random() < 0.6 else rng.randint(1, 40)
        cases.append([unknown, {"size": size, "layer": along}, wanted])
    results = evaluate(module, "(given) => js.solve(...given)", cases)
    for (unknown, given, wanted), values in zip(cases, results, strict=True):
        assert values == brute(unknown, given["size"], given["layer"], wanted)
        for value in values[:2]:
            if unknown == "input":
                assert torch_size(value, given["layer"]) == wanted
            else:
                changed = given["layer"] | {unknown: value}
                assert torch_size(given["size"], changed) == wanted
    assert {min(len(values), 2) for values in results} == {0, 1, 2}


def test_code_is_a_layer_of_that_size(module):
    rng = random.Random(7)
    cases = []
    while len(cases) < 150:
        size = rng.randint(1, 24)
        layers = [random_layer(rng, 4) for _ in range(rng.randint(1, 4))]
        sizes = [size]
        for one in layers:
            sizes.append(size_or_0(sizes[-1], one) if sizes[-1] else 0)
        if sizes[-1]:
            cases.append([layers, [rng.randint(1, 3), rng.randint(1, 4)], sizes])
    codes = evaluate(
        module, "([layers, channels]) => js.codeOf(layers, channels)", cases
    )
    for (layers, (first, rest), sizes), code in zip(cases, codes, strict=True):
        network = eval(code, {"nn": nn})
        y = network(torch.zeros(1, first, sizes[0], sizes[0]))
        assert y.shape == (1, rest, sizes[-1], sizes[-1])
        assert code.startswith("nn.Sequential(\n    nn.Conv2d(") == (len(layers) > 1)
        for default in ("stride=1,", "stride=1)", "padding=0", "dilation=1"):
            assert default not in code


def test_code_leaves_out_what_is_the_default(module):
    layers = [layer(5, 2, 2), layer(3)]
    assert evaluate(module, "(layers) => js.codeOf(layers, [3, 16])", [layers]) == [
        "nn.Sequential(\n"
        "    nn.Conv2d(3, 16, kernel_size=5, stride=2, padding=2),\n"
        "    nn.Conv2d(16, 16, kernel_size=3),\n"
        ")"
    ]
    one = evaluate(module, "(layer) => js.codeOf([layer], [3, 16])", [layers[0]])
    assert one == ["nn.Conv2d(3, 16, kernel_size=5, stride=2, padding=2)"]


def test_picture_has_the_ends_of_the_row_and_windows_that_do_not_touch(module):
    rng = random.Random(8)
    cases = []
    while len(cases) < 1500:
        case = [rng.choice([9, 40, 400]), random_layer(rng, 12), rng.randint(9, 40)]
        if size_or_0(*case[:2]):
            cases.append(case)
    function = """([size, layer, room]) => {
        const columns = js.columnsOf(size, layer, room);
        return { ...columns, ...js.windowsOf(size, layer, columns.segments) };
    }"""
    results = evaluate(module, function, cases)
    for (size, along, room), plan in zip(cases, results, strict=True):
        p, segments = along["padding"], plan["segments"]
        assert segments[0][0] == -p
        assert segments[-1][1] == size + p - 1
        assert plan["count"] + plan["after"] <= room
        if len(segments) == 1:
            assert plan["count"] == size + 2 * p
        check_windows(size, along, plan)
    assert {len(plan["segments"]) for plan in results} == {1, 2}
    assert {plan["more"] > 0 for plan in results} == {False, True}


def check_windows(size, along, plan):
    """Drawn windows are windows, and those on one level lie apart."""
    starts = list(arithmetic.window_starts(size, **along))
    reach = along["dilation"] * (along["kernel"] - 1) + 1
    ends = {}
    for window in plan["windows"]:
        if window.get("next"):
            assert window["start"] == starts[-1] + along["stride"]
            assert window["start"] + reach > size + along["padding"]
        else:
            assert window["start"] in starts
        level = window["level"]
        assert 0 <= level < plan["levels"] <= 8
        assert window["start"] > ends.get(level, -1000)
        ends[level] = window["start"] + reach - 1
    drawn = [w["start"] for w in plan["windows"] if not w.get("next")]
    assert drawn[0] == starts[0]
    if starts[-1] + reach > plan["segments"][-1][0]:  # else the gap hides it
        assert drawn[-1] == starts[-1]
    whole = len(plan["segments"]) == 1
    if whole or plan["more"]:
        assert plan["more"] == (len(starts) - len(drawn) if whole else plan["more"])


# --- Python --------------------------------------------------------------------------

REFUSED = {
    "size 0": ({"size": 0}, "'size'.* less than 1, but a value of 0"),
    "large": ({"size": 4097}, "'size'.* greater than 4096, but a value of 4097"),
    "half": ({"size": 1.5}, r"'size' trait .* int.* not the float 1\.5"),
    "true": ({"size": True}, "size: expected a whole number, got True"),
    "no layers": ({"layers": []}, r"expected a list of 1 to 8 dicts .*, got \[\]"),
    "nine": ({"layers": [{"kernel": 1}] * 9}, "layers: expected a list of 1 to 8"),
    "a dict": ({"layers": {"kernel": 3}}, "layers: expected a list of 1 to 8"),
    "numbers": ({"layers": [3]}, "layers: layer 1: expected a dict, got 3"),
    "no kernel": ({"layers": [{"stride": 2}]}, "layer 1: expected a kernel, got"),
    "misspelled": (
        {"layers": [{"kernel": 3, "paddings": 1}]},
        "expected only kernel, stride, padding, dilation, got 'paddings'",
    ),
    "float": (
        {"layers": [{"kernel": 3.0}]},
        r"layers: layer 1: kernel: expected a whole number from 1 to 64, got 3\.0",
    ),
    "bool": ({"layers": [{"kernel": True}]}, "kernel: expected .*, got True"),
    "stride": (
        {"layers": [{"kernel": 1}, {"kernel": 1, "stride": 0}]},
        "layer 2: stride: expected a whole number from 1 to 64, got 0",
    ),
    "padding": (
        {"layers": [{"kernel": 1, "padding": -1}]},
        "padding: expected a whole number from 0 to 64, got -1",
    ),
    "dilation": ({"layers": [{"kernel": 1, "dilation": 33}]}, "1 to 32, got 33"),
    "too wide": (
        {"layers": [{"kernel": 3, "stride": 4}, {"kernel": 4}]},
        r"layers: layer 2: the kernel reaches over 4 pixels, but .* only 2 \(size 2",
    ),
    "too small": ({"size": 2}, "layers: layer 1: the kernel reaches over 3 pixels"),
    "selected": ({"selected": 8}, "'selected'.* greater than 7"),
    "solve for": ({"solve_for": "m"}, "'solve_for' trait .* any of .*'output'"),
    "channels": ({"in_channels": 0}, "'in_channels'.* less than 1"),
}


def made(**traits):
    return SizeCalculator(**({"size": 10, "layers": [layer(3, 2)]} | traits))


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_and_changes_nothing(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        made(**traits)
    widget = made()
    ((name, value),), before = traits.items(), widget.state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert widget.state() == before


def test_wrong_or_missing_names_are_told():
    with pytest.raises(TypeError, match=r"no trait 'layer', .* mean 'layers'"):
        SizeCalculator(size=10, layer=[layer(3)])
    with pytest.raises(TypeError, match="needs a size and layers"):
        SizeCalculator(size=10)
    with pytest.raises(TypeError, match="needs a size and layers"):
        SizeCalculator(layers=[layer(3)])
    with pytest.raises(AttributeError, match="no trait 'sises'"):
        made().sises = [3]


def test_layers_become_plain_and_complete():
    widget = small(28, {"kernel": np.int64(5), "padding": np.int32(2)}, {"kernel": 2})
    assert widget.layers == [layer(5, 1, 2), layer(2)]
    assert json.dumps(widget.state())
    assert widget.sizes == [28, 28, 27]
    widget.layers = ({"kernel": 2, "stride": 2},) * 3
    assert widget.sizes == [28, 14, 7, 3]


def test_text_form_says_the_numbers():
    widget = small(10, {"kernel": 3, "stride": 2}, {"kernel": 3, "padding": 1})
    text = (
        "SizeCalculator: sizes 10 → 4 → 4. "
        "Layer 1: kernel 3, stride 2; "
        "floor((10 + 2·0 − 1·(3 − 1) − 1) / 2) + 1 = 4. "
        "Layer 2: kernel 3, padding 1; "
        "floor((4 + 2·1 − 1·(3 − 1) − 1) / 1) + 1 = 4"
    )
    assert repr(widget) == text
    state = json.loads(re.search(r"json\">(.*?)</script>", widget.to_html()).group(1))
    assert state == widget.state()


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_stops_and_listens_no_more(browser):
    """In JupyterLab a cell that runs again removes the widget before."""
    page = browser.new_page()
    page.goto("about:blank")
    start_widget(page, small())
    assert page.evaluate("listeners") > 0
    page.evaluate("model.set('size', 11)")
    assert "Output 5" in page.locator("[data-shows=result]").inner_text()
    page.evaluate("end()")
    assert page.evaluate("listeners") == 0
    before = page.content()
    page.evaluate("model.set('size', 12)")
    page.set_viewport_size({"width": 300, "height": 400})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    assert page.content() == before
    page.close()


# --- The widget as a reader uses it --------------------------------------------------


class Calculator:
    """A calculator in a page, and what it shows."""

    def __init__(self, page):
        self.page, self.place = page, page.locator(".cnnbook-widget")
        self.message = self.place.locator("[role=alert]")
        expect(self.place).to_have_attribute("data-state", "live")

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def text(self, name):
        return self.place.locator(f"[data-shows={name}]").text_content()

    def get(self, name):
        return self.place.evaluate("(place, name) => place.model.get(name)", name)

    def value(self, name):
        return self.control(name).input_value()

    def type(self, name, text):
        self.control(name).fill(str(text))
        self.control(name).blur()

    def solve_for(self, name):
        self.control("solve_for").select_option(name)

    def use(self, value):
        self.place.locator(f"[data-shows=values] [data-value='{value}']").click()

    def taps(self):
        """The positions that each drawn window reads, by its start."""
        return self.place.evaluate("""(place) => {
            const windows = [...place.querySelectorAll("g[data-start]:not(.cnn-next)")];
            return Object.fromEntries(windows.map((window) => {
                const dots = window.querySelector("[data-taps]");
                const taps = dots.dataset.taps.split(" ").filter(Boolean);
                const drawn = dots.getAttribute("d").split("z").length - 1;
                return [window.dataset.start,
                    drawn === taps.length ? taps.map(Number) : [NaN]];
            }));
        }""")

    def cells(self, kind):
        return self.place.evaluate(
            """(place, kind) => {
                const all = place.querySelectorAll(
                    `[data-shows=picture] .cnn-cell-${kind}`);
                return [...all].flatMap((cells) => {
                    const positions = cells.dataset.positions.split(" ").map(Number);
                    const boxes = cells.getAttribute("d").split("z").length - 1;
                    return boxes === positions.length ? positions : [NaN];
                });
            }""",
            kind,
        )

    def check(self, size, along, alone=False):
        """All that is shown for the selected layer is true."""
        m = arithmetic.output_size(size, **along)
        k, s, p, d = along.values()
        numbers = f"floor(({size} + 2·{p} − {d}·({k} − 1) − 1) / {s}) + 1 = {m}"
        formula = self.text("formula")
        assert formula == f"m = floor((n + 2p − d(k − 1) − 1) / s) + 1 = {numbers}"
        assert self.text("result").startswith(f"Output {m}. ")
        starts = list(arithmetic.window_starts(size, **along))
        if size + 2 * p <= 18 and len(starts) <= 6:
            assert self.cells("padding") == [*range(-p, 0), *range(size, size + p)]
            expected = {str(x): [x + d * tap for tap in range(k)] for x in starts}
            assert self.taps() == expected
            read = {x for taps in expected.values() for x in taps}
            unread = [x for x in range(size) if x not in read]
            assert self.cells("unread") == unread
            assert self.cells("pixel") == [x for x in range(size) if x in read]
        if not alone:
            selected = self.get("selected")
            assert self.get("layers")[selected] == along


@pytest.fixture(params=MODES)
def calculator(request, lone_page):
    """Opens widgets in a light page, in a dark one and on a phone."""

    def open_it(widget):
        theme = "dark" if request.param == "dark" else "light"
        page = lone_page(widget, theme=theme, **MODES[request.param])
        return Calculator(page)

    return open_it


def test_fields_give_the_output(calculator):
    page = calculator(small(10))
    page.check(10, layer(3, 2))
    rng = random.Random(9)
    for _ in range(5):
        size, along = rng.randint(3, 14), random_layer(rng, 5)
        if not size_or_0(size, along):
            continue
        # On the way there everything fits.
        page.type("input", 100)
        for name, value in along.items():
            page.type(name, value)
        page.type("input", size)
        assert not page.message.is_visible()
        page.check(size, along)
        assert page.value("output") == str(size_or_0(size, along))


#: Layers, and what the reader is told about their division and their loss.
TOLD = [
    (10, layer(3, 2), "7 / 2 = 3.5, rounded down to 3: the last of the 10 positions is "
     "left out. Pixel 9 is never read."),
    (28, layer(5, 1, 2), "27 / 1 = 27, without remainder: the last window ends at the "
     "end of the row."),
    (28, layer(5, 2, 2), "27 / 2 = 13.5, rounded down to 13: the last of the 32 "
     "positions is left out. That is padding only; no pixel is lost by it."),
    (10, layer(3, 2, 1), "9 / 2 = 4.5, rounded down to 4: the last of the 12 positions "
     "is left out. That is padding only; no pixel is lost by it."),
    (10, layer(3, 5, 1), "9 / 5 = 1.8, rounded down to 1: the last 4 of the 12 "
     "positions are left out. Of these, 1 is padding. The pixels 7 to 9 are never "
     "read. 2 pixels before the end fall between the taps and are never read either."),
    (11, layer(2, 3), "9 / 3 = 3, without remainder: the last window ends at the end "
     "of the row. 3 pixels fall between the taps and are never read."),
    (9, layer(2, 7), "7 / 7 = 1, without remainder: the last window ends at the end of "
     "the row. 5 pixels fall between the taps and are never read."),
    (3, layer(2, 1, 2, 6), "0 / 1 = 0, without remainder: the last window ends at the "
     "end of the row. No pixel is read at all: every tap falls on padding or beside "
     "the row."),
    (20, layer(4, 7), "16 / 7 ≈ 2.29, rounded down to 2: the last 2 of the 20 "
     "positions are left out. The pixels 18 to 19 are never read. 6 pixels before the "
     "end fall between the taps and are never read either."),
]  # fmt: skip


def test_loss_is_told_exactly(lone_page):
    page = Calculator(lone_page(small(10)))
    for size, along, told in TOLD:
        state = {"size": size, "layers": [along]}
        page.place.evaluate("(place, state) => place.model.set(state)", state)
        assert page.text("result").split(". ", 1)[1] == told
        page.check(size, along)


def test_solving(calculator):
    page = calculator(small(28, layer(5, 2, 2)))
    page.solve_for("input")
    assert page.value("input") == "27 or 28"
    assert page.control("input").evaluate("(field) => field.readOnly")
    assert not page.control("output").evaluate("(field) => field.readOnly")
    page.check(28, layer(5, 2, 2))  # nothing jumps when the unknown changes
    page.use(27)
    page.check(27, layer(5, 2, 2))
    assert page.get("size") == 27
    page.type("output", 7)
    assert page.value("input") == "13 or 14"
    page.check(13, layer(5, 2, 2))
    page.solve_for("padding")
    page.type("kernel", 3)
    assert page.text("solutions") == "Padding: 1 gives output 7."
    page.check(13, layer(3, 2, 1))
    page.solve_for("stride")
    page.type("output", 1)
    assert page.value("stride") == "13 to 64"
    assert "goes no further than 64" in page.text("solutions")
    assert "and 44 more" in page.text("values")
    page.use(20)
    page.check(13, layer(3, 20, 1))
    assert page.place.locator("[aria-pressed=true][data-value='20']").count() == 1
    page.solve_for("output")
    assert page.value("output") == "1"
    assert not page.place.locator("[data-shows=values]").is_visible()


def test_solving_for_each_unknown_at_random(lone_page):
    page = Calculator(lone_page(small(20, layer(3))))
    rng = random.Random(10)
    for _ in range(15):
        unknown = rng.choice(["input", *NAMES])
        size, along = rng.randint(4, 30), random_layer(rng, 4)
        wanted = rng.randint(1, 12)
        if not size_or_0(size, along):
            continue
        state = {"size": size, "layers": [along], "solve_for": unknown}
        page.place.evaluate("(place, state) => place.model.set(state)", state)
        page.type("output", wanted)
        values = brute(unknown, size, along, wanted)
        if not values:
            assert page.value(unknown) == "none"
            page.check(size, along)
            assert page.value("output") == str(wanted)
            continue
        shown = [str(values[0]), f"{values[0]} or {values[-1]}"]
        shown.append(f"{values[0]} to {values[-1]}")
        assert page.value(unknown) == shown[min(len(values), 3) - 1]
        if wanted != size_or_0(size, along):
            solved = values[0]
        else:  # nothing was asked that was not so before
            solved = size if unknown == "input" else along[unknown]
        if unknown == "input":
            page.check(solved, along)
        else:
            page.check(size, along | {unknown: solved})


def test_no_solution_is_told_and_what_is_typed_stays(calculator):
    page = calculator(small(28, layer(5), solve_for="kernel"))
    page.type("output", 40)
    assert page.value("kernel") == "none"
    assert page.text("solutions").startswith(
        "None: no kernel from 1 to 64 gives output 40. The formula and the picture "
        "still show the last layer that worked."
    )
    page.check(28, layer(5))
    assert page.value("output") == "40"
    page.type("stride", 2)  # still none, and both stay
    assert (page.value("stride"), page.value("output")) == ("2", "40")
    assert page.value("kernel") == "none"
    page.check(28, layer(5))
    page.type("padding", 30)
    assert page.value("kernel") == "9 or 10"
    page.check(28, layer(9, 2, 30))
    page.control("reset").click()
    page.check(28, layer(5))
    assert page.value("output") == "24"


def test_chain(calculator):
    page = calculator(small(28, layer(5, 1, 2), layer(2, 2)))
    rows = page.place.locator("tbody tr")

    def table():
        cells = rows.evaluate_all(
            "(rows) => rows.map((r) => [...r.querySelectorAll('td')]"
            ".map((cell) => cell.textContent))"
        )
        return [tuple(row) for row in cells]

    assert table() == [("28 → 28", "5", "1"), ("28 → 14", "6", "2")]
    page.control("layer-1").click()
    page.check(28, layer(2, 2))
    assert page.control("input").evaluate("(field) => field.readOnly")
    page.control("add").click()
    assert page.get("selected") == 2
    page.check(14, layer(3, 1, 1))
    page.type("stride", 2)
    assert table()[2] == ("14 → 7", "10", "4")
    page.control("layer-0").click()
    page.type("padding", 0)
    assert [row[0] for row in table()] == ["28 → 24", "24 → 12", "12 → 6"]
    chain = page.text("chain")
    assert chain.startswith("28 → 24 → 12 → 6. One output of the last layer sees 10 ")
    page.control("layer-1").click()
    page.control("remove").click()
    assert [row[0] for row in table()] == ["28 → 24", "24 → 12"]
    assert page.get("layers") == [layer(5), layer(3, 2, 1)]
    page.control("remove").click()
    assert page.control("remove").is_disabled()
    for _ in range(7):
        page.control("add").click()
    assert page.control("add").is_disabled()
    assert len(page.get("layers")) == 8


def test_layer_that_does_not_fit_is_named_and_changes_nothing(calculator):
    page = calculator(small(12, layer(3), layer(3, 2), layer(4)))
    before = page.get("layers"), page.get("size"), page.text("formula")
    for name, value, told in [
        ("input", 9, "Layer 3: the kernel reaches over 4 pixels, but the padded input "
         "has only 3 (size 3, padding 0 on each side)."),
        ("kernel", 13, "Layer 1: the kernel reaches over 13 pixels, but the padded "
         "input has only 12 (size 12"),
        ("stride", 9, "Layer 2: the kernel reaches over 3 pixels"),
    ]:  # fmt: skip
        good = page.value(name)
        page.type(name, value)
        assert page.message.inner_text().startswith(told)
        expect(page.message).to_be_in_viewport()
        assert page.control(name).get_attribute("aria-invalid") == "true"
        now = page.get("layers"), page.get("size"), page.text("formula")
        assert now == before
        page.type(name, good)
        assert not page.message.is_visible()
        assert page.control(name).get_attribute("aria-invalid") is None
    page.type("input", 11)
    assert page.get("size") == 11


def test_removal_that_breaks_the_chain_is_told(lone_page):
    page = Calculator(lone_page(small(3, layer(3, 1, 4), layer(9))))
    page.control("remove").click()
    assert page.message.inner_text().startswith("Layer 1: the kernel reaches over 9")
    assert len(page.get("layers")) == 2


BAD = [
    ("kernel", "0", "Kernel k must be a whole number from 1 to 64, not 0."),
    ("kernel", "65", "Kernel k must be a whole number from 1 to 64, not 65."),
    ("stride", "1.5", "Stride s must be a whole number from 1 to 64, not 1.5."),
    ("padding", "-1", "Padding p per side must be a whole number from 0 to 64, not −1"),
    ("dilation", "abc", "Dilation d must be a whole number from 1 to 32, not “abc”."),
    ("input", "", "Input n must be a whole number from 1 to 4096, not “”."),
    ("input", "5000", "Input n must be a whole number from 1 to 4096, not 5000."),
    ("in_channels", "0", "Channels in must be a whole number from 1 to 4096, not 0."),
]


def test_bad_text_is_told_and_changes_nothing(calculator):
    page = calculator(small(28, layer(5)))
    for name, text, told in BAD:
        good = page.value(name)
        page.type(name, text)
        assert told in page.message.inner_text()
        expect(page.message).to_be_in_viewport()
        assert page.control(name).get_attribute("aria-invalid") == "true"
        page.check(28, layer(5))
        page.type(name, good)
        assert not page.message.is_visible()
        page.check(28, layer(5))
    page.solve_for("padding")
    page.type("output", "4225")
    assert "from 1 to 4224, not 4225" in page.message.inner_text()


def test_input_of_a_layer_within_the_chain_is_solved_by_itself(lone_page):
    page = Calculator(lone_page(small(28, layer(5), layer(3, 2), selected=1)))
    page.check(24, layer(3, 2))
    page.solve_for("input")
    assert page.value("input") == "23 or 24"
    page.check(24, layer(3, 2))
    page.type("output", 4)
    assert page.value("input") == "9 or 10"
    page.check(9, layer(3, 2), alone=True)
    assert page.text("note") == (
        "Layer 2 by itself; in the chain below, layer 1 gives it 24 pixels."
    )
    page.use(10)
    page.check(10, layer(3, 2), alone=True)
    page.type("kernel", 4)
    page.check(10, layer(4, 2), alone=True)
    assert page.get("size") == 28
    assert page.place.locator("tbody tr").nth(1).inner_text().split("\t")[1:] == [
        *("24 → 11", "8", "2"),
    ]
    page.solve_for("output")
    page.check(24, layer(4, 2))


def test_by_keyboard(lone_page):
    page = Calculator(lone_page(small(28, layer(5, 2, 2))))
    page.control("solve_for").focus()
    page.page.keyboard.press("ArrowDown")
    assert page.get("solve_for") == "input"
    focused = "document.activeElement.dataset"
    reached = []
    for _ in range(16):
        page.page.keyboard.press("Tab")
        reached.append(page.page.evaluate(f"{focused}.control ?? {focused}.value"))
    names = ["reset", "input", *NAMES, "output", "27", "28", "layer-0", "add"]
    names += ["in_channels", "out_channels", "copy"]
    assert reached[: len(names)] == names
    page.place.locator("[data-value='27']").focus()
    page.page.keyboard.press("Enter")
    assert page.get("size") == 27
    assert page.page.evaluate(f"{focused}.value") == "27"  # the focus stays
    page.control("output").focus()
    page.page.keyboard.press("Control+a")
    page.page.keyboard.type("3")
    assert page.value("input") == "5 or 6"
    page.check(5, layer(5, 2, 2))


def test_code_is_copied_or_selected(lone_page):
    code = "nn.Conv2d(1, 8, kernel_size=3, stride=2)"
    page = Calculator(lone_page(small(10, in_channels=1, out_channels=8)))
    assert page.text("code") == code
    page.page.evaluate("""() => Object.defineProperty(navigator, "clipboard", {
        configurable: true,
        value: { writeText: async (text) => { window.copied = text; } } })""")
    page.control("copy").click()
    expect(page.place.get_by_text("Copied.", exact=True)).to_be_visible()
    assert page.page.evaluate("copied") == code
    page.type("in_channels", 4)
    page.type("kernel", 5)
    code = "nn.Conv2d(4, 8, kernel_size=5, stride=2)"
    assert page.text("code") == code
    assert not page.place.get_by_text("Copied.", exact=True).is_visible()
    for missing in ("undefined", "{ writeText: async () => { throw new Error(); } }"):
        page.page.evaluate(f"""() => {{ getSelection().removeAllRanges();
            Object.defineProperty(navigator, "clipboard",
                {{ configurable: true, value: {missing} }}); }}""")
        page.control("copy").click()
        expect(page.place.get_by_text("press Ctrl+C")).to_be_visible()
        assert page.page.evaluate("String(getSelection())") == code


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone(lone_page, width):
    stack = [layer(7, 2, 3), *[layer(3, 1, 1)] * 3, layer(11, 1, 64, 12), layer(2, 2)]
    viewport = {"width": width, "height": 800}
    page = Calculator(lone_page(small(4096, *stack), viewport=viewport))
    page.control("layer-4").click()
    for unknown in ("output", "padding", "input"):
        page.solve_for(unknown)
        wide = page.place.evaluate("""(place) => {
            const right = place.getBoundingClientRect().right;
            return [...place.querySelectorAll(".cnnbook *")]
                .filter((el) => !el.closest(".cnn-hidden"))
                .filter((el) => el.getBoundingClientRect().right > right - 8)
                .map((el) => el.outerHTML.slice(0, 90));
        }""")
        assert wide == []
        scrolled = page.page.evaluate("document.documentElement.scrollWidth")
        assert scrolled == width


def test_picture_follows_the_width_of_the_page(lone_page):
    page = Calculator(lone_page(small(34, layer(3))))
    assert page.cells("pixel") == [*range(34)]
    page.page.set_viewport_size({"width": 320, "height": 700})
    expect(page.place.locator(".cnn-dots")).to_have_count(1)
    shown = page.cells("pixel")
    assert shown[:3] == [0, 1, 2]
    assert shown[-3:] == [31, 32, 33]
    assert len(shown) < 18
    assert page.taps()["31"] == [31, 32, 33]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barriers(lone_page, theme):
    page = Calculator(lone_page(small(28, layer(5, 3), layer(3)), theme=theme))
    page.solve_for("input")
    page.type("kernel", "99")
    assert page.message.is_visible()
    results = Axe().run(page.page, options={"preload": False})
    assert results.violations_count == 0, results.generate_report()
    page.type("kernel", "5")
    page.type("output", "4000")
    assert page.value("input") == "none"
    results = Axe().run(page.page, options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


def test_nothing_is_asked_for_beyond_the_page(lone_page):
    page = lone_page(small())
    assert all(url.startswith("file:") for url in page.requests)
