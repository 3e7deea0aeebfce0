// LayerCost (chapter 1): what a dense layer and a convolution on one image cost.
// Arithmetic first, then building, drawing, events.

import {
  button,
  change,
  fill,
  follow,
  format,
  labeled,
  make,
  numberField,
  refresh,
  say,
  setState,
  showValue,
  stateOf,
  tickBox,
  wordsFor,
} from "./kit.js";

// The largest value of each setting; the smallest is 1.
export const MOST = { side: 2048, channels: 512, hidden: 4096, kernel: 15, filters: 512 };

// Sides of well-known images: buttons, and rows of the table.
export const SIDES = [28, 224, 1024];

const LAYERS = ["dense", "convolution"];
const QUANTITIES = ["weights", "bytes", "multiplyAdds"];

const WORDS = {
  en: {
    title: "What a dense layer and a convolution cost",
    image: "Image",
    dense: "Dense layer",
    convolution: "Convolution",
    side: "Side",
    channels: "Channels",
    hidden: "Units",
    kernel: "Kernel",
    filters: "Filters",
    bias: "with biases",
    reset: "Reset",
    preset: "Side {side}",
    presets: "Set to",
    imageSize: "{side} × {side} × {channels} = {inputs} numbers",
    denseSize: "{inputs} inputs, {hidden} outputs",
    convolutionSize: "{kernel} × {kernel} × {channels} a filter; output {out} × {out} × {filters}",
    weights: "Weights",
    bytes: "Memory, 4 bytes a weight",
    multiplyAdds: "Multiply-adds for one image",
    powers: ["1", "1 thousand", "1 million", "1 billion", "1 trillion"],
    axis:
      "Each line stands for 10 times the line on its left: a little more length is many " +
      "times the number. 1 KB is 1024 bytes, 1 MB is 1024 KB, and so on.",
    units: ["B", "KB", "MB", "GB", "TB"],
    about: "about {ratio}",
    still: "Change the side to compare with {side}.",
    sides:
      "From side {from} to side {to}: {ratio} times the side, {pixels} times the pixels.",
    grown:
      "The dense layer grows from {before} to {after} weights, {ratio} times as " +
      "many{apart}; the convolution keeps its {kept}.",
    apart: " ({pixels} times without the biases)",
    work: "Multiply-adds: dense {dense} times, convolution {convolution} times as many.",
    workDense:
      "Multiply-adds: dense {dense} times as many; the kernel does not fit into side {from}.",
    fewer: {
      weights: "At side {side}, the {more} has {ratio} times the weights of the {less}.",
      multiplyAdds: "The {more} needs {ratio} times the multiply-adds of the {less}.",
    },
    same: {
      weights: "At side {side}, both layers have the same number of weights.",
      multiplyAdds: "Both need the same number of multiply-adds.",
    },
    layers: { dense: "dense layer", convolution: "convolution" },
    table: "Weights, by side of the image",
    range: "{name} must be a whole number from 1 to {most}, not {value}.",
    tooLarge: "A kernel of side {kernel} does not fit into an image of side {side}.",
    notNumber: "“{text}” is not a number.",
  },
};

// --- Arithmetic -------------------------------------------------------------

// All of it in whole numbers below 2^53, which JavaScript holds exactly.
export function costs({ side, channels, hidden, kernel, filters, bias }) {
  const inputs = side * side * channels;
  const out = side - kernel + 1;
  const perFilter = kernel * kernel * channels;
  const cost = (weights, multiplyAdds) => ({ weights, bytes: 4 * weights, multiplyAdds });
  return {
    dense: cost(hidden * (inputs + Number(bias)), hidden * inputs),
    convolution: cost(filters * (perFilter + Number(bias)), out * out * filters * perFilter),
  };
}

// How the numbers of `costs` come about, in figures.
export function formulas({ side, channels, hidden, kernel, filters, bias }) {
  const product = (...factors) => factors.join(" · ");
  const plus = (count) => (bias ? ` + ${count}` : "");
  const dense = product(`${side}²`, channels, hidden);
  const convolution = product(`${kernel}²`, channels, filters);
  return {
    dense: { weights: dense + plus(hidden), multiplyAdds: dense },
    convolution: {
      weights: convolution + plus(filters),
      multiplyAdds: product(`${side - kernel + 1}²`, convolution),
    },
  };
}

