// ConvolutionStepper (chapter 2): a kernel slides over a matrix, one product sum
// at a time. Arithmetic first, then drawing, then events.

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
  format,
  how,
  inkOn,
  labeled,
  largest,
  make,
  nameOf,
  numberField,
  onDrag,
  palette,
  panel,
  parseNumber,
  player,
  refresh,
  resized,
  say,
  setState,
  shade,
  showValue,
  sign,
  signed,
  stateOf,
  sumAt,
  tickBox,
  wordsFor,
} from "./kit.js";

export const MAX_INPUT = 28;
export const MAX_KERNEL = 9;

const WORDS = {
  en: {
    title: "Convolution, step by step",
    input: "Input",
    kernel: "Kernel",
    output: "Output",
    window: "Window",
    flipped: "Flipped",
    products: "Products",
    preset: "Kernel preset",
    example: "Input",
    custom: "my own",
    rows: "Kernel rows",
    columns: "Kernel columns",
    bias: "Bias",
    stride: "Stride",
    flip: "flip the kernel",
    slide: "slide the window",
    edit: "edit the input",
    pen: "Pen",
    first: "First",
    back: "Back",
    play: "Play",
    pause: "Pause",
    step: "Step",
    reset: "Reset",
    last: "Last",
    position: "Position {now} of {all}",
    where: "Row {row}, column {column}",
    slideHelp: "Arrow keys, or a press on the grid, move the window.",
    editHelp:
      "A press or drag writes the pen’s value. Arrow keys choose a cell, Enter writes.",
    sum: "{terms} {equals} {sum}; {sum} + bias {bias} = {value}",
    longSum: "sum of {count} products = {sum}; {sum} + bias {bias} = {value}",
    range: "from {least} to {most}",
    matrix: "Input as text",
    matrixLabel: "Input, one row a line",
    apply: "Use this input",
    cell: "Kernel row {row}, column {column}",
    notNumber: "“{text}” is not a number.",
    empty: "The input is empty: type at least one number.",
    ragged: "Row {row} has {count} numbers, but row 1 has {first}.",
    inputSize: "The input has {rows} × {columns} numbers; at most {most} × {most} fit.",
    kernelSize: "{name} must be a whole number from 1 to {most}, not {value}.",
    tooLarge: "A {kh} × {kw} kernel does not fit into a {h} × {w} input.",
    strideSize: "The stride must be a whole number of at least 1, not {value}.",
    tooBig: "{value} is too large: use numbers between −1,000,000 and 1,000,000.",
    names: {},
  },
};

// --- Arithmetic -------------------------------------------------------------

// Rows and columns of the output: one for each place where the kernel fits.
export function outputSize({ input, kernel, stride }) {
  const along = (size, reach) => Math.floor((size - reach) / stride) + 1;
  return [
    along(input.length, kernel.length),
    along(input[0].length, kernel[0].length),
  ];
}

export function flipped(kernel) {
  return [...kernel].reverse().map((row) => [...row].reverse());
}

// The kernel as it is laid on the input.
export function laid({ kernel, flip }) {
  return flip ? flipped(kernel) : kernel;
}

// The part of the input under the kernel at output row r, column c.
export function windowAt({ input, kernel, stride }, r, c) {
  return kernel.map((row, i) =>
    row.map((_, j) => input[r * stride + i][c * stride + j]),
  );
}

export function productsAt(state, r, c) {
  const [under, over] = [windowAt(state, r, c), laid(state)];
  return under.map((row, i) => row.map((value, j) => value * over[i][j]));
}

export function total(matrix) {
  return matrix.flat().reduce((sum, value) => sum + value, 0);
}

