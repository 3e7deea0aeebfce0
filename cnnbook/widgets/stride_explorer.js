// StrideExplorer (chapter 4): a kernel that skips places. The output is a part of the
// one of stride 1; pixels that no window reads are hatched. Arithmetic first.

import {
  announce,
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
  hue,
  labeled,
  largest,
  make,
  mix,
  nameOf,
  nearestWindow,
  numberField,
  onDrag,
  palette,
  panel,
  placeIn,
  player,
  refresh,
  resized,
  say,
  setState,
  shade,
  shape,
  showValue,
  stateOf,
  sumAt,
  tickBox,
  visitsAlong,
  windowStarts,
  wordsFor,
  write,
} from "./kit.js";

export const MAX_INPUT = 28;
export const MAX_KERNEL = 9;
export const MAX_STRIDE = 6;

export const WORDS = {
  en: {
    title: "Stride: what is kept and what is skipped",
    input: "Input",
    output: "Output",
    ofStride: "stride {stride}: {size}",
    kernel: "Kernel {size}",
    preset: "Kernel preset",
    custom: "my own",
    rows: "Kernel rows",
    columns: "Kernel columns",
    strides: ["Stride down", "Stride right"],
    alike: "both directions alike",
    reset: "Reset",
    first: "First",
    back: "Back",
    play: "Play",
    pause: "Pause",
    step: "Step",
    last: "Last",
    help: "Arrow keys, Home, End, or a press on a grid choose a window.",
    legend: {
      window: "current window",
      start: "top left corner of a window",
      unread: "never read",
      kept: "kept by the stride",
    },
    size: "{rows} × {columns}",
    twoStrides: "{down} down, {right} right",
    sizes:
      "{input} input, {kernel} kernel, stride {stride}: {output} output, {windows}; {work}.",
    oneWindow: "1 window",
    windows: "{count} windows",
    fewer: "{count} instead of {full}",
    work: "{count} multiply-adds",
    oneWork: "1 multiply-add",
    where: "Output row {row}, column {column}",
    window: "{where}: input {rows}, {columns}, sum {sum}.",
    keptAs: "Row {row}, column {column} of stride 1 is kept: {sum}.",
    value: "{where}: {sum}.",
    span: {
      row: ["row {first}", "rows {first} to {last}"],
      column: ["column {first}", "columns {first} to {last}"],
    },
    allRead: ["The only pixel is read.", "All {all} pixels are read."],
    unread: "{count} of {all} pixels are never read: {parts}.",
    end: {
      row: ["the last row", "the last {count} rows"],
      column: ["the last column", "the last {count} columns"],
    },
    gap: {
      row: ["row {list} between the windows", "rows {list} between the windows"],
      column: ["column {list} between the windows", "columns {list} between the windows"],
    },
    gaps: {
      row: "{count} rows between the windows",
      column: "{count} columns between the windows",
    },
    run: "{first} to {last}",
    and: " and ",
    notNumber: "“{text}” is not a number.",
    inputSize: "The input has {rows} × {columns} numbers; at most {most} × {most} fit.",
    kernelSize: "{name} must be a whole number from 1 to {most}, not {value}.",
    strideSize: "{name} must be a whole number from 1 to {most}, not {value}.",
    tooLarge: "A {kh} × {kw} kernel does not fit into a {h} × {w} input.",
    names: {},
  },
};

// --- Arithmetic -------------------------------------------------------------

// The starts of the windows in both directions, [down, right].
export function startsOf({ input, kernel, stride }) {
  const reach = shape(kernel);
  return shape(input).map((size, d) => windowStarts(size, reach[d], stride[d]));
}

export function outputSize(state) {
  return startsOf(state).map((starts) => starts.length);
}

// The output of stride 1.
export function correlate({ input, kernel }) {
  const [rows, columns] = outputSize({ input, kernel, stride: [1, 1] });
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => sumAt(input, kernel, r, c)),
  );
}

// Every `down`-th row and every `right`-th column.
export function subsample(matrix, [down, right]) {
  const kept = (_, i, stride) => i % stride === 0;
  return matrix
    .filter((row, r) => kept(row, r, down))
    .map((row) => row.filter((value, c) => kept(value, c, right)));
}