// The axis reaches from 1 = 10^0 to 10^DECADES, more than any setting costs.
export const DECADES = 14.5;

// Where a number of at least 1 stands on the axis: 0 at the left end, 1 at the right.
export function place(number) {
  return Math.log10(number) / DECADES;
}

// Stops of a slider from 1 to `most`: twelve for each doubling, but whole numbers, and
// the `extra` ones.
export function stops(most, extra = []) {
  const count = Math.ceil(12 * Math.log2(most));
  const powers = Array.from({ length: count + 1 }, (_, i) => Math.round(2 ** (i / 12)));
  const all = new Set([...powers, ...extra, most].filter((stop) => stop <= most));
  return [...all].sort((a, b) => a - b);
}

// The index of the stop nearest to a value, by ratio.
export function nearest(all, value) {
  const far = (stop) => Math.abs(Math.log(stop / value));
  return all.reduce((best, stop, i) => (far(stop) < far(all[best]) ? i : best), 0);
}

// --- Numbers as text ------------------------------------------------------------

// A whole number with a comma before every three digits.
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

// Bytes in full, and in the unit that leaves at most four digits before the point.
export function memory(bytes, units) {
  const rounded = (i) => Math.round((bytes / 1024 ** i) * 10) / 10;
  const i = units.findIndex((_, unit) => rounded(unit) < 1024);
  const whole = `${grouped(bytes)} ${units[0]}`;
  if (i === 0) return whole;
  return `${whole} ${rounded(i) * 1024 ** i === bytes ? "=" : "≈"} ${rounded(i)} ${units[i]}`;
}

// The quotient a / b of whole numbers, a ≥ b, as text; "about" unless it is exact.
export function ratio(a, b, words) {
  const quotient = a / b;
  const decimals = [100, 10, 1.01].findIndex((least) => quotient >= least);
  const factor = 10 ** (decimals < 0 ? 4 : decimals);
  const scaled = Math.round(quotient * factor);
  const [whole, rest] = String(scaled / factor).split(".");
  const text = grouped(whole) + (rest ? `.${rest}` : "");
  // In BigInt, since a times the factor may need more than 53 bits.
  const exact = BigInt(scaled) * BigInt(b) === BigInt(a) * BigInt(factor);
  return exact ? text : fill(words.about, { ratio: text });
}

// What another side does to both layers, as sentences: from the smaller to the larger.
export function growth(state, other, words) {
  if (state.side === other) return [fill(words.still, { side: other })];
  const [from, to] = [Math.min(state.side, other), Math.max(state.side, other)];
  const before = costs({ ...state, side: from });
  const after = costs({ ...state, side: to });
  const times = (layer, quantity) =>
    ratio(after[layer][quantity], before[layer][quantity], words);
  const pixels = ratio(to * to, from * from, words);
  const grown = {
    before: grouped(before.dense.weights),
    after: grouped(after.dense.weights),
    ratio: times("dense", "weights"),
    kept: grouped(after.convolution.weights),
  };
  grown.apart = grown.ratio === pixels ? "" : fill(words.apart, { pixels });
  const dense = times("dense", "multiplyAdds");
  const work =
    state.kernel > from
      ? fill(words.workDense, { from, dense })
      : fill(words.work, { dense, convolution: times("convolution", "multiplyAdds") });
  const sides = fill(words.sides, { from, to, ratio: ratio(to, from, words), pixels });
  return [`${sides} ${fill(words.grown, grown)}`, work];
}

