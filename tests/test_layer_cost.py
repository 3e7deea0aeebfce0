"""The cost of layers: checks in Python, the arithmetic, and the widget in use."""

import json
import math
import random
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
import traitlets
from axe_playwright_python.sync_playwright import Axe
from torch.utils.flop_counter import FlopCounterMode

from cnnbook import arithmetic
from cnnbook.widgets import LayerCost
from tests.conftest import MODES, evaluate, start_widget

MOST = {"side": 2048, "channels": 512, "hidden": 4096, "kernel": 15, "filters": 512}
START = LayerCost().state()
LARGEST = MOST | {"bias": True}
SMALLEST = dict.fromkeys(MOST, 1) | {"bias": False}


def random_state(rng):
    """Settings of all sizes: as many small ones as large ones."""
    state = {
        name: round(rng.uniform(0, 1) ** 3 * (m - 1)) + 1 for name, m in MOST.items()
    }
    state["side"] = max(state["side"], state["kernel"])
    return state | {"bias": rng.random() < 0.5}


def random_states(seed, count):
    rng = random.Random(seed)
    return [START, SMALLEST, LARGEST, *(random_state(rng) for _ in range(count))]


def layers(state):
    """The two layers themselves, without memory for their weights."""
    side, channels, hidden, kernel, filters, bias = (
        state[name] for name in (*MOST, "bias")
    )
    inputs = side * side * channels
    return {
        "dense": torch.nn.Linear(inputs, hidden, bias, device="meta"),
        "convolution": torch.nn.Conv2d(
            channels, filters, kernel, bias=bias, device="meta"
        ),
    }


