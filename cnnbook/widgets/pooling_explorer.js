// PoolingExplorer (chapter 7): one number for each window, the largest or the average,
// and the way of its gradient back to the input. Arithmetic first.

import {
  ARROWS,
  attempt,
  button,
  cellAt,
  cellSize,
  describe,
  drawGrid,
  fill,
  follow,
  forEachCell,
  format,
  hatch,
  how,
  inkOn,
  labeled,
  largest,
  make,
  nameOf,
  nearestWindow,
  numberField,
  onDrag,
  palette,
  panel,
  placeIn,
  refresh,
  say,
  setState,
  shade,
  shape,
  showValue,
  stateOf,
  tickBox,
  visitsAlong,
  windowStarts,
  wordsFor,
  write,
} from "./kit.js";

export const MAX_INPUT = 16;
export const MAX_WINDOW = 6;
export const MAX_STRIDE = 6;
const MOST = 1e6; // larger numbers fit into no cell

export const WORDS = {
  en: {
    title: "Pooling: one number for each window",
    input: "Input",
    output: "Output",
    gradient: "Gradient",
    of: { selected: "of one output", all: "of all outputs" },
    example: "Map",
    custom: "my own",
    kind: "Kind",
    kinds: { max: "max", average: "average" },
    window: "Window",
    windows: ["Window rows", "Window columns"],
    stride: "Stride",
    strides: ["Stride down", "Stride right"],
    alike: "both ways alike",
    follow: "stride = window",
    reset: "Reset",
    cell: "Input row {row}, column {column}",
    shiftLeft: "Shift left",
    shiftRight: "Shift right",
    all: "all outputs",
    hint: "Shift the map, or change a number, and see which outputs change.",
    help:
      "Press an output, or use arrow keys there, to choose a window. Press an input " +
      "cell and type to change its number.",
    counting: "Rows and columns count from 1.",
    legend: {
      window: "selected window",
      others: "other windows; where they overlap, their top left corners",
      winner: "winner of a window",
      unread: "never read",
      cell: "cell to change",
      changed: "output changed by the last edit or shift",
    },
    size: "{rows} × {columns}",
    twoStrides: "{down} down, {right} right",
    sizes: "{input} input, {window} window, stride {stride}: {output} output. {unread}",
    allRead: ["The only pixel is read.", "All {all} pixels are read."],
    unread: [
      "1 of {all} pixels is never read.",
      "{count} of {all} pixels are never read.",
    ],
    where: "Output row {row}, column {column}",
    value: "{where}: {value}.",
    numbers: "{count} numbers",
    only: "{where}: {value}, the only number of its window.",
    largest: "{where}: the largest of {numbers} is {value}, in {cell}.",
    tie:
      "{where}: the largest of {numbers} is {value}. It is there {count} times; " +
      "the first, in {cell}, wins.",
    average: "{where}: the average of {numbers} is {value}.",
    about: "{where}: the average of {numbers} is about {value}.",
    pixel: "input row {row}, column {column}",
    whole: "Its gradient of 1 goes to {cell} alone.",
    shared: "Its gradient of 1 is shared out: 1/{count} to each pixel of the window.",
    sum:
      "Each of the {all} outputs sends back 1: {count} of {pixels} pixels get some, " +
      "at most {most}.",
    shifted: {
      left: "Shifted left by one pixel; the first column became the last.",
      right: "Shifted right by one pixel; the last column became the first.",
    },
    edited: "{cell} is now {value}.",
    changed: "{what} Changed outputs: {count} of {all}.",
    notNumber: "“{text}” is not a number.",
    tooBig: "{value} is too large: use numbers between −1,000,000 and 1,000,000.",
    inputSize: "The input has {rows} × {columns} numbers; at most {most} × {most} fit.",
    windowSize: "{name} must be a whole number from 1 to {most}, not {value}.",
    tooLarge: "A {kh} × {kw} window does not fit into a {h} × {w} input.",
    names: {},
  },
};

// --- Arithmetic -------------------------------------------------------------

// The starts of the windows in both directions, [down, right].
export function startsOf({ input, window, stride }) {
  return shape(input).map((size, d) => windowStarts(size, window[d], stride[d]));
}

export function outputSize(state) {
  return startsOf(state).map((starts) => starts.length);
}

