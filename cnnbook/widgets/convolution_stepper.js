// ConvolutionStepper (chapter 2): a kernel slides over a matrix, one product sum
// at a time. Arithmetic first, then drawing, then events.

import {
  button,
  cellAt,
  cellSize,
  drawGrid,
  fill,
  format,
  inkOn,
  labeled,
  largest,
  make,
  numberField,
  onTheme,
  palette,
  parseNumber,
  shade,
  showValue,
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
    first: "To the start",
    back: "Back",
    play: "Play",
    pause: "Pause",
    step: "Step",
    last: "To the end",
    position: "Position {now} of {all}",
    where: "Row {row}, column {column}",
    slideHelp: "Arrow keys, or a press on the grid, move the window.",
    editHelp:
      "A press or drag writes the pen's value. Arrow keys choose a cell, Enter writes.",
    sum: "{terms} = {sum}; {sum} + bias {bias} = {value}",
    longSum: "sum of {count} products = {sum}; {sum} + bias {bias} = {value}",
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
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => total(productsAt(state, r, c)) + state.bias),
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

// The same kernel with another number of rows or columns; new cells are 0.
export function resized(kernel, rows, columns) {
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => kernel[r]?.[c] ?? 0),
  );
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "kernel", "bias", "stride", "flip", "position", "gray"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, editing: false, cursor: [0, 0], timer: null };
  view.refresh = () => refresh(view);
  build(view);
  el.append(view.root);
  refresh(view);
  // JupyterLab may attach the element, and so the theme's colors, a moment later.
  const frame = requestAnimationFrame(view.refresh);
  const events = STATE.map((name) => `change:${name}`).join(" ");
  model.on(events, view.refresh);
  const endTheme = onTheme(view.refresh);
  return () => {
    cancelAnimationFrame(frame);
    pause(view);
    endTheme();
    model.off(events, view.refresh);
  };
}

export default { render };

// Draws the state, or says what is wrong with it and leaves the picture as it was.
function refresh(view) {
  try {
    check(stateOf(view.model), view.words);
  } catch (error) {
    say(view, error.message);
    return;
  }
  say(view, "");
  draw(view);
}

function stateOf(model) {
  return Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
}

// Changes the state if the result makes sense; otherwise throws and changes nothing.
function change(view, changes) {
  const next = { ...stateOf(view.model), ...changes };
  check(next, view.words);
  const [rows, columns] = outputSize(next);
  if (next.position >= rows * columns) changes.position = rows * columns - 1;
  say(view, "");
  for (const [name, value] of Object.entries(changes)) view.model.set(name, value);
  view.model.save_changes();
}

// The same for controls that have no field to mark.
function tryChange(view, changes) {
  try {
    change(view, changes);
  } catch (error) {
    say(view, error.message);
    draw(view);
  }
}

function say(view, message) {
  view.message.textContent = message;
}

function moveTo(view, position) {
  const [rows, columns] = outputSize(stateOf(view.model));
  change(view, { position: Math.max(0, Math.min(position, rows * columns - 1)) });
}

// --- Building -------------------------------------------------------------------

function build(view) {
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-stepper", role: "group", "aria-label": view.words.title },
    buildSettings(view),
    buildPanels(view),
    buildModes(view),
    buildPlayer(view),
    buildSum(view),
    buildText(view),
    view.message,
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
      onerror: (message) => say(view, message),
      describe: (text) => fill(words.notNumber, { text }),
    });
  view.bias = field("bias", words.bias, (bias) => change(view, { bias }));
  view.stride = field("stride", words.stride, (stride) => change(view, { stride }));
  view.kernelRows = field("rows", words.rows, (n) => resize(view, n, null));
  view.kernelColumns = field("columns", words.columns, (n) => resize(view, null, n));
  view.flip = make("input", {
    type: "checkbox",
    "data-control": "flip",
    onchange: () => tryChange(view, { flip: view.flip.checked }),
  });
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
    make("label", { class: "cnn-check" }, view.flip, words.flip),
  );
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
        if (matrix) tryChange(view, { [name]: matrix });
      },
    },
    ...Object.keys(named).map(option),
    make("option", { value: "" }, view.words.custom),
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
  change(view, { kernel: resized(kernel, ...wanted) });
}

const sign = (text) => make("div", { class: "cnn-sign", "aria-hidden": "true" }, text);
const panel = (...children) => make("div", { class: "cnn-panel" }, ...children);