def weights(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


def size(layer):
    return sum(p.numel() * p.element_size() for p in layer.parameters())


def multiply_adds(state):
    """What PyTorch counts for one image: a multiply-add is two operations."""
    x = torch.empty(1, state["channels"], state["side"], state["side"], device="meta")
    inputs = {"dense": x.flatten(1), "convolution": x}
    counts = {}
    for name, layer in layers(state).items():
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            layer(inputs[name])
        counts[name] = counter.get_total_flops() // 2
    return counts


def by_arithmetic(state):
    """The six numbers: weights, bytes and multiply-adds of both layers."""
    side, channels, hidden, kernel, filters, bias = (
        state[name] for name in (*MOST, "bias")
    )
    inputs = side * side * channels
    dense = arithmetic.dense_weights(inputs, hidden, bias)
    conv = arithmetic.conv_weights(channels, filters, kernel, bias)
    work = arithmetic.conv_multiply_adds(side, channels, filters, kernel)
    return {
        "dense": [dense, 4 * dense, arithmetic.dense_multiply_adds(inputs, hidden)],
        "convolution": [conv, 4 * conv, work],
    }


# --- Python --------------------------------------------------------------------------


def test_costs_are_those_of_the_layers_themselves():
    for state in random_states(1, 1000):
        costs = LayerCost(**state).costs
        assert list(costs) == ["dense", "convolution"]
        for name, layer in layers(state).items():
            assert costs[name]["weights"] == weights(layer)
            assert costs[name]["bytes"] == size(layer)
        ours = {name: list(cost.values()) for name, cost in costs.items()}
        assert ours == by_arithmetic(state)
        assert list(costs["dense"]) == ["weights", "bytes", "multiply_adds"]


def test_multiply_adds_are_those_that_pytorch_counts():
    for state in random_states(2, 50):
        costs = LayerCost(**state).costs
        ours = {name: cost["multiply_adds"] for name, cost in costs.items()}
        assert ours == multiply_adds(state)


def test_growth_is_that_of_the_claim():
    small, large = (LayerCost(side=side, bias=False).costs for side in (28, 8 * 28))
    assert large["dense"]["weights"] == 64 * small["dense"]["weights"]
    assert large["convolution"]["weights"] == small["convolution"]["weights"] == 144
    assert large["convolution"]["multiply_adds"] > large["dense"]["multiply_adds"]


REFUSED = {
    **{
        f"{name} of {value!r}": (
            {name: value},
            rf"{name}: expected a whole number from 1 to {most}, got ",
        )
        for name, most in MOST.items()
        for value in (0, -1, most + 1, 1.5, 2.0, True, "3", None, [3], math.nan)
    },
    "a large kernel": (
        {"side": 4, "kernel": 5},
        "kernel: expected one that fits into the image of side 4, got 5",
    ),
    "a small image": ({"side": 2}, "that fits into the image of side 2, got 3"),
    "bias of 2": ({"bias": 2}, "'bias' trait .* boolean, not the int 2"),
    "bias of text": ({"bias": "yes"}, "'bias' trait .* boolean, not the str 'yes'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_and_changes_nothing(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        LayerCost(**traits)
    widget = LayerCost(side=5, kernel=5) if "kernel" in case else LayerCost()
    if case == "a large kernel":
        traits = {"side": 4}
    before = widget.state()
    for name, value in traits.items():
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, value)
    assert widget.state() == before


def test_wrong_trait_name_is_told():
    message = r"^LayerCost has no trait 'filter', only bias.*did you mean 'filters'\?"
    with pytest.raises(TypeError, match=message):
        LayerCost(filter=3)
    with pytest.raises(AttributeError, match=message):
        LayerCost().filter = 3


def test_bounds_and_integers_of_all_kinds_are_accepted():
    assert LayerCost(**LARGEST).state() == LARGEST
    assert LayerCost(**SMALLEST).state() == SMALLEST
    widget = LayerCost(side=np.int64(32), channels=torch.tensor(3))
    assert json.dumps([widget.side, widget.channels]) == "[32, 3]"
    widget = LayerCost(side=1, kernel=1)
    with widget.hold_trait_notifications():
        widget.kernel, widget.side = 9, 9
    assert (widget.side, widget.kernel) == (9, 9)


def test_text_form_has_the_numbers():
    assert repr(LayerCost()) == (
        "LayerCost: on a 28×28×1 image, a dense layer to 128 outputs has 100,480 "
        "weights (401,920 bytes) and needs 100,352 multiply-adds; a 3×3 convolution "
        "with 16 filters has 160 weights (640 bytes) and needs 97,344 multiply-adds"
    )
    assert "1 filter has 1 weight (4 bytes) and needs 1 multiply-add" in repr(
        LayerCost(**SMALLEST)
    )
    html = LayerCost(side=224).to_html()
    assert "a run of this cell in Jupyter." in html  # JupyterLab, or Notebook
    assert json.loads(re.search(r"json\">(.*?)</script>", html).group(1)) == (
        START | {"side": 224}
    )
    assert "6,422,656 weights" in html


# --- The arithmetic in JavaScript ----------------------------------------------------


def test_costs_are_those_of_python(module):
    states = random_states(3, 5000)
    results = evaluate(module, "(state) => js.costs(state)", states)
    for state, costs in zip(states, results, strict=True):
        ours = {name: list(cost.values()) for name, cost in costs.items()}
        assert ours == by_arithmetic(state)
    dense = results[2]["dense"]
    assert list(dense) == ["weights", "bytes", "multiplyAdds"]
    assert dense["weights"] == weights(layers(LARGEST)["dense"]) > 8e12


def value_of(formula):
    """The number that a formula such as 3² · 1 · 16 + 16 stands for."""
    return eval(formula.replace("²", "**2").replace("·", "*"))


def test_formulas_give_the_costs(module):
    states = random_states(4, 500)
    results = evaluate(module, "(state) => js.formulas(state)", states)
    for state, formulas in zip(states, results, strict=True):
        for name, (count, _, work) in by_arithmetic(state).items():
            assert value_of(formulas[name]["weights"]) == count
            assert value_of(formulas[name]["multiplyAdds"]) == work


def test_whatever_python_accepts_the_page_shows_and_on_its_axis(module):
    states = random_states(5, 300)
    function = """(state) => {
        js.check(state, {});
        return Object.values(js.costs(state)).flatMap(Object.values).map(js.place);
    }"""
    for places in evaluate(module, function, states):
        assert all(0 <= place <= 1 for place in places)
    assert module.evaluate("js.MOST") == MOST
    tick = module.evaluate("[0, 3, 6, 9, 12].map((n) => js.place(10 ** n))")
    assert tick == pytest.approx([0, 3 / 14.5, 6 / 14.5, 9 / 14.5, 12 / 14.5])


def test_numbers_are_written_as_python_writes_them(module):
    rng = random.Random(6)
    numbers = [0, 9, 999, 1000, 123456, *(rng.randrange(10**15) for _ in range(500))]
    for n, text in zip(numbers, evaluate(module, "js.grouped", numbers), strict=True):
        assert text == f"{n:,}"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (4, "4 B"),
        (1020, "1,020 B"),
        (1024, "1,024 B = 1 KB"),
        (1536, "1,536 B = 1.5 KB"),
        (401920, "401,920 B = 392.5 KB"),
        (1048572, "1,048,572 B ≈ 1 MB"),
        (2**20, "1,048,576 B = 1 MB"),
        (5 * 2**30 + 4, "5,368,709,124 B ≈ 5 GB"),
        (4 * (2**43 + 4096), "35,184,372,105,216 B ≈ 32 TB"),
    ],
)
def test_memory_is_told_in_units_of_1024(module, number, text):
    units = ["B", "KB", "MB", "GB", "TB"]
    assert module.evaluate("([n, units]) => js.memory(n, units)", [number, units]) == (
        text
    )