// The whole output, (OH, OW).
export function correlate(state) {
  const [rows, columns] = outputSize(state);
  const { input, stride, bias } = state;
  const kernel = laid(state);
  return Array.from({ length: rows }, (_, r) =>
    Array.from(
      { length: columns },
      (_, c) => sumAt(input, kernel, r * stride, c * stride) + bias,
    ),
  );
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no convolution.
export function check({ input, kernel, stride, bias }, words) {
  const [h, w, kh, kw] = [input.length, input[0].length, kernel.length, kernel[0].length];
  if (Math.max(h, w) > MAX_INPUT) {
    throw new Error(fill(words.inputSize, { rows: h, columns: w, most: MAX_INPUT }));
  }
  if (kh > h || kw > w) throw new Error(fill(words.tooLarge, { kh, kw, h, w }));
  if (!Number.isInteger(stride) || stride < 1) {
    throw new Error(fill(words.strideSize, { value: format(stride) }));
  }
  const huge = [bias, ...input.flat(), ...kernel.flat()].find((v) => Math.abs(v) > 1e6);
  if (huge !== undefined) throw new Error(fill(words.tooBig, { value: format(huge) }));
}

// A matrix from text: rows on lines, or between brackets as Python prints them.
export function parseMatrix(text, words) {
  // Between brackets a line may be broken: Python prints long rows so.
  const ends = text.includes("[") ? /\]\s*,?/ : /[\n;]/;
  const lines = text.replace(/tensor|array|dtype=[\w.]+|[()]/g, " ").split(ends);
  const rows = lines
    .map((line) => line.split(/[\s,[]+/).filter(Boolean))
    .filter((row) => row.length);
  if (!rows.length) throw new Error(words.empty);
  rows.forEach((row, r) => {
    const bad = row.find((word) => Number.isNaN(parseNumber(word)));
    if (bad) throw new Error(fill(words.notNumber, { text: bad }));
    const sizes = { row: r + 1, count: row.length, first: rows[0].length };
    if (sizes.count !== sizes.first) throw new Error(fill(words.ragged, sizes));
  });
  return rows.map((row) => row.map(parseNumber));
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "kernel", "bias", "stride", "flip", "position", "gray"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, editing: false, cursor: [0, 0] };
  view.start = stateOf(model, STATE);
  view.player = player({
    count: () => outputSize(stateOf(model, STATE)).reduce((a, b) => a * b),
    now: () => model.get("position"),
    move: (position) => moveTo(view, position),
    redraw: () => draw(view),
  });
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

// Changes the state, and keeps the position at the same place of the output.
function changeTo(view, changes) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, ...changes };
  view.check(next);
  if (!("position" in changes)) next.position = samePlace(state, next);
  setState(view, next);
}

// The position of the same row and column, as near as an output of another size
// has them. The last position stays the last: a finished output stays finished.
export function samePlace(before, after) {
  const [[rows, columns], [toRows, toColumns]] = [outputSize(before), outputSize(after)];
  if (before.position >= rows * columns - 1) return toRows * toColumns - 1;
  const row = Math.min(toRows - 1, Math.floor(before.position / columns));
  return row * toColumns + Math.min(toColumns - 1, before.position % columns);
}

function moveTo(view, position) {
  const [rows, columns] = outputSize(stateOf(view.model, STATE));
  changeTo(view, { position: Math.max(0, Math.min(position, rows * columns - 1)) });
}

// --- Building -------------------------------------------------------------------

function build(view) {
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-stepper", role: "group", "aria-label": view.words.title },
    buildSettings(view),
    view.message,
    buildPanels(view),
    buildSum(view),
    buildPlayer(view),
    buildModes(view),
    buildText(view),
  );
}

function buildSettings(view) {
  const { words } = view;
  const field = (name, label, apply) =>
    numberField({
      label,
      value: "",
      class: "cnn-short",
      "data-control": name,
      onvalue: apply,
      onerror: (message, field) => say(view, message, field),
      describe: (text) => fill(words.notNumber, { text }),
    });
  view.bias = field("bias", words.bias, (bias) => changeTo(view, { bias }));
  view.stride = field("stride", words.stride, (stride) => changeTo(view, { stride }));
  view.kernelRows = field("rows", words.rows, (n) => resize(view, n, null));
  view.kernelColumns = field("columns", words.columns, (n) => resize(view, null, n));
  const flip = tickBox(words.flip, "flip", (flip) =>
    attempt(view, () => changeTo(view, { flip }), view.flip),
  );
  view.flip = flip.box;
  view.kernels = buildChoice(view, "kernels", "kernel");
  view.inputs = buildChoice(view, "inputs", "input");
  const choices = [labeled(words.preset, view.kernels)];
  if (view.inputs.length > 2) choices.unshift(labeled(words.example, view.inputs));
  return make(
    "div",
    { class: "cnn-row" },
    ...choices,
    labeled(words.rows, view.kernelRows),
    labeled(words.columns, view.kernelColumns),
    labeled(words.bias, view.bias),
    labeled(words.stride, view.stride),
    flip.label,
    button(words.reset, () => reset(view), { "data-control": "reset" }),
  );
}