// One layer against the other, as sentences.
export function comparison(state, words) {
  const all = costs(state);
  const sentence = (quantity) => {
    const [less, more] = [...LAYERS].sort((a, b) => all[a][quantity] - all[b][quantity]);
    const [fewest, most] = [all[less][quantity], all[more][quantity]];
    return fill((fewest === most ? words.same : words.fewer)[quantity], {
      side: state.side,
      more: words.layers[more],
      less: words.layers[less],
      ratio: ratio(most, fewest, words),
    });
  };
  return ["weights", "multiplyAdds"].map(sentence).join(" ");
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the settings make no layers.
export function check(state, words) {
  for (const [name, most] of Object.entries(MOST)) {
    const value = state[name];
    if (!Number.isInteger(value) || value < 1 || value > most) {
      const given = { name: words[name], most, value: format(value, 4) };
      throw new Error(fill(words.range, given));
    }
  }
  if (state.kernel > state.side) throw new Error(fill(words.tooLarge, state));
}

// --- The widget ---------------------------------------------------------------

const STATE = ["side", "channels", "hidden", "kernel", "filters", "bias"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, fields: {}, sliders: {}, stops: {}, parts: {}, rows: {} };
  view.start = stateOf(model, STATE);
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

// Changes one number by its slider: as far as the image and the kernel fit, and a word about it.
function slide(view, name, value) {
  const { side, kernel } = stateOf(view.model, STATE);
  const least = name === "side" ? kernel : 1;
  const most = name === "kernel" ? Math.min(side, MOST.kernel) : MOST[name];
  change(view, { [name]: Math.max(least, Math.min(value, most)) });
  draw(view); // the slider may stand where the value could not follow
  if (value >= least && value <= most) return;
  const wanted = { side, kernel, [name]: value };
  say(view, fill(view.words.tooLarge, wanted), view.sliders[name]);
}

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.lines = make("div", { role: "status", "data-shows": "lines" });
  const setting = (name) => buildSetting(view, name);
  const settings = make(
    "div",
    { class: "cnn-cost-parts" },
    make(
      "div",
      {},
      buildPart(view, "image", buildSide(view), setting("channels")),
      buildSwitches(view),
    ),
    make(
      "div",
      {},
      buildPart(view, "dense", setting("hidden")),
      buildPart(view, "convolution", setting("kernel"), setting("filters")),
    ),
  );
  view.root = make(
    "div",
    { class: "cnnbook", role: "group", "aria-label": words.title },
    settings,
    view.message,
    buildChart(view),
    make("p", { class: "cnn-note" }, words.axis),
    view.lines,
    buildTable(view),
  );
}

// The settings of the image or of one layer, and what size comes of them.
function buildPart(view, name, ...settings) {
  const size = make("div", { class: "cnn-note", "data-shows": `${name}-size` });
  view.parts[name] = size;
  const title = make("div", { class: "cnn-title" }, view.words[name]);
  const label = { role: "group", "aria-label": view.words[name] };
  return make("div", { class: "cnn-cost-part", ...label }, title, ...settings, size);
}

// A slider and a field for one number; each shows what the other sets.
function buildSetting(view, name) {
  const label = view.words[name];
  const all = stops(MOST[name], name === "side" ? SIDES : []);
  view.stops[name] = all;
  view.sliders[name] = make("input", {
    type: "range",
    min: 0,
    max: all.length - 1,
    "data-control": `${name}-slider`,
    oninput: () => slide(view, name, all[view.sliders[name].value]),
  });
  view.fields[name] = numberField({
    label,
    value: "",
    class: "cnn-short",
    "data-control": name,
    inputmode: "numeric",
    onvalue: (value) => change(view, { [name]: value }),
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(view.words.notNumber, { text }),
  });
  const slider = labeled(label, view.sliders[name], "cnn-cost-slider");
  return make("div", { class: "cnn-cost-setting" }, slider, view.fields[name]);
}

function buildSide(view) {
  const { words } = view;
  view.presets = SIDES.map((side) =>
    button(String(side), () => change(view, { side }), {
      "aria-label": fill(words.preset, { side }),
      "data-control": `side-${side}`,
    }),
  );
  const label = make("span", { class: "cnn-note" }, words.presets);
  const presets = make("div", { class: "cnn-cost-presets" }, label, ...view.presets);
  return make("div", {}, buildSetting(view, "side"), presets);
}

function buildSwitches(view) {
  const { words } = view;
  const bias = tickBox(words.bias, "bias", (checked) => change(view, { bias: checked }));
  view.bias = bias.box;
  const reset = button(words.reset, () => change(view, view.start), {
    "data-control": "reset",
  });
  return make("div", { class: "cnn-row" }, bias.label, reset);
}

