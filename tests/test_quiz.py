"""The quiz: its questions in Python, its behavior in the page, and their agreement."""

import json
import random
import re
from itertools import pairwise

import pytest
import traitlets
from axe_playwright_python.sync_playwright import Axe

from cnnbook.widgets import Choice, Choices, Numeric, Quiz, loader
from cnnbook.widgets import quiz as quiz_module
from cnnbook.widgets.quiz import DRAWS, draw, evaluate, fill, written


def one_choice():
    return Choice(
        "What does a 3×3 kernel give on a 5×5 input?",
        right={"3×3 numbers": "5 − 3 + 1 = 3 places."},
        wrong={
            "5×5 numbers": "The kernel would hang over the edge.",
            "10×10 numbers": "Nothing makes it larger.",
        },
    )


def several_choices():
    return Choices(
        "What grows with the image?",
        right={
            "weights of `Linear`": "One for each pixel.",
            "multiply-adds": "More places.",
        },
        wrong={
            "kernels": "They keep their size.",
            "channels": "One for each kernel.",
        },
    )


def one_numeric(**changes):
    arguments = {
        "variables": {"n": range(5, 9), "k": range(2, 6)},
        "answer": "(n - k + 1) ** 2",
        "right": "{n - k + 1} places each way.",
        "wrong": {"n ** 2": "That is the input.", "(n - k) ** 2": "Those are steps."},
        "hint": "Count along the side of {n} first.",
        "seed": 3,
    }
    text = "Input {n}×{n}, kernel {k}×{k}: how many outputs?"
    return Numeric(text, **(arguments | changes))


# --- Python: questions -------------------------------------------------------------


def test_choices_are_in_order_of_size_whichever_is_right():
    texts = [choice["text"] for choice in one_choice().state["choices"]]
    assert texts == ["3×3 numbers", "5×5 numbers", "10×10 numbers"]
    numbers = ["37,648", "5000", "−3", "0.5"]
    question = Choices("?", right={numbers[0]: "a", numbers[1]: "b"}, wrong={
        numbers[2]: "c", numbers[3]: "d"
    })  # fmt: skip
    texts = [choice["text"] for choice in question.state["choices"]]
    assert texts == ["−3", "0.5", "5000", "37,648"]


def test_choice_knows_which_is_right_and_why():
    first, second, _ = one_choice().state["choices"]
    assert (first["right"], first["reason"]) == (True, "5 − 3 + 1 = 3 places.")
    assert (second["right"], second["reason"][:10]) == (False, "The kernel")


def test_draws_differ_and_fulfill_the_condition():
    variables = {"n": range(3, 40), "k": [2, 3, 5, 5]}
    names, draws = draw(variables, where="k < n <= 30 and not (n - k) % 2 == 1", seed=1)
    assert names == ["n", "k"]
    expected = [
        [n, k] for n in range(3, 31) for k in (2, 3, 5) if k < n and (n - k) % 2 == 0
    ]
    assert sorted(draws) == sorted(expected)
    assert draws != expected


def test_no_more_draws_than_one_page_needs():
    _, draws = draw({"n": range(100), "k": range(100)})
    assert len({tuple(values) for values in draws}) == len(draws) == DRAWS


def test_draws_depend_on_the_seed_alone():
    assert one_numeric().state == one_numeric().state
    draws = [one_numeric(seed=seed).state["draws"] for seed in (3, 4)]
    assert draws[0] != draws[1]
    assert sorted(draws[0]) == sorted(draws[1])  # there are only 16


def test_wrong_answer_may_equal_the_right_one_for_some_numbers_only():
    one_numeric(variables={"n": [4, 5], "k": [2]}, wrong={"n + 5": "Right for 4."})
    for wrong in ({"(n + 1 - k) ** 2": "x"}, {"n": "x", "n + k - k": "x"}):
        with pytest.raises(ValueError, match="always the same"):
            one_numeric(wrong=wrong)


