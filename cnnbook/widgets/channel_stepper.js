// ChannelStepper (chapter 6): a filter has a slice for each channel of its input. Each
// channel gives a partial sum, and together they give one number. Arithmetic first.

import {
  announce,
  ARROWS,
  attempt,
  button,
  cellAt,
  cellSize,
  change,
  describe,
  drawGrid,
  fill,
  follow,
  format,
  how,
  hue,
  labeled,
  largest,
  make,
  numberField,
  onDrag,
  palette,
  player,
  prepare,
  refresh,
  say,
  setState,
  showValue,
  sign,
  stateOf,
  sumAt,
  tickBox,
  wordsFor,
  write,
} from "./kit.js";

export const WORDS = {
  en: {
    title: "Channels, step by step",
    colors: ["red", "green", "blue"],
    channel: "channel {number}",
    input: "Input",
    filter: "Filter {number}",
    chooseFilter: "Filter",
    products: "Products",
    sum: "Sum",
    picture: "The picture",
    by: " × ",
    example: "Input",
    filterSet: "Filters",
    custom: "my own",
    first: "First",
    back: "Back",
    play: "Play",
    pause: "Pause",
    step: "Step",
    last: "Show all",
    reset: "Reset",
    output: "Output",
    outputOf: "Output of filter {number}",
    plus: "+ {name}",
    isOff: "{name} (off)",
    where: "row {row}, column {column}",
    cell: { input: "input:", filters: "filter:" },
    cellOf: { input: "{name}, input, {where}", filters: "{name}, filter, {where}" },
    grids: {
      input: "Input, {name}, {size}; {where}: {value}. {help}",
      filters: "Filter {number}, {name}, {size}; {where}: {value}. {help}",
      products: "Products, {name}: {numbers}",
      output: "Output of filter {number}, {size}; {where}: {value}. {help}",
    },
    editHelp: "Arrow keys choose a cell, digits or Enter change it.",
    moveHelp: "Arrow keys, Home and End choose a place.",
    help: [
      "Press a number in the input or in the filter to change it.",
      "Press an output to go there.",
    ],
    // The sum follows on the same line.
    terms: "{terms} {equals}\u00a0",
    manyTerms: "sum of {count} products =\u00a0",
    off: "switched off: adds\u00a0",
    bias: "+ bias",
    value: "= output",
    biasOf: "Bias of filter {number}",
    status: "Filter {number}, {where}: {terms} + bias {bias} = {value}.",
    term: "{name} {sum}",
    termOff: "{name} 0 (off)",
    notNumber: "“{text}” is not a number.",
    tooBig: "{value} is too large: use numbers between −1,000,000 and 1,000,000.",
    depth: "The filters have {given} channels, but the input has {wanted}.",
    tooLarge: "A {kh} × {kw} filter does not fit into a {h} × {w} input.",
    biases: "Number of biases: {given}, but of filters: {wanted}.",
    switches: "Number of switches: {given}, but of channels: {wanted}.",
    nameCount: "Number of names: {given}, but of channels: {wanted}.",
    noFilter: "There is no filter {number}, only {count}.",
    names: {},
  },
};

// --- Arithmetic -------------------------------------------------------------

const shape = (matrix) => [matrix.length, matrix[0].length];

export function outputSize({ input, filters }) {
  const [[h, w], [kh, kw]] = [shape(input[0]), shape(filters[0][0])];
  return [h - kh + 1, w - kw + 1];
}

// What each channel adds at output row r, column c: (C,). One switched off adds 0.
export function partialSums({ input, filters, channels }, filter, r, c) {
  return input.map((plane, k) =>
    channels[k] ? sumAt(plane, filters[filter][k], r, c) : 0,
  );
}

const total = (numbers) => numbers.reduce((sum, value) => sum + value, 0);

// All outputs, (F, OH, OW): one map for each filter.
export function correlate(state) {
  const [rows, columns] = outputSize(state);
  return state.filters.map((_, filter) =>
    Array.from({ length: rows }, (_, r) =>
      Array.from(
        { length: columns },
        (_, c) => total(partialSums(state, filter, r, c)) + state.bias[filter],
      ),
    ),
  );
}

