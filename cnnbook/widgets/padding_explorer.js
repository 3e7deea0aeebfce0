// PaddingExplorer (chapter 3): a frame around the input, and what it does to every
// pixel. Arithmetic first, then drawing, then events.

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
  format,
  how,
  hue,
  inkOn,
  labeled,
  largest,
  make,
  nameOf,
  numberField,
  onDrag,
  palette,
  panel,
  refresh,
  resized,
  say,
  setState,
  shade,
  shownOf,
  showValue,
  sign,
  stateOf,
  sumAt,
  tickBox,
  wordsFor,
  write,
} from "./kit.js";

export const MAX_PADDING = 8;
export const MAX_KERNEL = 9;

// The order of the four paddings.
export const SIDES = ["top", "bottom", "left", "right"];

const WORDS = {
  en: {
    title: "Padding explorer",
    padded: "Padded input",
    kernel: "Kernel",
    output: "Output",
    uses: "Uses of each pixel",
    padding: "Padding",
    sides: { top: "top", bottom: "bottom", left: "left", right: "right" },
    side: "Padding {side}",
    alike: "all sides alike",
    valid: "valid",
    same: "same",
    full: "full",
    mode: "Mode",
    modes: {
      zeros: "zeros",
      reflect: "reflect",
      replicate: "replicate",
      circular: "circular",
    },
    preset: "Kernel preset",
    example: "Input",
    custom: "my own",
    rows: "Kernel rows",
    columns: "Kernel columns",
    reset: "Reset",
    help: "Arrow keys, or a press on the padded input or the output, move the window.",
    hatched: "hatched: padding",
    none: "no padding",
    sizes: "{input}, padded {padded}, kernel {kernel}, output {output}",
    where: "Output row {row}, column {column}",
    window: "{where}: padding in {count} of the window’s {all} cells; sum = {sum}",
    range: "from {least} to {most}",
    usesRange: "from {least} to {most} uses",
    usesEqual: "{most} uses each",
    notNumber: "“{text}” is not a number.",
    paddingSize: "{name} must be a whole number from 0 to {most}, not {value}.",
    kernelSize: "{name} must be a whole number from 1 to {most}, not {value}.",
    limit: "{name} is {value}, but mode {mode} allows at most {most} here: {reason}.",
    reflectRows: "less than the input’s {size} rows",
    reflectColumns: "less than the input’s {size} columns",
    circularRows: "no more than the input’s {size} rows",
    circularColumns: "no more than the input’s {size} columns",
    tooLarge: "A kernel of {kernel} does not fit into a padded input of {padded}.",
    names: {},
  },
};

// --- Arithmetic -------------------------------------------------------------

// The input row (or column) that position `at` shows; −1 for one of zeros.
const SOURCES = {
  zeros: (at, size) => (at >= 0 && at < size ? at : -1),
  reflect: (at, size) => size - 1 - Math.abs(size - 1 - Math.abs(at)),
  replicate: (at, size) => Math.max(0, Math.min(size - 1, at)),
  circular: (at, size) => (at + size) % size,
};

export const MODES = Object.keys(SOURCES);

// The same for all rows of the padded input, or for all columns.
export function sources(size, before, after, mode) {
  const source = SOURCES[mode];
  const all = Array.from({ length: before + size + after }, (_, i) => i - before);
  return all.map((at) => source(at, size));
}

export function padded({ input, padding: [top, bottom, left, right], mode }) {
  const rows = sources(input.length, top, bottom, mode);
  const columns = sources(input[0].length, left, right, mode);
  return rows.map((r) => columns.map((c) => input[r]?.[c] ?? 0));
}

// Rows and columns of the padded input and of the output.
export function sizes({ input, kernel, padding: [top, bottom, left, right] }) {
  const whole = [top + input.length + bottom, left + input[0].length + right];
  const [kh, kw] = [kernel.length, kernel[0].length];
  return { padded: whole, output: [whole[0] - kh + 1, whole[1] - kw + 1] };
}

// The whole output, (OH, OW).
export function correlate(state) {
  const [x, { kernel }] = [padded(state), state];
  const [rows, columns] = sizes(state).output;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => sumAt(x, kernel, r, c)),
  );
}

// How many window cells show each pixel, its copies in the frame included; (H, W).
// Rows and columns are counted alone: a window is in a row or not, whatever its column.
export function uses({ input, kernel, padding: [top, bottom, left, right], mode }) {
  const rows = usesAlong(input.length, top, bottom, mode, kernel.length);
  const columns = usesAlong(input[0].length, left, right, mode, kernel[0].length);
  return rows.map((r) => columns.map((c) => r * c));
}

