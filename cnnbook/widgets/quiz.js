// Quiz: questions that answer back, with a reason for every answer. Expressions
// and judgment first, then drawing, then events.

import { button, fill, format, labeled, make, parseNumber, wordsFor } from "./kit.js";

const WORDS = {
  en: {
    title: "Check yourself",
    check: "Check",
    again: "New question",
    drawn: "New question: {text}",
    number: "Your answer, such as 12 or 3*4",
    several: "More than one may be right.",
    right: "Right.",
    wrong: "Not yet.",
    incomplete: "Not complete yet.",
    quote: "“{text}”: ",
    missingOne: "One right choice is still missing.",
    missing: "{count} right choices are still missing.",
    notNumber: "“{text}” is not a number.",
    noNumber: "Type a number first.",
    noChoice: "Choose an answer first.",
  },
};

const SIGNS = { right: "✓", wrong: "✗", incomplete: "…" };

// --- Expressions ---------------------------------------------------------------

// The same little language as in quiz.py, computed in floats in the same way. No
// number is larger than this, so that whole numbers stay exact.
const MOST = 1e15;

const FUNCTIONS = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  max: Math.max,
  min: Math.min,
  sqrt: Math.sqrt,
};

const OPERATORS = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": floorDivide,
  "%": modulo,
  "**": power,
};

// The value of an expression. Throws an Error if it is none or has no value.
export function evaluate(source, values = {}) {
  const words = source.match(/\d+\.?\d*|\.\d+|\w+|\*\*|\/\/|\S/g) ?? [];
  const reader = { words, at: 0, values };
  const value = readSum(reader);
  if (reader.at < words.length) throw new Error(`unexpected ${words[reader.at]}`);
  return value;
}

function readSum(reader) {
  return readChain(reader, ["+", "-"], readProduct);
}

function readProduct(reader) {
  return readChain(reader, ["*", "/", "//", "%"], readSigned);
}

// Operators of one rank, from left to right.
function readChain(reader, operators, readPart) {
  let value = readPart(reader);
  while (operators.includes(reader.words[reader.at])) {
    const operator = reader.words[reader.at++];
    value = bounded(OPERATORS[operator](value, readPart(reader)));
  }
  return value;
}

// A sign binds less than a power before it and more than one after it: −2 ** −2.
function readSigned(reader) {
  if (take(reader, "-")) return -readSigned(reader);
  if (take(reader, "+")) return readSigned(reader);
  const base = readAtom(reader);
  return take(reader, "**") ? bounded(power(base, readSigned(reader))) : base;
}

function readAtom(reader) {
  const word = reader.words[reader.at++] ?? "";
  if (word === "(") return readInner(reader);
  if (/^\.?\d/.test(word)) return bounded(Number(word));
  if (Object.hasOwn(reader.values, word)) return reader.values[word];
  if (!Object.hasOwn(FUNCTIONS, word)) throw new Error(`unexpected ${word}`);
  return bounded(FUNCTIONS[word](...readArguments(reader)));
}

function readInner(reader) {
  const value = readSum(reader);
  expect(reader, ")");
  return value;
}

function readArguments(reader) {
  expect(reader, "(");
  const values = [readSum(reader)];
  while (take(reader, ",")) values.push(readSum(reader));
  expect(reader, ")");
  return values;
}

function take(reader, word) {
  const found = reader.words[reader.at] === word;
  if (found) reader.at++;
  return found;
}

function expect(reader, word) {
  if (!take(reader, word)) throw new Error(`expected ${word}`);
}

function bounded(value) {
  if (!(Math.abs(value) <= MOST)) throw new Error("no value");
  return value;
}

// Python's remainder has the sign of the divisor.
function modulo(a, b) {
  const rest = a % b;
  return rest && rest < 0 !== b < 0 ? rest + b : rest;
}

// Python's rounding down, which starts from the exact remainder.
function floorDivide(a, b) {
  const rest = a % b;
  const ratio = (a - rest) / b - (rest && rest < 0 !== b < 0 ? 1 : 0);
  const whole = Math.floor(ratio);
  return ratio - whole > 0.5 ? whole + 1 : whole;
}

// Repeated products: the languages' own powers differ in the last bit.
function power(base, exponent) {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 64) throw new Error("exponent");
  let product = 1;
  for (let i = 0; i < Math.abs(exponent); i++) product *= base;
  return exponent >= 0 ? product : 1 / product;
}

// --- Numbers and texts ---------------------------------------------------------

// A number as the reader sees it: at most 4 decimals, thousands set apart.
export function written(value) {
  const [whole, decimals] = format(value, 4).split(".");
  const long = Math.abs(value) >= 9999.99995; // "9604", but "37,648"
  const grouped = long ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return decimals ? `${grouped}.${decimals}` : grouped;
}

// A text with the value of each expression in its braces; two braces are one.
export function filled(text, values) {
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, source) =>
    source === undefined ? whole[0] : written(evaluate(source, values)),
  );
}

