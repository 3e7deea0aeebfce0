"""What all widgets share: when they draw, when they stop, and grids of numbers."""

import re

import pytest

from cnnbook.widgets import loader
from tests.conftest import opened

#: A view of a model with two parts; counts how often it is drawn, and with what.
VIEW = """() => {
    const model = new host.Model({ a: 1, b: 2 });
    window.drawn = [];
    window.view = {
        model, root: document.createElement("div"),
        refresh: () => drawn.push(model.get("a") + model.get("b")),
    };
    window.end = js.follow(view, ["a", "b"], () => {});
}"""


@pytest.fixture
def view(module):
    """The page with a fresh view; it is ended afterwards."""
    module.evaluate(VIEW)
    yield module
    module.evaluate("end()")


def test_a_change_of_several_parts_is_drawn_once(view):
    view.evaluate("js.setState(view, { a: 10, b: 20 })")
    assert view.evaluate("drawn") == [30]


def test_what_comes_from_elsewhere_is_drawn(view):
    view.evaluate("view.model.set('a', 5)")
    assert view.evaluate("drawn") == [7]


def test_what_stays_the_same_is_not_set(view):
    view.evaluate("""() => {
        window.set = [];
        view.model.set = (name) => set.push(name);
        js.setState(view, { a: 1, b: 3 });
    }""")
    assert view.evaluate("set") == ["b"]


def test_the_end_is_the_end(view):
    view.evaluate("() => { end(); view.model.set('a', 5); }")
    assert view.evaluate("drawn") == []


def test_colors_are_repainted_by_their_own_function(view):
    painted = view.evaluate("""async () => {
        window.painted = 0;
        end();
        window.end = js.follow(view, ["a"], () => { painted += 1; });
        await new Promise(requestAnimationFrame);
        const first = painted;
        document.documentElement.dataset.theme = "dark";
        await new Promise((done) => setTimeout(done, 20));
        return [first, painted, drawn.length];
    }""")
    assert painted == [1, 2, 0]


# --- Grids ---------------------------------------------------------------------------

#: Keeps of each number drawn: its canvas, text, size, squeeze and contrast.
NUMBERS = """() => {
    const plain = CanvasRenderingContext2D.prototype.fillText;
    const light = (value) => value <= 0.04045 * 255
        ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) =>
        0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
    window.numbers = [];
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
        if (most !== undefined && this.canvas.isConnected) {
            const { a, e, f } = this.getTransform();
            const { data } = this.getImageData(x * a + e, y * a + f, 1, 1);
            const ink = this.fillStyle === "#ffffff" ? 1 : 0;
            const [dark, bright] = [ink, luminance(data)].sort((p, q) => p - q);
            numbers.push({
                canvas: this.canvas, text, opaque: data[3],
                pixels: a * parseFloat(this.font),
                squeeze: Math.min(1, most / this.measureText(text).width),
                contrast: (bright + 0.05) / (dark + 0.05),
            });
        }
        return plain.apply(this, arguments);
    };
}"""

#: Of those that are seen, with their size on the screen.
SEEN = """() => numbers.filter(({ canvas }) => canvas.checkVisibility())
    .map(({ canvas, pixels, ...others }) => {
        const share = canvas.getBoundingClientRect().width / canvas.width;
        return { shows: canvas.dataset.shows ?? "", size: pixels * share, ...others };
    })"""

#: Chapters whose widgets draw grids of numbers.
GRIDS = [
    "02_convolution",
    "03_padding",
    "04_stride",
    "06_rgb_channels",
    "07_pooling",
    "09_convolutional_network",
]
REPAINT = """() => {
    numbers.length = 0;
    for (const place of document.querySelectorAll('[data-widget=network_explorer]')) {
        place.model.set("inside", true);
        place.model.set("unit", [4, 2, 3, 5]);
    }
    document.documentElement.dataset.theme = "dark";
    return new Promise((done) => setTimeout(done, 200));
}"""


@pytest.mark.parametrize("stem", GRIDS)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_numbers_in_grids_can_be_read(browser, homes, stem, width):
    size = {"width": width, "height": 844}
    path = f"notebooks/{stem}.html"
    with opened(browser, homes("disk"), path, viewport=size) as page:
        page.wait_for_selector('.cnnbook-widget[data-state="live"]')
        page.evaluate(NUMBERS)
        page.evaluate(REPAINT)
        seen = page.evaluate(SEEN)
        assert len(seen) > 20
        assert all(number["opaque"] == 255 for number in seen)
        small = [n for n in seen if n["size"] < 9.95 or n["squeeze"] < 0.78]
        assert small == []
        assert [number for number in seen if number["contrast"] < 4.5] == []


def test_a_grid_has_all_numbers_or_none(module):
    count = """([numbers, cell]) => {
        const [canvas, colors] = [document.createElement("canvas"), js.palette()];
        let drawn = 0;
        canvas.getContext("2d").fillText = () => { drawn += 1; };
        const has = js.drawGrid(canvas, numbers, { scale: 1, cell, colors });
        return [has, drawn];
    }"""
    colors = (
        "for (const name of ['negative', 'zero', 'positive'])"
        " document.body.style.setProperty(`--cnn-${name}`, '#ffffff')"
    )
    module.evaluate(f"() => {{ {colors} }}")
    short, long = [[1, 2], [3, None]], [[1, 2], [3, -0.25]]
    assert module.evaluate(count, [short, 16]) == [True, 3]
    assert module.evaluate(count, [long, 16]) == [False, 0]
    assert module.evaluate(count, [long, 30]) == [True, 4]
    assert module.evaluate(count, [[[1]], 15]) == [False, 0]


# --- Numbers and words ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"), [(-1, "−1"), (-2.5, "−2.5"), (-1e-7, "−1e−7"), (3, "3")]
)
def test_field_shows_a_true_minus_and_reads_it(module, value, shown):
    """Also before an exponent."""
    found = module.evaluate(
        """(value) => {
            const field = js.make("input");
            js.showValue(field, value);
            return [field.value, js.parseNumber(field.value)];
        }""",
        value,
    )
    assert found == [shown, value]


def test_words_have_curved_apostrophes():
    """No comments: they stand on lines of their own or after //."""
    lines = [
        line.split("//")[0]
        for path in loader.FOLDER.glob("*.js")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(lines) > 5000
    assert [line for line in lines if re.search(r"[a-z]'[a-z]", line)] == []


# --- Fields --------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 1280])
def test_numbers_in_fields_are_seen_whole(browser, homes, width):
    size = {"width": width, "height": 844}
    with opened(browser, homes("disk"), "book/gallery.html", viewport=size) as page:
        page.wait_for_function("""() => ![...document.querySelectorAll("[data-widget]")]
            .some((place) => place.dataset.state !== "live")""")
        fields = page.evaluate("""() => [...document.querySelectorAll(".cnnbook input")]
            .filter((field) => field.checkVisibility() && field.value.length > 0)
            .map(({ value, scrollWidth, clientWidth }) => [
                value, scrollWidth, clientWidth])""")
        assert [text for text, *_ in fields if "−" in text]
        assert [field for field in fields if field[1] > field[2]] == []