function usesAlong(size, before, after, mode, reach) {
  const counts = Array(size).fill(0);
  const from = sources(size, before, after, mode);
  const last = from.length - reach; // where the last window starts
  from.forEach((source, at) => {
    const windows = Math.min(at, last) - Math.max(0, at - reach + 1) + 1;
    if (source >= 0) counts[source] += windows;
  });
  return counts;
}

// How many cells of the window at output row r, column c are padding.
export function paddingIn({ input, kernel, padding: [top, , left] }, r, c) {
  const inside = (start, reach, before, size) =>
    Math.max(0, Math.min(start + reach, before + size) - Math.max(start, before));
  const [kh, kw] = [kernel.length, kernel[0].length];
  const original = inside(r, kh, top, input.length) * inside(c, kw, left, input[0].length);
  return kh * kw - original;
}

// The padding that a name stands for. "same" keeps the input's size; of an even
// kernel's odd number of added cells, right and bottom get one more, as in PyTorch.
export function namedPadding(name, kernel) {
  const extra = [kernel.length - 1, kernel[0].length - 1];
  const sides = {
    valid: () => [0, 0],
    same: (total) => [Math.floor(total / 2), Math.ceil(total / 2)],
    full: (total) => [total, total],
  };
  return extra.flatMap(sides[name]);
}

export function alike(padding) {
  return padding.every((cells) => cells === padding[0]);
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no output.
export function check({ input, kernel, padding, mode }, words) {
  padding.forEach((cells, i) => checkPadding(cells, SIDES[i], words));
  padding.forEach((cells, i) => checkMode(input, mode, cells, i, words));
  const whole = sizes({ input, kernel, padding });
  if (Math.min(...whole.output) < 1) {
    const [h, w] = whole.padded;
    const given = { kernel: measure(kernel), padded: by(h, w) };
    throw new Error(fill(words.tooLarge, given));
  }
}

function checkPadding(cells, side, words) {
  if (Number.isInteger(cells) && cells >= 0 && cells <= MAX_PADDING) return;
  const name = sideName(side, words);
  const given = { name, value: format(cells), most: MAX_PADDING };
  throw new Error(fill(words.paddingSize, given));
}

// A reflection does not repeat the edge, so it has one cell less than the input;
// "circular" goes around once.
function checkMode(input, mode, cells, i, words) {
  const [size, along] = i < 2 ? [input.length, "Rows"] : [input[0].length, "Columns"];
  const most = { reflect: size - 1, circular: size }[mode] ?? MAX_PADDING;
  if (cells <= most) return;
  const reason = fill(words[mode + along], { size });
  const name = sideName(SIDES[i], words);
  const given = { name, value: cells, mode: words.modes[mode], most, reason };
  throw new Error(fill(words.limit, given));
}

function sideName(side, words) {
  return fill(words.side, { side: words.sides[side] });
}

function measure(matrix) {
  return by(matrix.length, matrix[0].length);
}

// Two sides, never on two lines.
function by(rows, columns) {
  return `${rows}\u00a0×\u00a0${columns}`;
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "kernel", "padding", "mode", "position"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, known: {} };
  view.start = stateOf(model, STATE);
  // `wish` is what the reader ticked; `linked` is that, unless the sides differ.
  view.wish = view.linked = alike(view.start.padding);
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

// Changes the state, and keeps the position at the same place of the output.
function changeTo(view, changes) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, ...changes };
  view.check(next);
  if (!("position" in changes)) next.position = samePlace(state, next);
  setState(view, next);
}

// The position of the same output row and column, as near as another size has them.
export function samePlace(before, after) {
  const [r, c] = placeOf(before);
  const [rows, columns] = sizes(after).output;
  return Math.min(rows - 1, r) * columns + Math.min(columns - 1, c);
}

// Row and column of the selected output.
function placeOf(state) {
  const [rows, columns] = sizes(state).output;
  const at = Math.min(state.position, rows * columns - 1);
  return [Math.floor(at / columns), at % columns];
}

// --- Building -------------------------------------------------------------------

function build(view) {
  view.message = make("p", { class: "cnn-message", role: "alert" });
  const sizes = { class: "cnn-padding-sizes", role: "status", "data-shows": "sizes" };
  view.sizes = make("p", sizes);
  const sum = { class: "cnn-padding-sum", role: "status", "data-shows": "sum" };
  view.sum = make("p", sum);
  view.root = make(
    "div",
    { class: "cnnbook", role: "group", "aria-label": view.words.title },
    buildSettings(view),
    buildPadding(view),
    view.message,
    view.sizes,
    view.sum,
    buildPanels(view),
    how(view.words.help),
  );
}

