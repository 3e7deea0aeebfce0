"""Quiz: questions that answer back, with a reason for every answer."""

import ast
import html
import itertools
import keyword
import math
import operator
import random
import re
from decimal import ROUND_HALF_UP, Decimal

import traitlets

from cnnbook.widgets.base import Widget, plain_number

#: Draws of new numbers that a question with variables carries along.
DRAWS = 50
_MOST_COMBINATIONS = 20_000


class Quiz(Widget):
    """Questions one below the other, each checked on its own ("Check yourself").

    Parameters
    ----------
    *questions : Choice, Choices or Numeric
        At least one. In any text, `` `code` `` between backticks is set as code.

    Attributes
    ----------
    questions : list of dict
        The questions as plain data.
    answers : list of dict
        What the reader last checked, one for each question: ``chosen``, the indexes
        of the choices, or ``text`` and the index ``draw`` of the numbers; and
        ``verdict``, which is None, "right", "wrong" or "incomplete" (some right
        choices, no wrong one).

    Raises
    ------
    TypeError
        If something is not a question, or a keyword names no trait.
    ValueError
        If there is no question.
    """

    questions = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    answers = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)

    def __init__(self, *questions, **traits):
        if not questions:
            raise ValueError("Quiz: expected at least one question, got none")
        for question in questions:
            if not isinstance(question, Question):
                raise TypeError(
                    f"Quiz: expected Choice, Choices or Numeric, got {question!r:.60}"
                )
        self.set_trait("questions", [question.state for question in questions])
        self.set_trait("answers", [question.blank() for question in questions])
        super().__init__(**traits)

    def summary(self) -> str:
        """The questions with their choices, without the answers."""
        shown = [asked(question) for question in self.questions]
        return " ".join(
            f"{number}. {text}" + (f" ({' / '.join(choices)})" if choices else "")
            for number, (text, choices) in enumerate(shown, start=1)
        )

    def summary_html(self) -> str:
        """The same as a list."""
        items = []
        for text, choices in map(asked, self.questions):
            inner = "".join(f"<li>{_with_code(choice)}</li>" for choice in choices)
            inner = f"<ul>{inner}</ul>" if inner else ""
            items.append(f"<li>{_with_code(text)}{inner}</li>")
        return f"<ol>{''.join(items)}</ol>"


def asked(question):
    """What a reader sees before answering: the text and the choices."""
    if question["kind"] != "numeric":
        return question["text"], [choice["text"] for choice in question["choices"]]
    values = dict(zip(question["names"], question["draws"][0], strict=True))
    return fill(question["text"], values), []