// The numbers in the window of output row r, column c.
function numbersIn({ input, window, stride }, r, c) {
  const [top, left] = [r * stride[0], c * stride[1]];
  const rows = input.slice(top, top + window[0]);
  return rows.flatMap((row) => row.slice(left, left + window[1]));
}

// The [row, column] of the first of the window's largest, in reading order; plain loops
// here and below, for speed.
export function winnerAt({ input, window, stride }, r, c) {
  const [top, left] = [r * stride[0], c * stride[1]];
  let [row, column] = [top, left];
  for (let i = top; i < top + window[0]; i++) {
    for (let j = left; j < left + window[1]; j++) {
      if (input[i][j] > input[row][column]) [row, column] = [i, j];
    }
  }
  return [row, column];
}

function averageAt({ input, window, stride }, r, c) {
  const [top, left] = [r * stride[0], c * stride[1]];
  let sum = 0;
  for (let i = top; i < top + window[0]; i++) {
    for (let j = left; j < left + window[1]; j++) sum += input[i][j];
  }
  return sum / (window[0] * window[1]);
}

// f(r, c) for each output, (OH, OW).
function eachOutput(state, f) {
  const [rows, columns] = startsOf(state);
  return rows.map((_, r) => columns.map((_, c) => f(r, c)));
}

// The output, (OH, OW).
export function pooled(state) {
  if (state.kind !== "max") return eachOutput(state, (r, c) => averageAt(state, r, c));
  return winners(state).map((line) => line.map(([r, c]) => state.input[r][c]));
}

// [row, column] of each window's winner, (OH, OW); null if the kind has none.
export function winners(state) {
  if (state.kind !== "max") return null;
  return eachOutput(state, (r, c) => winnerAt(state, r, c));
}

// What each pixel gets of a gradient of 1 at the selected output, or at each, (H, W).
export function gradient(state) {
  const { input, window, kind, stride, upstream } = state;
  const times = input.map((row) => row.map(() => 0)); // how often a pixel gets its share
  const send = (r, c) => {
    const [rows, columns] = kind === "max" ? [1, 1] : window;
    const [top, left] =
      kind === "max" ? winnerAt(state, r, c) : [r * stride[0], c * stride[1]];
    for (let i = top; i < top + rows; i++) {
      for (let j = left; j < left + columns; j++) times[i][j]++;
    }
  };
  if (upstream === "all") eachOutput(state, send);
  else send(...placeOf(state));
  const parts = kind === "max" ? 1 : window[0] * window[1];
  return times.map((row) => row.map((count) => count / parts));
}

// In how many windows each pixel stands, (H, W).
export function visits({ input, window, stride }) {
  const [rows, columns] = shape(input).map((size, d) =>
    visitsAlong(size, window[d], stride[d]),
  );
  return rows.map((down) => columns.map((right) => down * right));
}

// The map moved by one pixel; what leaves on one side enters on the other.
export function rolled(input, by) {
  return input.map((row) => row.map((_, c) => row.at((c - by) % row.length)));
}

// Which outputs differ, by more than the order of a sum can do.
export function changesBetween(before, after) {
  return before.map((row, r) => row.map((v, c) => Math.abs(v - after[r][c]) > 1e-9));
}

// The [row, column] of the output for a position.
export function placeOf(state) {
  return placeIn(outputSize(state), state.position);
}

// The position whose window starts nearest to input row r, column c.
export function nearest(state, r, c) {
  return nearestWindow(outputSize(state), state.stride, r, c);
}

// The window of another configuration nearest to the current one.
export function samePlace(before, after) {
  const [r, c] = placeOf(before);
  return nearest(after, r * before.stride[0], c * before.stride[1]);
}