function field(view, name, label, onvalue) {
  return numberField({
    label,
    value: "",
    class: "cnn-short",
    inputmode: "numeric",
    "data-control": name,
    onvalue,
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(view.words.notNumber, { text }),
  });
}

function buildSettings(view) {
  const { words } = view;
  view.kernelRows = field(view, "rows", words.rows, (n) => resize(view, n, null));
  view.kernelColumns = field(view, "columns", words.columns, (n) => resize(view, null, n));
  view.kernels = buildNamed(view, "kernels", "kernel");
  view.inputs = buildNamed(view, "inputs", "input");
  const choices = [
    labeled(words.preset, view.kernels),
    labeled(words.rows, view.kernelRows),
    labeled(words.columns, view.kernelColumns),
  ];
  if (view.inputs.length > 2) choices.unshift(labeled(words.example, view.inputs));
  return make("div", { class: "cnn-row" }, ...choices);
}

function buildPadding(view) {
  const { words } = view;
  const box = tickBox(words.alike, "alike", (linked) => link(view, linked));
  view.alike = box.box;
  view.mode = buildChoice("mode", words.modes, (mode) =>
    attempt(view, () => changeTo(view, { mode }), view.mode),
  );
  const press = (name, act) =>
    button(words[name], (event) => act(event.target), { "data-control": name });
  const named = ["valid", "same", "full"].map((name) =>
    press(name, (place) => useNamed(view, name, place)),
  );
  const buttons = [...named, press("reset", (place) => reset(view, place))];
  return make(
    "div",
    { class: "cnn-row" },
    buildSides(view),
    box.label,
    labeled(words.mode, view.mode),
    make("div", { class: "cnn-padding-fields" }, ...buttons),
  );
}

function buildSides(view) {
  const { words } = view;
  view.sides = SIDES.map((side, i) =>
    field(view, side, sideName(side, words), (cells) => setSide(view, i, cells)),
  );
  const fields = view.sides.map((side, i) => labeled(words.sides[SIDES[i]], side));
  return make(
    "div",
    { role: "group", "aria-label": words.padding },
    make("div", { class: "cnn-title" }, words.padding),
    make("div", { class: "cnn-padding-fields" }, ...fields),
  );
}

// A list to choose from; `names` are the words by key.
function buildChoice(control, names, onchoice) {
  return make(
    "select",
    { "data-control": control, onchange: (event) => onchoice(event.target.value) },
    ...Object.entries(names).map(([value, name]) => make("option", { value }, name)),
  );
}

// The same for named matrices, and "my own" for anything else.
function buildNamed(view, collection, name) {
  const named = view.model.get(collection);
  const wordFor = (key) => view.words.names[key] ?? key.replaceAll("_", " ");
  const names = Object.fromEntries(Object.keys(named).map((key) => [key, wordFor(key)]));
  const choice = buildChoice(collection, names, (key) =>
    attempt(view, () => changeTo(view, { [name]: named[key] }), choice),
  );
  choice.append(make("option", { value: "", disabled: true }, view.words.custom));
  return choice;
}

function buildPanels(view) {
  const map = (name, attributes = {}) => {
    const title = make("div", { class: "cnn-title" });
    const canvas = make("canvas", { "data-shows": name, ...attributes });
    const note = make("div", { class: "cnn-note" });
    view[name] = { title, canvas, note };
    return panel(title, canvas, note);
  };
  const pressed = { class: "cnn-touch", tabindex: "0" };
  const pair = (...parts) => make("div", { class: "cnn-panels cnn-maps" }, ...parts);
  const panels = make(
    "div",
    { class: "cnn-panels cnn-padding" },
    pair(map("padded", pressed), sign("→"), map("output", pressed)),
    pair(map("uses"), map("kernel")),
  );
  listen(view);
  return panels;
}

// --- Drawing --------------------------------------------------------------------

// Sides of grids that share one size of cell; up to 14, cells have room for numbers.
const ROOMS = [4, 8, 14, 20, 28, 36, 44];

function draw(view) {
  const state = stateOf(view.model, STATE);
  const whole = padded(state);
  const [r, c] = placeOf(state);
  // One size of cell for all grids, and for small changes of the padding, so that
  // their sizes can be compared. (And it takes time to give a canvas another size.)
  const side = Math.max(whole.length, whole[0].length);
  const room = ROOMS.find((most) => most >= side);
  const cell = cellSize(room, room, 320);
  const colors = { ...palette(), uses: hue("uses") };
  const scene = { state, whole, output: correlate(state), r, c, cell, colors };
  const parts = [drawPadded, drawOutput, drawUses, drawKernel];
  // Words last: in a page that has just changed, a canvas is slow to set a font.
  const tellings = parts.map((part) => part(view, scene));
  for (const tellPart of tellings) tellPart?.();
  drawWords(view, scene);
  drawControls(view, state);
}