WRONG_QUESTIONS = {
    "no question": (Quiz, "at least one question, got none"),
    "not a question": (
        lambda: Quiz("What?"),
        r"expected Choice, Choices or Numeric, got 'What\?'",
    ),
    "unknown trait": (lambda: Quiz(one_choice(), shuffle=1), "no trait 'shuffle'"),
    "empty text": (
        lambda: Choice(" ", right={"a": "b"}, wrong={"c": "d"}),
        "Choice: the question: expected a text, got an empty one",
    ),
    "no right one": (
        lambda: Choice("?", right={}, wrong={"a": "b"}),
        "right: expected at least one, got none",
    ),
    "no wrong one": (
        lambda: Choices("?", right={"a": "b"}, wrong={}),
        "wrong: expected at least one, got none",
    ),
    "two right ones": (
        lambda: Choice("?", right={"a": "b", "c": "d"}, wrong={"e": "f"}),
        "expected one right choice, got 2; Choices takes several",
    ),
    "without reason": (
        lambda: Choice("?", right={"a": "b"}, wrong=["c"]),
        r"wrong: expected a dict of choices and reasons, got \['c'\]",
    ),
    "empty reason": (
        lambda: Choice("?", right={"a": "b"}, wrong={"c": ""}),
        "the reason for 'c': expected a text",
    ),
    "twice": (
        lambda: Choice("?", right={"a b": "x"}, wrong={"a  b": "y"}),
        "the choice 'a b' is there twice",
    ),
    "unknown name": (
        lambda: one_numeric(answer="n - m"),
        "unknown name 'm' in 'n - m', only n, k",
    ),
    "unknown name in a text": (
        lambda: one_numeric(hint="Think of {size}."),
        "unknown name 'size'",
    ),
    "lone brace": (lambda: one_numeric(right="a } b"), "a lone }; write two for one"),
    "empty feedback": (
        lambda: one_numeric(wrong={"n": ""}),
        "wrong n: expected a text",
    ),
    "unused variable": (
        lambda: one_numeric(variables={"n": [9], "k": [2], "s": [1, 2]}),
        "does not mention {s}",
    ),
    "no numbers": (lambda: one_numeric(where="k > n"), "no values of n, k fulfill"),
    "no condition": (lambda: one_numeric(where="n - k"), "expected a condition"),
    "condition without value": (
        lambda: one_numeric(where="n % (k - 2) == 0"),
        r"'n % \(k - 2\) == 0': ",
    ),
    "no variables": (
        lambda: one_numeric(variables=["n", "k"]),
        r"'Input.*variables: expected a dict, got \['n', 'k'\]",
    ),
    "no text": (lambda: one_numeric(hint=3), "hint: expected a text, got 3"),
    "emphasis": (
        lambda: Choice("Is it `a`?", right={"yes": "As *a* says."}, wrong={"no": "x"}),
        r"the reason for 'yes': only `code` is marked in a quiz, got '\*a\*'",
    ),
    "strong": (lambda: one_numeric(hint="**Not** so."), r"got '\*\*Not\*\*'"),
    "link": (lambda: one_numeric(hint="See [chapter 2](02.html)."), r"got '\]\('"),
    "formula": (lambda: one_numeric(hint="Think of $n$."), r"got '\$n\$'"),
    "no values": (
        lambda: one_numeric(variables={"n": [], "k": [1]}),
        r"variable n: expected a range or list, got \[\]",
    ),
    "name of a function": (
        lambda: one_numeric(variables={"max": [1]}),
        "expected a name such as n for a variable, got 'max'",
    ),
    "too many": (
        lambda: one_numeric(variables={"n": range(200), "k": range(200)}),
        "at most 20000 combinations of values, got 40000",
    ),
    "division by zero": (
        lambda: one_numeric(wrong={"1 / (n - 5)": "x"}),
        r"'1 / \(n - 5\)' has no value with",
    ),
    "endless decimals": (
        lambda: one_numeric(answer="n / 3"),
        "expected a tolerance, for the answer is",
    ),
    "negative tolerance": (
        lambda: one_numeric(tolerance=-1),
        "expected a tolerance of at least 0, got -1",
    ),
}


@pytest.mark.parametrize("case", WRONG_QUESTIONS)
def test_question_that_makes_no_sense_is_refused(case):
    make, message = WRONG_QUESTIONS[case]
    with pytest.raises((TypeError, ValueError), match=message):
        make()


