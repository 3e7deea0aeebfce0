// SizeCalculator (chapter 5): the output size of a layer, solved for any one of its
// numbers, and of a chain of layers. Arithmetic first, then drawing, then events.

import {
  button,
  describe,
  fill,
  follow,
  format,
  labeled,
  make,
  numberField,
  say,
  setState,
  showValue,
  stateOf,
  wordsFor,
  write,
} from "./kit.js";

export const BOUNDS = {
  size: [1, 4096],
  kernel: [1, 64],
  stride: [1, 64],
  padding: [0, 64],
  dilation: [1, 32],
  channels: [1, 4096],
};
// The largest size that a layer of these bounds can give.
BOUNDS.output = [1, BOUNDS.size[1] + 2 * BOUNDS.padding[1]];

export const MAX_LAYERS = 8;
const SETTINGS = ["kernel", "stride", "padding", "dilation"];
const DEFAULTS = { stride: 1, padding: 0, dilation: 1 };
const UNKNOWNS = ["output", "input", ...SETTINGS];
const ADDED = { kernel: 3, stride: 1, padding: 1, dilation: 1 }; // fits any size

const WORDS = {
  en: {
    title: "Output size of a layer",
    solveFor: "Solve for",
    names: {
      output: "output m",
      input: "input n",
      kernel: "kernel k",
      stride: "stride s",
      padding: "padding p",
      dilation: "dilation d",
    },
    fields: {
      input: "Input n",
      kernel: "Kernel k",
      stride: "Stride s",
      padding: "Padding p per side",
      dilation: "Dilation d",
      output: "Output m",
    },
    plain: {
      output: "output",
      input: "input",
      kernel: "kernel",
      stride: "stride",
      padding: "padding",
      dilation: "dilation",
    },
    reset: "Reset",
    layer: "Layer {number}",
    layerOf: "Layer {number} of {all}",
    from: "The input of layer {number} is the output of layer {before}.",
    alone:
      "Layer {number} by itself; in the chain below, layer {before} gives it {given} pixels.",
    whole: "{name} must be a whole number from {least} to {most}, not {value}.",
    channelsIn: "Channels in",
    channelsOut: "Channels out",
    tooWide:
      "Layer {number}: the kernel reaches over {reach} pixels, but the padded input " +
      "has only {padded} (size {size}, padding {padding} on each side).",
    solved: "{name}: {values} gives output {wanted}.",
    solvedMany: "{name}: {values} all give output {wanted}.",
    solvedTwo: "{name}: {values} both give output {wanted}.",
    use: "Use",
    more: "and {count} more",
    limit: "The calculator goes no further than {most}.",
    none: "none",
    noSolution:
      "None: no {name} from {least} to {most} gives output {wanted}. The formula and " +
      "the picture still show the last layer that worked.",
    or: "{first} or {last}",
    to: "{first} to {last}",
    quotient: "{top} / {stride} {equals} {exact}",
    divides: "{quotient}, without remainder: the last window ends at the end of the row.",
    rounds: "{quotient}, rounded down to {rounded}: {left}",
    leftOne: "the last of the {total} positions is left out.",
    leftMany: "the last {count} of the {total} positions are left out.",
    paddingAll: "That is padding only; no pixel is lost by it.",
    paddingAllMany: "They are padding only; no pixel is lost by it.",
    paddingSome: "Of these, {count} are padding.",
    paddingSomeOne: "Of these, 1 is padding.",
    neverOne: "Pixel {first} is never read.",
    neverMany: "The pixels {first} to {last} are never read.",
    neverAll: "No pixel is read at all: every tap falls on padding or beside the row.",
    gapsOne: "1 pixel before the end falls between the taps and is never read either.",
    gaps: "{count} pixels before the end fall between the taps and are never read either.",
    onlyGapsOne: "1 pixel falls between the taps and is never read.",
    onlyGaps: "{count} pixels fall between the taps and are never read.",
    result: "Output {output}.",
    row: "One row of the input. Pixels count from 0.",
    windows: "{count} windows, each reads {kernel}; they start at {starts}.",
    oneWindow: "1 window; it reads {kernel} and starts at {starts}.",
    positions: "{count} positions",
    onePosition: "1 position",
    moreWindows: "⋮ and {count} more",
    hidden: "The middle of the row is not drawn.",
    picture: "A row of {size} pixels with {padding} padded positions on each side.",
    legendPadding: "padding",
    legendUnread: "never read",
    legendWindow: "window and what it reads",
    legendNext: "next window, which does not fit",
    chain: "Layers",
    columns: ["Layer", "Size", "Recep\u00adtive field", "Jump"],
    add: "Add layer",
    remove: "Remove layer {number}",
    sees:
      "{sizes}. One output of the last layer sees {size} pixels of the input in a row " +
      "(its receptive field); neighboring outputs see fields that lie {jump} apart " +
      "(the jump).",
    seesOne:
      "{sizes}. One output of the last layer sees 1 pixel of the input (its receptive " +
      "field); neighboring outputs see pixels that lie {jump} apart (the jump).",
    code: "In PyTorch",
    copy: "Copy",
    copied: "Copied.",
    pressKeys: "The text is selected: press Ctrl+C to copy it (on a Mac: ⌘C).",
  },
};