// What one channel's window holds, and that times the filter's slice: (kH, kW) both.
export function windowAt({ input, filters }, channel, r, c) {
  const [kh, kw] = shape(filters[0][0]);
  return input[channel].slice(r, r + kh).map((row) => row.slice(c, c + kw));
}

export function productsAt(state, channel, r, c) {
  const over = state.filters[state.filter][channel];
  const on = state.channels[channel] ? 1 : 0;
  return windowAt(state, channel, r, c).map((row, i) =>
    row.map((value, j) => on * value * over[i][j]),
  );
}

// The [row, column] of the outputs for a position.
export function placeOf(state) {
  const [rows, columns] = outputSize(state);
  const at = Math.min(state.position, rows * columns - 1);
  return [Math.floor(at / columns), at % columns];
}

// The position of the same row and column, as near as outputs of another size have it.
// The last stays the last: finished outputs stay finished.
export function samePlace(before, after) {
  const [[rows, columns], [toRows, toColumns]] = [outputSize(before), outputSize(after)];
  const [r, c] = placeOf(before);
  if (r * columns + c === rows * columns - 1) return toRows * toColumns - 1;
  return Math.min(r, toRows - 1) * toColumns + Math.min(c, toColumns - 1);
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no outputs.
export function check(state, words) {
  const { input, filters, bias, channels, filter, names } = state;
  const refuse = (sentence, values) => {
    throw new Error(fill(words[sentence], values));
  };
  const [[h, w], [kh, kw]] = [shape(input[0]), shape(filters[0][0])];
  const counts = { depth: filters[0].length, switches: channels.length };
  if (names.length) counts.nameCount = names.length;
  for (const [name, given] of Object.entries(counts)) {
    if (given !== input.length) refuse(name, { given, wanted: input.length });
  }
  if (kh > h || kw > w) refuse("tooLarge", { kh, kw, h, w });
  if (bias.length !== filters.length) {
    refuse("biases", { given: bias.length, wanted: filters.length });
  }
  if (!filters[filter]) refuse("noFilter", { number: filter + 1, count: filters.length });
  const all = [bias, input.flat(2), filters.flat(3)].flat();
  const huge = all.find((value) => Math.abs(value) > 1e6);
  if (huge !== undefined) refuse("tooBig", { value: format(huge) });
}

// --- Sentences --------------------------------------------------------------

// What the channels are called.
export function namesOf({ input, names }, words) {
  if (names.length) return names;
  if (input.length === words.colors.length) return words.colors;
  return input.map((_, k) => fill(words.channel, { number: k + 1 }));
}

const sizeText = (words, ...sides) => sides.join(words.by);
const whereText = (words, r, c) => fill(words.where, { row: r + 1, column: c + 1 });

const MOST_TERMS = 9;

// A window times a slice, written out if it is short; its sum follows.
export function sumText(state, channel, r, c, words) {
  const [under, over] = [
    windowAt(state, channel, r, c).flat(),
    state.filters[state.filter][channel].flat(),
  ];
  if (!state.channels[channel]) return words.off;
  const count = under.length;
  if (count > MOST_TERMS) return fill(words.manyTerms, { count });
  const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));
  const terms = under.map((value, i) => `${factor(value)}·${factor(over[i])}`);
  const exact = [...under, ...over].every((v) => Number(v.toFixed(2)) === v);
  return fill(words.terms, { terms: terms.join(" + "), equals: exact ? "=" : "≈" });
}

// The channels' sums and the bias, and what they give together.
export function statusText(state, r, c, words) {
  const { filter, channels, bias } = state;
  const sums = partialSums(state, filter, r, c);
  const terms = namesOf(state, words).map((name, k) =>
    fill(channels[k] ? words.term : words.termOff, { name, sum: format(sums[k]) }),
  );
  return fill(words.status, {
    number: filter + 1,
    where: whereText(words, r, c),
    terms: terms.join(" + "),
    bias: format(bias[filter]),
    value: format(total(sums) + bias[filter]),
  });
}

// --- The widget ---------------------------------------------------------------