@pytest.mark.parametrize(
    "text", ["2*3*4 and 2 * k * k", "`*args*` and `x[0](1)`", "$5"]
)
def test_signs_of_arithmetic_and_code_are_no_markup(text):
    assert Choice(text, right={"yes": "x"}, wrong={"no": "y"})


# --- Python: expressions and numbers -----------------------------------------------


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("2 + 3 * 4 - 1", 13),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("2 ** 3 ** 2", 512),
        ("7 / 2 / 2", 1.75),
        ("max(1, min(n, 9), -2) + abs(-.5)", 7.5),
        ("floor(-1.5) + ceil(1.2) + sqrt(16)", 4),
    ],
)
def test_expression_has_the_value_it_has_in_python(source, value):
    assert evaluate(source, {"n": 7}) == value


NO_ARITHMETIC = [
    "__import__('os')", "n.real", "[1]", "(1,2)", "2j", "1_000", "1e3", "0x10",
    "True", "n<3", "2**65", "2**.5", "1/0", "5%0", "10**15+1", "sqrt(-1)",
    "max(1)", "abs(1,2)", "abs(1,k=2)", "f(1)", "n()", "min(*n)", "n=1", "**", "2n",
    "()", "1 if 2 else 3", "n # c", "lambda: 1", "n and 1", "not n", "'a'", "", "3 4",
]  # fmt: skip


@pytest.mark.parametrize("source", NO_ARITHMETIC)
def test_what_is_no_arithmetic_is_refused(source):
    with pytest.raises(ValueError, match=re.escape(repr(source))):
        evaluate(source, {"n": 7})


def test_numbers_in_texts():
    assert fill("{n}×{n} = {n ** 2}, {{n}}", {"n": 200}) == "200×200 = 40,000, {n}"
    numbers = [9604, 10_000, -0.25, 2 / 3, -0.00001, 1234567.5]
    texts = ["9604", "10,000", "−0.25", "0.6667", "0", "1,234,567.5"]
    assert [written(number) for number in numbers] == texts


# --- Python: the widget ------------------------------------------------------------


def test_text_form_shows_questions_and_choices_but_no_answers():
    quiz = Quiz(one_choice(), several_choices(), one_numeric())
    text = repr(quiz)
    assert "1. What does a 3×3 kernel" in text
    assert "(3×3 numbers / 5×5 numbers / 10×10 numbers) 2. What grows" in text
    n, k = quiz.questions[2]["draws"][0]
    assert f"3. Input {n}×{n}, kernel {k}×{k}: how many outputs?" in text
    reasons = [c["reason"] for q in quiz.questions[:2] for c in q["choices"]]
    for secret in [*reasons, "places each way", "Count along", "That is the input"]:
        assert secret not in text + quiz.summary_html()
    assert repr(Quiz(one_choice(), several_choices(), one_numeric())) == text
    assert "<li>weights of <code>Linear</code></li>" in quiz.summary_html()


def test_html_form_holds_the_state_whatever_the_texts_are():
    evil = "</script><!--<script> & `<b>`"
    quiz = Quiz(Choice(evil, right={evil: evil}, wrong={"b": "c"}))
    html = quiz.to_html()
    state = re.search(r'<script type="application/json">(.*?)</script>', html).group(1)
    assert json.loads(state) == quiz.state()
    assert html.count("<script") == html.count("</script") == 1
    assert "&amp; <code>&lt;b&gt;</code>" in html


def test_answers_of_the_reader_are_seen_in_python():
    quiz = Quiz(one_choice(), one_numeric())
    blank = {"chosen": [], "verdict": None}
    assert quiz.answers == [blank, {"draw": 0, "text": "", "verdict": None}]
    seen = []
    quiz.observe(lambda change: seen.append(change.new[0]["verdict"]), "answers")
    answer = {"chosen": [0], "verdict": "right"}
    quiz.set_state({"answers": [answer, quiz.answers[1]]})  # as the front end does
    assert seen == ["right"]
    with pytest.raises(traitlets.TraitError, match="read-only"):
        quiz.answers = []


# --- Agreement of Python and JavaScript ----------------------------------------------