def test_ratios_are_exact_or_said_to_be_about(module):
    rng = random.Random(7)
    pairs = [
        [64, 1],
        [49, 4],
        [8796093026304, 58982912],
        [244019390054400, 244019390054399],
    ]
    for _ in range(3000):
        small = rng.randrange(1, 10 ** rng.randint(1, 13))
        times = rng.choice([rng.randint(1, 50), rng.uniform(1, 9)])
        pairs.append([max(small, int(small * times)), small])
    words = '{ about: "about {ratio}" }'
    texts = evaluate(module, f"([a, b]) => js.ratio(a, b, {words})", pairs)
    for (a, b), text in zip(pairs, texts, strict=True):
        shown = Fraction(text.removeprefix("about ").replace(",", ""))
        assert text.startswith("about ") == (shown != Fraction(a, b))
        assert abs(shown / Fraction(a, b) - 1) < Fraction(51, 10000)
    assert texts[:3] == ["64", "about 12.3", "about 149,130"]
    assert module.evaluate(f"js.ratio(5, 2, {words})") == "2.5"


def test_stops_of_sliders(module):
    for name, most in MOST.items():
        stops = module.evaluate("([m, e]) => js.stops(m, e)", [most, [28, 224, 1024]])
        assert stops == sorted(set(stops))
        assert (stops[0], stops[-1]) == (1, most)
        steps = [b / a for a, b in pairwise(stops) if a > 20]
        assert all(step < 1.1 for step in steps), name
        assert {2**i for i in range(12) if 2**i <= most} <= set(stops)
        assert {s for s in (28, 224, 1024) if s <= most} <= set(stops)
        rng = random.Random(8)
        values = [*stops, *(rng.randint(1, most) for _ in range(200))]
        function = f"(value) => js.nearest({stops}, value)"
        for value, at in zip(values, evaluate(module, function, values), strict=True):
            distances = [abs(math.log(stop / value)) for stop in stops]
            assert distances[at] == pytest.approx(min(distances), abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({}, None)]
    + [({n: v}, f"{n} {v} of {m}") for n, m in MOST.items() for v in (0, m + 1, 1.5)]
    + [({"kernel": 5, "side": 4}, "5 in 4"), ({"side": 2}, "3 in 2")],
)
def test_state_is_checked(module, changes, named):
    words = {name: name for name in MOST}
    words |= {"range": "{name} {value} of {most}", "tooLarge": "{kernel} in {side}"}
    told = module.evaluate(
        """([state, words]) => {
            try { js.check(state, words); return null; }
            catch (error) { return error.message; }
        }""",
        [START | changes, words],
    )
    assert told == named


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_listens_no_more(browser):
    page = browser.new_page()
    page.goto("about:blank")
    start_widget(page, LayerCost())
    page.evaluate(
        "() => { window.shown = () => document.querySelector('strong').textContent; }"
    )
    assert page.evaluate("listeners") == 6
    assert page.evaluate("model.set('side', 224), shown()") == "6,422,656"
    page.evaluate("end()")
    assert page.evaluate("listeners") == 0
    assert page.evaluate("model.set('side', 28), shown()") == "6,422,656"
    page.close()


# --- The page ------------------------------------------------------------------------

