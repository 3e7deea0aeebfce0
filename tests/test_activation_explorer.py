"""Activations and depth: checks in Python, the arithmetic, and the widget in use."""

import json
import math
import random
import re

import numpy as np
import pytest
import torch
import traitlets
from axe_playwright_python.sync_playwright import Axe

from cnnbook.widgets import ActivationExplorer
from cnnbook.widgets.activation_explorer import evenly
from tests.conftest import MODES, evaluate, start_widget

START = ActivationExplorer().state()
MODULES = {
    "relu": torch.nn.ReLU,
    "leaky relu": torch.nn.LeakyReLU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "none": torch.nn.Identity,
}
RELUS = ["relu", "leaky relu"]

#: The properties of Python by their names in JavaScript.
NAMES = {
    "activations": "activations",
    "gradients": "gradients",
    "weightGradients": "weight_gradients",
    "flat": "flat",
}


def random_state(rng):
    """As many small scales as large ones."""
    return {
        "activation": rng.choice(list(MODULES)),
        "depth": rng.randint(1, 30),
        "scale": round(2 ** rng.uniform(-2, 2), 4),
        "x": round(rng.uniform(-6, 6), 2),
        "seed": rng.randrange(10**6),
    }


def random_states(seed, count):
    rng = random.Random(seed)
    return [START, *(random_state(rng) for _ in range(count))]


def mulberry32(seed, count):
    """Numbers from 0 to 1, in Python's integers."""
    most, numbers = 2**32 - 1, []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) & most
        mixed = ((seed ^ (seed >> 15)) * (seed | 1)) & most
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & most
        numbers.append((mixed ^ (mixed >> 14)) / 2**32)
    return numbers


def by_modules(activation, depth, scale, seed, **others):
    """What the network of PyTorch's own layers measures, layer by layer."""
    numbers = mulberry32(seed, 2 * 4 * 64 + depth * 64 * 64)
    numbers = torch.tensor(numbers, dtype=torch.float64) * 2 * 3**0.5 - 3**0.5
    x, factors, weights = numbers.split([256, 256, depth * 64 * 64])
    result = {name: [] for name in NAMES}
    layers, outputs, x = [], [], x.view(4, 64)
    for w in weights.view(depth, 64, 64) * scale / 64**0.5:
        layer = torch.nn.Linear(64, 64, bias=False, dtype=torch.float64)
        layer.weight.data = w
        entered = layer(x)
        x = MODULES[activation]()(entered)
        x.retain_grad()
        layers.append(layer)
        outputs.append(x)
        result["flat"].append(flat_share(activation, entered))
    (x * factors.view(4, 64)).sum().backward()

    def size(tensor):
        return torch.linalg.vector_norm(tensor).item() / tensor.numel() ** 0.5

    result["activations"] = [size(y) for y in outputs]
    result["gradients"] = [size(y.grad) for y in outputs]
    result["weightGradients"] = [size(layer.weight.grad) for layer in layers]
    return result


def flat_share(activation, x):
    """By where the curve becomes flat, not by its slope."""
    s = 0.5 + math.sqrt(0.25 - 0.025)  # s · (1 − s) is a tenth of 0.25
    ends = {"sigmoid": math.log(s / (1 - s)), "tanh": math.atanh(math.sqrt(0.9))}
    if activation in ends:
        return (x.abs() > ends[activation]).double().mean().item()
    return 0 if activation == "none" else (x <= 0).double().mean().item()


def check_same(ours, theirs, state):
    # Large weights and tanh make a chaotic map: a last digit grows with every layer.
    chaotic = state["activation"] == "tanh" and state["scale"] > 2
    for name in NAMES:
        assert len(ours[name]) == state["depth"]
        assert ours[name] == pytest.approx(
            theirs[name], rel=1e-6 if chaotic else 1e-9, abs=0
        ), (name, state)


# --- Python --------------------------------------------------------------------------


def test_network_is_that_of_pytorchs_layers():
    for state in random_states(1, 100):
        widget = ActivationExplorer(**state)
        ours = {name: getattr(widget, ours) for name, ours in NAMES.items()}
        check_same(ours, by_modules(**state), state)


def test_random_numbers_are_those_of_mulberry32():
    known = [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]
    assert mulberry32(0, 3) == known
    for seed in (0, 1, 42, 999_999):
        expected = [3**0.5 * (2 * u - 1) for u in mulberry32(seed, 3000)]
        assert evenly(seed, 3000).tolist() == pytest.approx(expected, abs=1e-15)
    many = evenly(7, 100_000)
    assert abs(many.mean()) < 0.02
    assert abs(many.std() - 1) < 0.01
    other = evenly(8, 100_000)
    assert abs(np.corrcoef(many, other)[0, 1]) < 0.02


def formulas(activation, x):
    """Value and slope."""
    s = 1 / (1 + math.exp(-x))
    return {
        "relu": (max(0, x), float(x > 0)),
        "leaky relu": (x if x > 0 else 0.01 * x, 1 if x > 0 else 0.01),
        "sigmoid": (s, s * (1 - s)),
        "tanh": (math.tanh(x), 1 / math.cosh(x) ** 2),
        "none": (x, 1),
    }[activation]