def _with_code(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


# --- Questions ------------------------------------------------------------------


class Question:
    """A question for `Quiz`; `state` holds it as plain data."""

    state: dict

    def blank(self) -> dict:
        """The answer of a reader who has not answered yet."""
        return {"chosen": [], "verdict": None}


class Choices(Question):
    """A question with several right choices; all of them must be ticked.

    The choices are shown in alphabetical order, numbers by size, so that their
    order tells nothing and is the same everywhere.

    Parameters
    ----------
    text : str
        The question.
    right : dict of str to str
        The right choices, each with the reason why it is right.
    wrong : dict of str to str
        The wrong ones, each with the answer to the misconception behind it.

    Raises
    ------
    TypeError, ValueError
        If a text is missing or empty, or a choice is there twice.
    """

    kind = "choices"

    def __init__(self, text, *, right, wrong):
        _check_text(f"{type(self).__name__}: the question", text)
        choices = _choices(text, "right", right) + _choices(text, "wrong", wrong)
        plain = [" ".join(choice["text"].split()) for choice in choices]
        if twice := [one for one in plain if plain.count(one) > 1]:
            raise ValueError(f"{text!r}: the choice {twice[0]!r} is there twice")
        choices.sort(key=lambda choice: _by_size(choice["text"]))
        self.state = {"kind": self.kind, "text": text, "choices": choices}


class Choice(Choices):
    """A question with one right choice; parameters and errors as in `Choices`."""

    kind = "choice"

    def __init__(self, text, *, right, wrong):
        super().__init__(text, right=right, wrong=wrong)
        if len(right) != 1:
            raise ValueError(
                f"{text!r}: expected one right choice, got {len(right)}; "
                "Choices takes several"
            )


def _choices(question, side, texts):
    if not isinstance(texts, dict):
        raise TypeError(
            f"{question!r}: {side}: expected a dict of choices and reasons, "
            f"got {texts!r}"
        )
    if not texts:
        raise ValueError(f"{question!r}: {side}: expected at least one, got none")
    for choice, reason in texts.items():
        _check_text(f"{question!r}: a {side} choice", choice)
        _check_text(f"{question!r}: the reason for {choice!r}", reason)
    return [
        {"text": choice, "right": side == "right", "reason": reason}
        for choice, reason in texts.items()
    ]


def _by_size(text):
    # "9×9" before "10×10", "5,000" before "37,648"; code and capitals do not count.
    plain = text.replace("`", "").replace("−", "-").casefold()
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    parts = re.split(r"((?<![\w.])-?\d+(?:\.\d+)?|\d+)", plain)
    return [float(part) if i % 2 else part for i, part in enumerate(parts)], text


class Numeric(Question):
    """A question whose answer is a number, with new numbers as often as wanted.

    Texts hold expressions in braces: ``"{n}×{n}"``, ``"{n - k + 1} places"``; two
    braces stand for one. Expressions know numbers, the variables, parentheses,
    ``+ - * / // % **`` as in Python, and abs, ceil, floor, max, min, sqrt.

    Parameters
    ----------
    text : str
        The question. It must use every variable.
    answer : str or number
        The right answer, an expression.
    right : str
        What a right answer is told.
    hint : str
        What a wrong answer is told that `wrong` does not know.
    wrong : dict of str or number to str
        Typical wrong answers, expressions, each with what it is told. The right
        answer is looked at first, then these in their order.
    variables : dict of str to range, list or tuple
        Values of each variable.
    where : str
        A condition that all numbers fulfill: ``"k <= n and (n - k) % 2 == 0"``.
    seed : int
        Decides which `DRAWS` of the possible numbers are asked, in which order.
    tolerance : float
        How far an answer may be from the right one.

    Raises
    ------
    TypeError, ValueError
        If a text or an expression makes no sense, no numbers fulfill the condition,
        or a wrong answer can never be told apart from what is looked at before it.
    """

    def __init__(
        self,
        text,
        *,
        answer,
        right,
        hint,
        wrong=None,
        variables=None,
        where="",
        seed=0,
        tolerance=0,
    ):
        _check_text("Numeric: the question", text)
        wrong = {} if wrong is None else wrong
        if not isinstance(wrong, dict):
            raise TypeError(f"{text!r}: wrong: expected a dict, got {wrong!r}")
        try:
            names, draws = draw(variables or {}, where, seed)
            self.state = {
                "kind": "numeric",
                "text": text,
                "names": names,
                "draws": draws,
                "answer": str(answer),
                "right": right,
                "wrong": [[str(source), told] for source, told in wrong.items()],
                "hint": hint,
                "tolerance": plain_number(tolerance, decimals=9),
            }
            _check_numeric(self.state)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{text!r}: {error}") from None

    def blank(self) -> dict:
        """The answer of a reader who has not answered yet."""
        return {"draw": 0, "text": "", "verdict": None}


def _check_text(what, text):
    if not isinstance(text, str):
        raise TypeError(f"{what}: expected a text, got {text!r}")
    if not text.strip():
        raise ValueError(f"{what}: expected a text, got an empty one")
    if marked := _EMPHASIS.search(re.sub(r"`[^`]*`", "", text)):
        raise ValueError(f"{what}: only `code` is marked in a quiz, got {marked[0]!r}")


# Markdown's, which would show its signs; not the products of 2*3*4
_EMPHASIS = re.compile(r"(?<![\w)*])\*{1,2}[A-Za-z][^*]*\*{1,2}(?![\w(])|\]\(|\$\w+\$")


# --- Numbers of a numeric question ----------------------------------------------


def draw(variables, where="", seed=0) -> tuple[list[str], list[list]]:
    """Names of the variables, and up to `DRAWS` different values for them.

    Raises
    ------
    TypeError, ValueError
        If a name or a value cannot be used, or nothing fulfills the condition.
    """
    if not isinstance(variables, dict):
        raise TypeError(f"variables: expected a dict, got {variables!r}")
    names = list(variables)
    for name in map(str, names):
        if not (name.isascii() and name.isidentifier()) or name in _TAKEN:
            raise ValueError(f"expected a name such as n for a variable, got {name!r}")
    columns = [_values(name, variables[name]) for name in names]
    if (count := math.prod(map(len, columns))) > _MOST_COMBINATIONS:
        raise ValueError(
            f"expected at most {_MOST_COMBINATIONS} combinations of values, got {count}"
        )
    condition = _parse(where, names, _check_condition) if where else None
    try:
        draws = [
            list(values)
            for values in itertools.product(*columns)
            if not condition or _holds(condition, dict(zip(names, values, strict=True)))
        ]
    except ArithmeticError as error:
        raise ValueError(f"{where!r}: {error}") from None
    if not draws:
        raise ValueError(f"no values of {', '.join(names)} fulfill {where!r}")
    return names, random.Random(seed).sample(draws, min(DRAWS, len(draws)))


def _values(name, values):
    if not isinstance(values, range | list | tuple) or not values:
        raise ValueError(f"variable {name}: expected a range or list, got {values!r}")
    return list(dict.fromkeys(plain_number(value) for value in values))


def matches(value, expected, tolerance=0) -> bool:
    """Whether an answer counts as the expected number; as in ``quiz.js``."""
    return abs(value - expected) <= tolerance + 1e-9 * max(1, abs(expected))


def _check_numeric(question):
    names, tolerance = question["names"], question["tolerance"]
    if tolerance < 0:
        raise ValueError(f"expected a tolerance of at least 0, got {tolerance}")
    _check_used(question["text"], names)
    draws = [dict(zip(names, values, strict=True)) for values in question["draws"]]
    texts = {role: question[role] for role in ("text", "right", "hint")}
    texts |= {f"wrong {source}": told for source, told in question["wrong"]}
    for role, text in texts.items():
        _check_text(role, text)
        for values in draws:
            fill(text, values)
    sources = [question["answer"], *(source for source, _ in question["wrong"])]
    numbers = [[evaluate(source, values) for values in draws] for source in sources]
    _check_writable(numbers[0], draws, tolerance)
    for i, source in enumerate(sources[1:], start=1):
        _check_reachable(source, numbers[i], numbers[:i], tolerance)


def _check_used(text, names):
    sources = [source for source in _BRACES.findall(text) if source]
    used = {
        node.id
        for source in sources
        for node in ast.walk(_parse(source, names))
        if isinstance(node, ast.Name)
    }
    if missing := [name for name in names if name not in used]:
        raise ValueError(f"the question does not mention {{{missing[0]}}}")


def _check_writable(answers, draws, tolerance):
    for answer, values in zip(answers, draws, strict=True):
        if tolerance == 0 and answer != round(answer, 6):
            raise ValueError(
                f"expected a tolerance, for the answer is {answer} with {values}"
            )


def _check_reachable(source, numbers, earlier, tolerance):
    def taken(at):
        return any(matches(numbers[at], column[at], tolerance) for column in earlier)

    if all(taken(at) for at in range(len(numbers))):
        raise ValueError(
            f"the wrong answer {source!r} is always the same as the right one "
            "or as a wrong one before it"
        )


# --- Expressions ----------------------------------------------------------------

# In floats throughout, so that Python and JavaScript agree to the last bit; up to
# 1e15, so that whole numbers stay exact and are written without an exponent.


def _power(base, exponent):
    # Repeated products: the languages' own powers differ in the last bit.
    if exponent != int(exponent) or abs(exponent) > 64:
        raise ValueError("an exponent must be a whole number from -64 to 64")
    product = math.prod([base] * int(abs(exponent)), start=1.0)
    return product if exponent >= 0 else 1 / product


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_SIGNS = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS = {  # with the fewest and the most arguments
    "abs": (abs, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "floor": (math.floor, 1, 1),
    "max": (max, 2, 99),
    "min": (min, 2, 99),
    "sqrt": (math.sqrt, 1, 1),
}
_COMPARISONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_TAKEN = {*_FUNCTIONS, *keyword.kwlist}
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)
_SIGNS_USED = re.compile(r"[\w\s.,+\-*/%()<>=!]*", re.ASCII)
_MOST = 1e15
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def evaluate(source, values=None) -> float:
    """The value of an expression (see `Numeric`), computed in floats.

    Raises
    ------
    ValueError
        If it is no expression, has an unknown name, or has no value up to 1e15.
    """
    values = values or {}
    tree = _parse(source, values)
    try:
        return _value(tree, values)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{source!r} has no value with {values}: {error}") from None


def fill(text, values) -> str:
    """The text with the value of each expression in its braces.

    Raises
    ------
    ValueError
        If a brace stands alone, or an expression has no value.
    """
    if left := re.search(r"[{}]", _BRACES.sub("", text)):
        raise ValueError(f"{text!r} has a lone {left.group()}; write two for one")
    return _BRACES.sub(
        lambda found: (
            found.group()[0]
            if found.group(1) is None
            else written(evaluate(found.group(1), values))
        ),
        text,
    )


def written(value) -> str:
    """A number as the reader sees it: at most 4 decimals, thousands set apart."""
    number = Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    text = f"{number:,f}".rstrip("0").rstrip(".")
    if abs(number) < 10_000:  # "9604", but "37,648"
        text = text.replace(",", "")
    return "0" if text == "-0" else text.replace("-", "−")


def _parse(source, names, check=None):
    # The checked syntax tree of an expression, or of a condition.
    if not isinstance(source, str):
        raise TypeError(f"expected an expression as text, got {source!r}")
    source = source.strip()
    try:
        if not _SIGNS_USED.fullmatch(source):
            raise ValueError
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"cannot read the expression {source!r}") from None
    (check or _check_number)(tree, source, names)
    return tree