// Each of these draws its grid and returns what writes its words.
function drawPadded(view, { state, whole, r, c, cell, colors }) {
  const { input, kernel, padding } = state;
  const { title, canvas, note } = view.padded;
  const scale = largest(whole);
  drawGrid(canvas, whole, { scale, cell, colors });
  const context = canvas.getContext("2d"); // as drawGrid leaves it: in cells' pixels
  const isPadded = padding.some((cells) => cells > 0);
  if (isPadded) {
    hatch(context, whole, padding, { scale, cell, colors });
    const [top, , left] = padding;
    const edge = [top, left, input.length, input[0].length];
    frame(context, edge, cell, { color: `rgb(${colors.zero})`, line: 3 });
    frame(context, edge, cell, { color: colors.ink, line: 3, dash: [6, 5] });
  }
  const size = [kernel.length, kernel[0].length];
  frame(context, [r, c, ...size], cell, { color: colors.mark, line: 3 });
  return () => {
    write(title, `${view.words.padded} ${measure(whole)}`);
    write(note, isPadded ? view.words.hatched : view.words.none);
    const text = [title.textContent, note.textContent, view.words.help];
    describe(canvas, text.join(". "));
  };
}

// Two lines across each padded cell; its number stands between them.
function hatch(context, whole, [top, bottom, left, right], { scale, cell, colors }) {
  const [rows, columns] = [whole.length, whole[0].length];
  const paths = { "#000": new Path2D(), "#fff": new Path2D() };
  whole.forEach((row, r) =>
    row.forEach((value, c) => {
      const inside = r >= top && r < rows - bottom && c >= left && c < columns - right;
      if (inside) return;
      const path = paths[inkOn(shade(value, scale, colors))];
      const [x, y, half] = [c * cell, r * cell, cell / 2];
      path.moveTo(x, y + half);
      path.lineTo(x + half, y);
      path.moveTo(x + half, y + cell);
      path.lineTo(x + cell, y + half);
    }),
  );
  context.lineWidth = 1;
  context.globalAlpha = 0.6;
  for (const [ink, path] of Object.entries(paths)) {
    context.strokeStyle = ink;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

// A rectangle [row, column, rows, columns] on a drawn grid.
function frame(context, [r, c, rows, columns], cell, { color, line, dash = [] }) {
  context.strokeStyle = color;
  context.lineWidth = line;
  context.setLineDash(dash);
  context.strokeRect(c * cell, r * cell, columns * cell, rows * cell);
  context.setLineDash([]);
}

function drawOutput(view, { output, r, c, cell, colors }) {
  const { words } = view;
  const { title, canvas, note } = view.output;
  const frames = [[r, c, 1, 1, colors.mark]];
  drawGrid(canvas, output, { scale: largest(output), cell, colors, frames });
  return () => {
    write(title, `${words.output} ${measure(output)}`);
    const [least, most] = ends(output);
    write(note, fill(words.range, { least: format(least), most: format(most) }));
    const where = fill(words.where, { row: r + 1, column: c + 1 });
    describe(
      canvas,
      `${title.textContent}. ${where}: ${format(output[r][c])}. ${words.help}`,
    );
  };
}

// The smallest and the largest number.
function ends(matrix) {
  return [Math.min(...matrix.flat()), Math.max(...matrix.flat())];
}

// Whether a part of the picture is drawn already, from the same data and as large.
function isKnown(view, name, data) {
  const now = JSON.stringify([shownOf(view[name].canvas), ...data]);
  const before = view.known[name];
  view.known[name] = now;
  return before === now;
}

function drawUses(view, { state, cell, colors }) {
  const { words } = view;
  const { title, canvas, note } = view.uses;
  const counts = uses(state);
  if (isKnown(view, "uses", [counts, cell, colors])) return null;
  const [least, most] = ends(counts);
  const ramp = { ...colors, positive: colors.uses };
  drawGrid(canvas, counts, { scale: most, cell, colors: ramp });
  return () => {
    write(title, words.uses);
    write(note, fill(least < most ? words.usesRange : words.usesEqual, { least, most }));
    tell(canvas, `${words.uses}, ${note.textContent}`, counts);
  };
}

// The numbers in words, where they are few enough to listen to.
function tell(canvas, name, matrix) {
  const rows = matrix.map((row) => row.map((value) => format(value, 4)).join(" "));
  const few = matrix.flat().length <= 81;
  describe(canvas, few ? `${name}: ${rows.join("; ")}` : name, "img");
}

function drawKernel(view, { state: { kernel }, cell, colors }) {
  const { title, canvas } = view.kernel;
  const own = Math.min(cellSize(kernel.length, kernel[0].length, 190), Math.max(cell, 24));
  if (isKnown(view, "kernel", [kernel, own, colors])) return null;
  drawGrid(canvas, kernel, { scale: largest(kernel), cell: own, colors });
  return () => {
    write(title, `${view.words.kernel} ${measure(kernel)}`);
    tell(canvas, title.textContent, kernel);
  };
}

function drawWords(view, { state, whole, output, r, c }) {
  const { words } = view;
  const { input, kernel } = state;
  const sizes = fill(words.sizes, {
    input: measure(input),
    padded: measure(whole),
    kernel: measure(kernel),
    output: measure(output),
  });
  const sum = fill(words.window, {
    where: fill(words.where, { row: r + 1, column: c + 1 }),
    count: paddingIn(state, r, c),
    all: kernel.length * kernel[0].length,
    sum: format(output[r][c], 3),
  });
  write(view.sizes, sizes);
  write(view.sum, sum);
}

function drawControls(view, state) {
  const { kernel, padding, mode, input } = state;
  view.sides.forEach((side, i) => showValue(side, padding[i]));
  view.linked &&= alike(padding);
  view.alike.checked = view.linked;
  showValue(view.kernelRows, kernel.length);
  showValue(view.kernelColumns, kernel[0].length);
  view.mode.value = mode;
  view.kernels.value = nameOf(view.model.get("kernels"), kernel);
  view.inputs.value = nameOf(view.model.get("inputs"), input);
}

// --- Events ---------------------------------------------------------------------

function setSide(view, i, cells) {
  checkPadding(cells, SIDES[i], view.words);
  const { padding } = stateOf(view.model, STATE);
  const next = padding.map((old, j) => (view.linked || i === j ? cells : old));
  changeTo(view, { padding: next });
}

// Ticked, all sides get the padding of the first.
function link(view, linked) {
  const { padding } = stateOf(view.model, STATE);
  view.wish = view.linked = linked;
  const link = () => changeTo(view, { padding: padding.map(() => padding[0]) });
  if (linked) attempt(view, link, view.alike);
}

function useNamed(view, name, place) {
  view.linked = view.wish;
  const padding = namedPadding(name, view.model.get("kernel"));
  attempt(view, () => changeTo(view, { padding }), place);
}

// Back to what the widget showed first.
function reset(view, place) {
  view.wish = view.linked = alike(view.start.padding);
  attempt(view, () => changeTo(view, { ...view.start }), place);
}

function resize(view, rows, columns) {
  const kernel = view.model.get("kernel");
  const value = rows ?? columns;
  if (!Number.isInteger(value) || value < 1 || value > MAX_KERNEL) {
    const name = rows === null ? view.words.columns : view.words.rows;
    const given = { name, value: format(value), most: MAX_KERNEL };
    throw new Error(fill(view.words.kernelSize, given));
  }
  const wanted = [rows ?? kernel.length, columns ?? kernel[0].length];
  changeTo(view, { kernel: resized(kernel, ...wanted) });
}

function listen(view) {
  const [padded, output] = [view.padded.canvas, view.output.canvas];
  onDrag(padded, (event) => {
    const state = stateOf(view.model, STATE);
    const [r, c] = cellAt(padded, event, ...sizes(state).padded);
    const { kernel } = state;
    // The pressed cell becomes the middle of the window.
    moveTo(view, r - (kernel.length >> 1), c - (kernel[0].length >> 1));
  });
  onDrag(output, (event) =>
    moveTo(view, ...cellAt(output, event, ...sizes(stateOf(view.model, STATE)).output)),
  );
  for (const canvas of [padded, output]) {
    canvas.addEventListener("keydown", (event) => moveByKey(view, event));
  }
}

// Selects output row r, column c, or the one nearest to it.
function moveTo(view, r, c) {
  const [rows, columns] = sizes(stateOf(view.model, STATE)).output;
  const limit = (value, size) => Math.max(0, Math.min(size - 1, value));
  changeTo(view, { position: limit(r, rows) * columns + limit(c, columns) });
}

function moveByKey(view, event) {
  const [r, c] = placeOf(stateOf(view.model, STATE));
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  const places = { Home: [0, 0], End: [Infinity, Infinity] };
  if (!(event.key in ARROWS) && !(event.key in places)) return;
  event.preventDefault();
  moveTo(view, ...(places[event.key] ?? [r + down, c + right]));
}