// The position of a window with input row r, column c in it: the current one, or the one
// whose middle is nearest. (If no window has the pixel, the one beside it.)
export function windowOver(state, r, c) {
  const { window, stride } = state;
  const place = placeOf(state);
  const inside = (at, d) => {
    const start = place[d] * stride[d];
    return at >= start && at < start + window[d];
  };
  if ([r, c].every(inside)) return place[0] * outputSize(state)[1] + place[1];
  return nearest(state, r - (window[0] - 1) / 2, c - (window[1] - 1) / 2);
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no pooling.
export function check({ input, window, stride }, words) {
  const [[h, w], [kh, kw]] = [shape(input), window];
  if (Math.max(h, w) > MAX_INPUT) {
    throw new Error(fill(words.inputSize, { rows: h, columns: w, most: MAX_INPUT }));
  }
  const huge = input.flat().find((value) => Math.abs(value) > MOST);
  if (huge !== undefined) throw new Error(fill(words.tooBig, { value: format(huge) }));
  window.forEach((value, d) => checkWhole(value, MAX_WINDOW, words.windows[d], words));
  stride.forEach((value, d) => checkWhole(value, MAX_STRIDE, words.strides[d], words));
  if (kh > h || kw > w) throw new Error(fill(words.tooLarge, { kh, kw, h, w }));
}

function checkWhole(value, most, name, words) {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new Error(fill(words.windowSize, { name, value: format(value), most }));
}

// --- Sentences --------------------------------------------------------------

const sizeText = (words, [rows, columns]) => fill(words.size, { rows, columns });
const placeText = (sentence, r, c) => fill(sentence, { row: r + 1, column: c + 1 });

function strideText(words, [down, right]) {
  return down === right ? String(down) : fill(words.twoStrides, { down, right });
}

// Above so many numbers of a window they are counted, not listed.
const MOST_LISTED = 9;

// How the output's row r, column c is computed.
export function windowText(state, r, c, words) {
  const inside = numbersIn(state, r, c);
  const where = placeText(words.where, r, c);
  const numbers = listed(inside, words);
  if (inside.length === 1) {
    return fill(words.only, { where, value: format(inside[0], 4) });
  }
  if (state.kind !== "max") {
    const value = averageAt(state, r, c);
    const exact = Math.abs(Number(value.toFixed(3)) - value) < 1e-9;
    const sentence = exact ? words.average : words.about;
    return fill(sentence, { where, numbers, value: format(value, 3) });
  }
  const [row, column] = winnerAt(state, r, c);
  const most = state.input[row][column];
  const count = inside.filter((value) => value === most).length;
  const cell = placeText(words.pixel, row, column);
  const sentence = count > 1 ? words.tie : words.largest;
  return fill(sentence, { where, numbers, value: format(most, 4), count, cell });
}

function listed(numbers, words) {
  const count = numbers.length;
  if (count > MOST_LISTED) return fill(words.numbers, { count });
  return numbers.map((value) => format(value, 4)).join(", ");
}

// Where the gradient goes.
export function gradientText(state, words) {
  if (state.upstream === "all") return sumText(state, words);
  const count = state.window[0] * state.window[1];
  if (state.kind !== "max" && count > 1) return fill(words.shared, { count });
  const [row, column] = winnerAt(state, ...placeOf(state));
  return fill(words.whole, { cell: placeText(words.pixel, row, column) });
}

function sumText(state, words) {
  const [[rows, columns], given] = [outputSize(state), gradient(state).flat()];
  return fill(words.sum, {
    all: rows * columns,
    count: given.filter((value) => value > 0).length,
    pixels: given.length,
    most: format(Math.max(...given), 3),
  });
}

// The sizes, and how many pixels no window reads.
export function sizesText(state, words) {
  const times = visits(state).flat();
  const [all, count] = [times.length, times.filter((n) => n === 0).length];
  const [one, many] = count ? words.unread : words.allRead;
  const sentence = (count || all) === 1 ? one : many;
  return fill(words.sizes, {
    input: sizeText(words, shape(state.input)),
    window: sizeText(words, state.window),
    stride: strideText(words, state.stride),
    output: sizeText(words, outputSize(state)),
    unread: fill(sentence, { count, all }),
  });
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "kind", "window", "stride", "position", "upstream"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model };
  view.start = stateOf(model, STATE);
  begin(view);
  Object.assign(view, {
    names: STATE,
    check: (state) => check(state, words),
    draw: () => draw(view),
    refresh: () => refresh(view),
  });
  build(view);
  el.append(view.root);
  refresh(view);
  return follow(view, STATE);
}

export default { render };

const isAlike = ([down, right]) => down === right;
const areAlike = ({ window, stride }) => isAlike(window) && isAlike(stride);
const isTied = ({ window, stride }) => window.every((side, d) => side === stride[d]);

// What only this view has: the boxes' ticks, the cell to change, and the news.
function begin(view) {
  const { start } = view;
  Object.assign(view, { alike: areAlike(start), tied: isTied(start), news: null });
  view.cell = firstCell(start);
}