const STATE = ["input", "filters", "bias", "position", "filter", "channels", "names"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, drawn: new Map(), parts: {} };
  view.start = stateOf(model, STATE);
  // The cell that can be edited: of the input or the filters, in which channel, where.
  view.cell = { of: "input", channel: 0, input: [0, 0], filters: [0, 0] };
  view.player = player({
    count: () => places(view),
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

function places(view) {
  const [rows, columns] = outputSize(stateOf(view.model, STATE));
  return rows * columns;
}

function moveTo(view, position) {
  const most = places(view) - 1;
  setState(view, { position: Math.max(0, Math.min(position, most)) });
}

// Another input or other filters, at the same place as before. A bias belongs to its
// filter: the first filters have theirs, others have none.
function choose(view, changes) {
  const state = stateOf(view.model, STATE);
  const next = { ...state, ...changes };
  if (changes.filters) {
    const first = isSame(next.filters, view.start.filters);
    next.bias = first ? view.start.bias : next.filters.map(() => 0);
  }
  next.filter = Math.min(next.filter, next.filters.length - 1);
  view.check(next);
  setState(view, { ...next, position: samePlace(state, next) });
}

// Back to what the widget showed first.
function reset(view) {
  view.player.pause();
  change(view, view.start);
}

// --- Building -------------------------------------------------------------------

// What stands above grids, in two lines: what it is, and its size.
const TITLES = ["input", "filter", "products", "sum", "place", "output"];

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  // For those who listen; the others see the same sum in its column.
  const hidden = { role: "status", class: "cnn-hidden", "data-shows": "status" };
  view.status = make("p", hidden);
  view.channels = make("div", { class: "cnn-deep-channels" });
  const title = () => make("div", { class: "cnn-title" }, make("div"), make("div"));
  view.titles = Object.fromEntries(TITLES.map((name) => [name, title()]));
  const { input, filter, products, sum } = view.titles;
  const heads = [input, sign(""), filter, sign(""), products, sign(""), sum];
  view.root = make(
    "div",
    { class: "cnnbook cnn-deep", role: "group", "aria-label": words.title },
    buildSettings(view),
    view.message,
    make(
      "div",
      { class: "cnn-deep-body" },
      make(
        "div",
        { class: "cnn-deep-left" },
        make("div", { class: "cnn-deep-chain cnn-deep-heads" }, ...heads),
        view.channels,
      ),
      make(
        "div",
        { class: "cnn-deep-right" },
        buildSum(view),
        buildMaps(view),
        buildPlayer(view),
        how(words.help.join(" ")),
      ),
    ),
    view.status,
  );
  buildEditor(view);
}

function buildSettings(view) {
  const { words } = view;
  view.inputs = buildChoice(view, "inputs", "input");
  view.sets = buildChoice(view, "filter_sets", "filters");
  view.filterButtons = make("div", { class: "cnn-deep-filters" });
  view.filterChoice = make(
    "div",
    { class: "cnn-field", role: "group", "aria-label": words.chooseFilter },
    make("span", {}, words.chooseFilter),
    view.filterButtons,
  );
  const choices = [
    [words.example, view.inputs],
    [words.filterSet, view.sets],
  ].filter(([, list]) => list.length > 2);
  return make(
    "div",
    { class: "cnn-row" },
    buildPicture(view),
    ...choices.map(([label, list]) => labeled(label, list)),
    view.filterChoice,
    button(words.reset, () => reset(view), { "data-control": "reset" }),
  );
}

function buildPicture(view) {
  view.pictureCanvas = make("canvas", { "data-shows": "picture" });
  view.pictureWindow = buildWindow();
  view.picture = make(
    "div",
    { class: "cnn-field" },
    make("span", {}, view.words.picture),
    make("div", { class: "cnn-deep-plane" }, view.pictureCanvas, view.pictureWindow),
  );
  describe(view.pictureCanvas, view.words.picture, "img");
  return view.picture;
}

function buildWindow() {
  return make("div", { class: "cnn-deep-window", "aria-hidden": "true" });
}

// A list of named inputs or filters, and "my own" for any other.
function buildChoice(view, collection, name) {
  const named = view.model.get(collection);
  const option = (key) =>
    make("option", { value: key }, view.words.names[key] ?? key.replaceAll("_", " "));
  return make(
    "select",
    {
      "data-control": collection,
      onchange: ({ target }) => {
        const chosen = named[target.value];
        if (chosen) attempt(view, () => choose(view, { [name]: chosen }), target);
      },
    },
    ...Object.keys(named).map(option),
    make("option", { value: "", disabled: true }, view.words.custom),
  );
}

// Of each channel: its switch, its plane, slice, products and sum, and these in words.
function buildChannel(view, k) {
  const box = tickBox("", `channel-${k + 1}`, (on) => {
    const channels = [...view.model.get("channels")];
    channels[k] = on;
    change(view, { channels });
  });
  const name = make("b");
  box.label.append(name);
  const grid = (of, attributes = {}) =>
    make("canvas", { "data-shows": `${of}-${k + 1}`, ...attributes });
  const pressed = { class: "cnn-touch", tabindex: "0" };
  const part = {
    box: box.box,
    name,
    row: make("div", { class: "cnn-row cnn-deep-name" }, box.label),
    input: grid("input", pressed),
    window: buildWindow(),
    filters: grid("filters", pressed),
    products: grid("products"),
    sum: make("b", { class: "cnn-deep-part", "data-shows": `part-${k + 1}` }),
    terms: make("span"),
    total: make("b"),
  };
  for (const of of ["input", "filters"]) listenToCells(view, part[of], of, k);
  part.root = make(
    "div",
    { class: "cnn-deep-channel", role: "group" },
    part.row,
    make(
      "div",
      { class: "cnn-deep-chain" },
      make("div", { class: "cnn-deep-plane" }, part.input, part.window),
      sign("×"),
      part.filters,
      sign("="),
      part.products,
      sign("→"),
      part.sum,
    ),
    make(
      "div",
      { class: "cnn-note cnn-deep-text", "data-shows": `text-${k + 1}` },
      part.terms,
      part.total,
    ),
  );
  return part;
}

// One field for the selected cell; it stands in the row of the cell's channel.
function buildEditor(view) {
  view.editorOf = make("span", { class: "cnn-deep-of" });
  view.editorWhere = make("span", { class: "cnn-deep-where" });
  view.editor = numberField({
    label: "",
    value: "",
    class: "cnn-short",
    "data-control": "cell",
    onvalue: (number) => setCell(view, number),
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(view.words.notNumber, { text }),
    onkeydown: (event) => finish(view, event),
  });
  view.editorRow = make(
    "label",
    { class: "cnn-check cnn-deep-editor" },
    view.editorOf,
    view.editorWhere,
    view.editor,
  );
}

function buildSum(view) {
  const { words } = view;
  view.bias = numberField({
    label: "",
    value: "",
    class: "cnn-short",
    "data-control": "bias",
    onvalue: (number) => {
      const bias = [...view.model.get("bias")];
      bias[view.model.get("filter")] = number;
      change(view, { bias });
    },
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(words.notNumber, { text }),
  });
  view.terms = make("div");
  view.value = make("b", { "data-shows": "value" });
  const [bias, value] = [words.bias, words.value].map((word) => make("span", {}, word));
  return make(
    "div",
    { class: "cnn-deep-total" },
    view.titles.place,
    view.terms,
    make("label", { class: "cnn-row cnn-deep-term" }, bias, view.bias),
    make("div", { class: "cnn-deep-term cnn-deep-value" }, value, view.value),
  );
}

function buildTerm() {
  const [name, value] = [make("span"), make("b")];
  return { name, value, root: make("div", { class: "cnn-deep-term" }, name, value) };
}

function buildMaps(view) {
  view.maps = make("div", { class: "cnn-deep-maps" });
  return make("div", { class: "cnn-deep-outputs" }, view.titles.output, view.maps);
}

function buildMap(view, f) {
  const title = make("div", { class: "cnn-note" });
  const canvas = make("canvas", {
    class: "cnn-touch",
    tabindex: "0",
    "data-shows": `output-${f + 1}`,
  });
  onDrag(canvas, (event) => {
    const state = stateOf(view.model, STATE);
    const [rows, columns] = outputSize(state);
    const [r, c] = cellAt(canvas, event, rows, columns);
    view.player.pause();
    setState(view, { filter: f, position: r * columns + c });
  });
  canvas.addEventListener("keydown", (event) => moveByKey(view, f, event));
  const choice = button(String(f + 1), () => setState(view, { filter: f }), {
    "data-control": `filter-${f + 1}`,
    "aria-label": fill(view.words.filter, { number: f + 1 }),
  });
  return { title, canvas, choice, root: make("div", {}, title, canvas) };
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
    { class: "cnn-row cnn-deep-player" },
    go(words.first, "first", () => 0),
    go(words.back, "back", () => Math.min(now(), places(view) - 1) - 1),
    view.playButton,
    go(words.step, "step", () => now() + 1),
    go(words.last, "last", () => Infinity),
  );
}