// Back to what the widget showed first.
function reset(view) {
  view.player.pause();
  changeTo(view, { ...view.start });
}

// A list of named matrices, and "my own" for anything else.
function buildChoice(view, collection, name) {
  const named = view.model.get(collection);
  const option = (key) =>
    make("option", { value: key }, view.words.names[key] ?? key.replaceAll("_", " "));
  return make(
    "select",
    {
      "data-control": collection,
      onchange: (event) => {
        const matrix = named[event.target.value];
        const choose = () => changeTo(view, { [name]: matrix });
        if (matrix) attempt(view, choose, event.target);
      },
    },
    ...Object.keys(named).map(option),
    make("option", { value: "", disabled: true }, view.words.custom),
  );
}

function resize(view, rows, columns) {
  const kernel = view.model.get("kernel");
  const wanted = [rows ?? kernel.length, columns ?? kernel[0].length];
  const value = rows ?? columns;
  if (!Number.isInteger(value) || value < 1 || value > MAX_KERNEL) {
    const name = rows === null ? view.words.columns : view.words.rows;
    const given = { name, value: format(value), most: MAX_KERNEL };
    throw new Error(fill(view.words.kernelSize, given));
  }
  changeTo(view, { kernel: resized(kernel, ...wanted) });
}

function buildPanels(view) {
  view.inputCanvas = make("canvas", { class: "cnn-touch", tabindex: "0" });
  view.outputCanvas = make("canvas", { class: "cnn-touch", tabindex: "0" });
  view.inputTitle = make("div", { class: "cnn-title" });
  view.outputTitle = make("div", { class: "cnn-title" });
  view.inputRange = make("div", { class: "cnn-note" });
  view.outputRange = make("div", { class: "cnn-note" });
  listenToInput(view);
  listenToOutput(view);
  return make(
    "div",
    { class: "cnn-panels cnn-maps" },
    panel(view.inputTitle, view.inputCanvas, view.inputRange),
    sign("→"),
    panel(view.outputTitle, view.outputCanvas, view.outputRange),
  );
}

function buildModes(view) {
  const { words } = view;
  const name = `cnn-mode-${Math.random().toString(36).slice(2)}`;
  const mode = (editing, label) =>
    make(
      "label",
      { class: "cnn-check" },
      make("input", {
        type: "radio",
        name,
        "data-control": editing ? "edit" : "slide",
        checked: editing === view.editing,
        onchange: () => {
          view.editing = editing;
          draw(view);
        },
      }),
      label,
    );
  view.pen = make("input", {
    type: "text",
    class: "cnn-short",
    "data-control": "pen",
    value: Math.ceil(largest(view.model.get("input"))) || 1,
  });
  view.penLabel = make("label", { class: "cnn-check" }, words.pen, view.pen);
  view.help = how("", "span");
  return make(
    "div",
    { class: "cnn-row" },
    mode(false, words.slide),
    mode(true, words.edit),
    view.penLabel,
    view.help,
  );
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
  view.slider = make("input", {
    type: "range",
    min: 0,
    "data-control": "position",
    oninput: () => (view.player.pause(), moveTo(view, Number(view.slider.value))),
  });
  view.sliderLabel = labeled("", view.slider, "cnn-field cnn-slide");
  return make(
    "div",
    { class: "cnn-row" },
    go(words.first, "first", () => 0),
    go(words.back, "back", () => now() - 1),
    view.playButton,
    go(words.step, "step", () => now() + 1),
    go(words.last, "last", () => Infinity),
    view.sliderLabel,
  );
}

// Kernel × window = products. The kernel is the one that the reader edits; when it
// is flipped, the flipped one stands beside it.
function buildSum(view) {
  const piece = (name) => {
    const canvas = make("canvas", { role: "img", "data-shows": name });
    return { canvas, panel: panel(make("div", { class: "cnn-title" }, view.words[name]), canvas) };
  };
  view.pieces = { window: piece("window"), flipped: piece("flipped"), products: piece("products") };
  const { window, flipped: turned, products } = view.pieces;
  view.table = make("table", { class: "cnn-kernel" });
  view.kernelTitle = make("div", { class: "cnn-title" });
  view.turn = signed("↻", turned.panel);
  view.sum = make("p", { class: "cnn-sum", role: "status", "data-shows": "sum" });
  const kernel = panel(view.kernelTitle, view.table);
  const row = [kernel, view.turn, signed("×", window.panel), signed("=", products.panel)];
  return make("div", {}, make("div", { class: "cnn-panels" }, ...row), view.sum);
}