def _check_condition(node, source, names):
    match node:
        case ast.BoolOp(values=parts) | ast.UnaryOp(op=ast.Not(), operand=parts):
            for part in parts if isinstance(parts, list) else [parts]:
                _check_condition(part, source, names)
        case ast.Compare(ops=ops) if {*map(type, ops)} <= {*_COMPARISONS}:
            for part in (node.left, *node.comparators):
                _check_number(part, source, names)
        case _:
            raise ValueError(f"expected a condition such as 'k <= n', got {source!r}")


def _check_number(node, source, names):
    piece = ast.get_source_segment(source, node)
    match node:
        case ast.BinOp(left=left, right=right) if type(node.op) in _OPERATORS:
            parts = [left, right]
        case ast.UnaryOp(operand=operand) if type(node.op) in _SIGNS:
            parts = [operand]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
            _check_call(name, len(parts), source)
        case ast.Name(id=name):
            _check_name(name, source, names)
            parts = []
        case ast.Constant() if _NUMBER.fullmatch(piece):
            parts = []
        case _:
            raise ValueError(f"cannot use {piece!r} in the expression {source!r}")
    for part in parts:
        _check_number(part, source, names)


def _check_name(name, source, names):
    if name not in names:
        known = f"only {', '.join(names)}" if names else "there are no variables"
        raise ValueError(f"unknown name {name!r} in {source!r}, {known}")