// The cell of a window that a reader may want to change first: its winner.
function firstCell(state) {
  const [r, c] = placeOf(state);
  if (state.kind === "max") return winnerAt(state, r, c);
  return [r * state.stride[0], c * state.stride[1]];
}

// Changes the state, and keeps the position at the same place of the output.
function changeTo(view, changes) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, ...changes };
  view.check(next);
  if (!("position" in changes)) next.position = samePlace(state, next);
  setState(view, next);
}

// Selects an output, and a cell of its window.
function select(view, r, c) {
  const state = stateOf(view.model, STATE);
  const position = r * outputSize(state)[1] + c;
  if (position !== state.position) view.cell = firstCell({ ...state, position });
  changeTo(view, { position });
}

// The pair with one number replaced, or both while they are alike.
function replaced(view, pair, direction, value) {
  return pair.map((old, d) => (view.alike || d === direction ? value : old));
}

function setWindow(view, direction, value) {
  const window = replaced(view, view.model.get("window"), direction, value);
  changeTo(view, view.tied ? { window, stride: window } : { window });
}

function setStride(view, direction, value) {
  const stride = replaced(view, view.model.get("stride"), direction, value);
  changeTo(view, { stride });
}

function setAlike(view, alike) {
  view.alike = alike;
  const [window, stride] = ["window", "stride"].map((name) => view.model.get(name)[0]);
  if (alike) changeTo(view, { window: [window, window], stride: [stride, stride] });
}

function setTied(view, tied) {
  view.tied = tied;
  if (tied) changeTo(view, { stride: view.model.get("window") });
}

// Back to what the widget showed first.
function reset(view) {
  begin(view);
  changeTo(view, { ...view.start });
}

// --- Changes of the input -------------------------------------------------------

// Puts another input in the place of `base`, and tells which outputs that changed.
function putInput(view, input, base, news) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, input };
  view.check(next);
  const changed = changesBetween(pooled({ ...state, input: base }), pooled(next));
  view.news = { ...news, base, changed, of: keyOf(next) };
  changeTo(view, { input });
}

// News are told until anything else changes than the position.
function keyOf({ input, kind, window, stride }) {
  return JSON.stringify([input, kind, window, stride]);
}

function newsOf(view, state) {
  return view.news?.of === keyOf(state) ? view.news : null;
}

function shift(view, side) {
  const input = view.model.get("input");
  const by = side === "left" ? -1 : 1;
  putInput(view, rolled(input, by), input, { what: view.words.shifted[side] });
}

// While a number is typed digit by digit, it is compared with the one before the first.
function setCell(view, number) {
  const state = stateOf(view.model, STATE);
  const [row, column] = view.cell;
  const value = Number(number.toFixed(4)); // as Python keeps it
  const input = state.input.map((line) => [...line]);
  input[row][column] = value;
  const news = newsOf(view, state);
  const base = news?.cell === view.cell ? news.base : state.input;
  const cell = placeText(view.words.cell, row, column);
  const what = fill(view.words.edited, { cell, value: format(value, 4) });
  putInput(view, input, base, { what, cell: view.cell });
}

// Chooses an input cell, and a window with it.
function choose(view, row, column) {
  const state = stateOf(view.model, STATE);
  if (view.cell[0] !== row || view.cell[1] !== column) view.cell = [row, column];
  changeTo(view, { position: windowOver(state, row, column) });
}

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  const status = (shows) => make("p", { role: "status", "data-shows": shows });
  view.lines = Object.fromEntries(
    ["window", "path", "news", "sizes"].map((name) => [name, status(name)]),
  );
  view.spoken = make("p", { class: "cnn-hidden", role: "status", "data-shows": "cell" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-pool", role: "group", "aria-label": words.title },
    buildSettings(view),
    view.message,
    buildMaps(view),
    buildActions(view),
    make("div", { class: "cnn-pool-lines" }, ...Object.values(view.lines), view.spoken),
    buildLegend(words),
    make("p", { class: "cnn-note" }, how(`${words.help} `, "span"), words.counting),
  );
}