function buildText(view) {
  const { words } = view;
  view.text = make("textarea", {
    "aria-label": words.matrixLabel,
    "data-control": "text",
    spellcheck: "false",
  });
  view.details = make(
    "details",
    {},
    make("summary", {}, words.matrix),
    view.text,
    button(words.apply, () => useText(view), { "data-control": "apply" }),
  );
  return view.details;
}

function useText(view) {
  try {
    changeTo(view, { input: parseMatrix(view.text.value, view.words) });
    view.text.removeAttribute("aria-invalid");
  } catch (error) {
    view.text.setAttribute("aria-invalid", "true");
    say(view, error.message, view.details);
  }
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const [rows, columns] = outputSize(state);
  const at = Math.min(state.position, rows * columns - 1);
  const [r, c] = [Math.floor(at / columns), at % columns];
  const products = productsAt(state, r, c);
  const scene = { state, rows, columns, at, r, c, products, colors: palette() };
  drawInput(view, scene);
  drawKernel(view, scene);
  drawOutput(view, scene);
  drawPieces(view, scene);
  drawSum(view, scene);
  drawControls(view, scene);
}

function titled(name, matrix) {
  return `${name} ${matrix.length} × ${matrix[0].length}`;
}

// The colors of a photograph: black for 0 and less, white for the largest value.
function tones(colors) {
  return { ...colors, negative: [0, 0, 0], zero: [0, 0, 0], positive: [255, 255, 255] };
}

// A kernel that sums to 1 makes a photograph of a photograph.
function keepsBrightness({ gray, kernel }) {
  return gray && Math.abs(total(kernel) - 1) < 0.01;
}

// The smallest and the largest number of a matrix, cells not yet known left out.
function rangeOf(view, matrix) {
  const known = matrix.flat().filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return fill(view.words.range, { least: format(least), most: format(most) });
}

function drawInput(view, { state, r, c, colors }) {
  const { input, kernel, stride, gray } = state;
  const cell = cellSize(input.length, input[0].length);
  const frames = [
    [r * stride, c * stride, kernel.length, kernel[0].length, colors.mark],
  ];
  if (view.editing) frames.push([...view.cursor, 1, 1, colors.ink, 2]);
  drawGrid(view.inputCanvas, input, {
    scale: largest(input),
    cell,
    colors: gray ? tones(colors) : colors,
    frames,
  });
  view.inputTitle.textContent = titled(view.words.input, input);
  view.inputRange.textContent = rangeOf(view, input);
  // A swipe up or down scrolls the page, unless it draws.
  view.inputCanvas.style.touchAction = view.editing ? "none" : "pan-y";
  const help = view.editing ? view.words.editHelp : view.words.slideHelp;
  view.help.textContent = help;
  view.penLabel.hidden = !view.editing;
  describe(view.inputCanvas, `${view.inputTitle.textContent}. ${help}`);
}

function drawKernel(view, { state, colors }) {
  const { kernel } = state;
  const scale = largest(kernel);
  view.kernelTitle.textContent = titled(view.words.kernel, kernel);
  if (view.table.rows.length !== kernel.length || width(view.table) !== kernel[0].length) {
    view.table.replaceChildren(...kernel.map((row, i) => kernelRow(view, row, i)));
  }
  kernel.forEach((row, i) =>
    row.forEach((value, j) => {
      const field = fieldOf(view.table, i, j);
      const color = shade(value, scale, colors);
      showValue(field, value);
      field.classList.toggle("cnn-long", String(value).length > 4);
      field.style.background = `rgb(${color})`;
      field.style.color = inkOn(color);
    }),
  );
}

function width(table) {
  return table.rows[0]?.cells.length ?? 0;
}

function fieldOf(table, i, j) {
  return table.rows[i].cells[j].firstChild;
}

function kernelRow(view, row, i) {
  return make(
    "tr",
    {},
    ...row.map((value, j) =>
      make(
        "td",
        {},
        numberField({
          label: fill(view.words.cell, { row: i + 1, column: j + 1 }),
          value,
          onvalue: (number) => setKernel(view, i, j, number),
          onerror: (message, field) => say(view, message, field),
          describe: (text) => fill(view.words.notNumber, { text }),
        }),
      ),
    ),
  );
}