// In how many windows each pixel stands, (H, W).
export function visits({ input, kernel, stride }) {
  const reach = shape(kernel);
  const [rows, columns] = shape(input).map((size, d) =>
    visitsAlong(size, reach[d], stride[d]),
  );
  return rows.map((down) => columns.map((right) => down * right));
}

// What no window reads along one direction: runs [first, last] between windows, and
// how many rows (or columns) after the last window.
export function unreadAlong(size, reach, stride) {
  const starts = windowStarts(size, reach, stride);
  const end = size - (starts.at(-1) + reach);
  const gaps = stride > reach ? starts.slice(1).map((s) => [s - stride + reach, s - 1]) : [];
  return { gaps, end };
}

// One multiplication and one addition for each weight in each window.
export function multiplyAdds(state) {
  const [[rows, columns], [kh, kw]] = [outputSize(state), shape(state.kernel)];
  return rows * columns * kh * kw;
}

// The [row, column] of the output for a position, and back.
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

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no convolution.
export function check({ input, kernel, stride }, words) {
  const [[h, w], [kh, kw]] = [shape(input), shape(kernel)];
  if (Math.max(h, w) > MAX_INPUT) {
    throw new Error(fill(words.inputSize, { rows: h, columns: w, most: MAX_INPUT }));
  }
  if (kh > h || kw > w) throw new Error(fill(words.tooLarge, { kh, kw, h, w }));
  stride.forEach((value, d) => {
    checkWhole(value, MAX_STRIDE, words.strideSize, words.strides[d]);
  });
}

function checkWhole(value, most, sentence, name) {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new Error(fill(sentence, { name, value: format(value), most }));
}

// --- Sentences --------------------------------------------------------------

const sizeText = (words, [rows, columns]) => fill(words.size, { rows, columns });

function strideText(words, [down, right]) {
  return down === right ? String(down) : fill(words.twoStrides, { down, right });
}

// Digits in groups of three, as in "14,400".
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

// The sizes, and what the stride saves.
export function sizesText(state, words) {
  const whole = { ...state, stride: [1, 1] };
  const count = ([rows, columns]) => rows * columns;
  const [windows, all] = [count(outputSize(state)), count(outputSize(whole))];
  const [work, most] = [multiplyAdds(state), multiplyAdds(whole)];
  const compared = (one, many, now, full) => {
    const text = now === 1 ? one : fill(many, { count: grouped(now) });
    return now === full ? text : fill(words.fewer, { count: text, full: grouped(full) });
  };
  return fill(words.sizes, {
    input: sizeText(words, shape(state.input)),
    kernel: sizeText(words, shape(state.kernel)),
    stride: strideText(words, state.stride),
    output: sizeText(words, outputSize(state)),
    windows: compared(words.oneWindow, words.windows, windows, all),
    work: compared(words.oneWork, words.work, work, most),
  });
}

// How many pixels no window reads, and where they are.
export function unreadText(state, words) {
  const [[h, w], [kh, kw], [down, right]] = [
    shape(state.input),
    shape(state.kernel),
    state.stride,
  ];
  const all = h * w;
  const count = visits(state).flat().filter((times) => times === 0).length;
  if (count === 0) return fill(words.allRead[all === 1 ? 0 : 1], { all });
  const parts = [
    ...unreadParts(unreadAlong(w, kw, right), "column", words),
    ...unreadParts(unreadAlong(h, kh, down), "row", words),
  ];
  return fill(words.unread, { count, all, parts: parts.join(", ") });
}

// Above so many gaps they are counted, not listed.
const MOST_LISTED = 4;

function unreadParts({ gaps, end }, line, words) {
  const parts = [];
  const lines = gaps.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (gaps.length > MOST_LISTED) parts.push(fill(words.gaps[line], { count: lines }));
  else if (gaps.length) {
    const list = listed(gaps, words);
    parts.push(fill(words.gap[line][lines === 1 ? 0 : 1], { list }));
  }
  if (end) parts.push(fill(words.end[line][end === 1 ? 0 : 1], { count: end }));
  return parts;
}