// --- Arithmetic -------------------------------------------------------------

// How many pixels a kernel reaches over, from the first to the last tap.
export function reachOf({ kernel, dilation }) {
  return dilation * (kernel - 1) + 1;
}

// How many windows fit; 0 where the kernel does not fit at all.
export function outputSize(size, layer) {
  const room = size + 2 * layer.padding - reachOf(layer);
  return room < 0 ? 0 : Math.floor(room / layer.stride) + 1;
}

// The first position of each window; negative ones lie in the padding.
export function windowStarts(size, layer) {
  return Array.from(
    { length: outputSize(size, layer) },
    (_, i) => i * layer.stride - layer.padding,
  );
}

// The pixels that no window reads, in order.
export function unread(size, layer) {
  const { kernel, stride, padding, dilation } = layer;
  const read = new Uint8Array(size);
  for (const start of windowStarts(size, layer)) {
    for (let tap = 0, at = start; tap < kernel; tap++, at += dilation) {
      if (at >= 0 && at < size) read[at] = 1;
    }
  }
  const missed = [];
  for (let at = 0; at < size; at++) if (!read[at]) missed.push(at);
  return missed;
}

// How many of these stand at the end of the row, without one that is read between.
export function atEnd(size, missed) {
  let count = 0;
  while (count < missed.length && missed.at(-1 - count) === size - 1 - count) count++;
  return count;
}

// What one output of a chain depends on, in pixels of the first input.
export function receptiveField(layers) {
  let [size, jump, start] = [1, 1, 0];
  for (const layer of layers) {
    size += (reachOf(layer) - 1) * jump;
    start -= layer.padding * jump;
    jump *= layer.stride;
  }
  return { size, jump, start };
}

// The size before the first layer and after each; ends with 0 where one does not fit.
export function sizesOf(size, layers) {
  const sizes = [size];
  for (const layer of layers) {
    if (sizes.at(-1) > 0) sizes.push(outputSize(sizes.at(-1), layer));
  }
  return sizes;
}

// All values of the unknown with which the layer gives the wanted output.
export function solve(unknown, { size, layer }, wanted) {
  const [least, most] = BOUNDS[unknown === "input" ? "size" : unknown];
  const values = [];
  for (let value = least; value <= most; value++) {
    const output =
      unknown === "input"
        ? outputSize(value, layer)
        : outputSize(size, { ...layer, [unknown]: value });
    if (output === wanted) values.push(value);
  }
  return values;
}

// The layers as a line of Python, or a few; channels are [into the first, out of all].
export function codeOf(layers, [first, rest]) {
  const lines = layers.map((layer, i) => {
    const given = Object.keys(DEFAULTS).filter((name) => layer[name] !== DEFAULTS[name]);
    const settings = ["kernel", ...given].map(
      (name) => `${name === "kernel" ? "kernel_size" : name}=${layer[name]}`,
    );
    return `nn.Conv2d(${[i ? rest : first, rest, ...settings].join(", ")})`;
  });
  if (lines.length === 1) return lines[0];
  return `nn.Sequential(\n${lines.map((line) => `    ${line},\n`).join("")})`;
}

// What of the row is drawn, in columns: all of it, or its two ends with a gap between.
// A last window that would not fit gets up to two columns after the row's end.
export function columnsOf(size, layer, room) {
  const [first, last] = [-layer.padding, size + layer.padding - 1];
  const left = leftOut(size, layer);
  const after = left ? Math.min(2, layer.stride - left) : 0;
  if (last - first + 1 + after <= room) {
    return { segments: [[first, last, 0]], count: last - first + 1, after };
  }
  const tail = Math.floor((room - GAP - after) / 2);
  const head = room - GAP - after - tail;
  return {
    segments: [
      [first, first + head - 1, 0],
      [last - tail + 1, last, head + GAP],
    ],
    count: room - after,
    after,
  };
}

const GAP = 2; // columns

// Positions at the end of the padded row that the division leaves out.
export function leftOut(size, layer) {
  return (size + 2 * layer.padding - reachOf(layer)) % layer.stride;
}

// The windows to draw as {start, level}. If they overlap little, all that
// touch what is drawn, on as few levels as keep them apart; otherwise the first three
// and the last three, and `more` says how many are left out. `next` is the one that
// does not fit.
export function windowsOf(size, layer, segments) {
  const starts = windowStarts(size, layer);
  const reach = reachOf(layer);
  const apart = Math.ceil(reach / layer.stride);
  const touches = (start) =>
    segments.some(([from, to]) => start <= to && start + reach - 1 >= from);
  const left = leftOut(size, layer);
  const next = { start: starts.length * layer.stride - layer.padding, next: true };
  if (apart <= LEVELS || starts.length <= LEVELS) {
    const levels = Math.min(apart, starts.length + (left ? 1 : 0));
    const windows = [];
    starts.forEach((start, i) => {
      if (touches(start)) windows.push({ start, level: i % levels });
    });
    if (left) windows.push({ ...next, level: starts.length % levels });
    return { windows, levels, more: 0 };
  }
  const half = LEVELS / 2;
  // One level stays free for the words that say how many are not drawn.
  const ends = (some) => some.map((start) => ({ start }));
  const placed = [...ends(starts.slice(0, half)), null, ...ends(starts.slice(-half))]
    .concat(left ? [next] : [])
    .map((window, level) => window && { ...window, level });
  const windows = placed.filter((window) => window && touches(window.start));
  const more = starts.length - windows.filter((window) => !window.next).length;
  return { windows, levels: placed.length, more };
}