// As many parts as there are channels or filters.
function fit(view, name, count, place, buildOne) {
  view.parts[name] ??= [];
  if (view.parts[name].length === count) return;
  view.drawn.clear();
  view.parts[name] = Array.from({ length: count }, (_, i) => buildOne(view, i));
  if (place.contains(view.message)) place.before(view.message);
  place.replaceChildren(...view.parts[name].map((part) => part.root));
  const choices = view.parts[name].flatMap(({ choice }) => choice ?? []);
  if (choices.length) view.filterButtons.replaceChildren(...choices);
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const { input, filters } = state;
  fit(view, "channels", input.length, view.channels, buildChannel);
  fit(view, "terms", input.length, view.terms, buildTerm);
  fit(view, "maps", filters.length, view.maps, buildMap);
  keepCell(view, state);
  const scene = sceneOf(view, state);
  // All pictures before all words: numbers on a canvas take the page's style, which has
  // to be found anew after every change of the page.
  input.forEach((_, k) => drawChannel(view, scene, k));
  filters.forEach((_, f) => drawMap(view, scene, f));
  drawPicture(view, scene);
  layOut(view, scene);
  input.forEach((_, k) => tellChannel(view, scene, k));
  filters.forEach((_, f) => tellMap(view, scene, f));
  tellSum(view, scene);
  tellTitles(view, scene);
  showEditor(view, scene);
  showControls(view, state);
}