function buildSettings(view) {
  const { words } = view;
  const named = view.model.get("inputs");
  const wordFor = (key) => words.names[key] ?? key.replaceAll("_", " ");
  const names = Object.keys(named).map((key) => [key, wordFor(key)]);
  view.inputs = buildChoice(view, "inputs", names, (key) =>
    changeTo(view, { input: named[key] }),
  );
  view.inputs.append(make("option", { value: "", disabled: true }, words.custom));
  view.kind = buildChoice(view, "kind", Object.entries(words.kinds), (kind) =>
    changeTo(view, { kind }),
  );
  const attempted = (act) => (ticked) =>
    attempt(view, () => act(view, ticked), view.alikeBox);
  const alike = tickBox(words.alike, "alike", attempted(setAlike));
  const tied = tickBox(words.follow, "tied", attempted(setTied));
  [view.alikeBox, view.tiedBox] = [alike.box, tied.box];
  return make(
    "div",
    { class: "cnn-row" },
    ...(names.length > 1 ? [labeled(words.example, view.inputs)] : []),
    labeled(words.kind, view.kind),
    buildPair(view, "window", words.windows, MAX_WINDOW, setWindow),
    buildPair(view, "stride", words.strides, MAX_STRIDE, setStride),
    button(words.reset, () => reset(view), { "data-control": "reset" }),
    make("div", { class: "cnn-pool-boxes" }, alike.label, tied.label),
  );
}

// A list to choose from; `names` are pairs of a value and its words.
function buildChoice(view, control, names, onchoice, attributes = {}) {
  const choice = make(
    "select",
    {
      "data-control": control,
      onchange: () => attempt(view, () => onchoice(choice.value), choice),
      ...attributes,
    },
    ...names.map(([value, name]) => make("option", { value }, name)),
  );
  return choice;
}

// Two lists of 1 to `most` with a × between them.
function buildPair(view, name, labels, most, act) {
  const numbers = Array.from({ length: most }, (_, i) => [i + 1, i + 1]);
  const lists = labels.map((label, d) =>
    buildChoice(view, `${name}-${d ? "columns" : "rows"}`, numbers, (value) =>
      act(view, d, Number(value)), { "aria-label": label }),
  );
  view[name] = lists;
  return make(
    "div",
    { class: "cnn-field", role: "group", "aria-label": view.words[name] },
    make("span", { "aria-hidden": "true" }, view.words[name]),
    make("div", { class: "cnn-pool-pair" }, lists[0], "×", lists[1]),
  );
}

// Input, output and gradient, with cells of one size.
function buildMaps(view) {
  view.maps = {};
  const map = (name, attributes) => {
    const canvas = make("canvas", { "data-shows": name, ...attributes });
    const title = make("div", { class: "cnn-title" }, make("div"), make("div"));
    view.maps[name] = { canvas, title, panel: panel(title, canvas) };
    return view.maps[name].panel;
  };
  const pressed = { class: "cnn-touch", tabindex: "0" };
  const maps = [map("input", pressed), map("output", pressed), map("gradient")];
  const all = tickBox(view.words.all, "all", (ticked) =>
    changeTo(view, { upstream: ticked ? "all" : "selected" }),
  );
  view.allBox = all.box;
  view.maps.gradient.panel.append(all.label);
  view.row = make("div", { class: "cnn-pool-maps" }, ...maps);
  listen(view);
  return make("div", { class: "cnn-pool-room" }, view.row);
}

function buildLegend(words) {
  const key = (name) => make("i", { class: `cnn-key-${name}`, "aria-hidden": "true" });
  const entries = Object.entries(words.legend).map(([name, text]) =>
    make("span", {}, key(name), text),
  );
  return make("p", { class: "cnn-legend cnn-note" }, ...entries);
}

function buildActions(view) {
  const { words } = view;
  view.editorLabel = make("span");
  view.editor = numberField({
    label: "",
    value: "",
    class: "cnn-short",
    "data-control": "cell",
    onvalue: (number) => setCell(view, number),
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(words.notNumber, { text }),
    onkeydown: (event) => {
      if (event.key === "Enter") view.maps.input.canvas.focus();
    },
  });
  const push = (label, side) =>
    button(label, () => shift(view, side), { "data-control": `shift-${side}` });
  const left = push(words.shiftLeft, "left");
  const right = push(words.shiftRight, "right");
  return make(
    "div",
    { class: "cnn-row" },
    make("label", { class: "cnn-check" }, view.editorLabel, view.editor),
    make("div", { class: "cnn-pool-pair" }, left, right),
  );
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const [r, c] = placeOf(state);
  view.cell = view.cell.every((at, d) => at < shape(state.input)[d]) ? view.cell : [0, 0];
  const scene = {
    state,
    r,
    c,
    output: pooled(state),
    given: gradient(state),
    news: newsOf(view, state),
    cell: cellSize(...shape(state.input), 300, 40),
    scale: largest(state.input),
    colors: palette(),
  };
  // What changes sizes comes first: text on a canvas makes the browser look at them.
  layOut(view, scene);
  drawOutput(view, scene);
  drawInput(view, scene);
  drawGradient(view, scene);
  drawText(view, scene);
  drawControls(view, state);
}