function setKernel(view, i, j, number) {
  const kernel = view.model.get("kernel").map((row) => [...row]);
  kernel[i][j] = number;
  changeTo(view, { kernel });
}

// Only what has been computed so far: the output grows with the position.
function drawOutput(view, { state, rows, columns, at, r, c, colors }) {
  const whole = outputOf(view, state);
  const shown = whole.map((row, i) =>
    row.map((value, j) => (i * columns + j <= at ? value : null)),
  );
  drawGrid(view.outputCanvas, shown, {
    cell: cellSize(rows, columns, 260),
    frames: [[r, c, 1, 1, colors.mark]],
    ...outputColors(state, whole, colors),
  });
  view.outputTitle.textContent = titled(view.words.output, whole);
  view.outputRange.textContent = rangeOf(view, shown);
  const where = fill(view.words.where, { row: r + 1, column: c + 1 });
  const value = `${where}: ${format(whole[r][c])}.`;
  const text = `${view.outputTitle.textContent}. ${value} ${view.words.slideHelp}`;
  describe(view.outputCanvas, text);
}

// The whole output, computed again only if more than the position has changed.
function outputOf(view, state) {
  const { input, kernel, bias, stride, flip } = state;
  const parts = [input, kernel, bias, stride, flip];
  if (!view.known?.parts.every((part, i) => part === parts[i])) {
    view.known = { parts, output: correlate(state) };
  }
  return view.known.output;
}

// The bias does not change the scale, so that one sees it shift the colors.
function outputColors(state, whole, colors) {
  if (keepsBrightness(state)) return { scale: largest(state.input), colors: tones(colors) };
  const sums = whole.map((row) => row.map((value) => value - state.bias));
  return { scale: largest(sums) || Math.abs(state.bias), colors };
}

function drawPieces(view, { state, r, c, products, colors }) {
  const cell = cellSize(products.length, products[0].length, 190, 38);
  const pieces = {
    window: [windowAt(state, r, c), largest(state.input)],
    flipped: [flipped(state.kernel), largest(state.kernel)],
    products: [products, largest(products)],
  };
  for (const [name, [matrix, scale]] of Object.entries(pieces)) {
    const { canvas } = view.pieces[name];
    const inTones = name === "window" && state.gray;
    drawGrid(canvas, matrix, { scale, cell, colors: inTones ? tones(colors) : colors });
    const text = matrix.map((row) => row.map((v) => format(v)).join(" ")).join("; ");
    describe(canvas, `${view.words[name]}: ${text}`, "img");
  }
  view.turn.hidden = !state.flip;
}

function drawSum(view, { state, r, c, products }) {
  const { words } = view;
  const sum = total(products);
  const values = {
    terms: terms(state, r, c),
    count: products.flat().length,
    equals: isShort(state, r, c) ? "=" : "≈",
    sum: format(sum, 3),
    bias: format(state.bias, 3),
    value: format(sum + state.bias, 3),
  };
  const where = fill(words.where, { row: r + 1, column: c + 1 });
  const sentence = values.count <= 9 ? words.sum : words.longSum;
  announce(view.sum, `${where}: ${fill(sentence, values)}`, view.player.playing());
}

// Whether all factors are shown in full, with two decimals.
function isShort(state, r, c) {
  const factors = [...windowAt(state, r, c).flat(), ...state.kernel.flat()];
  return factors.every((value) => Number(value.toFixed(2)) === value);
}

function terms(state, r, c) {
  const [under, over] = [windowAt(state, r, c).flat(), laid(state).flat()];
  const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));
  return under.map((value, i) => `${factor(value)}·${factor(over[i])}`).join(" + ");
}

function drawControls(view, { state, rows, columns, at }) {
  const { words } = view;
  showValue(view.bias, state.bias);
  showValue(view.stride, state.stride);
  showValue(view.kernelRows, state.kernel.length);
  showValue(view.kernelColumns, state.kernel[0].length);
  view.flip.checked = state.flip;
  for (const option of view.kernels.options) {
    const kernel = view.model.get("kernels")[option.value];
    option.disabled = !kernel || !fits(kernel, state.input);
  }
  view.kernels.value = nameOf(view.model.get("kernels"), state.kernel);
  view.inputs.value = nameOf(view.model.get("inputs"), state.input);
  view.slider.max = rows * columns - 1;
  view.slider.value = at;
  view.sliderLabel.firstChild.textContent = fill(words.position, {
    now: at + 1,
    all: rows * columns,
  });
  view.playButton.textContent = view.player.playing() ? words.pause : words.play;
  if (!view.details.open && view.written !== state.input) {
    view.text.value = asText(state.input);
    view.written = state.input; // long to write, so not at every step
  }
}