// The selected cell stays within an input or filters of another size.
function keepCell({ cell }, { input, filters }) {
  cell.channel = Math.min(cell.channel, input.length - 1);
  const matrices = { input: input[0], filters: filters[0][0] };
  for (const [of, matrix] of Object.entries(matrices)) {
    cell[of] = cell[of].map((at, d) => Math.min(at, shape(matrix)[d] - 1));
  }
}

// What is drawn, in which colors and sizes.
function sceneOf(view, state) {
  const { input, filters, filter } = state;
  const [r, c] = placeOf(state);
  const names = namesOf(state, view.words);
  const colored = names.join() === view.words.colors.join();
  const colors = palette();
  const products = input.map((_, k) => productsAt(state, k, r, c));
  const sums = partialSums(state, filter, r, c);
  const scales = {
    input: largest(input.flat()),
    filters: largest(filters[filter].flat()),
    products: largest(products.flat()),
  };
  const cells = {
    input: cellSize(...shape(input[0]), 176, 32),
    filters: cellSize(...shape(filters[0][0]), 112, 28),
    picture: cellSize(...shape(input[0]), 84, 24),
  };
  const [rows, columns] = outputSize(state);
  cells.output = cellSize(rows, columns, columns < 2 * rows ? 80 : 168, 27);
  const hues = colored ? HUES.map(hue) : null;
  const output = outputOf(view, state);
  return { state, r, c, names, products, sums, output, scales, cells, colors, hues };
}

// The variables of kit.css for the channels of a color picture.
const HUES = ["red", "green", "blue"];

// Negative numbers in a plane that is tinted: no light of its color.
const GRAY = [128, 128, 128];

// Whether a part must be drawn: its data differ from those it was drawn from.
function isNew(view, name, data) {
  const before = view.drawn.get(name);
  view.drawn.set(name, data);
  return !before || data.some((one, i) => one !== before[i]);
}

// All outputs, computed again only if more than the place has changed.
function outputOf(view, state) {
  const { input, filters, bias, channels } = state;
  const parts = [input, filters, bias, channels];
  if (isNew(view, "output", parts)) view.output = correlate(state);
  return view.output;
}