function buildPanels(view) {
  view.inputCanvas = make("canvas", { class: "cnn-touch", tabindex: "0" });
  view.outputCanvas = make("canvas", { class: "cnn-touch", tabindex: "0" });
  view.inputTitle = make("div", { class: "cnn-title" });
  view.outputTitle = make("div", { class: "cnn-title" });
  listenToInput(view);
  listenToOutput(view);
  return make(
    "div",
    { class: "cnn-panels" },
    panel(view.inputTitle, view.inputCanvas),
    sign("→"),
    panel(view.outputTitle, view.outputCanvas),
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
    value: format(largest(view.model.get("input")) || 1).replace("−", "-"),
  });
  view.penLabel = make("label", { class: "cnn-check" }, words.pen, view.pen);
  view.help = make("span", { class: "cnn-note cnn-check" });
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
    button(label, () => (pause(view), moveTo(view, position())), {
      "data-control": control,
    });
  const now = () => view.model.get("position");
  view.playButton = button(words.play, () => (view.timer ? pause(view) : play(view)), {
    class: "cnn-primary",
    "data-control": "play",
  });
  view.slider = make("input", {
    type: "range",
    min: 0,
    "data-control": "position",
    oninput: () => (pause(view), moveTo(view, Number(view.slider.value))),
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

// Window × kernel = products. The kernel is the one that the reader edits; when it
// is flipped, the flipped one stands beside it.
function buildSum(view) {
  const [window, flippedKernel, products] = ["window", "flipped", "products"].map((name) => {
    const canvas = make("canvas", { role: "img", "data-shows": name });
    return { canvas, panel: panel(make("div", { class: "cnn-title" }, view.words[name]), canvas) };
  });
  view.pieces = { window, flipped: flippedKernel, products };
  view.table = make("table", { class: "cnn-kernel" });
  view.kernelTitle = make("div", { class: "cnn-title" });
  view.turn = sign("↻");
  view.sum = make("p", { class: "cnn-sum", role: "status", "data-shows": "sum" });
  const kernel = panel(view.kernelTitle, view.table);
  const row = [window.panel, sign("×"), kernel, view.turn, flippedKernel.panel];
  row.push(sign("="), products.panel);
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
    change(view, { input: parseMatrix(view.text.value, view.words) });
    view.text.removeAttribute("aria-invalid");
  } catch (error) {
    view.text.setAttribute("aria-invalid", "true");
    say(view, error.message);
  }
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model);
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

// The colors of a photograph: from black for 0 to white for the largest value.
function tones(colors) {
  return { ...colors, zero: [0, 0, 0], positive: [255, 255, 255] };
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
  const help = view.editing ? view.words.editHelp : view.words.slideHelp;
  view.help.textContent = help;
  view.penLabel.hidden = !view.editing;
  describe(view.inputCanvas, `${view.inputTitle.textContent}. ${help}`);
}

function describe(canvas, text, role = "application") {
  canvas.setAttribute("role", role);
  canvas.setAttribute("aria-label", text);
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
          onerror: (message) => say(view, message),
          describe: (text) => fill(view.words.notNumber, { text }),
        }),
      ),
    ),
  );
}

function setKernel(view, i, j, number) {
  const kernel = view.model.get("kernel").map((row) => [...row]);
  kernel[i][j] = number;
  change(view, { kernel });
}

// Only what has been computed so far: the output grows with the position.
function drawOutput(view, { state, rows, columns, at, r, c, colors }) {
  const whole = correlate(state);
  const shown = whole.map((row, i) =>
    row.map((value, j) => (i * columns + j <= at ? value : null)),
  );
  const cell = cellSize(rows, columns, 260);
  const frames = [[r, c, 1, 1, colors.mark]];
  drawGrid(view.outputCanvas, shown, { scale: largest(whole), cell, colors, frames });
  view.outputTitle.textContent = titled(view.words.output, whole);
  const where = fill(view.words.where, { row: r + 1, column: c + 1 });
  const value = format(whole[r][c]);
  describe(
    view.outputCanvas,
    `${view.outputTitle.textContent}. ${where}: ${value}. ${view.words.slideHelp}`,
  );
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
  view.turn.hidden = view.pieces.flipped.panel.hidden = !state.flip;
}

function drawSum(view, { state, r, c, products }) {
  const { words } = view;
  const sum = total(products);
  const values = {
    terms: terms(state, r, c),
    count: products.flat().length,
    sum: format(sum, 3),
    bias: format(state.bias, 3),
    value: format(sum + state.bias, 3),
  };
  const where = fill(words.where, { row: r + 1, column: c + 1 });
  const sentence = values.count <= 9 ? words.sum : words.longSum;
  view.sum.setAttribute("aria-live", view.timer ? "off" : "polite");
  view.sum.textContent = `${where}: ${fill(sentence, values)}`;
}