// "3", "3 and 6", "3 to 4, 7 to 8 and 11 to 12".
function listed(runs, words) {
  const texts = runs.map(([first, last]) =>
    first === last
      ? String(first + 1)
      : fill(words.run, { first: first + 1, last: last + 1 }),
  );
  if (texts.length === 1) return texts[0];
  return texts.slice(0, -1).join(", ") + words.and + texts.at(-1);
}

// Rows (or columns) that a window covers, counted from 1.
function span(words, line, start, reach) {
  return fill(words.span[line][reach === 1 ? 0 : 1], {
    first: start + 1,
    last: start + reach,
  });
}

// Which part of the input the output's row r, column c reads, and its sum.
export function windowText({ kernel, stride }, r, c, sum, words) {
  const [kh, kw] = shape(kernel);
  return fill(words.window, {
    where: fill(words.where, { row: r + 1, column: c + 1 }),
    rows: span(words, "row", r * stride[0], kh),
    columns: span(words, "column", c * stride[1], kw),
    sum: format(sum, 3),
  });
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "kernel", "stride", "position"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model };
  view.start = stateOf(model, STATE);
  view.player = player({
    count: () => outputSize(stateOf(model, STATE)).reduce((a, b) => a * b),
    now: () => model.get("position"),
    move: (position) => moveTo(view, position),
    redraw: () => draw(view),
  });
  view.alike = sameStrides(view.start);
  Object.assign(view, {
    names: STATE,
    check: (state) => check(state, words),
    draw: () => draw(view),
    refresh: () => refresh(view),
  });
  build(view);
  el.append(view.root);
  refresh(view);
  const end = follow(view, STATE);
  return () => (view.player.pause(), end());
}

export default { render };

function sameStrides({ stride: [down, right] }) {
  return down === right;
}

// Changes the state, and keeps the position at the same place of the output.
function changeTo(view, changes) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, ...changes };
  view.check(next);
  if (!("position" in changes)) next.position = samePlace(state, next);
  setState(view, next);
}

function moveTo(view, position) {
  const [rows, columns] = outputSize(stateOf(view.model, STATE));
  changeTo(view, { position: Math.max(0, Math.min(position, rows * columns - 1)) });
}

// One stride, or both while they are alike.
function setStride(view, direction, value) {
  // First, so that the message names the field that was typed into.
  const { strideSize, strides } = view.words;
  checkWhole(value, MAX_STRIDE, strideSize, strides[direction]);
  const stride = [...view.model.get("stride")];
  stride[direction] = value;
  if (view.alike) stride.fill(value);
  changeTo(view, { stride });
}

function setAlike(view, alike) {
  view.alike = alike;
  const [down] = view.model.get("stride");
  if (alike) changeTo(view, { stride: [down, down] });
}

function resize(view, rows, columns) {
  const kernel = view.model.get("kernel");
  const name = rows === null ? view.words.columns : view.words.rows;
  checkWhole(rows ?? columns, MAX_KERNEL, view.words.kernelSize, name);
  const [kh, kw] = shape(kernel);
  changeTo(view, { kernel: resized(kernel, rows ?? kh, columns ?? kw) });
}

// Back to what the widget showed first.
function reset(view) {
  view.player.pause();
  view.alike = sameStrides(view.start);
  changeTo(view, { ...view.start });
}

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  const status = (shows) => make("p", { role: "status", "data-shows": shows });
  view.sizes = status("sizes");
  view.unread = status("unread");
  view.window = status("window");
  view.root = make(
    "div",
    { class: "cnnbook cnn-stride", role: "group", "aria-label": words.title },
    buildStrides(view),
    view.message,
    buildKernel(view),
    buildGrids(view),
    buildLegend(words),
    buildPlayer(view),
    buildNumbers(view),
  );
}

function fieldFor(view, label, name, onvalue) {
  return numberField({
    label,
    value: "",
    class: "cnn-short",
    "data-control": name,
    onvalue,
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(view.words.notNumber, { text }),
  });
}