def _check_call(name, count, source):
    if name not in _FUNCTIONS:
        known = ", ".join(_FUNCTIONS)
        raise ValueError(f"unknown function {name!r} in {source!r}, only {known}")
    _, fewest, most = _FUNCTIONS[name]
    if not fewest <= count <= most:
        raise ValueError(f"{name} in {source!r} has {count} arguments")


def _value(node, values):
    match node:
        case ast.Constant(value=value):
            number = float(value)
        case ast.Name(id=name):
            number = float(values[name])
        case ast.UnaryOp(op=op, operand=operand):
            number = _SIGNS[type(op)](_value(operand, values))
        case ast.BinOp(left=left, right=right):
            pair = (_value(left, values), _value(right, values))
            number = _OPERATORS[type(node.op)](*pair)
        case ast.Call(func=func, args=args):
            function, _, _ = _FUNCTIONS[func.id]
            number = float(function(*(_value(part, values) for part in args)))
    if not abs(number) <= _MOST:
        raise ValueError("too large")
    return number


def _holds(node, values):
    match node:
        case ast.BoolOp(op=op, values=parts):
            every = all if isinstance(op, ast.And) else any
            return every(_holds(part, values) for part in parts)
        case ast.UnaryOp(operand=part):
            return not _holds(part, values)
    numbers = [_value(part, values) for part in (node.left, *node.comparators)]
    return all(
        _COMPARISONS[type(op)](one, two)
        for op, (one, two) in zip(node.ops, itertools.pairwise(numbers), strict=True)
    )