// What a typed text may mean, best first: "1,216" is 1216 or 1.216, "4/9" is fine.
export function readings(text) {
  const plain = text.trim();
  const grouped = /^[-+−]?\d{1,3}([,\s]\d{3})+(\.\d+)?$/.test(plain);
  const numbers = [grouped ? parseNumber(plain.replace(/[,\s]/g, "")) : NaN];
  numbers.push(parseNumber(plain));
  if (numbers.every(Number.isNaN)) numbers.push(calculated(plain));
  return numbers.filter(Number.isFinite);
}

// Arithmetic as people type it: 3×3, 3x3, 3^2 and 3² are all 9.
const SPELLINGS = [
  [/[×·]/g, "*"],
  [/(\d)\s*x\s*(?=\d)/gi, "$1*"],
  [/÷/g, "/"],
  [/−/g, "-"],
  [/\^/g, "**"],
  [/²/g, "**2"],
  [/³/g, "**3"],
];

function calculated(text) {
  try {
    return evaluate(SPELLINGS.reduce((plain, [from, to]) => plain.replace(from, to), text));
  } catch {
    return NaN;
  }
}

// --- Judgment ------------------------------------------------------------------

// The numbers of a numeric question by name.
export function valuesOf(question, answer) {
  const draw = question.draws[answer.draw % question.draws.length];
  return Object.fromEntries(question.names.map((name, i) => [name, draw[i]]));
}

// Whether an answer counts as the expected number; as in quiz.py.
export function matches(value, expected, tolerance = 0) {
  return Math.abs(value - expected) <= tolerance + 1e-9 * Math.max(1, Math.abs(expected));
}

// The verdict on an answer, what to tell of it as [quote, text] (the quote may be
// empty), and how many right choices are missing.
export function judge(question, answer) {
  if (question.kind === "numeric") return judgeNumber(question, answer);
  return judgeChoices(question, answer);
}

function judgeChoices({ kind, choices }, { chosen }) {
  const ticked = chosen.map((i) => choices[i]);
  const wrong = ticked.filter((choice) => !choice.right);
  const all = choices.filter((choice) => choice.right).length;
  const missing = kind === "choice" ? 0 : all - (ticked.length - wrong.length);
  const verdict = wrong.length ? "wrong" : missing ? "incomplete" : "right";
  const told = verdict === "right" ? ticked : wrong;
  const quoted = verdict === "wrong" || told.length > 1;
  const reasons = told.map(({ text, reason }) => [quoted ? text : "", reason]);
  return { verdict, reasons, missing };
}

function judgeNumber(question, answer) {
  const values = valuesOf(question, answer);
  const numbers = readings(answer.text);
  const hits = (source) =>
    numbers.some((n) => matches(n, evaluate(source, values), question.tolerance));
  const verdict = hits(question.answer) ? "right" : "wrong";
  const typical = question.wrong.find(([source]) => hits(source));
  const told = verdict === "right" ? question.right : (typical?.[1] ?? question.hint);
  const quote = verdict === "right" ? "" : answer.text.trim();
  return { verdict, reasons: [[quote, filled(told, values)]], missing: 0 };
}

// Why an answer cannot be judged, in the reader's words; "" if it can.
export function objection(question, answer, words) {
  if (question.kind !== "numeric") return answer.chosen.length ? "" : words.noChoice;
  const text = answer.text.trim();
  if (!text) return words.noNumber;
  return readings(text).length ? "" : fill(words.notNumber, { text });
}

// --- The widget ----------------------------------------------------------------

function render({ model, el }) {
  const view = { words: wordsFor(el, WORDS), model, items: [] };
  build(view);
  el.append(view.root);
  draw(view);
  const refresh = () => draw(view);
  model.on("change:answers", refresh);
  return () => model.off("change:answers", refresh);
}

export default { render };

// --- Building ------------------------------------------------------------------

function build(view) {
  const questions = view.model.get("questions");
  view.items = questions.map((question, i) => buildItem(view, question, i));
  view.root = make(
    "div",
    { class: "cnnbook cnn-quiz", role: "group", "aria-label": view.words.title },
    ...view.items.map((item) => item.root),
  );
}

// One question: its fields and place for feedback; `drawn` is what it shows. No form:
// a closed frame, as in Visual Studio Code, sends none.
function buildItem(view, question, i) {
  const id = `cnn-quiz-${Math.random().toString(36).slice(2)}`;
  const item = { question, i, id, drawn: "", legend: make("legend") };
  item.feedback = make("div", { id, role: "status" });
  item.fields = question.kind === "numeric" ? [numberInput(id)] : choiceInputs(item);
  for (const field of item.fields) {
    field.addEventListener("keydown", (event) => checkOnEnter(view, item, event));
  }
  item.root = make(
    "div",
    { class: "cnn-question" },
    make(
      "fieldset",
      { "aria-describedby": id },
      item.legend,
      ...buildFields(view, item),
      buildButtons(view, item),
      item.feedback,
    ),
  );
  return item;
}

function numberInput(id) {
  return make("input", {
    type: "text",
    autocomplete: "off",
    "aria-describedby": id,
    oninput: (event) => event.target.removeAttribute("aria-invalid"),
  });
}