@pytest.mark.parametrize("activation", MODULES)
def test_value_and_slope_are_those_of_the_formulas(activation):
    widget = ActivationExplorer(activation=activation)
    rng = random.Random(2)
    for x in [-6, -0.01, 0, 0.01, 6, *(rng.uniform(-6, 6) for _ in range(50))]:
        widget.x = x
        value, slope = formulas(activation, widget.x)
        assert widget.value == pytest.approx(value, rel=1e-12)
        assert widget.slope == pytest.approx(slope, rel=1e-9)


REFUSED = {
    **{
        f"{name} of {value!r}": (
            {name: value},
            rf"{name}: expected a {kind} from {least} to {most}, got ",
        )
        for name, kind, least, most, bad in [
            ("depth", "whole number", 1, 30, [0, 31, 1.5, True, "3", None, [3]]),
            ("scale", "number", 0.25, 4, [0.2, 4.1, -1, math.nan, "1", True, [1, 1]]),
            ("x", "number", -6, 6, [-6.1, 7, math.inf, None, torch.ones(2)]),
            ("seed", "whole number", 0, 999999, [-1, 10**6, 0.5, "0"]),
        ]
        for value in bad
    },
    "activation of 'gelu'": ({"activation": "gelu"}, "'relu', .* not the str 'gelu'"),
    "activation of 3": ({"activation": 3}, "'relu', 'leaky relu', .* not the int 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_value_is_refused_and_changes_nothing(case):
    traits, message = REFUSED[case]
    with pytest.raises(traitlets.TraitError, match=message):
        ActivationExplorer(**traits)
    widget = ActivationExplorer()
    for name, value in traits.items():
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, value)
    assert widget.state() == START


def test_wrong_trait_name_is_told():
    message = r"^ActivationExplorer has no trait 'layers', only activation, depth, "
    with pytest.raises(TypeError, match=message):
        ActivationExplorer(layers=3)
    with pytest.raises(AttributeError, match=message):
        ActivationExplorer().layers = 3


def test_numbers_of_all_kinds_become_plain_ones():
    widget = ActivationExplorer(
        depth=np.int64(3),
        scale=math.sqrt(2),
        x=torch.tensor(0.3),
        seed=torch.tensor(7),
        activation="tanh",
    )
    assert json.dumps(widget.state()) == (
        '{"activation": "tanh", "depth": 3, "scale": 1.4142, "seed": 7, "x": 0.3}'
    )


def test_text_form_tells_the_point_and_the_depth():
    gradients = by_modules(**START)["gradients"]
    told = f"{float(f'{gradients[-1] / gradients[0]:.2g}'):,.0f}"
    assert repr(ActivationExplorer()) == (
        "ActivationExplorer: ReLU at 1 has the value 1 and the slope 1. In 20 layers "
        "of 64 units, with weights of spread 1/√64, the gradient shrinks to "
        f"1/{told} of its size from the last layer to the first"
    )
    text = repr(ActivationExplorer(activation="sigmoid", depth=30, x=-2))
    assert "sigmoid at -2 has the value 0.119 and the slope 0.105" in text
    assert re.search(r"shrinks to [\d.]+·10\^-1\d of its size", text)
    text = repr(ActivationExplorer(activation="none", scale=4))
    assert re.search(r"no activation at 1 .* grows to [\d.]+·10\^1\d times its", text)
    text = repr(ActivationExplorer(depth=1))
    assert "In 1 layer of 64 units" in text
    assert "the gradient stays about as large from" in text


def test_html_form_holds_the_state_and_words():
    html = ActivationExplorer(activation="leaky relu").to_html()
    state = json.loads(re.search(r"json\">(.*?)</script>", html).group(1))
    assert state == START | {"activation": "leaky relu"}
    assert "leaky ReLU at 1 has the value 1" in html


# --- The arithmetic in JavaScript ----------------------------------------------------

#: Runs a network; all but what enters its units.
RUN = """(state) => {
    const { entered, ...result } = js.run(state, js.drawnFrom(state.seed));
    return result;
}"""


def test_networks_are_those_of_python(module):
    states = random_states(3, 500)
    for state, result in zip(states, evaluate(module, RUN, states), strict=True):
        widget = ActivationExplorer(**state)
        theirs = {name: getattr(widget, ours) for name, ours in NAMES.items()}
        check_same(result, theirs, state)


def test_random_numbers_are_those_of_python(module):
    seeds = [0, 1, 12345, 999_999]
    function = "(seed) => [...js.evenly(seed, 5000)]"
    for seed, numbers in zip(seeds, evaluate(module, function, seeds), strict=True):
        assert numbers == evenly(seed, 5000).tolist()


@pytest.mark.parametrize("activation", MODULES)
def test_values_and_slopes_are_those_of_pytorch(module, activation):
    rng = random.Random(4)
    xs = [0, -6, 6, 1e-9, -1e-9, *(rng.uniform(-6, 6) for _ in range(3000))]
    x = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    y = MODULES[activation]()(x)
    y.sum().backward()
    cases = [{"activation": activation, "x": x} for x in xs]
    points = evaluate(module, "js.pointAt", cases)
    values, slopes, flats = (
        torch.tensor([point[name] for point in points], dtype=torch.float64)
        for name in ("value", "slope", "flat")
    )
    torch.testing.assert_close(values, y.detach(), rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(slopes, x.grad, rtol=1e-9, atol=1e-15)
    assert flats.tolist() == [flat_share(activation, at) for at in x.detach()]


def test_all_sizes_are_finite_and_above_0_at_the_bounds(module):
    states = [
        START | {"activation": activation, "depth": 30, "scale": scale, "seed": seed}
        for activation in MODULES
        for scale in (0.25, 4)
        for seed in range(5)
    ]
    for result in evaluate(module, RUN, states):
        for name in ("activations", "gradients", "weightGradients"):
            assert all(1e-45 < size < 1e30 for size in result[name])


def test_suitable_scales_suit(module):
    suitable = module.evaluate("js.SUITABLE")
    for activation, gain in [("relu", "relu"), ("leaky relu", "leaky_relu")]:
        expected = torch.nn.init.calculate_gain(gain)
        assert suitable[activation] == pytest.approx(expected, abs=1e-4)
    assert suitable["none"] == torch.nn.init.calculate_gain("linear")

    def change(activation, scale):
        states = [
            START | {"activation": activation, "scale": scale, "seed": seed}
            for seed in range(9)
        ]
        results = evaluate(module, RUN, states)
        return sorted(r["gradients"][0] / r["gradients"][-1] for r in results)[4]

    for activation, scale in suitable.items():
        assert 0.15 < change(activation, scale) < 1.5
        assert change(activation, scale / 2) < 1e-4
        assert change(activation, 2 * scale) > 8
    assert change("tanh", 5 / 3) > 3
    assert "sigmoid" not in suitable
    assert change("sigmoid", 1) < change("sigmoid", 2) < change("sigmoid", 4) < 1e-3
    half, double = change("relu", 1), change("relu", 2)
    assert half == pytest.approx(2**-9.5, rel=0.7)  # 19 times the root of a half
    assert double == pytest.approx(2**9.5, rel=0.7)


def test_histogram_counts_as_numpy_does(module):
    rng = random.Random(5)
    cases = [[0, 6, -6, 1e9, -1e9]]
    cases += [[rng.gauss(0, s) for _ in range(256)] for s in (0.1, 1, 3, 20) * 20]
    results = evaluate(module, "(numbers) => js.histogram(numbers)", cases)
    for numbers, bins in zip(cases, results, strict=True):
        inside = np.clip(numbers, -6, np.nextafter(6, 0))
        assert bins == np.histogram(inside, 48, (-6, 6))[0].tolist()


def number_of(text):
    """The number that a text such as 1/4,200 or −2.4 · 10⁻⁹ stands for."""
    superscripts = {
        ord(s): d for s, d in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)
    }
    plain = text.replace("−", "-").replace(",", "")
    if plain.startswith("1/"):
        return 1 / number_of(plain.removeprefix("1/"))
    plain = plain.replace("\xa0·\xa010", "e").translate(superscripts)
    assert re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", plain), text
    return float(plain)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1, "1"),
        (0.70711, "0.71"),
        (1448.2, "1,400"),
        (999_999, "1\xa0·\xa010⁶"),
        (123_456, "120,000"),
        (0.001, "0.001"),
        (0.000999, "0.001"),
        (0.00099, "9.9\xa0·\xa010⁻⁴"),
        (-0.0312, "−0.031"),
        (2.0e-22, "2\xa0·\xa010⁻²²"),
        (-3.14159e18, "−3.1\xa0·\xa010¹⁸"),
    ],
)
def test_numbers_as_text(module, number, text):
    assert module.evaluate("(n) => js.short(n)", number) == text