const LEVELS = 6;

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if a kernel does not fit.
export function check({ size, layers }, words) {
  const sizes = sizesOf(size, layers);
  if (sizes.at(-1) > 0) return;
  const number = sizes.length - 1;
  const { padding } = layers[number - 1];
  const before = sizes[number - 1];
  const numbers = { number, reach: reachOf(layers[number - 1]), size: before, padding };
  throw new Error(fill(words.tooWide, { ...numbers, padded: before + 2 * padding }));
}

function checkWhole(name, value, bounds, words) {
  const [least, most] = bounds;
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const shown = typeof value === "number" ? format(value) : `“${value}”`;
  throw new Error(fill(words.whole, { name, least, most, value: shown }));
}

// --- The widget ---------------------------------------------------------------

const STATE = [
  "size",
  "layers",
  "selected",
  "solve_for",
  "in_channels",
  "out_channels",
];

function render({ model, el }) {
  const view = { words: wordsFor(el, WORDS), model, el, width: 0 };
  view.start = chainOf(model);
  view.refresh = () => refresh(view);
  build(view);
  el.append(view.root);
  view.width = view.figure.clientWidth; // read once: to ask for it costs a layout
  refresh(view);
  const end = follow(view, STATE);
  // How much of the row can be drawn depends on the width of the page.
  const observer = new ResizeObserver(([{ contentRect }]) => {
    if (Math.floor(contentRect.width) === view.width) return;
    view.width = Math.floor(contentRect.width);
    if (view.scene) drawPicture(view);
  });
  observer.observe(view.figure);
  return () => (observer.disconnect(), end());
}

export default { render };

// The state, with a layer selected that there is.
function chainOf(model) {
  const state = stateOf(model, STATE);
  state.selected = Math.min(state.selected, state.layers.length - 1);
  return state;
}

// Draws the state, or says what is wrong with it and leaves the picture as it was.
function refresh(view) {
  try {
    check(chainOf(view.model), view.words);
  } catch (error) {
    say(view, error.message);
    return;
  }
  say(view, "");
  draw(view);
}

// Changes the state if the result makes sense; otherwise throws and changes nothing.
function change(view, changes) {
  const state = chainOf(view.model);
  check({ ...state, ...changes }, view.words);
  view.draft = null;
  setState(view, changes);
}

function tryChange(view, changes, place) {
  try {
    change(view, changes);
  } catch (error) {
    say(view, error.message, place);
    draw(view);
  }
}

// What the fields show: the selected layer with its input and its wanted output.
// This is a draft as long as nothing solves it; else it is what is drawn.
function current(view, scene = drawn(view)) {
  if (view.draft?.state !== JSON.stringify(scene.state)) view.draft = null;
  return view.draft ?? scene;
}

// What is drawn. A layer inside the chain that is solved for its input stands alone:
// the chain goes on with what the layer before it gives.
function drawn(view) {
  const state = chainOf(view.model);
  const layer = state.layers[state.selected];
  const given = sizesOf(state.size, state.layers)[state.selected];
  const inside = state.solve_for === "input" && state.selected > 0;
  if (!inside || view.alone?.wanted !== outputSize(view.alone?.size, layer)) {
    view.alone = null;
  }
  const size = view.alone?.size ?? given;
  const missed = unread(size, layer);
  return { size, layer, wanted: outputSize(size, layer), missed, given, inside, state };
}

// Takes one number of the selected layer, and solves for the unknown if there is one.
function edit(view, name, value) {
  const { words } = view;
  const bounds = BOUNDS[name === "input" ? "size" : name];
  checkWhole(words.fields[name], value, bounds, words);
  const { size, layer, wanted } = current(view);
  const next = { size, layer, wanted };
  if (name === "input") next.size = value;
  else if (name === "output") next.wanted = value;
  else next.layer = { ...layer, [name]: value };
  const unknown = view.model.get("solve_for");
  if (unknown === "output") return use(view, next);
  const values = solve(unknown, next, next.wanted);
  if (values.length) return use(view, withValue(next, unknown, values[0]));
  say(view, "");
  view.draft = { ...next, state: JSON.stringify(chainOf(view.model)) };
  draw(view);
}

function withValue(next, unknown, value) {
  if (unknown === "input") return { ...next, size: value };
  return { ...next, layer: { ...next.layer, [unknown]: value } };
}