function buildStrides(view) {
  const { words } = view;
  view.fields = ["down", "right"].map((name, d) =>
    fieldFor(view, words.strides[d], name, (value) => setStride(view, d, value)),
  );
  view.sliders = ["slide-down", "slide-right"].map((name, d) =>
    make("input", {
      type: "range",
      min: 1,
      max: MAX_STRIDE,
      "aria-label": words.strides[d],
      "data-control": name,
      oninput: (event) => setStride(view, d, Number(event.target.value)),
    }),
  );
  const both = view.fields.map((field, d) =>
    make(
      "div",
      { class: "cnn-field cnn-stride-one" },
      make("span", {}, words.strides[d]),
      make("div", { class: "cnn-stride-field" }, field, view.sliders[d]),
    ),
  );
  const alike = tickBox(words.alike, "alike", (ticked) => setAlike(view, ticked));
  view.alikeBox = alike.box;
  return make("div", { class: "cnn-row" }, ...both, alike.label);
}

function buildKernel(view) {
  const { words } = view;
  view.kernels = buildChoice(view);
  view.kernelRows = fieldFor(view, words.rows, "rows", (n) => resize(view, n, null));
  view.kernelColumns = fieldFor(view, words.columns, "columns", (n) =>
    resize(view, null, n),
  );
  return make(
    "div",
    { class: "cnn-row" },
    labeled(words.preset, view.kernels),
    labeled(words.rows, view.kernelRows),
    labeled(words.columns, view.kernelColumns),
    button(words.reset, () => reset(view), { "data-control": "reset" }),
  );
}

// The kernels by name, and "my own" for any other.
function buildChoice(view) {
  const named = view.model.get("kernels");
  const option = (key) =>
    make("option", { value: key }, view.words.names[key] ?? key.replaceAll("_", " "));
  return make(
    "select",
    {
      "data-control": "kernels",
      onchange: ({ target }) => {
        const kernel = named[target.value];
        if (kernel) attempt(view, () => changeTo(view, { kernel }), target);
      },
    },
    ...Object.keys(named).map(option),
    make("option", { value: "", disabled: true }, view.words.custom),
  );
}

// Three grids with cells of one size, so that one sees the output shrink.
function buildGrids(view) {
  view.grids = {};
  const grid = (name) => {
    const canvas = make("canvas", { class: "cnn-touch", tabindex: "0", "data-shows": name });
    const title = make("div", { class: "cnn-title" }, make("div"), make("div"));
    view.grids[name] = { canvas, title, panel: panel(title, canvas) };
    return view.grids[name].panel;
  };
  view.row = make("div", { class: "cnn-strides" }, grid("input"), grid("full"), grid("output"));
  for (const name of Object.keys(view.grids)) listen(view, name);
  return make("div", { class: "cnn-strides-room" }, view.row);
}

function buildLegend(words) {
  const entries = Object.entries(words.legend).map(([name, text]) =>
    make("span", {}, make("i", { class: `cnn-key-${name}`, "aria-hidden": "true" }), text),
  );
  return make("p", { class: "cnn-legend cnn-note" }, ...entries);
}

function buildPlayer(view) {
  const { words } = view;
  const go = (label, control, position) =>
    button(label, () => (view.player.pause(), moveTo(view, position())), {
      "data-control": control,
    });
  const now = () => view.model.get("position");
  view.playButton = button(words.play, view.player.toggle, {
    class: "cnn-primary",
    "data-control": "play",
  });
  return make(
    "div",
    { class: "cnn-row" },
    go(words.first, "first", () => 0),
    go(words.back, "back", () => now() - 1),
    view.playButton,
    go(words.step, "step", () => now() + 1),
    go(words.last, "last", () => Infinity),
    how(words.help, "span"),
  );
}