def test_texts_stand_for_their_numbers(module):
    rng = random.Random(6)
    numbers = [rng.choice([-1, 1]) * 10 ** rng.uniform(-36, 30) for _ in range(2000)]
    for digits in (2, 3):
        texts = evaluate(module, f"(n) => js.short(n, {digits})", numbers)
        for number, text in zip(numbers, texts, strict=True):
            assert number_of(text) == pytest.approx(
                number, rel=0.51 * 10 ** (1 - digits)
            )


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (1, "stays about as large"),
        (1.04, "stays about as large"),
        (0.97, "stays about as large"),
        (0.62, "shrinks to 0.62 of its size"),
        (1 / 4200, "shrinks to 1/4,200 of its size"),
        (1.1e-12, "shrinks to 1.1\xa0·\xa010⁻¹² of its size"),
        (1.4, "grows to 1.4 times its size"),
        (7.25e8, "grows to 7.3\xa0·\xa010⁸ times its size"),
    ],
)
def test_changes_in_words(module, ratio, told):
    assert module.evaluate("(r) => js.changeText(r, js.WORDS.en)", ratio) == told
    many = module.evaluate("(r) => js.changeText(r, js.WORDS.en, true)", ratio)
    verb, rest = told.split(" ", 1)
    assert many == f"{verb[:-1]} {rest.replace('its', 'their')}"