// Makes a layer with its input the one that is drawn.
function use(view, { size, layer, wanted }) {
  const { layers, selected, solve_for } = chainOf(view.model);
  const changes = { layers: layers.map((old, i) => (i === selected ? layer : old)) };
  const before = view.alone;
  if (selected === 0) changes.size = size;
  else if (solve_for === "input") view.alone = { size, wanted };
  try {
    change(view, changes);
  } catch (error) {
    view.alone = before;
    throw error;
  }
}

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-size", role: "group", "aria-label": words.title },
    buildChoices(view),
    buildFields(view),
    view.message,
    buildSolutions(view),
    buildFormula(view),
    buildPicture(view),
    buildChain(view),
    buildCode(view),
  );
}

function buildChoices(view) {
  const { words } = view;
  view.unknown = make(
    "select",
    {
      "data-control": "solve_for",
      onchange: () => {
        view.alone = null;
        tryChange(view, { solve_for: view.unknown.value }, view.unknown);
      },
    },
    ...UNKNOWNS.map((name) => make("option", { value: name }, words.names[name])),
  );
  return make(
    "div",
    { class: "cnn-row" },
    labeled(words.solveFor, view.unknown),
    button(words.reset, () => reset(view), { "data-control": "reset" }),
  );
}

// Back to what the widget showed first. On the way no half of it may be refused.
function reset(view) {
  view.alone = null;
  change(view, { ...view.start });
}

function buildFields(view) {
  const { words } = view;
  view.layerTitle = make("div", { class: "cnn-title" });
  view.note = make("p", { class: "cnn-note", "data-shows": "note" });
  view.fields = {};
  const names = ["input", ...SETTINGS, "output"];
  const fields = names.map((name) => {
    const label = words.fields[name];
    view.fields[name] = wholeField(view, name, label, BOUNDS[name] ?? BOUNDS.size, (value) =>
      edit(view, name, value),
    );
    return labeled(label, view.fields[name]);
  });
  const row = make("div", { class: "cnn-row cnn-numbers" }, ...fields);
  return make("div", {}, view.layerTitle, row, view.note);
}

function wholeField(view, name, label, bounds, onvalue) {
  const { words } = view;
  const [least, most] = bounds;
  return numberField({
    label,
    value: "",
    class: "cnn-short",
    "data-control": name,
    inputmode: "numeric",
    onvalue,
    onerror: (message, field) => say(view, message, field),
    describe: (text) =>
      fill(words.whole, { name: label, least, most, value: `“${text}”` }),
  });
}

function buildSolutions(view) {
  view.solved = make("p", { role: "status", "data-shows": "solutions" });
  view.solutions = make("div", { class: "cnn-row", "data-shows": "values" });
  return make("div", {}, view.solved, view.solutions);
}

function buildFormula(view) {
  const [letters, numbers] = [fraction("m ="), fraction("=")];
  for (const [name, place] of Object.entries(letters.parts)) write(place, LETTERS[name]);
  view.numbers = numbers.parts;
  const lines = [letters.line, numbers.line];
  view.formula = make("div", { class: "cnn-formula", "aria-hidden": "true" }, ...lines);
  view.formulaText = make("p", { class: "cnn-hidden", "data-shows": "formula" });
  view.result = make("p", { role: "status", "data-shows": "result" });
  return make("div", {}, view.formula, view.formulaText, view.result);
}

// A line of the formula, and its parts, which are still empty.
function fraction(before) {
  const top = make("span", { class: "cnn-over" });
  const [bottom, rest] = [make("span"), make("span")];
  const floor = make("span", { class: "cnn-floor" });
  floor.append(make("span", { class: "cnn-fraction" }, top, bottom));
  const line = make("div", {}, make("span", {}, before), floor, rest);
  return { line, parts: { top, bottom, rest } };
}

function buildPicture(view) {
  view.figure = make("div", { class: "cnn-figure", "data-shows": "picture" });
  view.legend = make("div", { class: "cnn-signs cnn-note" });
  view.caption = make("p", { class: "cnn-note", "data-shows": "windows" });
  return make("div", {}, view.figure, view.legend, view.caption);
}

function buildChain(view) {
  const { words } = view;
  const heads = words.columns.map((name) => make("th", { scope: "col" }, name));
  view.rows = make("tbody", {});
  view.add = button(words.add, () => addLayer(view), { "data-control": "add" });
  view.remove = button("", () => removeLayer(view), { "data-control": "remove" });
  view.sees = make("p", { class: "cnn-note", "data-shows": "chain" });
  const table = make(
    "table",
    { class: "cnn-chain" },
    make("caption", { class: "cnn-title" }, words.chain),
    make("thead", {}, make("tr", {}, ...heads)),
    view.rows,
  );
  const buttons = make("div", { class: "cnn-row" }, view.add, view.remove);
  return make("div", {}, table, buttons, view.sees);
}