#: Reads, in one go, all that the widget shows.
SHOWN = """(place) => {
    const bars = {};
    for (const row of place.querySelectorAll("[data-shows]")) {
        const track = row.querySelector(".cnn-cost-track");
        if (!track) continue;
        const bar = track.firstElementChild.getBoundingClientRect();
        bars[row.dataset.shows] = {
            number: row.querySelector("strong").textContent,
            formula: row.querySelector(".cnn-cost-formula").textContent,
            name: row.querySelector("span").textContent,
            from: bar.left - track.getBoundingClientRect().left,
            length: bar.width,
        };
    }
    const box = place.querySelector(".cnn-cost-chart").getBoundingClientRect();
    const text = (name) => place.querySelector(`[data-shows=${name}]`).textContent;
    const middle = (el) => {
        const { left, width } = el.getBoundingClientRect();
        return left + width / 2 - box.left;
    };
    const state = {};
    const controls = {};
    for (const name of ["side", "channels", "hidden", "kernel", "filters"]) {
        const slider = place.querySelector(`[data-control=${name}-slider]`);
        state[name] = place.model.get(name);
        controls[name] = [
            place.querySelector(`[data-control=${name}]`).value,
            slider.getAttribute("aria-valuetext"),
            Number(slider.value),
            Number(slider.max),
        ];
    }
    state.bias = place.model.get("bias");
    return {
        state, bars, controls,
        width: box.width,
        powers: [...place.querySelectorAll(".cnn-cost-power")]
            .map((el) => [el.textContent, middle(el)]),
        bias: place.querySelector("[data-control=bias]").checked,
        pressed: [...place.querySelectorAll("[aria-pressed=true]")]
            .map((el) => Number(el.textContent)),
        sizes: ["image", "dense", "convolution"].map((name) => text(`${name}-size`)),
        table: [...place.querySelectorAll("tbody tr")]
            .map((row) => [...row.cells].map((cell) => cell.textContent)),
        lines: text("lines"),
        message: place.querySelector("[role=alert]").textContent,
    };
}"""


class Cost:
    """The widget on a page, operated as a reader does."""

    def __init__(self, page):
        self.page = page
        self.place = page.locator('[data-widget="layer_cost"]')
        self.message = self.place.get_by_role("alert")
        self.touch = page.evaluate("navigator.maxTouchPoints") > 0

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def press(self, name):
        self.control(name).tap() if self.touch else self.control(name).click()

    def type(self, name, text):
        self.control(name).fill(str(text))
        self.control(name).blur()

    def press_slider(self, name, share):
        """Press on a slider, at a share of its length."""
        slider = self.control(f"{name}-slider")
        box = slider.bounding_box()
        where = {"x": share * box["width"], "y": box["height"] / 2}
        act = slider.tap if self.touch else slider.click
        act(position=where)

    def set(self, state):
        self.place.evaluate("(place, state) => place.model.set(state)", state)

    def shown(self):
        return self.place.evaluate(SHOWN)


#: For what does not depend on the colors: with mouse and with touch.
TWO = ["light", "phone"]

#: For what does.
in_all_modes = pytest.mark.parametrize("cost", MODES, indirect=True)


@pytest.fixture(params=TWO)
def cost(request, lone_page):
    theme = "dark" if request.param == "dark" else "light"
    return Cost(lone_page(LayerCost(), theme=theme, **MODES[request.param]))


def check_shown(cost, **expected):
    """Compare all that is shown with Python, and the state with what is expected."""
    shown = cost.shown()
    state = shown["state"]
    assert state == state | expected
    assert shown["message"] == ""
    check_picture(shown)
    return shown


def check_picture(shown):
    """Everything but the message."""
    state = shown["state"]
    check_bars(shown, by_arithmetic(state))
    for name, (field, told, at, last) in shown["controls"].items():
        assert field == told == str(state[name])
        assert (at == 0) == (state[name] == 1)
        if state[name] == MOST[name]:
            assert at == last
    assert shown["bias"] == state["bias"]
    assert shown["pressed"] == [s for s in (28, 224, 1024) if s == state["side"]]
    expected = [
        [str(side)]
        + [f"{n[0]:,}" for n in by_arithmetic(state | {"side": side}).values()]
        for side in (28, 224, 1024)
    ]
    assert shown["table"] == expected
    check_sizes(shown["sizes"], state)