def test_depth_in_words(module):
    function = "(state) => js.depthText(state, js.run(state, js.drawnFrom(state.seed)),"
    function += " js.WORDS.en)"
    states = random_states(7, 200)
    for state, lines in zip(states, evaluate(module, function, states), strict=True):
        check_lines(lines, state)


def check_lines(lines, state):
    """The sentences about the whole network, against Python."""
    depth, widget = state["depth"], ActivationExplorer(**state)
    if depth == 1:
        assert lines == [
            "With more layers you see what each of them does to the gradient."
        ]
        return
    sizes = widget.gradients, widget.activations[::-1], widget.weight_gradients
    ratios = [size[0] / size[-1] for size in sizes]
    for line, ratio in zip(lines[:2], ratios[:2], strict=True):
        factor = re.search(r", (\S+(\xa0·\xa0\S+)?) times a layer\.$", line)
        if factor:
            each = ratio ** (1 / (depth - 1))
            assert number_of(factor[1]) == pytest.approx(each, rel=0.051)
        said = re.search(
            r"(shrinks?|grows?) to (\S+(\xa0·\xa010[⁻⁰-⁹¹²³]+)?) (of|times) ", line
        )
        assert number_of(said[2] if said else "1") == pytest.approx(ratio, rel=0.051)
        assert bool(said and said[1].startswith("grow")) == bool(said and ratio > 1)
    assert lines[0].startswith("From the last layer to the first, the gradient ")
    assert lines[1].startswith("From the first layer to the last, the activations ")
    said = re.search(r"In layer 1 it is (.*) times that in layer (\d+)\.$", lines[2])
    same = f"In layer 1 it is about as large as in layer {depth}."
    assert said or lines[2].endswith(same)
    assert not said or said[2] == str(depth)
    assert number_of(said[1] if said else "1") == pytest.approx(ratios[2], rel=0.051)


@pytest.mark.parametrize(
    ("activation", "x", "told"),
    [
        (
            "relu",
            1,
            "At z = 1 the value is 1 and the slope is 1. What comes back through",
        ),
        ("relu", -2.5, "value is 0 and the slope is 0. Nothing comes back through the"),
        ("relu", 0, "The slope jumps from 0 to 1 here, and PyTorch takes 0. Nothing"),
        (
            "leaky relu",
            0,
            "from 0.01 to 1 here, and PyTorch takes 0.01. What comes back",
        ),
        ("leaky relu", -2, "At z = −2 the value is −0.02 and the slope is 0.01. What"),
        (
            "sigmoid",
            0,
            "value is 0.5 and the slope is 0.25. What comes back through the",
        ),
        ("tanh", -6, "z = −6 the value is −1 and the slope is 2.46\xa0·\xa010⁻⁵. What"),
        ("none", 0, "At z = 0 the value is 0 and the slope is 1. What comes back"),
    ],
)
def test_point_in_words(module, activation, x, told):
    text = module.evaluate(
        "(state) => js.pointText(state, js.WORDS.en).join(' ')",
        {"activation": activation, "x": x},
    )
    assert told in text
    assert ("jumps" in text) == (x == 0 and activation in RELUS)


def test_what_enters_is_told(module):
    function = "(numbers) => js.enteredText(numbers, 3, js.WORDS.en)"
    for numbers, told in [
        ([6, -6, 0, 1], "What enters the units of layer 3"),
        ([6.1, -7, 0, 1], "What enters layer 3: 50% beyond ±6"),
    ]:
        assert module.evaluate(function, numbers) == told


def test_axis_has_room_for_all_numbers(module):
    rng = random.Random(8)
    cases = [[1], [0.01, 100], [1e-2 * 0.999], [1e-36, 1e18]]
    for _ in range(500):
        least, most = sorted(rng.uniform(-38, 20) for _ in range(2))
        cases.append([10**least, 10**most])
    for numbers, powers in zip(
        cases, evaluate(module, "js.decades", cases), strict=True
    ):
        assert 10.0 ** powers[0] <= min(*numbers, 0.01)
        assert 10.0 ** powers[-1] >= max(*numbers, 100)
        assert 0 in powers
        assert len(set(np.diff(powers))) == 1
        assert 3 <= len(powers) <= 7


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"depth": 31}, "Layers must be a whole number from 1 to 30, not 31."),
        ({"depth": 2.5}, "Layers must be a whole number from 1 to 30, not 2.5."),
        ({"scale": 0.2}, "Weight scale must be a number from 0.25 to 4, not 0.2."),
        ({"x": -7}, "Input z must be a number from −6 to 6, not −7."),
        ({"seed": -1}, "Seed must be a whole number from 0 to 999999, not −1."),
        ({"activation": "gelu"}, "No activation is called “gelu”."),
        ({"activation": "toString"}, "No activation is called “toString”."),
    ],
)
def test_state_is_checked(module, changes, told):
    message = module.evaluate(
        """(state) => {
            try { js.check(state, js.WORDS.en); return null; }
            catch (error) { return error.message; }
        }""",
        START | changes,
    )
    assert message == told


# --- Removal -------------------------------------------------------------------------