// The plane and the slice, unless they are drawn already, and the products.
function drawChannel(view, scene, k) {
  const { state, hues, colors, cells, scales } = scene;
  const part = view.parts.channels[k];
  const on = state.channels[k];
  const tint = hues && { positive: hues[k], negative: GRAY };
  for (const of of ["input", "filters"]) {
    const matrix = matrixOf(state, { of, channel: k });
    const cursor = view.cell.of === of && view.cell.channel === k ? view.cell[of] : null;
    const [scale, cell] = [scales[of], cells[of]];
    const data = [matrix, scale, String(cursor), on, !hues, String(colors.zero)];
    if (!isNew(view, `${of}-${k}`, data)) continue;
    const frames = cursor ? [inside(cursor, cell, colors)] : [];
    const tones = of === "input" ? { ...colors, ...tint } : colors;
    drawGrid(part[of], matrix, { scale, cell, colors: tones, frames });
    if (!on) pale(part[of], matrix, cell, colors);
  }
  const options = { scale: scales.products, cell: cells.filters, colors };
  drawGrid(part.products, scene.products[k], options);
}

// The frame of the selected cell, where that of the window does not cover it.
function inside([row, column], cell, colors) {
  const rim = 3 / cell;
  return [row + rim, column + rim, 1 - 2 * rim, 1 - 2 * rim, colors.ink, 2];
}

// What is switched off, below a veil of paper. (drawGrid leaves its origin at the cells.)
function pale(canvas, matrix, cell, colors) {
  const [rows, columns] = shape(matrix);
  const context = canvas.getContext("2d");
  context.globalAlpha = 0.7;
  context.fillStyle = colors.paper;
  context.fillRect(-1, -1, columns * cell + 2, rows * cell + 2);
  context.globalAlpha = 1;
}

// One filter's output, as far as the filters have come.
function drawMap(view, { state, r, c, output, cells, colors }, f) {
  const columns = output[f][0].length;
  const at = r * columns + c;
  const shown = output[f].map((row, i) =>
    row.map((value, j) => (i * columns + j <= at ? value : null)),
  );
  const frame = f === state.filter ? [colors.mark, 4] : [colors.ink, 1];
  drawGrid(view.parts.maps[f].canvas, shown, {
    scale: largest(output.flat()),
    cell: cells.output,
    colors,
    frames: [[r, c, 1, 1, ...frame]],
  });
}

// The three planes as the colors that they stand for.
function drawPicture(view, { state: { input, channels }, hues, cells, colors }) {
  if (!hues || !isNew(view, "picture", [input, channels, colors.line])) return;
  const [[rows, columns], cell] = [shape(input[0]), cells.picture];
  const context = prepare(view.pictureCanvas, columns * cell + 2, rows * cell + 2);
  // Numbers up to 1 are shares of full light; larger ones are compared with the largest.
  const full = Math.max(1, ...input.flat(2));
  const light = (value) => Math.round((255 * Math.max(0, value)) / full);
  input[0].forEach((row, i) =>
    row.forEach((_, j) => {
      const color = input.map((plane, k) => (channels[k] ? light(plane[i][j]) : 0));
      context.fillStyle = `rgb(${color})`;
      context.fillRect(1 + j * cell, 1 + i * cell, cell, cell);
    }),
  );
  context.strokeStyle = colors.line;
  context.strokeRect(0.5, 0.5, columns * cell + 1, rows * cell + 1);
}

// What kit.css needs: the widths of the grids, which it makes smaller where there is no
// room, and how long the written sums are. And the frames of the windows.
function layOut(view, { state, r, c, hues, cells }) {
  const [[h, w], [kh, kw]] = [shape(state.input[0]), shape(state.filters[0][0])];
  const frames = view.parts.channels.map((part) => [part.window, cells.input]);
  view.picture.hidden = hues === null;
  for (const [frame, cell] of [...frames, [view.pictureWindow, cells.picture]]) {
    frame.style.transform = `translate(${(100 * c) / kw}%, ${(100 * r) / kh}%)`;
    const share = (pixels, side) => `${(100 * pixels) / (side * cell + 2)}%`;
    if (!isNew(view, frame, [h, w, kh, kw, cell])) continue;
    const [left, top] = [share(1, w), share(1, h)];
    const [width, height] = [share(kw * cell, w), share(kh * cell, h)];
    Object.assign(frame.style, { left, top, width, height });
  }
  if (!isNew(view, "sizes", [h, w, kh, kw])) return;
  // No narrower than what is written above it.
  const width = (side, cell, title) => `${Math.max(title, side * cell + 2)}px`;
  view.root.style.setProperty("--cnn-plane", width(w, cells.input, 86));
  view.root.style.setProperty("--cnn-slice", width(kw, cells.filters, 72));
  view.root.dataset.sums = lengthOf(kh * kw);
}