// Two lines: what the map is, and its size or more.
function setTitle({ maps, words }, name, below) {
  const [line, other] = maps[name].title.children;
  write(line, words[name]);
  write(other, below);
}

function drawInput(view, { state, r, c, cell, scale, colors }) {
  const { input, window, stride } = state;
  const { canvas } = view.maps.input;
  const numbered = drawGrid(canvas, input, { scale, cell, colors });
  const context = canvas.getContext("2d"); // drawGrid leaves its origin at cell 0, 0
  hatch(context, visits(state), { cell, colors, numbered });
  outline(context, state, cell, colors);
  const inks = (row, column) => inkOn(shade(input[row][column], scale, colors));
  ring(context, state, [r, c], cell, inks);
  mark(context, view.cell, cell, inks);
  context.strokeStyle = colors.mark;
  context.lineWidth = 4;
  const [height, width] = window.map((side) => side * cell);
  context.strokeRect(c * stride[1] * cell, r * stride[0] * cell, width, height);
  setTitle(view, "input", sizeText(view.words, shape(input)));
}

// Every window, or its top left corner if windows overlap.
function outline(context, state, cell, colors) {
  const { window, stride } = state;
  const overlap = window.some((side, d) => side > stride[d]);
  const [height, width] = window.map((side) => side * cell - 3);
  const [rows, columns] = startsOf(state);
  const corner = 0.3 * cell;
  context.beginPath();
  for (const r of rows) {
    for (const c of columns) {
      const [x, y] = [c * cell + 1, r * cell + 1];
      if (!overlap) context.rect(x, y, width, height);
      else {
        context.moveTo(x, y + corner);
        context.lineTo(x, y);
        context.lineTo(x + corner, y);
      }
    }
  }
  context.strokeStyle = colors.ink;
  context.lineWidth = 1.5;
  context.stroke();
}

// A ring around the winner of every window, a strong one in the selected window.
function ring(context, state, [r, c], cell, inks) {
  const all = winners(state);
  if (!all) return;
  const circle = ([row, column], line) => {
    const [x, y] = [(column + 0.5) * cell, (row + 0.5) * cell];
    context.beginPath();
    context.arc(x - 0.5, y - 0.5, 0.4 * cell - line / 2, 0, 2 * Math.PI);
    context.strokeStyle = inks(row, column);
    context.lineWidth = line;
    context.stroke();
  };
  forEachCell(all, (place) => circle(place, 1.5));
  circle(all[r][c], Math.max(2, cell / 10));
}

// Dashes around the cell that the field changes.
function mark(context, [row, column], cell, inks) {
  context.strokeStyle = inks(row, column);
  context.lineWidth = 1.5;
  context.setLineDash([3, 2]);
  context.strokeRect(column * cell + 2, row * cell + 2, cell - 5, cell - 5);
  context.setLineDash([]);
}

function drawOutput(view, { output, r, c, cell, scale, colors, news }) {
  const { canvas } = view.maps.output;
  const frames = [[r, c, 1, 1, colors.mark, 4]];
  drawGrid(canvas, output, { scale, cell, colors, frames });
  const context = canvas.getContext("2d");
  const side = 0.3 * cell;
  forEachCell(news?.changed ?? [], (changed, row, column) => {
    if (!changed) return;
    const [x, y] = [(column + 1) * cell - 3, row * cell + 2];
    context.fillStyle = inkOn(shade(output[row][column], scale, colors));
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - side, y);
    context.lineTo(x, y + side);
    context.fill();
  });
  setTitle(view, "output", sizeText(view.words, shape(output)));
}

function drawGradient(view, { state, given, r, c, cell, colors }) {
  const { window, stride, upstream } = state;
  const frame = [r * stride[0], c * stride[1], ...window, colors.mark, 4];
  const frames = upstream === "all" ? [] : [frame];
  const scale = Math.max(1, largest(given));
  drawGrid(view.maps.gradient.canvas, given, { scale, cell, colors, frames });
  setTitle(view, "gradient", view.words.of[upstream]);
}