def test_removed_widget_listens_no_more(browser):
    page = browser.new_page()
    page.goto("about:blank")
    start_widget(page, ActivationExplorer())
    page.evaluate(
        """() => { window.shown = () =>
            document.querySelector('[data-shows=point]').textContent; }"""
    )
    assert page.evaluate("listeners") == 5
    assert "At z = −2 " in page.evaluate("model.set('x', -2), shown()")
    page.evaluate("end()")
    assert page.evaluate("listeners") == 0
    assert "At z = −2 " in page.evaluate("model.set('x', 1), shown()")
    page.close()


# --- The page ------------------------------------------------------------------------

#: Reads, in one go, what the widget shows; `places` are points of the canvases.
SHOWN = """(place, places) => {
    const find = (name) => place.querySelector(`[data-shows=${name}]`);
    const control = (name) => place.querySelector(`[data-control=${name}]`);
    const style = getComputedStyle(document.body);
    const colors = {};
    for (const name of ["negative", "positive", "zero", "ink", "mark"]) {
        const hex = style.getPropertyValue(`--cnn-${name}`).trim();
        colors[name] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    }
    const pixels = {};
    for (const [name, points] of Object.entries(places)) {
        const canvas = find(name);
        const { data } = canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height);
        const [across, down] = canvas.style.aspectRatio.split(" / ").map(Number);
        pixels[name] = points.map(([x, y]) => {
            const column = Math.floor((x / across) * canvas.width);
            const row = Math.floor((y / down) * canvas.height);
            const at = 4 * (row * canvas.width + column);
            return [...data.slice(at, at + 3)];
        });
    }
    const names = ["activation", "depth", "scale", "x", "seed"];
    return {
        state: Object.fromEntries(names.map((name) => [name, place.model.get(name)])),
        colors,
        pixels,
        fields: ["depth", "scale", "x"].map((name) => control(name).value),
        choice: control("activation").value,
        sliders: ["depth", "scale"].map((name) => {
            const slider = control(`${name}-slider`);
            return [Number(slider.value), slider.getAttribute("aria-valuetext")];
        }),
        suits: !control("suits").disabled,
        labels: ["curve", "layers"].map((name) => find(name).ariaLabel),
        lines: [...find("depth").children]
            .filter((line) => !line.hidden).map((line) => line.textContent),
        point: find("point").textContent,
        layer: find("layer").textContent,
        suitable: find("suitable").textContent,
        seed: find("seed").textContent,
        message: place.querySelector("[role=alert]").textContent,
    };
}"""

#: From bottom to top of the curve's plot, by activation.
SPANS = {
    "relu": (-1, 6),
    "leaky relu": (-1, 6),
    "sigmoid": (-0.1, 1.1),
    "tanh": (-1.2, 1.2),
    "none": (-6, 6),
}


class Explorer:
    """The widget on a page, operated as a reader does."""

    def __init__(self, page):
        self.page = page
        self.place = page.locator('[data-widget="activation_explorer"]')
        self.message = self.place.get_by_role("alert")
        self.touch = page.evaluate("navigator.maxTouchPoints") > 0

    def control(self, name):
        return self.place.locator(f"[data-control={name}]")

    def canvas(self, name):
        return self.place.locator(f"canvas[data-shows={name}]")

    def press(self, name):
        self.control(name).tap() if self.touch else self.control(name).click()

    def press_at(self, name, x, y):
        """Press a canvas at a point in its logical pixels."""
        canvas = self.canvas(name)
        scale = canvas.bounding_box()["width"] / 320
        where = {"x": x * scale, "y": y * scale}
        act = canvas.tap if self.touch else canvas.click
        act(position=where)

    def type(self, name, text):
        self.control(name).fill(str(text))
        self.control(name).blur()

    def set(self, state):
        self.place.evaluate("(place, state) => place.model.set(state)", state)

    def shown(self, **places):
        return self.place.evaluate(SHOWN, places)

    def check(self, layer=1, **expected):
        """Compare all that is shown with Python; `expected` is of the state."""
        state = self.shown()["state"]
        assert state == state | expected
        shown = self.shown(**points_of(state))
        assert shown["message"] == ""
        check_controls(shown, state)
        check_texts(shown, state, min(layer, state["depth"]))
        check_pictures(shown, state)
        return shown


def curve_y(activation, value):
    low, high = SPANS[activation]
    return 8 + 208 - (value - low) / (high - low) * 208


def curve_x(x):
    return 40 + (x + 6) / 12 * 272


def layer_x(layer, depth):
    return 44 + (layer - 0.5) / depth * 272


def points_of(state):
    """Where, on each canvas, something must stand: on the curves and in the series."""
    widget = ActivationExplorer(**state)
    x, point = curve_x(state["x"]), (widget.value, widget.slope)
    curve = [[x, curve_y(state["activation"], y)] for y in point]
    sizes = [*widget.activations, *widget.gradients, *widget.weight_gradients]
    powers = np.log10(sizes)
    low, high = min(-2, powers.min()), max(2, powers.max())
    step = next(s for s in (1, 2, 5, 10, 20) if (high - low) / s <= 5)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    layers = []
    for top, series in ((22, widget.activations), (160, widget.gradients)):
        for layer, size in enumerate(series, start=1):
            share = (math.log10(size) - low) / (high - low)
            layers.append([layer_x(layer, state["depth"]), top + 112 * (1 - share)])
    for layer, share in enumerate(widget.flat, start=1):
        at = layer_x(layer, state["depth"])
        layers += [[at + 1, 298 + 44 * (1 - share) + d] for d in (-2, 2)]
    return {"curve": curve, "layers": layers}


