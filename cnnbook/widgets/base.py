"""What all widgets share on the Python side: their checks and their HTML form."""

import difflib
import html
import json
import math

import anywidget
import traitlets

from cnnbook.widgets import loader

#: The largest number in a matrix: larger ones fit into no cell.
LARGEST = 1e6


class Widget(anywidget.AnyWidget):
    """An ipywidget that also lives in a page without a kernel.

    A subclass stands in ``<stem>.py``, next to ``<stem>.js``, declares its state as
    traits tagged ``sync=True`` and overrides `summary`. With a kernel it is an
    ordinary ipywidget. In a saved notebook it is a piece of HTML that carries its
    state, which ``host.js`` brings to life in the published page.

    Raises
    ------
    TypeError
        If a keyword names no trait of the widget.
    traitlets.TraitError
        If a value does not fit its trait.
    """

    def __init_subclass__(cls, **kwargs):
        # Only for a new kind of widget, not for the classes derived from it; one
        # such is made behind the scenes for every instance.
        if not hasattr(cls, "_esm"):
            cls.stem = cls.__module__.rsplit(".", 1)[-1]
            cls._esm = loader.esm(cls.stem)
            cls._css = loader.css()
        super().__init_subclass__(**kwargs)

    def __init__(self, **traits):
        self.check_names(traits)
        super().__init__(**traits)

    def __setattr__(self, name, value):
        # A misspelled trait would otherwise become a new attribute, and nothing
        # would happen on the screen.
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(self._no_such_trait(name))
        super().__setattr__(name, value)

    @classmethod
    def check_names(cls, names):
        """Raise TypeError for the first name that is no trait."""
        for name in names:
            if not cls.class_traits().get(name):
                raise TypeError(cls._no_such_trait(name))

    @classmethod
    def state_names(cls) -> list[str]:
        """Names of the traits that make up the state, in alphabetical order."""
        common = anywidget.AnyWidget.class_trait_names()
        return sorted(
            name
            for name in cls.class_trait_names(sync=True)
            if name not in common and not name.startswith("_")
        )

    def state(self) -> dict:
        """The state as plain data: what the published page starts from."""
        return {name: getattr(self, name) for name in self.state_names()}

    def summary(self) -> str:
        """What the widget shows, in words: for readers without JavaScript."""
        raise NotImplementedError

    def summary_html(self) -> str:
        """The summary as HTML; a widget may say the same in a better form."""
        return f"<p>{html.escape(self.summary())}</p>"

    def to_html(self) -> str:
        """The widget for a page without a kernel: its state and its summary."""
        state = json.dumps(self.state(), separators=(",", ":"), ensure_ascii=False)
        state = state.replace("<", "\\u003c")  # "</script>" would end the element
        return (
            f'<div class="cnnbook-widget" data-widget="{self.stem}">'
            f'<script type="application/json">{state}</script>'
            f"{self.summary_html()}"
            "<p><small>A widget stands here. It needs JavaScript in the published "
            "book, or a run of this cell in Jupyter.</small></p></div>"
        )

    def __repr__(self) -> str:
        # Constant from run to run, so that saved notebooks can be compared.
        return f"{type(self).__name__}: {self.summary()}"

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self), "text/html": self.to_html()}, metadata

    @classmethod
    def _no_such_trait(cls, name):
        known = cls.state_names()
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"{cls.__name__} has no trait {name!r}, only {', '.join(known)}{hint}"


class Matrix(traitlets.TraitType):
    """A trait that holds an ``(H, W)`` matrix of finite numbers as nested lists.

    Accepts nested sequences, NumPy arrays and PyTorch tensors; rounds to
    ``decimals`` so that the saved state stays short and the same everywhere.
    """

    info_text = "a matrix of finite numbers"

    def __init__(self, max_side, decimals=4, **kwargs):
        super().__init__(**kwargs)
        self.max_side, self.decimals = max_side, decimals

    def validate(self, obj, value):
        """Check shape and values; return lists of plain numbers."""
        rows = value.tolist() if hasattr(value, "tolist") else value
        try:
            return self._checked(rows)
        except ValueError as error:
            name = f"{self.name}: " if self.name else ""  # none inside a Dict
            raise traitlets.TraitError(f"{name}{error}") from None

    def _checked(self, rows):
        if not isinstance(rows, list | tuple) or not rows:
            raise ValueError(f"expected a matrix (H, W), got {_brief(rows)}")
        if not all(isinstance(row, list | tuple) for row in rows):
            raise ValueError(f"expected a matrix (H, W), got {_brief(rows)}")
        widths = sorted({len(row) for row in rows})
        if len(widths) > 1:
            raise ValueError(f"expected rows of one length, got lengths {widths}")
        if not (1 <= widths[0] <= self.max_side and len(rows) <= self.max_side):
            raise ValueError(
                f"expected 1 to {self.max_side} rows and columns, "
                f"got {len(rows)} rows and {widths[0]} columns"
            )
        return [
            [plain_number(value, self.decimals, LARGEST) for value in row]
            for row in rows
        ]


def plain_number(value, decimals=4, most=1e12):
    """A number from −most to most, rounded; whole floats become ints.

    Raises
    ------
    ValueError
        If the value is not such a number.
    """
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected finite numbers, got {_brief(value)}")
    if abs(value) > most:
        raise ValueError(
            f"expected numbers from {-most:,.0f} to {most:,.0f}, got {_brief(value)}"
        )
    value = round(value, decimals)
    return int(value) if value == int(value) else value


def _brief(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