def check_bars(shown, costs):
    for layer, numbers in costs.items():
        quantities = ["weights", "bytes", "multiplyAdds"]
        for quantity, number in zip(quantities, numbers, strict=True):
            bar = shown["bars"][f"{quantity}-{layer}"]
            assert bar["number"].split(" ")[0] == f"{number:,}"
            assert bar["name"].lower().startswith(layer)
            assert bar["from"] == pytest.approx(0, abs=0.1)
            length = math.log10(number) / 14.5 * shown["width"]
            assert bar["length"] == pytest.approx(max(2, length), abs=0.1)
            if quantity != "bytes":
                assert value_of(bar["formula"].removeprefix("= ")) == number
    for i, (text, at) in enumerate(shown["powers"]):
        assert (
            text.split(" ")[-1]
            == ["1", "thousand", "million", "billion", "trillion"][i]
        )
        assert at == pytest.approx(3 * i / 14.5 * shown["width"], abs=0.5)


def check_sizes(sizes, state):
    side, channels, kernel = state["side"], state["channels"], state["kernel"]
    inputs = f"{side**2 * channels:,}"
    y = torch.nn.functional.conv2d(
        torch.empty(1, 1, side, side, device="meta"),
        torch.empty(1, 1, kernel, kernel, device="meta"),
    )
    assert sizes == [
        f"{side} × {side} × {channels} = {inputs} numbers",
        f"{inputs} inputs, {state['hidden']} outputs",
        f"{kernel} × {kernel} × {channels} a filter; "
        f"output {y.shape[2]} × {y.shape[3]} × {state['filters']}",
    ]


@in_all_modes
def test_shows_what_python_gives(cost):
    shown = check_shown(cost, **START)
    assert shown["bars"]["bytes-dense"]["number"] == "401,920 B = 392.5 KB"
    assert shown["lines"] == (
        "Change the side to compare with 28.At side 28, the dense layer has 628 times "
        "the weights of the convolution. The dense layer needs about 1.03 times the "
        "multiply-adds of the convolution."
    )
    rng = random.Random(9)
    for state in [SMALLEST, LARGEST, *(random_state(rng) for _ in range(15))]:
        cost.set(state)
        check_shown(cost, **state)


def test_presets_set_the_side_and_the_growth_is_told(cost):
    before = cost.shown()
    cost.press("side-224")
    shown = check_shown(cost, **START | {"side": 224})
    assert shown["lines"].startswith(
        "From side 28 to side 224: 8 times the side, 64 times the pixels. The dense "
        "layer grows from 100,480 to 6,422,656 weights, about 63.9 times as many (64 "
        "times without the biases); the convolution keeps its 160."
        "Multiply-adds: dense 64 times, convolution about 72.9 times as many."
        "At side 224, the dense layer has about 40,142 times the weights of the "
        "convolution. The convolution needs about 1.11 times the multiply-adds"
    )
    cost.press("bias")
    shown = check_shown(cost, side=224, bias=False)
    assert (
        "to 6,422,528 weights, 64 times as many; the convolution keeps its 144."
        in (shown["lines"])
    )
    cost.press("side-1024")
    check_shown(cost, side=1024, bias=False)
    cost.press("side-28")
    check_shown(cost, side=28, bias=False)
    cost.press("bias")
    assert cost.shown() == before


def test_growth_goes_from_the_smaller_side_and_leaves_out_what_does_not_fit(lone_page):
    cost = Cost(lone_page(LayerCost(side=8, kernel=5)))
    cost.type("side", 5)
    lines = check_shown(cost, side=5)["lines"]
    assert lines.startswith("From side 5 to side 8: 1.6 times the side, 2.56 times")
    cost.type("side", 16)
    cost.type("kernel", 9)
    lines = check_shown(cost, side=16, kernel=9)["lines"]
    assert "dense 4 times as many; the kernel does not fit into side 8." in lines
    cost.press("reset")
    check_shown(cost, side=8, kernel=5)


def test_layers_that_cost_the_same_are_told(lone_page):
    cost = Cost(lone_page(LayerCost(side=3, kernel=3, hidden=16)))
    assert cost.shown()["lines"].endswith(
        "At side 3, both layers have the same number of weights. "
        "Both need the same number of multiply-adds."
    )