function choiceInputs({ question, id }) {
  const type = question.kind === "choice" ? "radio" : "checkbox";
  const name = `${id}-choice`;
  return question.choices.map((_, c) => make("input", { type, name, value: c }));
}

function buildFields({ words }, { question, fields }) {
  if (question.kind === "numeric") {
    return [labeled(words.number, fields[0])];
  }
  const labels = question.choices.map(({ text }, c) =>
    make("label", { class: "cnn-check" }, fields[c], make("span", {}, ...rich(text))),
  );
  if (question.kind === "choice") return labels;
  return [make("p", { class: "cnn-note" }, words.several), ...labels];
}

function buildButtons(view, item) {
  const { words } = view;
  const check = button(words.check, () => checkAnswer(view, item), { class: "cnn-primary" });
  const row = make("div", { class: "cnn-row" }, check);
  const many = item.question.draws?.length > 1;
  if (many) row.append(button(words.again, () => drawNew(view, item)));
  return row;
}

// A text as nodes; what stands between backticks becomes code.
function rich(text) {
  return text
    .split(/`([^`]+)`/)
    .map((part, i) => (i % 2 ? make("code", {}, part) : part))
    .filter((node) => node !== "");
}

// --- Drawing -------------------------------------------------------------------

// Draws the questions whose checked answer is new, and leaves alone what the reader
// is typing or choosing elsewhere.
function draw(view) {
  const answers = view.model.get("answers");
  for (const item of view.items) {
    const answer = answers[item.i];
    const now = JSON.stringify(answer);
    if (now === item.drawn) continue;
    item.drawn = now;
    drawQuestion(view, item, answer);
    drawFields(item, answer);
    drawFeedback(view, item, answer);
  }
}

function textOf({ question }, answer) {
  if (question.kind !== "numeric") return question.text;
  return filled(question.text, valuesOf(question, answer));
}

function drawQuestion(view, item, answer) {
  const number = view.items.length > 1 ? `${item.i + 1}. ` : "";
  item.legend.replaceChildren(number, ...rich(textOf(item, answer)));
}

function drawFields({ question, fields }, answer) {
  if (question.kind === "numeric") {
    fields[0].value = answer.text;
    fields[0].removeAttribute("aria-invalid");
  } else {
    fields.forEach((field, c) => (field.checked = answer.chosen.includes(c)));
  }
}

function drawFeedback(view, { question, feedback }, answer) {
  if (!answer.verdict) return feedback.replaceChildren();
  const { words } = view;
  const { verdict, ...judgment } = judge(question, answer);
  const sign = make("span", { "aria-hidden": "true" }, `${SIGNS[verdict]} `);
  const head = make("strong", {}, sign, words[verdict]);
  const [first, ...rest] = linesOf(judgment, words);
  feedback.replaceChildren(
    make(
      "div",
      { class: "cnn-feedback", "data-verdict": verdict },
      make("p", {}, head, " ", ...first),
      ...rest.map((line) => make("p", {}, ...line)),
    ),
  );
}

// The lines of a feedback, each as nodes. A quote shows what was checked, because the
// reader may already be choosing something else.
function linesOf({ reasons, missing }, words) {
  const lines = reasons.map(([quote, text]) => [
    ...(quote ? rich(fill(words.quote, { text: quote })) : []),
    ...rich(text),
  ]);
  if (missing === 1) lines.push([words.missingOne]);
  if (missing > 1) lines.push([fill(words.missing, { count: missing })]);
  return lines;
}

// --- Events --------------------------------------------------------------------

function checkOnEnter(view, item, event) {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  checkAnswer(view, item);
}

function checkAnswer(view, item) {
  const answer = { ...view.model.get("answers")[item.i], ...givenIn(item) };
  const message = objection(item.question, answer, view.words);
  if (message) return object(item, message);
  answer.verdict = judge(item.question, answer).verdict;
  item.drawn = ""; // draw again even if nothing is new, so that it is read aloud again
  keep(view, item, answer);
}

function givenIn({ question, fields }) {
  if (question.kind === "numeric") return { text: fields[0].value };
  return { chosen: fields.flatMap((field, c) => (field.checked ? [c] : [])) };
}

function object({ question, fields, feedback }, message) {
  if (question.kind === "numeric") fields[0].setAttribute("aria-invalid", "true");
  fields[0].focus();
  feedback.replaceChildren(make("p", { class: "cnn-message" }, message));
}

function keep(view, item, answer) {
  const answers = view.model.get("answers");
  view.model.set("answers", answers.map((old, i) => (i === item.i ? answer : old)));
  view.model.save_changes();
  draw(view);
}

function drawNew(view, item) {
  const last = view.model.get("answers")[item.i].draw;
  const next = (last + 1) % item.question.draws.length;
  const answer = { draw: next, text: "", verdict: null };
  keep(view, item, answer);
  const text = fill(view.words.drawn, { text: textOf(item, answer).replaceAll("`", "") });
  item.feedback.replaceChildren(make("p", { class: "cnn-hidden" }, text));
  item.fields[0].focus();
}