function buildNumbers(view) {
  view.kernelTitle = make("div", { class: "cnn-title" });
  view.kernelCanvas = make("canvas", { "data-shows": "kernel" });
  return make(
    "div",
    { class: "cnn-panels cnn-stride-numbers" },
    panel(view.kernelTitle, view.kernelCanvas),
    make("div", {}, view.window, view.unread, view.sizes),
  );
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const full = fullOf(view, state);
  const output = subsample(full, state.stride);
  const [r, c] = placeOf(state);
  const cell = cellSize(...shape(state.input), 280, 40);
  const colors = { ...palette(), pale: hue("paper") };
  const scene = { state, full, output, r, c, cell, scale: largest(full), colors };
  // The output last, since it may get another size, and words after all grids: to set a
  // canvas's font lays out the page if it has changed.
  drawInput(view, scene);
  drawFull(view, scene);
  drawKernel(view, scene);
  drawOutput(view, scene);
  layOut(view, scene);
  drawTitles(view, scene);
  drawText(view, scene);
  drawControls(view, scene);
}

// The output of stride 1, computed again only if the input or the kernel changes.
function fullOf(view, { input, kernel }) {
  if (view.known?.input !== input || view.known?.kernel !== kernel) {
    view.known = { input, kernel, full: correlate({ input, kernel }) };
  }
  return view.known.full;
}

// Two lines: what the grid shows, and its size.
function setTitle({ grids, words }, name, matrix, stride) {
  const size = sizeText(words, shape(matrix));
  const [line, below] = grids[name].title.children;
  write(line, `${stride ? words.output : words.input} `);
  write(below, stride ? fill(words.ofStride, { stride, size }) : size);
}

function drawTitles(view, { state, full, output }) {
  const stride = sameStrides(state) ? state.stride[0] : `(${state.stride.join(", ")})`;
  setTitle(view, "input", state.input);
  setTitle(view, "full", full, 1);
  setTitle(view, "output", output, stride);
}

function drawInput(view, { state, r, c, cell, colors }) {
  const { input, kernel, stride } = state;
  const { canvas } = view.grids.input;
  const window = [r * stride[0], c * stride[1], ...shape(kernel), colors.mark, 4];
  const frames = [window];
  const numbered = drawGrid(canvas, input, { scale: largest(input), cell, colors, frames });
  const context = canvas.getContext("2d"); // drawGrid leaves its origin at cell 0, 0
  hatch(context, visits(state), { cell, colors, numbered });
  dot(context, startsOf(state), cell, colors);
}