function buildCode(view) {
  const { words } = view;
  const channels = (name, label) =>
    wholeField(view, name, label, BOUNDS.channels, (value) => {
      checkWhole(label, value, BOUNDS.channels, words);
      change(view, { [name]: value });
    });
  view.channels = [
    channels("in_channels", words.channelsIn),
    channels("out_channels", words.channelsOut),
  ];
  view.code = make("code", { class: "cnn-code", "data-shows": "code" });
  view.copied = make("span", { class: "cnn-note", role: "status" });
  return make(
    "div",
    {},
    make("div", { class: "cnn-title" }, words.code),
    view.code,
    make(
      "div",
      { class: "cnn-row" },
      labeled(words.channelsIn, view.channels[0]),
      labeled(words.channelsOut, view.channels[1]),
      button(words.copy, () => copy(view), { "data-control": "copy" }),
      view.copied,
    ),
  );
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const scene = drawn(view);
  const shown = current(view, scene);
  view.scene = scene;
  drawFields(view, shown, scene);
  drawSolutions(view, shown, scene);
  drawFormula(view, scene);
  drawPicture(view, scene);
  drawChain(view, scene);
  drawCode(view, scene);
}

function drawFields(view, { size, layer, wanted }, { state, given, inside }) {
  const { words } = view;
  const { selected, layers, solve_for } = state;
  const values = { input: size, ...layer, output: wanted };
  for (const [name, field] of Object.entries(view.fields)) {
    const solved = name === solve_for;
    field.readOnly = solved || (name === "input" && selected > 0);
    field.classList.toggle("cnn-solved", solved);
    if (solved && name !== "output") {
      field.value = inWords(solve(name, { size, layer }, wanted), words);
      field.removeAttribute("aria-invalid");
    } else if (field.readOnly) field.value = values[name];
    else showValue(field, values[name]);
  }
  view.unknown.value = solve_for;
  view.layerTitle.hidden = layers.length === 1;
  const numbers = { number: selected + 1, before: selected, all: layers.length, given };
  write(view.layerTitle, fill(words.layerOf, numbers));
  view.note.hidden = selected === 0;
  write(view.note, fill(inside ? words.alone : words.from, numbers));
}

// A list of whole numbers in few words: "27 or 28", "12 to 14".
export function inWords(values, words) {
  const [first, last] = [values[0], values.at(-1)];
  if (!values.length) return words.none;
  if (values.length === 1) return String(first);
  return fill(values.length === 2 ? words.or : words.to, { first, last });
}

const SHOWN = 8;