// What kit.css computes the cells' common size from. The output has room for half of
// the input at least, so that the cells mostly stay as they are.
function layOut({ row, maps }, { state, output, cell }) {
  const columns = { input: state.input[0].length, output: output[0].length };
  columns.gradient = columns.input;
  row.style.setProperty("--cnn-most", `${cell}px`);
  row.style.setProperty("--cnn-input", columns.input);
  const room = Math.max(columns.output, Math.ceil(columns.input / 2));
  row.style.setProperty("--cnn-output", room);
  for (const [name, { panel }] of Object.entries(maps)) {
    panel.style.setProperty("--cnn-columns", columns[name]);
  }
}

function drawText(view, { state, output, r, c, news }) {
  const { words, maps, lines } = view;
  const [row, column] = view.cell;
  const cell = placeText(words.cell, row, column);
  const value = format(state.input[row][column], 4);
  const where = placeText(words.where, r, c);
  const path = gradientText(state, words);
  const texts = {
    input: fill(words.value, { where: cell, value }),
    output: fill(words.value, { where, value: format(output[r][c], 3) }),
    gradient: path,
  };
  for (const [name, { canvas, title }] of Object.entries(maps)) {
    const help = name === "gradient" ? "" : `${words.help} ${words.counting}`;
    const text = `${title.firstChild.textContent} ${title.lastChild.textContent}`;
    describe(canvas, `${text}. ${texts[name]} ${help}`, help ? "application" : "img");
  }
  write(lines.window, windowText(state, r, c, words));
  write(lines.path, path);
  write(lines.news, news ? newsText(news, words) : words.hint);
  write(lines.sizes, sizesText(state, words));
  write(view.spoken, texts.input);
}

function newsText({ what, changed }, words) {
  const all = changed.flat();
  const count = all.filter(Boolean).length;
  return fill(words.changed, { what, count, all: all.length });
}

function drawControls(view, state) {
  const { window, stride, input } = state;
  const [row, column] = view.cell;
  if (!areAlike(state)) view.alike = false;
  if (!isTied(state)) view.tied = false;
  view.alikeBox.checked = view.alike;
  view.tiedBox.checked = view.tied;
  view.allBox.checked = state.upstream === "all";
  view.kind.value = state.kind;
  view.window.forEach((list, d) => {
    const room = shape(input)[d];
    for (const option of list.options) option.disabled = option.value > room;
    list.value = window[d];
    view.stride[d].value = stride[d];
  });
  view.inputs.value = nameOf(view.model.get("inputs"), input);
  write(view.editorLabel, placeText(view.words.cell, row, column));
  view.editor.setAttribute("aria-label", view.editorLabel.textContent);
  showValue(view.editor, input[row][column]);
}

// --- Events ---------------------------------------------------------------------

function listen(view) {
  const [input, output] = [view.maps.input.canvas, view.maps.output.canvas];
  onDrag(input, (event) =>
    choose(view, ...cellAt(input, event, ...shape(view.model.get("input")))),
  );
  onDrag(output, (event) =>
    select(view, ...cellAt(output, event, ...outputSize(stateOf(view.model, STATE)))),
  );
  input.addEventListener("keydown", (event) => editByKey(view, event));
  output.addEventListener("keydown", (event) => moveByKey(view, event));
}

// The [row, column] that a key leads to, or nothing.
function reached(key, [row, column], [rows, columns]) {
  const ends = { Home: [0, 0], End: [rows - 1, columns - 1] };
  if (key in ends) return ends[key];
  if (!(key in ARROWS)) return undefined;
  const [down, right] = ARROWS[key];
  const limit = (value, count) => Math.max(0, Math.min(count - 1, value));
  return [limit(row + down, rows), limit(column + right, columns)];
}

function editByKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const place = reached(event.key, view.cell, shape(view.model.get("input")));
  if (place) {
    event.preventDefault();
    choose(view, ...place);
  } else if (/^([-−.,\d]|Enter)$/.test(event.key)) {
    view.editor.focus(); // and what was typed goes there
    view.editor.select();
  }
}

function moveByKey(view, event) {
  const state = stateOf(view.model, STATE);
  const place = reached(event.key, placeOf(state), outputSize(state));
  if (!place) return;
  event.preventDefault();
  select(view, ...place);
}