function terms(state, r, c) {
  const [under, over] = [windowAt(state, r, c).flat(), laid(state).flat()];
  const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));
  return under.map((value, i) => `${format(value)}·${factor(over[i])}`).join(" + ");
}

function drawControls(view, { state, rows, columns, at }) {
  const { words } = view;
  showValue(view.bias, state.bias);
  showValue(view.stride, state.stride);
  showValue(view.kernelRows, state.kernel.length);
  showValue(view.kernelColumns, state.kernel[0].length);
  view.flip.checked = state.flip;
  view.kernels.value = nameOf(view.model.get("kernels"), state.kernel);
  view.inputs.value = nameOf(view.model.get("inputs"), state.input);
  view.slider.max = rows * columns - 1;
  view.slider.value = at;
  view.sliderLabel.firstChild.textContent = fill(words.position, {
    now: at + 1,
    all: rows * columns,
  });
  view.playButton.textContent = view.timer ? words.pause : words.play;
  if (!view.details.open) view.text.value = asText(state.input);
}

function nameOf(named, matrix) {
  const wanted = JSON.stringify(matrix);
  const found = Object.entries(named).find(([, m]) => JSON.stringify(m) === wanted);
  return found ? found[0] : "";
}

function asText(matrix) {
  return matrix.map((row) => row.join(" ")).join("\n");
}

// --- Events ---------------------------------------------------------------------

const ARROWS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

function listenToInput(view) {
  const canvas = view.inputCanvas;
  const press = (event) => {
    const { input } = stateOf(view.model);
    const [r, c] = cellAt(canvas, event, input.length, input[0].length);
    if (view.editing) write(view, r, c);
    else slideTo(view, r, c);
  };
  onDrag(canvas, press);
  canvas.addEventListener("keydown", (event) => {
    if (view.editing) editByKey(view, event);
    else slideByKey(view, event);
  });
}

function listenToOutput(view) {
  const canvas = view.outputCanvas;
  onDrag(canvas, (event) => {
    const [rows, columns] = outputSize(stateOf(view.model));
    const [r, c] = cellAt(canvas, event, rows, columns);
    pause(view);
    moveTo(view, r * columns + c);
  });
  canvas.addEventListener("keydown", (event) => slideByKey(view, event));
}

function onDrag(canvas, act) {
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    act(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) act(event);
  });
}

// Puts the window's center on input cell (r, c), as near as the stride allows.
function slideTo(view, r, c) {
  const state = stateOf(view.model);
  const [rows, columns] = outputSize(state);
  const place = (cell, reach, count) =>
    Math.max(
      0,
      Math.min(count - 1, Math.round((cell - (reach - 1) / 2) / state.stride)),
    );
  const row = place(r, state.kernel.length, rows);
  pause(view);
  moveTo(view, row * columns + place(c, state.kernel[0].length, columns));
}

function slideByKey(view, event) {
  const [rows, columns] = outputSize(stateOf(view.model));
  const now = view.model.get("position");
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  const row = Math.max(0, Math.min(rows - 1, Math.floor(now / columns) + down));
  const column = Math.max(0, Math.min(columns - 1, (now % columns) + right));
  const ends = { Home: 0, End: rows * columns - 1 };
  if (!(event.key in ARROWS) && !(event.key in ends)) return;
  event.preventDefault();
  pause(view);
  moveTo(view, ends[event.key] ?? row * columns + column);
}

function editByKey(view, event) {
  const { input } = stateOf(view.model);
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  if (event.key === "Enter" || event.key === " ") write(view, ...view.cursor);
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

function write(view, r, c) {
  const number = parseNumber(view.pen.value);
  if (Number.isNaN(number)) {
    say(view, fill(view.words.notNumber, { text: view.pen.value }));
    return;
  }
  const input = view.model.get("input").map((row) => [...row]);
  input[r][c] = number;
  view.cursor = [r, c];
  tryChange(view, { input });
}

// About fifteen seconds for the whole slide, however long it is, but never slower
// than two steps a second or faster than 60.
function play(view) {
  const [rows, columns] = outputSize(stateOf(view.model));
  const last = rows * columns - 1;
  const wait = Math.max(1000 / 60, Math.min(500, 15000 / (last + 1)));
  const tick = () => {
    if (view.model.get("position") >= last) return pause(view);
    moveTo(view, view.model.get("position") + 1);
    view.timer = setTimeout(tick, wait);
  };
  if (view.model.get("position") >= last) moveTo(view, 0);
  view.timer = setTimeout(tick, wait);
  draw(view);
}

function pause(view) {
  if (!view.timer) return;
  clearTimeout(view.timer);
  view.timer = null;
  draw(view);
}