function drawSolutions(view, { size, layer, wanted }, scene) {
  const { words } = view;
  const unknown = scene.state.solve_for;
  view.solved.hidden = unknown === "output";
  if (unknown === "output") {
    view.solved.textContent = "";
    view.solutions.hidden = true;
    return;
  }
  const values = solve(unknown, { size, layer }, wanted);
  const [least, most] = BOUNDS[unknown === "input" ? "size" : unknown];
  const name = words.plain[unknown];
  const numbers = { values: inWords(values, words), wanted, least, most };
  if (!values.length) {
    view.solved.textContent = fill(words.noSolution, { name, ...numbers });
  } else {
    const sentence = [words.solved, words.solvedTwo][values.length - 1];
    const text = fill(sentence ?? words.solvedMany, { name: capital(name), ...numbers });
    const limit = values.at(-1) === most && values.length > 1;
    view.solved.textContent = text + (limit ? ` ${fill(words.limit, { most })}` : "");
  }
  drawValues(view, values, unknown === "input" ? scene.size : scene.layer[unknown]);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

// One button for each solution; they stay in place as long as the solutions do, so
// that the focus does.
function drawValues(view, values, used) {
  const { words } = view;
  view.solutions.hidden = values.length < 2;
  const key = values.join(" ");
  if (view.solutions.dataset.key !== key) {
    view.solutions.dataset.key = key;
    const buttons = values.slice(0, SHOWN).map((value) =>
      button(String(value), () => choose(view, value), {
        "data-value": value,
        "aria-label": `${words.use} ${value}`,
      }),
    );
    const count = values.length - SHOWN;
    const rest = count > 0 ? [make("span", {}, fill(words.more, { count }))] : [];
    view.solutions.replaceChildren(make("span", {}, words.use), ...buttons, ...rest);
  }
  for (const choice of view.solutions.querySelectorAll("button")) {
    choice.setAttribute("aria-pressed", String(Number(choice.dataset.value) === used));
  }
}

function choose(view, value) {
  const unknown = view.model.get("solve_for");
  try {
    use(view, withValue(current(view), unknown, value));
  } catch (error) {
    say(view, error.message, view.solutions);
  }
}

// The parts of the formula: above and below the fraction line, and what follows.
function partsOf({ size, layer, wanted }) {
  const { kernel, stride, padding, dilation } = layer;
  return {
    top: `${size} + 2·${padding} − ${dilation}·(${kernel} − 1) − 1`,
    bottom: stride,
    rest: `+ 1 = ${wanted}`,
  };
}

const LETTERS = { top: "n + 2p − d(k − 1) − 1", bottom: "s", rest: "+ 1" };

function drawFormula(view, scene) {
  const numbers = partsOf(scene);
  for (const [name, place] of Object.entries(view.numbers)) write(place, numbers[name]);
  const text = ({ top, bottom, rest }) => `floor((${top}) / ${bottom}) ${rest}`;
  write(view.formulaText, `m = ${text(LETTERS)} = ${text(numbers)}`);
  write(view.result, resultOf(scene, view.words));
}

// What the division does and what is lost by it, in words.
export function resultOf({ size, layer, wanted, missed }, words) {
  const { stride, padding } = layer;
  const total = size + 2 * padding;
  const top = total - reachOf(layer);
  const exact = format(top / stride);
  const equals = Number(exact) === top / stride ? "=" : "≈";
  const quotient = fill(words.quotient, { top, stride, equals, exact });
  const parts = [fill(words.result, { output: wanted })];
  const count = top % stride;
  if (count) {
    const left = fill(count === 1 ? words.leftOne : words.leftMany, { count, total });
    const rounded = Math.floor(top / stride);
    parts.push(fill(words.rounds, { quotient, rounded, left }));
    parts.push(paddingLeft(count, padding, words));
  } else parts.push(fill(words.divides, { quotient }));
  parts.push(...neverRead(size, missed, words));
  return parts.filter(Boolean).join(" ");
}

// How much of what is left out is padding.
function paddingLeft(left, padding, words) {
  if (left <= padding) return left === 1 ? words.paddingAll : words.paddingAllMany;
  if (padding === 0) return "";
  return fill(padding === 1 ? words.paddingSomeOne : words.paddingSome, { count: padding });
}

// The pixels that no window reads: those at the end by name, the others by number.
function neverRead(size, missed, words) {
  const end = atEnd(size, missed);
  if (end === size) return [words.neverAll];
  const pixels = { first: size - end, last: size - 1 };
  const last = end > 1 ? words.neverMany : words.neverOne;
  const count = missed.length - end;
  const [one, many] = end ? [words.gapsOne, words.gaps] : [words.onlyGapsOne, words.onlyGaps];
  return [
    end ? fill(last, pixels) : "",
    count ? fill(count === 1 ? one : many, { count }) : "",
  ];
}

// --- The picture ------------------------------------------------------------------

const NARROWEST = 16; // pixels of a cell
const WIDEST = 34;
const MOST_CELLS = 40;
const LEVEL = 16; // pixels from one level of windows to the next

function drawPicture(view, scene = view.scene) {
  const { words } = view;
  const width = (view.width || 640) - 2; // 0 as long as it is not attached
  const { size, layer } = scene;
  const room = Math.max(9, Math.min(MOST_CELLS, Math.floor(width / NARROWEST)));
  const columns = columnsOf(size, layer, room);
  const all = columns.count + columns.after;
  const cell = Math.min(WIDEST, Math.floor(width / all));
  const plan = { ...columns, ...windowsOf(size, layer, columns.segments), cell, all };
  const missed = new Set(scene.missed);
  const top = Math.min(cell, 28);
  const height = top + 8 + plan.levels * LEVEL + 4;
  const image = svg("svg", {
    width: all * cell + 2,
    height,
    viewBox: `-1 -1 ${all * cell + 2} ${height}`,
  });
  for (const segment of plan.segments) drawRow(image, segment, { size, missed, cell, top });
  if (plan.segments.length === 2) drawGap(image, plan, top);
  for (const window of plan.windows) drawWindow(image, window, layer, plan, top);
  if (plan.more > 0) drawMore(image, plan, top, words);
  describe(image, pictureText(scene, plan, words), "img");
  view.figure.replaceChildren(image);
  drawLegend(view, scene, missed.size, words);
  write(view.caption, `${words.row} ${windowsText(scene, words)}`);
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// The cells of one part of the row, one path for each kind and one text for all
// numbers: a phone needs a frame's time to place forty texts. Numbers too wide for a
// cell stand in every second cell, or in fewer, counted from the row's own end.
function drawRow(image, [from, to, column], { size, missed, cell, top }) {
  const digits = String(Math.max(0, Math.min(to, size - 1))).length;
  const every = Math.ceil((digits * 6.5 + 3) / cell);
  const cells = { pixel: [], padding: [], unread: [] };
  const numbers = [];
  const start = (position) => (column + position - from) * cell;
  for (let position = from; position <= to; position++) {
    const padding = position < 0 || position >= size;
    cells[padding ? "padding" : missed.has(position) ? "unread" : "pixel"].push(position);
    const step = column ? size - 1 - position : position;
    if (!padding && step % every === 0) {
      numbers.push(svg("tspan", { x: start(position) + cell / 2 }, String(position)));
    }
  }
  for (const [kind, all] of Object.entries(cells)) {
    if (!all.length) continue;
    const [boxes, ...over] = drawCells(kind, all.map(start), cell, top);
    boxes.dataset.positions = all.join(" ");
    image.append(boxes, ...over);
  }
  // On top: they may reach into the next cell.
  image.append(svg("text", { y: top / 2 + 4, class: "cnn-number" }, ...numbers));
}

// Cells of one kind that begin at these x.
function drawCells(kind, all, width, height) {
  const path = (draw, name) => svg("path", { d: all.map(draw).join(""), class: name });
  const boxes = path((x) => `M${x} 0h${width}v${height}h${-width}z`, `cnn-cell-${kind}`);
  const over = {
    pixel: () => [],
    padding: () => [path((x) => hatch(x, width, height), "cnn-hatch")],
    unread: () => [path((x) => `M${x} ${height}L${x + width} 0`, "cnn-cross")],
  };
  return [boxes, ...over[kind]()];
}

function hatch(x, cell, top) {
  const lines = [];
  for (let at = 5; at < cell + top; at += 6) {
    const [x1, y1] = at < cell ? [at, 0] : [cell, at - cell];
    const [x2, y2] = at < top ? [0, at] : [at - top, top];
    lines.push(`M${x + x1} ${y1}L${x + x2} ${y2}`);
  }
  return lines.join("");
}

function drawGap(image, { segments, cell }, top) {
  const x = (segments[1][2] - GAP / 2) * cell;
  image.append(svg("text", { x, y: top / 2 + 5, class: "cnn-dots" }, "…"));
}

// A bar with a dot for each tap and a mark at either end; dotted across the gap.
function drawWindow(image, window, layer, plan, top) {
  const { cell, segments } = plan;
  const y = top + 8 + window.level * LEVEL + LEVEL / 2;
  const [start, end] = [window.start, window.start + reachOf(layer) - 1];
  const group = svg("g", {
    class: window.next ? "cnn-window cnn-next" : "cnn-window",
    "data-start": start,
  });
  const lines = { full: "", dotted: "" };
  for (const [x1, x2, kind] of barsOf(start, end, plan)) lines[kind] += `M${x1} ${y}H${x2}`;
  for (const [position, inset] of [[start, 3], [end, cell - 3]]) {
    const column = columnOf(position, segments);
    if (column !== null) lines.full += `M${column * cell + inset} ${y - 5}v10`;
  }
  for (const [kind, d] of Object.entries(lines)) {
    if (d) group.append(svg("path", { d, class: `cnn-bar-${kind}` }));
  }
  group.append(drawTaps(start, layer, plan, y));
  image.append(group);
}

// A dot for each tap, as one path: to place forty circles takes a phone longer.
function drawTaps(start, { kernel, dilation }, plan, y) {
  const { cell, segments, all } = plan;
  const radius = Math.min(4.5, cell / 4);
  const taps = Array.from({ length: kernel }, (_, tap) => start + tap * dilation);
  const columnAt = (tap) => columnOf(tap, segments) ?? afterEnd(tap, plan) ?? all;
  const drawn = taps.filter((tap) => columnAt(tap) < all);
  const dots = drawn.map((tap) => dot((columnAt(tap) + 0.5) * cell, y, radius));
  return svg("path", { d: dots.join(""), class: "cnn-taps", "data-taps": drawn.join(" ") });
}

function dot(x, y, radius) {
  const half = `a${radius} ${radius} 0 1 0`;
  return `M${x - radius} ${y}${half} ${2 * radius} 0${half} ${-2 * radius} 0z`;
}

// The column of a position, or null if it is not drawn.
function columnOf(position, segments) {
  const segment = segments.find(([from, to]) => position >= from && position <= to);
  return segment ? segment[2] + position - segment[0] : null;
}

// The column of a position after the row, where only the next window has taps.
function afterEnd(position, { segments, count }) {
  const [, last] = segments.at(-1);
  return position > last ? count + position - last - 1 : null;
}

// The stretches of a bar as [x1, x2, "full" | "dotted"].
function barsOf(start, end, { segments, cell, count, after }) {
  const bars = [];
  const last = segments.at(-1)[1];
  for (const [from, to, column] of segments) {
    const [first, final] = [Math.max(start, from), Math.min(end, to)];
    if (first > final) continue;
    const x1 = (column + first - from) * cell + (first === start ? 3 : 0);
    const x2 = (column + final - from + 1) * cell - (final === end ? 3 : 0);
    bars.push([x1, x2, "full"]);
  }
  if (end > last) {
    const beyond = Math.min(after, end - last);
    bars.push([count * cell, (count + beyond) * cell - 3, "full"]);
  }
  if (segments.length === 1) return bars;
  const [[, headEnd], [tailStart, , column]] = segments;
  if (start >= tailStart || end <= headEnd) return bars;
  const [left, right] = [(column - GAP) * cell, column * cell];
  const middle = (left + right) / 2;
  const x1 = start > headEnd ? middle + 4 : left;
  const x2 = end < tailStart ? middle - 4 : right;
  bars.push([x1, x2, "dotted"]);
  return bars;
}

function drawMore(image, { more, all, cell }, top, words) {
  const y = top + 8 + (LEVELS / 2) * LEVEL + LEVEL / 2 + 5;
  const text = fill(words.moreWindows, { count: more });
  image.append(svg("text", { x: 4, y, class: "cnn-words" }, text));
}

function windowsText({ size, layer, wanted }, words) {
  const starts = windowStarts(size, layer);
  const few = starts.length <= 5;
  const list = (few ? starts : starts.slice(0, 3)).map((start) => format(start)).join(", ");
  const shown = few ? list : `${list} … ${starts.at(-1)}`;
  const { kernel: count } = layer;
  const kernel = count === 1 ? words.onePosition : fill(words.positions, { count });
  const sentence = wanted === 1 ? words.oneWindow : words.windows;
  return fill(sentence, { count: wanted, kernel, starts: shown });
}

function pictureText(scene, { segments }, words) {
  const { padding } = scene.layer;
  const parts = [fill(words.picture, { size: scene.size, padding })];
  if (segments.length > 1) parts.push(words.hidden);
  parts.push(windowsText(scene, words));
  return parts.join(" ");
}

// Only the signs that are in the picture.
function drawLegend(view, { size, layer }, missed, words) {
  const signs = [["window", words.legendWindow]];
  if (layer.padding) signs.push(["padding", words.legendPadding]);
  if (missed) signs.push(["unread", words.legendUnread]);
  if (leftOut(size, layer)) signs.push(["next", words.legendNext]);
  const key = signs.map(([kind]) => kind).join(" ");
  if (view.legend.dataset.key === key) return;
  view.legend.dataset.key = key;
  view.legend.replaceChildren(
    ...signs.map(([kind, text]) => make("span", {}, swatch(kind), text)),
  );
}

function swatch(kind) {
  const view = { width: 20, height: 20, viewBox: "-1 -1 20 20", "aria-hidden": "true" };
  if (kind === "padding" || kind === "unread") {
    return svg("svg", view, ...drawCells(kind, [0], 18, 18));
  }
  const dots = svg("path", { d: dot(5, 9, 4) + dot(14, 9, 4), class: "cnn-taps" });
  const bar = svg("path", { d: "M0 9H18", class: "cnn-bar-full" });
  const name = kind === "next" ? "cnn-window cnn-next" : "cnn-window";
  return svg("svg", view, svg("g", { class: name }, bar, dots));
}

// --- The chain and the code ---------------------------------------------------------

function drawChain(view, { state }) {
  const { words } = view;
  const { size, layers, selected } = state;
  const sizes = sizesOf(size, layers);
  if (view.rows.rows.length !== layers.length) {
    view.rows.replaceChildren(...layers.map((_, i) => chainRow(view, i)));
  }
  layers.forEach((layer, i) => {
    const field = receptiveField(layers.slice(0, i + 1));
    const [head, ...cells] = view.rows.rows[i].cells;
    head.firstChild.setAttribute("aria-pressed", String(i === selected));
    write(head.lastChild, shortOf(layer));
    const texts = [`${sizes[i]} → ${sizes[i + 1]}`, field.size, field.jump];
    cells.forEach((cell, at) => write(cell, texts[at]));
  });
  view.add.disabled = layers.length === MAX_LAYERS;
  view.remove.disabled = layers.length === 1;
  write(view.remove, fill(words.remove, { number: selected + 1 }));
  const whole = receptiveField(layers);
  const sentence = whole.size === 1 ? words.seesOne : words.sees;
  write(view.sees, fill(sentence, { sizes: sizes.join(" → "), ...whole }));
}

// The numbers of a layer that are not the default: "k 3, s 2, p 1".
function shortOf(layer) {
  return SETTINGS.filter((name) => layer[name] !== DEFAULTS[name])
    .map((name) => `${name[0]}\u00a0${layer[name]}`)
    .join(", ");
}

function chainRow(view, i) {
  const label = fill(view.words.layer, { number: i + 1 });
  const select = button(label, () => selectLayer(view, i), { "data-control": `layer-${i}` });
  const note = make("div", { class: "cnn-note" });
  const cells = Array.from({ length: 3 }, () => make("td", {}));
  return make("tr", {}, make("th", { scope: "row" }, select, note), ...cells);
}

function selectLayer(view, selected) {
  view.alone = null;
  change(view, { selected });
}

function addLayer(view) {
  const { layers } = chainOf(view.model);
  view.alone = null;
  change(view, { layers: [...layers, { ...ADDED }], selected: layers.length });
  if (view.add.disabled) view.remove.focus();
}

function removeLayer(view) {
  const { layers, selected } = chainOf(view.model);
  const kept = layers.filter((_, i) => i !== selected);
  view.alone = null;
  tryChange(
    view,
    { layers: kept, selected: Math.min(selected, kept.length - 1) },
    view.remove,
  );
  if (view.remove.disabled) view.add.focus();
}

function drawCode(view, { state }) {
  const channels = [state.in_channels, state.out_channels];
  const code = codeOf(state.layers, channels);
  view.channels.forEach((field, i) => showValue(field, channels[i]));
  if (view.code.textContent === code) return;
  view.code.textContent = code;
  view.copied.textContent = "";
}

// Without a clipboard, as on some pages opened from disk, the reader copies by hand.
async function copy(view) {
  const { words } = view;
  try {
    await navigator.clipboard.writeText(view.code.textContent);
    view.copied.textContent = words.copied;
  } catch {
    getSelection().selectAllChildren(view.code);
    view.copied.textContent = words.pressKeys;
  }
}