@pytest.mark.parametrize("name", MOST)
def test_slider_and_field_set_each_other(cost, name):
    slider = cost.control(f"{name}-slider")
    cost.press_slider(name, 0.8)
    value = check_shown(cost)["state"][name]
    if name == "kernel":
        assert 10 <= value <= 14
    else:
        assert MOST[name] / 8 < value < MOST[name] / 2
    for key, compare in [("ArrowRight", int.__gt__), ("ArrowLeft", int.__lt__)]:
        before = cost.shown()["state"][name]
        slider.press(key)
        assert compare(check_shown(cost)["state"][name], before)
    slider.press("End")
    check_shown(cost, **START | {name: MOST[name]})
    typed = {"side": 777, "channels": 77, "hidden": 777, "kernel": 7, "filters": 77}
    at = cost.shown()["controls"][name][2]
    cost.type(name, typed[name])
    shown = check_shown(cost, **START | {name: typed[name]})
    assert 0 < shown["controls"][name][2] < at
    cost.press("reset")
    check_shown(cost, **START)


def test_every_key_moves_a_slider(lone_page):
    cost = Cost(lone_page(LayerCost(side=15, kernel=1)))
    for name in MOST:
        slider = cost.control(f"{name}-slider")
        slider.press("Home")
        values = [check_shown(cost)["state"][name]]
        for _ in range(12):
            slider.press("ArrowRight")
            values.append(cost.shown()["state"][name])
        assert values == list(range(1, 14))


def test_slider_drags(lone_page):
    cost = Cost(lone_page(LayerCost()))
    box = cost.control("side-slider").bounding_box()
    mouse, y = cost.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.3 * box["width"], y)
    mouse.down()
    sides, widths = [], []
    for share in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99):
        mouse.move(box["x"] + share * box["width"], y)
        shown = check_shown(cost)
        sides.append(shown["state"]["side"])
        widths.append(shown["width"])
        assert shown["bars"]["weights-convolution"]["number"] == "160"
    mouse.up()
    assert sides == sorted(set(sides))
    assert len(set(widths)) == 1


# --- What does not fit ---------------------------------------------------------------

BAD = [
    ("side", "2", ["side 3 ", "side 2"]),
    ("side", "0", ["Side", "1 to 2048", "not 0"]),
    ("side", "2049", ["1 to 2048", "2049"]),
    ("side", "28.5", ["whole number", "28.5"]),
    ("side", "-28", ["−28"]),
    ("side", "abc", ["“abc”"]),
    ("channels", "513", ["Channels", "1 to 512", "513"]),
    ("hidden", "4097", ["Units", "1 to 4096", "4097"]),
    ("hidden", "", ["“”"]),
    ("kernel", "16", ["Kernel", "1 to 15", "16"]),
    ("filters", "1e9", ["Filters", "1 to 512", "1000000000"]),
]


def test_bad_text_in_a_field_is_told_and_changes_nothing(cost):
    before = cost.shown()
    for name, text, named in BAD:
        field = cost.control(name)
        cost.type(name, text)
        now = cost.shown()
        for part in named:
            assert part in now["message"], (name, text)
        assert field.get_attribute("aria-invalid") == "true"
        near = field.bounding_box()["y"], cost.message.bounding_box()["y"]
        assert abs(near[0] - near[1]) < 250
        unchanged = ("state", "bars", "lines", "table", "sizes", "pressed")
        assert all(now[part] == before[part] for part in unchanged)
        cost.type(name, START[name])
        assert field.get_attribute("aria-invalid") is None
        assert cost.shown() == before


def test_other_change_ends_a_message(cost):
    cost.type("hidden", "many")
    assert cost.message.is_visible()
    cost.press("side-224")
    check_shown(cost, side=224)
    assert cost.control("hidden").input_value() == "128"
    assert cost.control("hidden").get_attribute("aria-invalid") is None


def test_slider_stops_where_the_kernel_fits_and_says_why(cost):
    cost.control("side-slider").press("Home")
    shown = cost.shown()
    assert shown["state"] == START | {"side": 3}
    assert "side 3 does not fit into an image of side 1" in shown["message"]
    check_picture(shown)
    assert shown["controls"]["side"][2] == 2
    cost.control("kernel-slider").press("End")
    shown = cost.shown()
    assert shown["state"] == START | {"side": 3}
    assert "side 15 does not fit into an image of side 3" in shown["message"]
    check_picture(shown)
    cost.press("reset")
    check_shown(cost, **START)