def check_controls(shown, state):
    assert [float(text.replace("−", "-")) for text in shown["fields"]] == [
        state["depth"],
        state["scale"],
        state["x"],
    ]
    assert shown["choice"] == state["activation"]
    depth, scale = shown["sliders"]
    assert depth == [state["depth"], str(state["depth"])]
    assert scale == [round(8 * math.log2(state["scale"])), f"{state['scale']:g}"]
    assert shown["suits"] == (state["activation"] != "sigmoid")
    assert shown["seed"] == f"The weights are those of seed {state['seed']}."


def check_texts(shown, state, layer):
    widget = ActivationExplorer(**state)
    check_lines(shown["lines"], state)
    pattern = (
        r"At z = (.+) the value is (.+) and the slope is ([^ ]+(?:\xa0·\xa0\S+)?)\. "
    )
    told = re.match(pattern, shown["point"]).groups()
    expected = [state["x"], widget.value, widget.slope]
    assert [number_of(text) for text in told] == pytest.approx(expected, rel=5.1e-3)
    number = r"([\d.,]+(?:\xa0·\xa010[⁻⁰-⁹¹²³]+)?)"
    told = re.fullmatch(
        rf"Layer (\d+): activations {number}, (\d+)% of them (0|on a flat part); "
        rf"gradient {number}, that of the weights {number}\.",
        shown["layer"],
    ).groups()
    assert int(told[0]) == layer
    assert int(told[2]) == pytest.approx(100 * widget.flat[layer - 1], abs=0.51)
    assert (told[3] == "0") == (state["activation"] == "relu")
    sizes = widget.activations, widget.gradients, widget.weight_gradients
    assert [number_of(told[i]) for i in (1, 4, 5)] == pytest.approx(
        [size[layer - 1] for size in sizes], rel=0.051
    )
    assert shown["point"] in shown["labels"][0]
    assert shown["layer"] in shown["labels"][1]
    assert all(line in shown["labels"][1] for line in shown["lines"])


def check_pictures(shown, state):
    """The points of the curve, of the series, and the bars, by their colors."""
    colors, depth = shown["colors"], state["depth"]
    value, slope = shown["pixels"]["curve"]
    assert slope == colors["positive"]
    (_, high), (_, low) = points_of(state)["curve"]
    if abs(high - low) > 7:  # else the slope's point covers the value's
        assert value == colors["negative"]
    layers = shown["pixels"]["layers"]
    assert layers[:depth] == [colors["negative"]] * depth
    assert layers[depth : 2 * depth] == [colors["positive"]] * depth
    flat = ActivationExplorer(**state).flat
    for share, above, below in zip(
        flat, layers[2 * depth :: 2], layers[2 * depth + 1 :: 2], strict=True
    ):
        assert above != colors["negative"]
        if share > 0.1:
            assert below == colors["negative"]


@pytest.fixture(params=MODES)
def explorer(request, lone_page):
    """The widget in each of the ways that readers come to it."""
    theme = "dark" if request.param == "dark" else "light"
    page = lone_page(ActivationExplorer(), theme=theme, **MODES[request.param])
    return Explorer(page)


@pytest.fixture(params=["light", "phone"])
def either(request, lone_page):
    """The widget for a mouse and for fingers."""
    return Explorer(lone_page(ActivationExplorer(), **MODES[request.param]))


def test_all_is_shown_as_python_has_it(explorer):
    explorer.check(**START)
    for state in random_states(9, 12)[1:]:
        explorer.set(state)
        explorer.check(**state)


def test_buttons_and_the_choice_change_what_is_shown(either):
    either.press("suits")
    either.check(scale=1.4142, depth=20)
    either.press("again")
    either.check(scale=1.4142, seed=1)
    for activation, scale in [("leaky relu", 1.4141), ("tanh", 1), ("none", 1)]:
        either.control("activation").select_option(activation)
        before = either.check(activation=activation)["state"]["scale"]
        assert before != scale or activation == "none"
        either.press("suits")
        either.check(activation=activation, scale=scale)
    either.control("activation").select_option("sigmoid")
    assert either.check(activation="sigmoid")["suitable"].startswith("No scale up to 4")
    assert either.control("suits").is_disabled()
    either.canvas("layers").press("End")
    either.press("reset")
    either.check(**START)
    either.set({"seed": 999_999})
    either.press("again")
    either.check(seed=0)


