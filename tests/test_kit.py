"""The state that all widgets share: when they draw, and when they stop."""

import pytest

#: A view of a model with two parts; counts how often it is drawn, and with what.
VIEW = """() => {
    const model = new host.Model({ a: 1, b: 2 });
    window.drawn = [];
    window.view = { model, refresh: () => drawn.push(model.get("a") + model.get("b")) };
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