// How many lines a written sum may need.
function lengthOf(terms) {
  if (terms <= 4 || terms > MOST_TERMS) return "short";
  return terms <= 6 ? "long" : "longest";
}

// --- Telling --------------------------------------------------------------------

function tellChannel(view, scene, k) {
  const { state, names, r, c, hues, sums } = scene;
  const part = view.parts.channels[k];
  part.box.checked = state.channels[k];
  mark(part.root, k, state, hues);
  part.root.setAttribute("aria-label", names[k]);
  write(part.name, names[k]);
  write(part.terms, sumText(state, k, r, c, view.words));
  for (const element of [part.sum, part.total]) write(element, format(sums[k]));
  describeGrids(view, scene, k);
}

// The color that stands for a channel, and whether it is switched off.
function mark(element, k, { channels }, hues) {
  const edge = `var(--cnn-${hues ? HUES[k] : "soft"})`;
  if (element.style.getPropertyValue("--cnn-edge") !== edge) {
    element.style.setProperty("--cnn-edge", edge);
  }
  element.classList.toggle("cnn-deep-off", !channels[k]);
}

function describeGrids({ words, cell, parts }, { state, names, products }, k) {
  const part = parts.channels[k];
  const [name, number, help] = [names[k], state.filter + 1, words.editHelp];
  for (const of of ["input", "filters"]) {
    const matrix = matrixOf(state, { of, channel: k });
    const [row, column] = cell[of];
    const size = sizeText(words, ...shape(matrix));
    const where = whereText(words, row, column);
    const value = format(matrix[row][column], 4);
    describe(part[of], fill(words.grids[of], { name, number, size, where, value, help }));
  }
  const rows = products[k].map((row) => row.map((value) => format(value)).join(" "));
  const numbers = rows.join("; ");
  describe(part.products, fill(words.grids.products, { name, numbers }), "img");
}

function tellMap({ words, parts }, { state, r, c, output }, f) {
  const { title, canvas, choice, root } = parts.maps[f];
  const chosen = f === state.filter;
  const name = fill(words.filter, { number: f + 1 });
  root.classList.toggle("cnn-deep-chosen", chosen);
  choice.setAttribute("aria-pressed", chosen);
  write(title, name);
  const values = {
    number: f + 1,
    size: sizeText(words, ...shape(output[f])),
    where: whereText(words, r, c),
    value: format(output[f][r][c]),
    help: words.moveHelp,
  };
  describe(canvas, fill(words.grids.output, values));
}

// The partial sums, one below the other, the bias, and what they give together.
function tellSum(view, { state, names, r, c, hues, sums, output }) {
  const { words } = view;
  const { filter, channels, bias } = state;
  view.parts.terms.forEach((term, k) => {
    const name = k ? fill(words.plus, { name: names[k] }) : names[k];
    write(term.name, channels[k] ? name : fill(words.isOff, { name }));
    write(term.value, format(sums[k]));
    mark(term.root, k, state, hues);
  });
  view.bias.setAttribute("aria-label", fill(words.biasOf, { number: filter + 1 }));
  showValue(view.bias, bias[filter]);
  write(view.value, format(output[filter][r][c]));
  announce(view.status, statusText(state, r, c, words), view.player.playing());
}

function tellTitles({ words, titles, filterChoice }, { state, r, c }) {
  const { input, filters, filter } = state;
  const number = filter + 1;
  const size = (...volume) => sizeText(words, ...volume);
  const lines = {
    input: [words.input, size(input.length, ...shape(input[0]))],
    filter: [fill(words.filter, { number }), size(input.length, ...shape(filters[0][0]))],
    products: [words.products, ""],
    sum: [words.sum, ""],
    place: [fill(words.outputOf, { number }), whereText(words, r, c)],
    output: [words.output, size(filters.length, ...outputSize(state))],
  };
  for (const [name, texts] of Object.entries(lines)) {
    texts.forEach((text, i) => write(titles[name].children[i], text));
  }
  filterChoice.hidden = filters.length === 1;
}