function fits(kernel, input) {
  return kernel.length <= input.length && kernel[0].length <= input[0].length;
}

function asText(matrix) {
  return matrix.map((row) => row.join(" ")).join("\n");
}

// --- Events ---------------------------------------------------------------------

function listenToInput(view) {
  const canvas = view.inputCanvas;
  const press = (event, previous) => {
    const { input } = stateOf(view.model, STATE);
    const place = (at) => cellAt(canvas, at, input.length, input[0].length);
    if (view.editing) write(view, between(place(previous ?? event), place(event)));
    else slideTo(view, ...place(event));
  };
  onDrag(canvas, press);
  canvas.addEventListener("keydown", (event) => {
    if (view.editing) editByKey(view, event);
    else slideByKey(view, event);
  });
}

// The cells on the line from one cell to another: a quick pen skips some.
export function between([r0, c0], [r1, c1]) {
  const steps = Math.max(Math.abs(r1 - r0), Math.abs(c1 - c0), 1);
  return Array.from({ length: steps + 1 }, (_, i) => [
    Math.round(r0 + ((r1 - r0) * i) / steps),
    Math.round(c0 + ((c1 - c0) * i) / steps),
  ]);
}

function listenToOutput(view) {
  const canvas = view.outputCanvas;
  onDrag(canvas, (event) => {
    const [rows, columns] = outputSize(stateOf(view.model, STATE));
    const [r, c] = cellAt(canvas, event, rows, columns);
    view.player.pause();
    moveTo(view, r * columns + c);
  });
  canvas.addEventListener("keydown", (event) => slideByKey(view, event));
}

// Puts the window's center on input cell (r, c), as near as the stride allows.
function slideTo(view, r, c) {
  const state = stateOf(view.model, STATE);
  const [rows, columns] = outputSize(state);
  const place = (cell, reach, count) =>
    Math.max(
      0,
      Math.min(count - 1, Math.round((cell - (reach - 1) / 2) / state.stride)),
    );
  const row = place(r, state.kernel.length, rows);
  view.player.pause();
  moveTo(view, row * columns + place(c, state.kernel[0].length, columns));
}

function slideByKey(view, event) {
  const [rows, columns] = outputSize(stateOf(view.model, STATE));
  const now = view.model.get("position");
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  const row = Math.max(0, Math.min(rows - 1, Math.floor(now / columns) + down));
  const column = Math.max(0, Math.min(columns - 1, (now % columns) + right));
  const ends = { Home: 0, End: rows * columns - 1 };
  if (!(event.key in ARROWS) && !(event.key in ends)) return;
  event.preventDefault();
  view.player.pause();
  moveTo(view, ends[event.key] ?? row * columns + column);
}

function editByKey(view, event) {
  const { input } = stateOf(view.model, STATE);
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  if (event.key === "Enter" || event.key === " ") write(view, [view.cursor]);
  else if (!(event.key in ARROWS)) return;
  event.preventDefault();
  const limit = (value, size) => Math.max(0, Math.min(size - 1, value));
  view.cursor = [
    limit(view.cursor[0] + down, input.length),
    limit(view.cursor[1] + right, input[0].length),
  ];
  draw(view);
  const [r, c] = view.cursor;
  const where = fill(view.words.where, { row: r + 1, column: c + 1 });
  view.sum.textContent = `${view.words.input}. ${where}: ${format(view.model.get("input")[r][c])}`;
}

// Writes the pen's value into cells [row, column].
function write(view, cells) {
  const number = parseNumber(view.pen.value);
  if (Number.isNaN(number)) {
    say(view, fill(view.words.notNumber, { text: view.pen.value }), view.pen);
    return;
  }
  const input = view.model.get("input").map((row) => [...row]);
  for (const [r, c] of cells) input[r][c] = number;
  view.cursor = cells.at(-1);
  attempt(view, () => changeTo(view, { input }), view.pen);
}