def test_fields_and_sliders_set_each_other(either):
    either.type("depth", 7)
    either.check(depth=7)
    either.type("scale", "2,5")
    either.check(depth=7, scale=2.5)
    either.type("x", "−1.25")
    either.check(x=-1.25)
    for key, depth in [("ArrowRight", 8), ("Home", 1), ("End", 30), ("ArrowLeft", 29)]:
        either.control("depth-slider").press(key)
        either.check(depth=depth)
    either.type("scale", 1)
    for _ in range(4):
        either.control("scale-slider").press("ArrowRight")
    either.check(scale=1.4142)
    for key, scale in [("Home", 0.25), ("End", 4), ("ArrowLeft", 3.668)]:
        either.control("scale-slider").press(key)
        either.check(scale=scale)


def test_a_press_on_the_curve_moves_the_point(either):
    for activation in MODULES:
        either.set({"activation": activation})
        for x in (-4.5, 0, 3.75):
            either.press_at("curve", curve_x(x), 60)
            now = either.check(activation=activation)["state"]["x"]
            assert now == pytest.approx(x, abs=0.06)
            assert round(20 * now) == pytest.approx(20 * now, abs=1e-9)
    either.press_at("curve", 5, 100)
    either.check(x=-6)
    either.press_at("curve", 318, 100)
    either.check(x=6)


def test_keys_move_the_point(explorer):
    curve = explorer.canvas("curve")
    for key, x in [
        ("ArrowRight", 1.1),
        ("ArrowUp", 1.2),
        ("ArrowLeft", 1.1),
        ("ArrowDown", 1),
        ("Home", -6),
        ("ArrowLeft", -6),
        ("End", 6),
        ("ArrowRight", 6),
        ("a", 6),
    ]:
        curve.press(key)
        explorer.check(x=x)


def test_a_press_and_keys_choose_a_layer(either):
    state = START | {"depth": 9, "seed": 3}
    either.set(state)
    for layer in (4, 9, 1):
        either.press_at("layers", layer_x(layer, 9), 80)
        either.check(layer=layer, **state)
    layers = either.canvas("layers")
    for key, layer in [
        ("ArrowRight", 2),
        ("ArrowUp", 3),
        ("ArrowLeft", 2),
        ("End", 9),
        ("ArrowRight", 9),
        ("Home", 1),
        ("ArrowLeft", 1),
    ]:
        layers.press(key)
        either.check(layer=layer, **state)
    layers.press("End")
    either.set({"depth": 5})
    either.check(layer=5)
    layers.press("ArrowLeft")
    either.check(layer=4, depth=5)


def test_drags_follow_the_pointer(lone_page):
    explorer = Explorer(lone_page(ActivationExplorer(activation="tanh")))
    mouse = explorer.page.mouse
    for name, values in [("curve", [-3, -1, 0.5, 2]), ("layers", [3, 8, 15, 20])]:
        box = explorer.canvas(name).bounding_box()
        scale = box["width"] / 320
        xs = [curve_x(v) if name == "curve" else layer_x(v, 20) for v in values]
        mouse.move(box["x"] + 160 * scale, box["y"] + 100 * scale)
        mouse.down()
        for value, x in zip(values, xs, strict=True):
            mouse.move(box["x"] + x * scale, box["y"] + 100 * scale)
            if name == "curve":
                now = explorer.check()["state"]["x"]
                assert now == pytest.approx(value, abs=0.06)
            else:
                explorer.check(layer=value)
        mouse.move(box["x"] - 50, box["y"] + 100 * scale)
        mouse.up()
    explorer.check(layer=1)
    mouse.move(box["x"] + 200, box["y"] + 50)  # no longer pressed
    explorer.check(layer=1)


def test_what_enters_a_layer_stands_below_the_curve(module, lone_page):
    """The tallest bars of the strip are those of the histogram."""
    explorer = Explorer(lone_page(ActivationExplorer()))
    entered = "(state) => [...js.run(state, js.drawnFrom(state.seed)).entered.at(-1)]"
    for state in ({"scale": 1.4142}, {"scale": 2}, {"activation": "tanh", "scale": 4}):
        explorer.set(START | state)
        explorer.canvas("layers").press("End")
        numbers = np.array(module.evaluate(entered, START | state))
        bins = np.histogram(np.clip(numbers, -6, 5.999), 48, (-6, 6))[0]
        middles = [40 + 272 * (i + 0.4) / 48 for i in range(48)]
        heights = 36 * bins / bins.max()
        bars = list(zip(middles, heights, strict=True))
        places = [[x, 298 - height + d] for x, height in bars for d in (-1.5, 1.5)]
        shown = explorer.shown(curve=places)
        blue, pixels = shown["colors"]["negative"], shown["pixels"]["curve"]
        pairs = zip(heights, pixels[::2], pixels[1::2], strict=True)
        for height, above, below in pairs:
            assert above != blue
            assert below == blue or height < 3