// Bars on one axis for all quantities, the same whatever the settings.
function buildChart(view) {
  const { words } = view;
  const mark = (decade, className, ...text) =>
    make(
      "span",
      { class: className, style: `left: ${(100 * decade) / DECADES}%` },
      ...text,
    );
  const lines = Array.from({ length: Math.ceil(DECADES) }, (_, decade) =>
    mark(decade, decade % 3 ? "cnn-cost-line" : "cnn-cost-line cnn-cost-labeled"),
  );
  const labels = words.powers.map((text, i) => mark(3 * i, "cnn-cost-power", text));
  return make(
    "div",
    { class: "cnn-cost-chart" },
    make("div", { class: "cnn-cost-lines", "aria-hidden": "true" }, ...lines),
    make("div", { class: "cnn-cost-axis", "aria-hidden": "true" }, ...labels),
    ...QUANTITIES.map((quantity) => buildGroup(view, quantity)),
  );
}

function buildGroup(view, quantity) {
  const label = view.words[quantity];
  return make(
    "div",
    { class: "cnn-cost-group", role: "group", "aria-label": label },
    make("div", { class: "cnn-title" }, make("span", {}, label)),
    ...LAYERS.map((layer) => buildBar(view, quantity, layer)),
  );
}

function buildBar(view, quantity, layer) {
  const name = make("span", {}, view.words[layer]);
  const formula = make("span", { class: "cnn-note cnn-cost-formula" });
  const number = make("strong", {});
  const bar = make("div", { class: `cnn-cost-bar cnn-cost-${layer}` });
  view.rows[`${quantity}-${layer}`] = { formula, number, bar };
  return make(
    "div",
    { "data-shows": `${quantity}-${layer}` },
    make("div", { class: "cnn-cost-text" }, name, " ", number, " ", formula),
    make("div", { class: "cnn-cost-track" }, bar),
  );
}

function buildTable(view) {
  const { words } = view;
  const head = (text) => make("th", { scope: "col" }, text);
  view.cells = SIDES.map(() => LAYERS.map(() => make("td", {})));
  const rows = SIDES.map((side, i) =>
    make("tr", {}, make("th", { scope: "row" }, String(side)), ...view.cells[i]),
  );
  const columns = [words.side, ...LAYERS.map((layer) => words[layer])];
  return make(
    "table",
    { class: "cnn-cost-table" },
    make("caption", { class: "cnn-title" }, words.table),
    make("thead", {}, make("tr", {}, ...columns.map(head))),
    make("tbody", {}, ...rows),
  );
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  drawSettings(view, state);
  drawSizes(view, state);
  drawBars(view, state);
  drawTable(view, state);
  const { words } = view;
  const lines = [...growth(state, view.start.side, words), comparison(state, words)];
  view.lines.replaceChildren(...lines.map((line) => make("p", {}, line)));
}

function drawSettings(view, state) {
  for (const name of Object.keys(MOST)) {
    const slider = view.sliders[name];
    showValue(view.fields[name], state[name]);
    slider.value = nearest(view.stops[name], state[name]);
    slider.setAttribute("aria-valuetext", state[name]); // its own value is an index
  }
  view.bias.checked = state.bias;
  view.presets.forEach((preset, i) =>
    preset.setAttribute("aria-pressed", state.side === SIDES[i]),
  );
}

function drawSizes(view, state) {
  const { side, channels, kernel } = state;
  const values = { ...state, inputs: grouped(side * side * channels), out: side - kernel + 1 };
  for (const [name, element] of Object.entries(view.parts)) {
    element.textContent = fill(view.words[`${name}Size`], values);
  }
}

function drawBars(view, state) {
  const [all, how] = [costs(state), formulas(state)];
  for (const quantity of QUANTITIES) {
    for (const layer of LAYERS) {
      const { formula, number, bar } = view.rows[`${quantity}-${layer}`];
      const value = all[layer][quantity];
      const text = how[layer][quantity];
      formula.textContent = text ? `= ${text}` : "";
      number.textContent =
        quantity === "bytes" ? memory(value, view.words.units) : grouped(value);
      bar.style.width = `${100 * place(value)}%`;
    }
  }
}

function drawTable(view, state) {
  SIDES.forEach((side, i) => {
    const all = costs({ ...state, side });
    LAYERS.forEach((layer, j) => {
      view.cells[i][j].replaceChildren(...breakable(grouped(all[layer].weights)));
    });
  });
}

// A long number in parts, between which a narrow table may break it: after a comma.
function breakable(text) {
  return text.split(/(?<=,)/).flatMap((part) => [part, make("wbr")]);
}