// The number of the selected cell, in the row of its channel.
function showEditor(view, { state, names }) {
  const { words, cell } = view;
  const [row, column] = cell[cell.of];
  const where = whereText(words, row, column);
  const { row: place } = view.parts.channels[cell.channel];
  if (view.editorRow.parentElement !== place) place.append(view.editorRow);
  write(view.editorOf, words.cell[cell.of]);
  write(view.editorWhere, where);
  const values = { name: names[cell.channel], where };
  view.editor.setAttribute("aria-label", fill(words.cellOf[cell.of], values));
  showValue(view.editor, matrixOf(state, cell)[row][column]);
}

// The plane or the slice that a cell is in.
function matrixOf(state, { of, channel }) {
  return of === "input" ? state.input[channel] : state.filters[state.filter][channel];
}

function showControls(view, state) {
  const { words, model } = view;
  write(view.playButton, view.player.playing() ? words.pause : words.play);
  for (const [list, collection, value] of [
    [view.inputs, "inputs", state.input],
    [view.sets, "filter_sets", state.filters],
  ]) {
    if (!isNew(view, collection, [value])) continue;
    list.value = nameOf(model.get(collection), value);
  }
}

// The name of what is chosen, or "".
function nameOf(named, value) {
  return Object.keys(named).find((name) => isSame(named[name], value)) ?? "";
}

function isSame(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// --- Events ---------------------------------------------------------------------

function listenToCells(view, canvas, of, channel) {
  const select = (place) => {
    Object.assign(view.cell, { of, channel, [of]: place });
    view.refresh();
  };
  const size = () => shape(matrixOf(stateOf(view.model, STATE), { of, channel }));
  onDrag(canvas, (event) => {
    canvas.focus({ preventScroll: true }); // first: what was typed is for the cell before
    select(cellAt(canvas, event, ...size()));
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      event.preventDefault();
      const limit = (value, d) => Math.max(0, Math.min(size()[d] - 1, value));
      select(view.cell[of].map((at, d) => limit(at + ARROWS[event.key][d], d)));
      write(view.status, canvas.getAttribute("aria-label"));
    } else if (/^([-−.,\d]|Enter)$/.test(event.key)) {
      if (event.key === "Enter") event.preventDefault();
      select(view.cell[of]);
      view.editor.focus(); // and a digit goes there
      view.editor.select();
    }
  });
}

// Enter in the field goes back to the grid, if the number is good.
function finish({ editor, parts, cell }, event) {
  if (event.key !== "Enter") return;
  event.preventDefault();
  editor.dispatchEvent(new Event("change"));
  if (!editor.hasAttribute("aria-invalid")) parts.channels[cell.channel][cell.of].focus();
}

function setCell(view, number) {
  const { of, channel } = view.cell;
  const [row, column] = view.cell[of];
  // Copies only what changes, so that only that is drawn again.
  const put = (list, at, one) => list.map((old, i) => (i === at ? one(old) : old));
  const inPlane = (plane) => put(plane, row, (line) => put(line, column, () => number));
  const inVolume = (volume) => put(volume, channel, inPlane);
  const { input, filters, filter } = stateOf(view.model, STATE);
  if (of === "input") change(view, { input: inVolume(input) });
  else change(view, { filters: put(filters, filter, inVolume) });
}

function moveByKey(view, filter, event) {
  const state = stateOf(view.model, STATE);
  const [rows, columns] = outputSize(state);
  const ends = { Home: 0, End: rows * columns - 1 };
  if (!(event.key in ARROWS) && !(event.key in ends)) return;
  event.preventDefault();
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  const [r, c] = placeOf(state);
  const row = Math.max(0, Math.min(rows - 1, r + down));
  const column = Math.max(0, Math.min(columns - 1, c + right));
  view.player.pause();
  setState(view, { filter, position: ends[event.key] ?? row * columns + column });
}