def random_expression(rng, depth):
    """An expression, seldom with parentheses, so that ranks of operators matter."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(
            ["n", "k", "s", str(rng.randint(0, 40)), f"{rng.random():.2f}"]
        )
    parts = [random_expression(rng, depth - 1) for _ in range(2)]
    shape = rng.choice(["{0} {op} {1}"] * 4 + ["({0} {op} {1})"] * 2 + [
        "-{0}", "+{0}", "{0} ** 2", "({0}) ** -1", "2 ** {1}", "-{0} ** {1}",
        "min({0}, {1})", "max({0},{1})", "abs({0})", "floor({0})", "ceil({0})",
        "sqrt({0})", "({0})", "{0} // {1}", "{0}%{1}",
    ])  # fmt: skip
    operator = rng.choice(["+", "-", "*", "/", "//", "%"])
    return shape.format(*parts, op=operator)


def test_expressions_have_the_same_values_in_both_languages(module):
    rng = random.Random(11)
    cases = []
    for _ in range(3000):
        values = {"n": rng.randint(-9, 40), "k": rng.randint(0, 7), "s": rng.random()}
        cases.append([random_expression(rng, rng.randint(1, 4)), values])
    theirs = module.evaluate(
        """(cases) => cases.map(([source, values]) => {
            try { return js.evaluate(source, values); } catch { return null; }
        })""",
        cases,
    )
    ours = [value_or_none(source, values) for source, values in cases]
    differ = [
        (case, one, two)
        for case, one, two in zip(cases, ours, theirs, strict=True)
        if one != two
    ]
    assert differ == []
    assert sum(value is not None for value in ours) > 2000


def value_or_none(source, values):
    try:
        return evaluate(source, values)
    except ValueError:
        return None


def test_numbers_are_written_the_same_in_both_languages(module):
    rng = random.Random(12)
    numbers = [rng.randint(-(10**e), 10**e) for e in range(15) for _ in range(40)]
    numbers += [rng.uniform(-(10**e), 10**e) for e in range(-6, 12) for _ in range(40)]
    numbers += [9999, 10000, 9999.99994, 9999.99996, 0.03125, -0.03125, 0]
    theirs = module.evaluate("(numbers) => numbers.map(js.written)", numbers)
    assert theirs == [written(number) for number in numbers]
    texts = ["{n}·{k} = {n * k}, {{n}}, {-n ** k}", "}}{{", "{ max(n, k) / 8 }"]
    for text in texts:
        values = {"n": 123, "k": 4}
        there = module.evaluate("([t, v]) => js.filled(t, v)", [text, values])
        assert there == fill(text, values)


def test_answers_count_the_same_in_both_languages(module):
    cases = [[28 + d, 28, t] for t in (0, 0.5) for d in (0, 1e-9, 1e-6, 0.5, -0.5, 0.6)]
    cases += [[2408464.0001, 2408464, 0], [0, 0, 0], [1e-10, 0, 0], [1e-8, 0, 0]]
    theirs = module.evaluate("(c) => c.map((a) => js.matches(...a))", cases)
    assert theirs == [quiz_module.matches(*case) for case in cases]
    assert {True, False} == set(theirs)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("28", [28]),
        (" −3 ", [-3]),
        ("0,5", [0.5]),
        ("1,216", [1216, 1.216]),
        ("2,408,464", [2408464]),
        ("37 648", [37648]),
        ("4/9", [4 / 9]),
        ("5×5×3 + 1", [76]),
        ("5x5 X 3", [75]),
        ("3^2", [9]),
        ("3² + 2³", [17]),
        ("(32 − 5) // 2 + 1", [14]),
        ("1e3", [1000]),
        ("abc", []),
        ("n", []),
        ("3 *", []),
        ("3 4", []),
        ("1/0", []),
        ("constructor", []),
        ("(" * 20_000, []),
    ],
)
def test_typed_answers_are_read_kindly(module, text, numbers):
    assert module.evaluate("(text) => js.readings(text)", text) == numbers


def judged(module, question, **answer):
    blank = question.blank()
    return module.evaluate(
        "([question, answer]) => js.judge(question, answer)",
        [question.state, blank | answer],
    )


def test_typical_answer_that_is_right_for_these_numbers_is_right(module):
    question = one_numeric(
        variables={"n": [4, 5], "k": [2]}, wrong={"n + 5": "Right for 4 only."}
    )
    for at, (n, _) in enumerate(question.state["draws"]):
        judgment = judged(module, question, text=str(n + 5), draw=at)
        expected = ("right", "3 places") if n == 4 else ("wrong", "Right for 4 only.")
        assert judgment["verdict"] == expected[0]
        assert judgment["reasons"][0][1].startswith(expected[1])


def test_tolerance(module):
    question = one_numeric(answer="n / 3", tolerance=0.01, wrong={"n": "Divide."})
    n, _ = question.state["draws"][0]
    near, far = f"{n / 3 + 0.009:.4f}", f"{n / 3 + 0.02:.4f}"
    assert judged(module, question, text=near)["verdict"] == "right"
    assert judged(module, question, text=far)["verdict"] == "wrong"


# --- The page ------------------------------------------------------------------------


def check(form):
    form.get_by_role("button", name="Check").click()
    return form.get_by_role("status").inner_text()


def answers(page):
    return page.evaluate(
        "document.querySelector('.cnnbook-widget').model.get('answers')"
    )


def test_choice_answers_back_until_it_is_right(lone_page):
    page = lone_page(Quiz(one_choice()))
    form = page.locator(".cnn-question")
    assert "Choose an answer first." in check(form)
    assert answers(page) == [{"chosen": [], "verdict": None}]
    form.get_by_label("5×5 numbers").check()
    told = check(form)
    assert "Not yet. “5×5 numbers”: The kernel would hang over the edge." in told
    assert "✗" in told
    assert "missing" not in told
    form.get_by_label("3×3 numbers").check()
    told = check(form)
    assert "✓ Right. 5 − 3 + 1 = 3 places." in told
    assert "Not yet" not in told
    assert answers(page) == [{"chosen": [0], "verdict": "right"}]


def test_several_choices_tell_what_is_wrong_and_how_many_are_missing(lone_page):
    page = lone_page(Quiz(several_choices()))
    form = page.locator(".cnn-question")
    form.get_by_label("kernels").check()
    form.get_by_label("channels").check()
    told = check(form)
    assert "Not yet. “channels”: One for each kernel." in told
    assert "“kernels”: They keep their size." in told
    assert "2 right choices are still missing." in told
    form.get_by_label("kernels").uncheck()
    form.get_by_label("channels").uncheck()
    form.get_by_label("multiply-adds").check()
    told = check(form)
    assert "Not complete yet. One right choice is still missing." in told
    assert answers(page)[0]["verdict"] == "incomplete"
    form.get_by_label("weights of Linear").check()
    told = check(form)
    assert "Right. “multiply-adds”: More places." in told
    assert "“weights of Linear”: One for each pixel." in told
    assert answers(page)[0] == {"chosen": [2, 3], "verdict": "right"}


def test_number_answers_back(lone_page):
    quiz = Quiz(one_numeric())
    n, k = quiz.questions[0]["draws"][0]
    page = lone_page(quiz)
    form, field = page.locator(".cnn-question"), page.get_by_label("Your answer")
    assert f"Input {n}×{n}, kernel {k}×{k}" in form.inner_text()
    told = {
        "": "Type a number first.",
        "abc": "“abc” is not a number.",
        str(n**2): f"Not yet. “{n**2}”: That is the input.",
        f"{n - k}*{n - k}": f"Not yet. “{n - k}*{n - k}”: Those are steps.",
        "1000": f"Not yet. “1000”: Count along the side of {n} first.",
        str((n - k + 1) ** 2): f"Right. {n - k + 1} places each way.",
    }
    for text, feedback in told.items():
        field.fill(text)
        assert feedback in check(form)


def test_what_is_no_number_is_no_wrong_answer(lone_page):
    page = lone_page(Quiz(one_numeric()))
    form, field = page.locator(".cnn-question"), page.get_by_label("Your answer")
    field.fill("abc")
    assert "Not yet" not in check(form)
    assert answers(page)[0] == {"draw": 0, "text": "", "verdict": None}
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "abc"
    field.press("Backspace")
    assert field.get_attribute("aria-invalid") is None


def test_new_question_draws_every_set_of_numbers_before_one_returns(lone_page):
    quiz = Quiz(one_numeric(variables={"n": [5, 6], "k": [2, 3]}))
    page = lone_page(quiz)
    legend, field = page.locator("legend"), page.get_by_label("Your answer")
    texts = [legend.inner_text()]
    for _ in range(8):
        field.fill("7")
        check(page.locator(".cnn-question"))
        page.get_by_role("button", name="New question").click()
        texts.append(legend.inner_text())
        assert field.input_value() == ""
        assert page.get_by_role("status").text_content() == f"New question: {texts[-1]}"
        assert field.evaluate("(field) => field === document.activeElement")
    assert all(one != two for one, two in pairwise(texts))
    assert len(set(texts[:4])) == 4
    assert texts[4:8] == texts[:4]
    assert answers(page)[0] == {"draw": 0, "text": "", "verdict": None}


def test_new_numbers_are_judged_by_themselves(lone_page):
    quiz = Quiz(one_numeric())
    page = lone_page(quiz)
    page.get_by_role("button", name="New question").click()
    n, k = quiz.questions[0]["draws"][1]
    page.get_by_label("Your answer").fill(str((n - k + 1) ** 2))
    assert f"Right. {n - k + 1} places" in check(page.locator(".cnn-question"))


def test_question_without_variables_has_no_new_numbers(lone_page):
    question = Numeric("Two and two?", answer=4, right="Yes.", hint="Count.")
    page = lone_page(Quiz(question))
    assert page.get_by_role("button").all_inner_texts() == ["Check"]


def test_everything_works_by_keyboard(lone_page):
    page = lone_page(Quiz(one_choice(), several_choices(), one_numeric()))
    press = page.keyboard.press
    for key in ["Tab", "Space", "ArrowDown", "Tab", "Enter"]:
        press(key)
    for key in ["Tab", "Space", "Tab", "Tab", "Space", "Tab", "Tab", "Space"]:
        press(key)
    for key in ["Tab", "1", "Enter"]:
        press(key)
    chosen = [answer.get("chosen", answer.get("text")) for answer in answers(page)]
    assert chosen == [[1], [0, 2], "1"]
    press("Tab")
    press("Tab")
    press("Enter")
    assert answers(page)[2] == {"draw": 1, "text": "", "verdict": None}


def test_jupyterlab_leaves_the_keys_to_the_quiz(lone_page):
    page = lone_page(Quiz(one_choice(), several_choices(), one_numeric()))
    controls = page.locator(".cnnbook :is(input, button)")
    marked = page.locator(".cnnbook [data-lm-suppress-shortcuts]")
    assert controls.count() == marked.count() == 12


def test_feedback_stays_with_its_own_question(lone_page):
    page = lone_page(Quiz(one_choice(), one_numeric()))
    first, second = page.locator(".cnn-question").all()
    field = second.get_by_label("Your answer")
    field.fill("1000")
    check(second)
    field.fill("12")  # not checked yet
    first.get_by_label("5×5").check()
    assert "hang over" in check(first)
    assert field.input_value() == "12"
    assert "“1000”" in second.get_by_role("status").inner_text()


def test_same_answer_checked_again_is_told_again(lone_page):
    page = lone_page(Quiz(one_choice()))
    form = page.locator(".cnn-question")
    form.get_by_label("5×5").check()
    check(form)
    page.evaluate("document.querySelector('.cnn-feedback').old = true")
    assert "hang over" in check(form)
    assert page.evaluate("document.querySelector('.cnn-feedback').old") is None


def test_answers_set_from_elsewhere_are_shown(lone_page):
    page = lone_page(Quiz(one_choice(), one_numeric()))
    page.evaluate("""document.querySelector('.cnnbook-widget').model.set('answers', [
        {chosen: [1], verdict: 'wrong'}, {draw: 1, text: '1000', verdict: 'wrong'}])""")
    assert page.get_by_label("5×5").is_checked()
    assert "hang over" in page.get_by_role("status").first.inner_text()
    assert page.get_by_label("Your answer").input_value() == "1000"


def test_texts_are_texts(lone_page):
    evil = '<img src=x onerror="document.title = 1"> & `<b>x</b>`'
    numeric = Numeric(evil, answer=4, right=evil, hint=evil)
    page = lone_page(Quiz(Choice(evil, right={evil: evil}, wrong={"b": "c"}), numeric))
    first, second = page.locator(".cnn-question").all()
    first.get_by_role("radio").first.check()
    assert "<img src=x" in check(first)
    second.get_by_label("Your answer").fill("5")
    assert "<img src=x" in check(second)
    assert page.locator(".cnnbook img, .cnnbook b").count() == 0
    assert "<b>x</b>" in page.locator("legend code").all_inner_texts()
    assert page.title() == "Widgets"


def test_nothing_is_sent_or_stored(lone_page):
    page = lone_page(Quiz(one_choice()))
    sent = len(page.requests)
    page.get_by_label("3×3").check()
    check(page.locator(".cnn-question"))
    assert len(page.requests) == sent == 4  # the page, its style sheet and two scripts
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""


def test_feedback_is_tied_to_its_question(lone_page):
    quiz = Quiz(one_choice(), several_choices(), one_numeric())
    page = lone_page(quiz, quiz)
    ids = page.locator("[role=status]").evaluate_all("(all) => all.map((el) => el.id)")
    described = page.locator("fieldset").evaluate_all(
        "(all) => all.map((el) => el.getAttribute('aria-describedby'))"
    )
    assert described == ids
    assert len(set(ids)) == 6
    page.get_by_label("5×5").first.check()
    page.get_by_label("3×3").last.check()
    assert page.get_by_label("5×5").first.is_checked()  # two groups, not one
    group = page.get_by_role("group", name="2. What grows with the image?").first
    assert group.get_by_role("checkbox").count() == 4


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barriers(lone_page, theme):
    page = lone_page(Quiz(one_choice(), several_choices(), one_numeric()), theme=theme)
    first, second, third = page.locator(".cnn-question").all()
    for form, label in ((first, "3×3"), (second, "kernels"), (second, "multiply")):
        form.get_by_label(label).check()
    third.get_by_label("Your answer").fill("abc")
    for form in (first, second, third):
        check(form)
    results = Axe().run(page, context=".cnnbook")
    assert results.violations_count == 0, results.generate_report()


def test_page_without_javascript_shows_the_questions(lone_page):
    page = lone_page(Quiz(one_choice(), one_numeric()), script=False)
    assert page.get_by_text("What does a 3×3 kernel give").is_visible()
    items = page.locator("ol ul li").all_inner_texts()
    assert items == ["3×3 numbers", "5×5 numbers", "10×10 numbers"]


def test_page_is_no_wider_than_a_phone(lone_page):
    long = "`Conv2d(in_channels=3,out_channels=16,kernel_size=5,padding=2)` " * 2
    page = lone_page(Quiz(Choice(long, right={long: long}, wrong={"b": "c"})))
    page.set_viewport_size({"width": 360, "height": 700})
    page.get_by_role("radio").last.check()
    check(page.locator(".cnn-question"))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_module_for_jupyterlab_renders_and_ends(browser):
    page = browser.new_page()
    quiz = Quiz(one_choice())
    told = page.evaluate(
        """async ([source, state]) => {
            const file = new Blob([source], { type: "text/javascript" });
            const { default: widget } = await import(URL.createObjectURL(file));
            const listeners = new Set();
            const model = {
                get: (name) => state[name],
                set: (name, value) => { state[name] = value; },
                save_changes: () => { state.saved = true; },
                on: (event, callback) => listeners.add(callback),
                off: (event, callback) => listeners.delete(callback),
            };
            const end = widget.render({ model, el: document.body });
            document.querySelectorAll("input")[1].checked = true;
            document.querySelector("button").click();
            const text = document.querySelector("[role=status]").textContent;
            end();
            return [text, state.answers[0].verdict, state.saved, listeners.size];
        }""",
        [loader.esm("quiz"), quiz.state()],
    )
    page.close()
    assert "hang over the edge" in told[0]
    assert told[1:] == ["wrong", True, 0]