def test_the_point_alone_leaves_the_network_alone(lone_page):
    explorer = Explorer(lone_page(ActivationExplorer()))
    spot = """(place, act) => {
        const canvas = place.querySelector("[data-shows=layers]");
        const context = canvas.getContext("2d");
        if (act) context.fillRect(0, 0, 3, 3);
        return context.getImageData(1, 1, 1, 1).data[3];
    }"""
    explorer.page.evaluate("""() => {
        window.spoken = [];
        for (const line of document.querySelectorAll("[role=status]")) {
            new MutationObserver(() => spoken.push(line.dataset.shows))
                .observe(line, { childList: true, characterData: true, subtree: true });
        }
    }""")
    assert explorer.place.evaluate(spot, True) == 255
    explorer.canvas("curve").press("ArrowLeft")
    assert explorer.place.evaluate(spot, False) == 255
    assert set(explorer.page.evaluate("spoken")) == {"point"}
    explorer.press("again")
    assert explorer.place.evaluate(spot, False) == 0
    assert set(explorer.page.evaluate("spoken")) == {"point", "layer", "depth"}


def test_another_theme_repaints_both_pictures(lone_page):
    explorer = Explorer(lone_page(ActivationExplorer()))
    light = explorer.check()["colors"]
    explorer.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert explorer.check()["colors"] != light


# --- What does not fit ---------------------------------------------------------------

BAD = [
    ("depth", "31", ["Layers", "1 to 30", "31"]),
    ("depth", "0", ["1 to 30", "not 0"]),
    ("depth", "2.5", ["whole number", "2.5"]),
    ("depth", "abc", ["“abc”"]),
    ("scale", "0.2", ["Weight scale", "0.25 to 4", "0.2"]),
    ("scale", "1e9", ["0.25 to 4", "1\xa0·\xa010⁹"]),
    ("x", "-7", ["Input z", "−6 to 6", "−7"]),
    ("x", "", ["“”"]),
]


def test_bad_text_in_a_field_is_told_and_changes_nothing(either):
    start = either.shown(**points_of(START))
    for name, text, named in BAD:
        either.type(name, text)
        now = either.shown(**points_of(START))
        for part in named:
            assert part in now["message"], (name, text)
        field = either.control(name)
        assert field.get_attribute("aria-invalid") == "true"
        near = field.bounding_box()["y"], either.message.bounding_box()["y"]
        assert 0 < near[1] - near[0] < 120
        for part in ("state", "pixels", "lines", "point", "layer"):
            assert now[part] == start[part]
        either.type(name, START[name])
        assert field.get_attribute("aria-invalid") is None
        either.check(**START)


def test_bad_state_from_elsewhere_keeps_the_last_good_picture(either):
    before = either.shown(**points_of(START))
    either.set({"depth": 99})
    now = either.shown(**points_of(START))
    assert "Layers must be a whole number from 1 to 30, not 99." in now["message"]
    assert now["pixels"] == before["pixels"]
    assert now["lines"] == before["lines"]
    either.set({"depth": 3})
    either.check(depth=3)


# --- For everyone --------------------------------------------------------------------


def test_no_barriers(explorer):
    explorer.type("depth", "abc")
    assert explorer.message.is_visible()
    results = Axe().run(explorer.page, context=".cnnbook", options={"preload": False})
    assert results.violations_count == 0, results.generate_report()


def test_tab_reaches_every_control_and_shows_where_it_is(lone_page):
    explorer = Explorer(lone_page(ActivationExplorer()))
    expected = explorer.place.locator("button, input, select, [tabindex]").evaluate_all(
        "(all) => all.map((el) => el.dataset.control ?? el.dataset.shows)"
    )
    assert len(expected) == 3 + 1 + 4 + 2 + 1
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


@pytest.mark.parametrize("width", [320, 390, 736, 1280])
def test_nothing_sticks_out_and_all_can_be_pressed(lone_page, width):
    options = {"viewport": {"width": width, "height": 800}}
    explorer = Explorer(lone_page(ActivationExplorer(), **options))
    for state in random_states(10, 6):
        explorer.set(state)
        wide = explorer.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, state
    explorer.type("depth", "far too many of them")
    out, small, tiny = explorer.page.evaluate("""() => {
        const root = document.querySelector(".cnnbook").getBoundingClientRect();
        const all = [...document.querySelectorAll(".cnnbook *")]
            .filter((el) => el.checkVisibility());
        const box = (el) => el.getBoundingClientRect();
        const name = (el) => el.outerHTML.slice(0, 90);
        return [
            all.filter((el) => box(el).right > root.right - 4),
            all.filter((el) => el.matches("button, input, select, canvas")
                && Math.min(box(el).width, box(el).height) < 24),
            all.filter((el) => el.textContent
                && parseFloat(getComputedStyle(el).fontSize) < 14),
        ].map((found) => found.map(name));
    }""")
    assert [out, small, tiny] == [[], [], []]
    curve, layers = (explorer.canvas(n).bounding_box() for n in ("curve", "layers"))
    side_by_side = layers["x"] > curve["x"] + curve["width"] - 1
    assert side_by_side == (width > 700)


def test_without_script_the_numbers_are_there(lone_page):
    page = lone_page(ActivationExplorer(), script=False)
    assert "In 20 layers of 64 units" in page.locator("main").inner_text()


def test_no_request_but_for_its_own_files(lone_page):
    page = lone_page(ActivationExplorer())
    Explorer(page).press("suits")
    assert all(url.startswith("file:") for url in page.requests)
    assert len(page.requests) == 4  # the page, the style sheet and two scripts