def test_bad_state_from_elsewhere_keeps_the_last_good_picture(cost):
    before = cost.shown()
    cost.set({"side": 2})
    now = cost.shown()
    assert "does not fit" in now["message"]
    assert now["bars"] == before["bars"]
    cost.set({"kernel": 2})
    check_shown(cost, side=2, kernel=2)


def test_reset_restores_an_image_that_was_too_small_for_the_kernel(lone_page):
    cost = Cost(lone_page(LayerCost(side=15, kernel=15)))
    cost.type("kernel", 1)
    cost.type("side", 1)
    check_shown(cost, side=1, kernel=1)
    cost.press("reset")
    check_shown(cost, side=15, kernel=15)


# --- For everyone --------------------------------------------------------------------


@in_all_modes
def test_no_barriers(cost):
    cost.type("hidden", "many")
    results = Axe().run(cost.page, options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


def test_tab_reaches_every_control_and_shows_where_it_is(lone_page):
    cost = Cost(lone_page(LayerCost()))
    controls = cost.place.locator("[data-control]")
    expected = controls.evaluate_all("(all) => all.map((el) => el.dataset.control)")
    assert len(expected) == 15
    reached = []
    for _ in expected:
        cost.page.keyboard.press("Tab")
        name, width = cost.page.evaluate(
            """[document.activeElement.dataset.control,
                parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"""
        )
        assert width >= 2
        reached.append(name)
    assert reached == expected


def test_every_control_has_a_name(lone_page):
    cost = Cost(lone_page(LayerCost()))
    tree = cost.place.aria_snapshot()
    controls = re.findall(r"- '?(button|textbox|slider|checkbox)\b(.*)", tree)
    assert len(controls) == 15
    assert [role for role, rest in controls if not re.match(' "[^"]', rest)] == []


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("state", [START, LARGEST, START | {"side": 2047}])
def test_nothing_sticks_out_or_overlaps(lone_page, width, state):
    page = lone_page(
        LayerCost(**state), viewport={"width": width, "height": 800}, has_touch=True
    )
    Cost(page).type("hidden", "far too many of them")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    out = page.evaluate("""() => {
        const root = document.querySelector(".cnnbook").getBoundingClientRect();
        return [...document.querySelectorAll(".cnnbook *")]
            .filter((el) => el.checkVisibility()
                && el.getBoundingClientRect().right > root.right - 4)
            .map((el) => el.outerHTML.slice(0, 90));
    }""")
    assert out == []
    small = page.locator(".cnnbook *").evaluate_all(
        """(all) => all
            .filter((el) => el.textContent)
            .filter((el) => parseFloat(getComputedStyle(el).fontSize) < 14)
            .map((el) => el.outerHTML.slice(0, 90))"""
    )
    assert small == []
    boxes = page.locator(".cnn-cost-power").evaluate_all(
        "(all) => all.map((el) => el.getBoundingClientRect().toJSON())"
    )
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert (
                a["right"] <= b["left"]
                or a["bottom"] <= b["top"] + 1
                or (b["bottom"] <= a["top"] + 1)
            )


def test_bars_differ_by_more_than_color_and_are_printed(lone_page):
    page = lone_page(LayerCost())
    page.emulate_media(media="print")
    for layer, pattern in [("dense", "none"), ("convolution", "repeating-linear")]:
        bar = page.locator(f".cnn-cost-{layer}").first
        style = bar.evaluate(
            """(el) => {
                const { backgroundImage, borderTopWidth } = getComputedStyle(el);
                return [backgroundImage, borderTopWidth];
            }"""
        )
        assert style[0].startswith(pattern)
        assert style[1] == "2px"
        assert bar.is_visible()


def test_without_script_the_numbers_are_there(lone_page):
    page = lone_page(LayerCost(), script=False)
    assert "100,480 weights" in page.locator("main").inner_text()


def test_no_request_but_for_its_own_files(lone_page):
    page = lone_page(LayerCost())
    Cost(page).press("side-224")
    assert all(url.startswith("file:") for url in page.requests)
    assert len(page.requests) == 4  # the page, the style sheet and two scripts