// A dot in the top left corner of every window.
function dot(context, [rows, columns], cell, colors) {
  const radius = Math.max(1.5, Math.min(3.5, cell / 9));
  context.beginPath();
  for (const r of rows) {
    for (const c of columns) {
      const [x, y] = [c * cell + radius + 2.5, r * cell + radius + 2.5];
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
  }
  context.fillStyle = colors.ink;
  context.strokeStyle = colors.paper;
  context.lineWidth = 1;
  context.stroke();
  context.fill();
}

// How much paper is in the color of an output of stride 1 that the stride skips.
const PALE = 0.6;

function drawFull(view, { state, full, r, c, cell, scale, colors }) {
  const { canvas } = view.grids.full;
  const [down, right] = state.stride;
  const isKept = (i, j) => i % down === 0 && j % right === 0;
  const shadeAt = (value, i, j) => {
    const color = shade(value, scale, colors);
    return isKept(i, j) ? color : mix(color, colors.pale, PALE);
  };
  drawGrid(canvas, full, { scale, cell, colors, shadeAt });
  const context = canvas.getContext("2d");
  const frame = (row, column, color, line) => {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(column * cell + 0.5, row * cell + 0.5, cell - 2, cell - 2);
  };
  const line = cell < 16 ? 1 : 2;
  forEachCell(full, (value, i, j) => {
    if (isKept(i, j)) frame(i, j, colors.ink, line);
  });
  frame(r * down, c * right, colors.mark, line + 2);
}

function drawOutput(view, { output, r, c, cell, scale, colors }) {
  const frames = [[r, c, 1, 1, colors.mark, 4]];
  drawGrid(view.grids.output.canvas, output, { scale, cell, colors, frames });
}

function drawKernel(view, { state: { kernel }, colors }) {
  const cell = cellSize(...shape(kernel), 108, 30);
  drawGrid(view.kernelCanvas, kernel, { scale: largest(kernel), cell, colors });
}

function describeKernel(view, kernel) {
  const title = fill(view.words.kernel, { size: sizeText(view.words, shape(kernel)) });
  write(view.kernelTitle, title);
  const text = kernel.map((row) => row.map((v) => format(v)).join(" ")).join("; ");
  describe(view.kernelCanvas, `${title}: ${text}`, "img");
}

// What kit.css computes the cells' common size from.
function layOut({ row, grids }, { state, full, output, cell }) {
  row.style.setProperty("--cnn-most", `${cell}px`);
  row.style.setProperty("--cnn-input", state.input[0].length);
  row.style.setProperty("--cnn-full", full[0].length);
  for (const [name, matrix] of Object.entries({ input: state.input, full, output })) {
    grids[name].panel.style.setProperty("--cnn-columns", matrix[0].length);
  }
}

function drawText(view, { state, output, r, c }) {
  const { words, grids } = view;
  const sum = format(output[r][c], 3);
  const where = fill(words.where, { row: r + 1, column: c + 1 });
  const [row, column] = [r * state.stride[0] + 1, c * state.stride[1] + 1];
  const texts = {
    input: windowText(state, r, c, output[r][c], words),
    full: fill(words.keptAs, { row, column, sum }),
    output: fill(words.value, { where, sum }),
  };
  for (const [name, { canvas, title }] of Object.entries(grids)) {
    describe(canvas, `${title.textContent}. ${texts[name]} ${words.help}`);
  }
  describeKernel(view, state.kernel);
  announce(view.window, texts.input, view.player.playing());
  write(view.unread, unreadText(state, words));
  write(view.sizes, sizesText(state, words));
}

function drawControls(view, { state }) {
  if (!sameStrides(state)) view.alike = false;
  view.alikeBox.checked = view.alike;
  state.stride.forEach((value, d) => {
    showValue(view.fields[d], value);
    view.sliders[d].value = value;
  });
  const [[h, w], [kh, kw]] = [shape(state.input), shape(state.kernel)];
  showValue(view.kernelRows, kh);
  showValue(view.kernelColumns, kw);
  const named = view.model.get("kernels");
  for (const option of view.kernels.options) {
    const kernel = named[option.value];
    option.disabled = !kernel || kernel.length > h || kernel[0].length > w;
  }
  view.kernels.value = nameOf(named, state.kernel);
  view.playButton.textContent = view.words[view.player.playing() ? "pause" : "play"];
}

// --- Events ---------------------------------------------------------------------

function listen(view, name) {
  const { canvas } = view.grids[name];
  onDrag(canvas, (event) => {
    const state = stateOf(view.model, STATE);
    view.player.pause();
    moveTo(view, PRESSED[name](state, (rows, columns) => cellAt(canvas, event, rows, columns)));
  });
  canvas.addEventListener("keydown", (event) => moveByKey(view, event));
}

// The position that a press on a grid chooses; on the input, the window whose middle
// is nearest to the pixel.
const PRESSED = {
  input(state, cell) {
    const [r, c] = cell(...shape(state.input));
    const [kh, kw] = shape(state.kernel);
    return nearest(state, r - (kh - 1) / 2, c - (kw - 1) / 2);
  },
  full(state, cell) {
    return nearest(state, ...cell(...outputSize({ ...state, stride: [1, 1] })));
  },
  output(state, cell) {
    const [rows, columns] = outputSize(state);
    const [r, c] = cell(rows, columns);
    return r * columns + c;
  },
};

function moveByKey(view, event) {
  const state = stateOf(view.model, STATE);
  const [rows, columns] = outputSize(state);
  const ends = { Home: 0, End: rows * columns - 1 };
  if (!(event.key in ARROWS) && !(event.key in ends)) return;
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  const [r, c] = placeOf(state);
  const row = Math.max(0, Math.min(rows - 1, r + down));
  const column = Math.max(0, Math.min(columns - 1, c + right));
  event.preventDefault();
  view.player.pause();
  moveTo(view, ends[event.key] ?? row * columns + column);
}
