// ActivationExplorer (chapter 8): the curve of an activation with its slope, and what a
// deep network makes of it, forward and backward. Arithmetic first.

import {
  ARROWS,
  button,
  change,
  describe,
  fill,
  follow,
  format,
  how,
  labeled,
  make,
  numberField,
  onDrag,
  palette,
  prepare,
  refresh,
  say,
  setState,
  showValue,
  stateOf,
  wordsFor,
  write,
} from "./kit.js";

// Units of every layer, inputs that go through the network at once, and most layers.
const [WIDTH, BATCH, MOST_DEPTH] = [64, 4, 30];

// Least and most of each number of the state.
export const BOUNDS = {
  depth: [1, MOST_DEPTH],
  scale: [0.25, 4],
  x: [-6, 6],
  seed: [0, 999999],
};

export const WORDS = {
  en: {
    title: "An activation, its slope, and a deep network",
    activation: "Activation",
    names: {
      relu: "ReLU",
      "leaky relu": "leaky ReLU",
      sigmoid: "sigmoid",
      tanh: "tanh",
      none: "none",
    },
    unit: "One unit",
    network: "A network of 64 such units a layer",
    x: "Input z",
    depth: "Layers",
    scale: "Weight scale",
    seed: "Seed",
    suits: "Scale that suits it",
    again: "New weights",
    ofSeed: "The weights are those of seed {seed}.",
    reset: "Reset",
    legend: {
      value: "value",
      slope: "slope",
      flat: "flat: under a tenth of the steepest slope",
    },
    point: "At z = {x} the value is {value} and the slope is {slope}.",
    back: "What comes back through the unit is multiplied by {slope}.",
    corner: "The slope jumps from {slope} to 1 here, and PyTorch takes {slope}.",
    lost: "Nothing comes back through the unit.",
    suitable: {
      relu: "√2 suits ReLU: it makes up for the half that ReLU cuts off.",
      "leaky relu": "About √2 suits leaky ReLU, as it suits ReLU.",
      sigmoid: "No scale up to 4 suits the sigmoid: its slope is 0.25 at most.",
      tanh: "1 suits tanh: the gradient shrinks only slowly. PyTorch’s 5/3 lets it grow.",
      none: "1 suits a network without activations.",
    },
    entered: "What enters the units of layer {layer}",
    beyond: "What enters layer {layer}: {share}% beyond ±6",
    forward: "Activations, forward →",
    backward: "← Gradient, back",
    ofWeights: "of the weights",
    flat: "Units on a flat part, %",
    layer: "Layer",
    through: "Through all layers",
    gradientChange: "From the last layer to the first, the gradient {change}.",
    activationChange: "From the first layer to the last, the activations {change}.",
    weightChange:
      "Training moves the weights by their own gradient. In layer 1 it is {as}.",
    weightTimes: "{times} times that in layer {depth}",
    weightSame: "about as large as in layer {depth}",
    single: "With more layers you see what each of them does to the gradient.",
    stay: "stay about as large",
    stays: "stays about as large",
    grow: "grow to {times} times their size",
    grows: "grows to {times} times its size",
    shrink: "shrink to {share} of their size",
    shrinks: "shrinks to {share} of its size",
    each: ", {factor} times a layer",
    here:
      "Layer {layer}: activations {activation}, {flat}; gradient {gradient}, that of " +
      "the weights {weights}.",
    zeros: "{share}% of them 0",
    flats: "{share}% of them on a flat part",
    sizes: "Sizes are root mean squares. The lines are powers of 10.",
    pointHelp: "Drag the point, or use the arrow keys.",
    layerHelp: "Press a layer, or use the arrow keys.",
    notNumber: "“{text}” is not a number.",
    range: "{name} must be a number from {least} to {most}, not {value}.",
    whole: "{name} must be a whole number from {least} to {most}, not {value}.",
    unknown: "No activation is called “{name}”.",
  },
};

// --- Arithmetic -------------------------------------------------------------

// The slopes are computed from the value y, as PyTorch does.
export const ACTIVATIONS = {
  relu: { value: (x) => Math.max(0, x), slope: (y) => (y > 0 ? 1 : 0), steepest: 1 },
  "leaky relu": {
    value: (x) => (x > 0 ? x : 0.01 * x),
    slope: (y) => (y > 0 ? 1 : 0.01),
    steepest: 1,
  },
  sigmoid: {
    value: (x) => 1 / (1 + Math.exp(-x)),
    slope: (y) => y * (1 - y),
    steepest: 0.25,
  },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y, steepest: 1 },
  none: { value: (x) => x, slope: () => 1, steepest: 1 },
};

// The scale with which signals keep their size best.
export const SUITABLE = { relu: 1.4142, "leaky relu": 1.4141, tanh: 1, none: 1 };

export function pointAt({ activation, x }) {
  const { value, slope, steepest } = ACTIVATIONS[activation];
  const y = value(x);
  return { value: y, slope: slope(y), flat: slope(y) < steepest / 10 };
}

// `count` numbers evenly distributed from −√3 to √3, so that their standard deviation
// is 1, by mulberry32: the same as in Python. `numbers` may be given, to be used again.
export function evenly(seed, count, numbers = new Float64Array(count)) {
  const most = Math.sqrt(3);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    numbers[i] = most * (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1);
  }
  return numbers;
}

// Inputs (BATCH, WIDTH), factors of the outputs, and the weights of `depth` layers, each
// (WIDTH, WIDTH), before the scale. Fewer layers are the first of more. To get room for
// them takes as long as to draw them, so `room` may be that of others.
export function drawnFrom(seed, depth = MOST_DEPTH, room = roomFor(depth)) {
  const few = BATCH * WIDTH;
  const numbers = evenly(seed, 2 * few + depth * WIDTH * WIDTH, room);
  return {
    inputs: numbers.subarray(0, few),
    factors: numbers.subarray(few, 2 * few),
    weights: numbers.subarray(2 * few),
  };
}

const roomFor = (depth) => new Float64Array((2 * BATCH + depth * WIDTH) * WIDTH);

// One pass forward and one backward. Of every layer: what enters its units; root mean
// squares of its outputs, of their gradient and of its weights' gradient; the share of
// outputs on a flat part.
export function run({ activation, depth, scale }, { inputs, factors, weights }) {
  const { value, slope, steepest } = ACTIVATIONS[activation];
  const spread = scale / Math.sqrt(WIDTH);
  const layer = (i) => weights.subarray(i * WIDTH * WIDTH, (i + 1) * WIDTH * WIDTH);
  const [entered, outputs] = [[], [inputs]];
  for (let i = 0; i < depth; i++) {
    entered.push(each(forward(layer(i), outputs[i]), (sum) => spread * sum));
    outputs.push(each(entered[i], value));
  }
  const result = { activations: [], gradients: [], weightGradients: [], flat: [] };
  let gradient = factors;
  for (let i = depth - 1; i >= 0; i--) {
    const slopes = each(outputs[i + 1], slope);
    const behind = each(gradient, (g, k) => g * slopes[k]);
    result.activations[i] = rms(outputs[i + 1]);
    result.gradients[i] = rms(gradient);
    result.weightGradients[i] = productSize(behind, outputs[i]);
    result.flat[i] = shareBelow(steepest / 10, slopes);
    gradient = each(backward(layer(i), behind), (sum) => spread * sum);
  }
  return { entered, ...result };
}

// The same as numbers.map(act), in less time.
function each(numbers, act) {
  const results = new Float64Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) results[i] = act(numbers[i], i);
  return results;
}

// The sums of a layer's units for every input, (BATCH, WIDTH).
function forward(weights, inputs) {
  const sums = new Float64Array(inputs.length);
  for (let unit = 0; unit < WIDTH; unit++) {
    let [a, b, c, d] = [0, 0, 0, 0]; // one for each input: no sum waits for another
    for (let k = 0; k < WIDTH; k++) {
      const weight = weights[unit * WIDTH + k];
      a += weight * inputs[k];
      b += weight * inputs[WIDTH + k];
      c += weight * inputs[2 * WIDTH + k];
      d += weight * inputs[3 * WIDTH + k];
    }
    [a, b, c, d].forEach((sum, i) => (sums[i * WIDTH + unit] = sum));
  }
  return sums;
}

// The same weights the other way: what comes back to the inputs, (BATCH, WIDTH).
function backward(weights, gradient) {
  const sums = new Float64Array(gradient.length);
  for (let at = 0; at < sums.length; at++) {
    const [to, first, factor] = [at - (at % WIDTH), (at % WIDTH) * WIDTH, gradient[at]];
    if (factor === 0) continue; // half of them with ReLU
    for (let k = 0; k < WIDTH; k++) sums[to + k] += weights[first + k] * factor;
  }
  return sums;
}

function shareBelow(limit, numbers) {
  let count = 0;
  for (let i = 0; i < numbers.length; i++) count += numbers[i] < limit ? 1 : 0;
  return count / numbers.length;
}

function rms(numbers) {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] * numbers[i];
  return Math.sqrt(sum / numbers.length);
}

// Root mean square of a weight's gradient, the sum over the inputs b of a[b] · x[b]. The
// square of that sum is one over pairs of inputs, which takes fewer multiplications.
function productSize(a, x) {
  let sum = 0;
  for (let b = 0; b < BATCH; b++) {
    for (let c = 0; c <= b; c++) sum += (b === c ? 1 : 2) * dot(a, b, c) * dot(x, b, c);
  }
  return Math.sqrt(sum) / WIDTH;
}

// The product of the rows b and c of a matrix (BATCH, WIDTH).
function dot(matrix, b, c) {
  let sum = 0;
  for (let k = 0; k < WIDTH; k++) sum += matrix[b * WIDTH + k] * matrix[c * WIDTH + k];
  return sum;
}

// How many of the numbers fall into each of `count` bins over the curve's inputs; those
// beyond are counted in the outermost bins.
export function histogram(numbers, count = 48) {
  const [least, most] = BOUNDS.x;
  const bins = Array(count).fill(0);
  for (const number of numbers) {
    const bin = Math.floor(((number - least) / (most - least)) * count);
    bins[Math.max(0, Math.min(count - 1, bin))]++;
  }
  return bins;
}

// --- Numbers as text ------------------------------------------------------------

// A number with so many significant digits; very large and small ones as powers of 10.
export function short(number, digits = 2) {
  const [mantissa, exponent] = number.toExponential(digits - 1).split("e").map(Number);
  if (number === 0 || (exponent >= -3 && exponent < 6)) {
    const [whole, rest] = format(Number(number.toPrecision(digits)), 12).split(".");
    return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
  }
  // Spaces at which no line ends.
  return `${format(mantissa, digits)}\u00a0·\u00a010${raised(exponent)}`;
}

// A whole number as superscript.
export function raised(number) {
  const digit = (d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);
  return [...String(number)].map(digit).join("");
}

// How something changes that becomes `ratio` times as large; `many` is the plural.
export function changeText(ratio, words, many = false) {
  const times = short(Math.max(ratio, 1 / ratio));
  if (times === "1") return many ? words.stay : words.stays;
  if (ratio > 1) return fill(many ? words.grow : words.grows, { times });
  const share = ratio < 0.5 && ratio > 1e-6 ? `1/${times}` : short(ratio);
  return fill(many ? words.shrink : words.shrinks, { share });
}

// What happens through the whole network, as sentences.
export function depthText({ depth }, { activations, gradients, weightGradients }, words) {
  if (depth === 1) return [words.single];
  const told = (ratio, many) => {
    const factor = short(ratio ** (1 / (depth - 1)));
    const each = depth > 2 && factor !== "1" ? fill(words.each, { factor }) : "";
    return { change: changeText(ratio, words, many) + each };
  };
  const times = short(weightGradients[0] / weightGradients.at(-1));
  const as = fill(times === "1" ? words.weightSame : words.weightTimes, { times, depth });
  return [
    fill(words.gradientChange, told(gradients[0] / gradients.at(-1), false)),
    fill(words.activationChange, told(activations.at(-1) / activations[0], true)),
    fill(words.weightChange, { as }),
  ];
}

// The numbers of one layer, in words.
export function layerText(layer, { activation }, network, words) {
  const at = layer - 1;
  const share = format(100 * network.flat[at], 0);
  return fill(words.here, {
    layer,
    activation: short(network.activations[at]),
    flat: fill(activation === "relu" ? words.zeros : words.flats, { share }),
    gradient: short(network.gradients[at]),
    weights: short(network.weightGradients[at]),
  });
}

// What the point on the curve means, as sentences.
export function pointText({ activation, x }, words) {
  const { value, slope } = pointAt({ activation, x });
  const texts = { x: short(x, 4), value: short(value, 3), slope: short(slope, 3) };
  const corner = x === 0 && activation.endsWith("relu");
  const told = [words.point, corner ? words.corner : "", slope ? words.back : words.lost];
  return told.filter(Boolean).map((text) => fill(text, texts));
}

// The title over what enters the units of a layer.
export function enteredText(numbers, layer, words) {
  const beyond = numbers.filter((number) => Math.abs(number) > BOUNDS.x[1]).length;
  if (!beyond) return fill(words.entered, { layer });
  return fill(words.beyond, { layer, share: short((100 * beyond) / numbers.length) });
}

// Powers of ten for an axis on which all the numbers fit, from bottom to top.
export function decades(numbers) {
  const powers = numbers.map(Math.log10);
  const [low, high] = [Math.min(-2, ...powers), Math.max(2, ...powers)];
  const step = [1, 2, 5, 10, 20].find((size) => (high - low) / size <= 5);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => step * (first + i));
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state makes no picture.
export function check(state, words) {
  if (!Object.hasOwn(ACTIVATIONS, state.activation)) {
    throw new Error(fill(words.unknown, { name: state.activation }));
  }
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const [value, whole] = [state[name], name === "depth" || name === "seed"];
    if (value >= least && value <= most && !(whole && value % 1)) continue;
    const limits = { least: format(least), most, value: short(value, 4) };
    const sentence = whole ? words.whole : words.range;
    throw new Error(fill(sentence, { name: words[name], ...limits }));
  }
}

// --- The widget ---------------------------------------------------------------

const STATE = ["activation", "depth", "scale", "x", "seed"];

function render({ model, el }) {
  const words = wordsFor(el, WORDS);
  const view = { words, model, layer: 1, fields: {}, sliders: {} };
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
  return follow(view, STATE, () => {
    view.shown = null; // the colors are others
    refresh(view);
  });
}

export default { render };

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.lines = [0, 1, 2].map(() => make("p"));
  view.root = make(
    "div",
    { class: "cnnbook cnn-activation", role: "group", "aria-label": words.title },
    buildChoice(view),
    view.message,
    make(
      "div",
      { class: "cnn-activation-body" },
      buildUnit(view),
      buildNetwork(view),
      make(
        "div",
        {},
        make("div", { class: "cnn-title" }, words.through),
        make("div", { role: "status", "data-shows": "depth" }, ...view.lines),
      ),
    ),
  );
}

function buildChoice(view) {
  const { words } = view;
  const option = (name) => make("option", { value: name }, words.names[name]);
  view.choice = make(
    "select",
    {
      "data-control": "activation",
      onchange: () => change(view, { activation: view.choice.value }),
    },
    ...Object.keys(ACTIVATIONS).map(option),
  );
  return make(
    "div",
    { class: "cnn-row" },
    labeled(words.activation, view.choice),
    labeled(words.x, fieldFor(view, "x")),
    button(words.reset, () => reset(view), { "data-control": "reset" }),
  );
}

const canvasFor = (name) =>
  make("canvas", { class: "cnn-touch", tabindex: "0", "data-shows": name });

function buildUnit(view) {
  const { words } = view;
  view.curve = canvasFor("curve");
  view.point = make("p", { role: "status", "data-shows": "point" });
  const key = (name) => make("i", { class: `cnn-key-${name}`, "aria-hidden": "true" });
  const entries = Object.entries(words.legend).map(([name, text]) =>
    make("span", {}, key(name), text),
  );
  listenToCurve(view);
  return make(
    "div",
    {},
    make("div", { class: "cnn-title" }, words.unit),
    view.curve,
    make("p", { class: "cnn-legend cnn-note" }, ...entries),
    view.point,
    how(words.pointHelp),
  );
}

function buildNetwork(view) {
  const { words } = view;
  view.chart = canvasFor("layers");
  view.here = make("p", { role: "status", "data-shows": "layer" });
  view.note = make("p", { class: "cnn-note", "data-shows": "suitable" });
  view.seed = make("span", { "data-shows": "seed" });
  listenToChart(view);
  return make(
    "div",
    {},
    make("div", { class: "cnn-title" }, words.network),
    make(
      "div",
      { class: "cnn-row cnn-activation-settings" },
      ...buildSetting(view, "depth"),
      ...buildSetting(view, "scale"),
    ),
    buildButtons(view),
    view.note,
    view.chart,
    view.here,
    make("p", { class: "cnn-note" }, how(`${words.layerHelp} `, "span"), words.sizes, " ", view.seed),
  );
}

function buildButtons(view) {
  const { words, model } = view;
  const suit = () => change(view, { scale: SUITABLE[model.get("activation")] });
  const next = () => (model.get("seed") + 1) % (BOUNDS.seed[1] + 1);
  const renew = () => change(view, { seed: next() });
  view.suits = button(words.suits, suit, { "data-control": "suits" });
  const again = button(words.again, renew, { "data-control": "again" });
  return make("div", { class: "cnn-row" }, view.suits, again);
}

function fieldFor(view, name) {
  view.fields[name] = numberField({
    label: view.words[name],
    value: "",
    class: "cnn-short",
    "data-control": name,
    onvalue: (value) => change(view, { [name]: rounded(value) }),
    onerror: (message, field) => say(view, message, field),
    describe: (text) => fill(view.words.notNumber, { text }),
  });
  return view.fields[name];
}

// As in Python.
const rounded = (value) => Number(value.toFixed(4));

// Of each slider: first and last stop, the value at a stop, and the stop of a value.
// The scale has eight stops for each doubling, of which √2 is one.
const STOPS = {
  depth: [1, MOST_DEPTH, (stop) => stop, (depth) => depth],
  scale: [-16, 16, (stop) => rounded(2 ** (stop / 8)), (scale) => 8 * Math.log2(scale)],
};

// A label, a field and a slider for one number.
function buildSetting(view, name) {
  const [min, max, valueAt] = STOPS[name];
  const slider = make("input", {
    type: "range",
    min,
    max,
    "aria-label": view.words[name],
    "data-control": `${name}-slider`,
    oninput: () => change(view, { [name]: valueAt(Number(slider.value)) }),
  });
  view.sliders[name] = slider;
  const label = make("span", { class: "cnn-note" }, view.words[name]);
  return [label, fieldFor(view, name), slider];
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const network = networkOf(view, state);
  const layer = Math.min(view.layer, state.depth);
  const scene = { state, network, layer, colors: paints() };
  const news = view.shown?.network !== network || view.shown.layer !== layer;
  view.shown = { network, layer };
  // Words last: to set a canvas's font lays out the page if it has changed.
  drawCurve(view, scene);
  if (news) drawChart(view, scene);
  tellPoint(view, state);
  if (news) drawText(view, scene);
  drawControls(view, state);
}

// The network, computed again only if something changes on which it depends.
function networkOf(view, { activation, depth, scale, seed }) {
  if (view.drawn?.seed !== seed || view.drawn.depth < depth) {
    view.room ??= roomFor(MOST_DEPTH);
    view.drawn = { seed, depth, numbers: drawnFrom(seed, depth, view.room) };
  }
  const key = [activation, depth, scale, seed].join();
  if (view.known?.key !== key) {
    view.known = { key, network: run({ activation, depth, scale }, view.drawn.numbers) };
  }
  return view.known.network;
}

// Blue for what goes forward, orange for what comes back.
function paints() {
  const { negative, positive, zero, ...others } = palette();
  const css = (color) => `rgb(${color})`;
  return { ...others, forth: css(negative), back: css(positive), ground: css(zero) };
}

function drawControls(view, state) {
  view.choice.value = state.activation;
  for (const [name, field] of Object.entries(view.fields)) showValue(field, state[name]);
  for (const [name, slider] of Object.entries(view.sliders)) {
    slider.value = STOPS[name][3](state[name]);
    slider.setAttribute("aria-valuetext", state[name]); // its own value is an index
  }
  view.suits.disabled = !(state.activation in SUITABLE);
  write(view.note, view.words.suitable[state.activation]);
  write(view.seed, fill(view.words.ofSeed, state));
}

function drawText({ words, here, lines, chart }, { state, network, layer }) {
  const texts = depthText(state, network, words);
  const told = layerText(layer, state, network, words);
  write(here, told);
  lines.forEach((element, i) => {
    write(element, texts[i] ?? "");
    element.hidden = !texts[i];
  });
  describe(chart, `${words.network}. ${texts.join(" ")} ${told} ${words.layerHelp}`);
}

// --- Plots ----------------------------------------------------------------------

const WIDE = 320; // of both canvases, in logical pixels
const FONT = "13px system-ui, sans-serif";

// A rectangle of a canvas with axes: x(value) and y(value) give pixels.
function plotOf({ left, top, width, height }, [x0, x1], [y0, y1]) {
  const x = (value) => left + ((value - x0) / (x1 - x0)) * width;
  const y = (value) => top + height - ((value - y0) / (y1 - y0)) * height;
  return { left, top, width, height, bottom: top + height, right: left + width, x, y };
}

function line(context, points, color, width) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

// The ground of a plot, a line for each value of `xs` and `ys`, and their texts.
function drawPlot(context, plot, colors, { xs = [], ys = [], yText = format }) {
  const { left, top, right, bottom } = plot;
  context.fillStyle = colors.ground;
  context.fillRect(left, top, plot.width, plot.height);
  context.font = FONT;
  context.fillStyle = colors.ink;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of ys) {
    const y = plot.y(value);
    line(context, [[left, y], [right, y]], colors.line, value === 0 ? 2 : 1);
    context.fillText(yText(value), left - 5, y);
  }
  context.textAlign = "center";
  for (const value of xs) {
    const x = plot.x(value);
    line(context, [[x, top], [x, bottom]], colors.line, value === 0 ? 2 : 1);
    context.fillText(format(value), x, bottom + 12);
  }
  context.textAlign = "left"; // for titles
}

// A dashed line from the top of a plot to its bottom.
function markAt(context, { top, bottom }, x, colors) {
  context.setLineDash([3, 3]);
  line(context, [[x, top], [x, bottom]], colors.ink, 1.5);
  context.setLineDash([]);
}

// Shapes of the points of a series, about (x, y).
const SHAPES = {
  dot: (path, x, y) => path.arc(x, y, 3.2, 0, 2 * Math.PI),
  square: (path, x, y) => path.rect(x - 3, y - 3, 6, 6),
  ring: (path, x, y) => path.arc(x, y, 2.8, 0, 2 * Math.PI),
};

// All points in one path: many small ones take longer.
function drawShapes(context, shape, points, color, { ground }) {
  context.beginPath();
  for (const [x, y] of points) {
    context.moveTo(x + 3, y);
    SHAPES[shape](context, x, y);
  }
  context.fillStyle = shape === "ring" ? ground : color;
  context.fill();
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.stroke();
}

// --- The curve ------------------------------------------------------------------

const CURVE = { left: 40, top: 8, width: 272, height: 208 };
const STRIP = { left: 40, top: 262, width: 272, height: 36 };

// Bottom and top of the curve's plot, and its numbers.
const SPANS = {
  relu: [[-1, 6], [0, 1, 2, 3, 4, 5, 6]],
  "leaky relu": [[-1, 6], [0, 1, 2, 3, 4, 5, 6]],
  sigmoid: [[-0.1, 1.1], [0, 0.25, 0.5, 0.75, 1]],
  tanh: [[-1.2, 1.2], [-1, -0.5, 0, 0.5, 1]],
  none: [[-6, 6], [-6, -4, -2, 0, 2, 4, 6]],
};

// The inputs at which the curve is computed, about one a pixel; 0 is one of them.
const INPUTS = Array.from({ length: 241 }, (_, i) => (i - 120) / 20);

function drawCurve(view, { state, network, layer, colors }) {
  const { curve, words } = view;
  const { activation, x } = state;
  const [span, ys] = SPANS[activation];
  const plot = plotOf(CURVE, BOUNDS.x, span);
  const context = prepare(curve, WIDE, STRIP.top + STRIP.height + 2);
  drawPlot(context, plot, colors, { xs: [-6, -4, -2, 0, 2, 4, 6], ys });
  const points = INPUTS.map((input) => pointAt({ activation, x: input }));
  const parts = flatParts(points);
  hatch(context, plot, parts, colors);
  const path = (name) => points.map((p, i) => [plot.x(INPUTS[i]), plot.y(p[name])]);
  line(context, path("value"), colors.forth, 3);
  context.setLineDash([6, 4]);
  line(context, path("slope"), colors.back, 2.5);
  context.setLineDash([]);
  drawPoint(context, plot, x, pointAt(state), colors);
  const entered = network.entered[layer - 1];
  drawStrip(context, entered, enteredText(entered, layer, words), parts, colors);
}

function tellPoint({ curve, point, words }, state) {
  const told = pointText(state, words).join(" ");
  write(point, told);
  describe(curve, `${words.names[state.activation]}. ${told} ${words.pointHelp}`);
}

// The first and the last input of each flat part of the curve.
function flatParts(points) {
  const parts = [];
  points.forEach(({ flat }, i) => {
    if (flat && points[i - 1]?.flat) parts.at(-1)[1] = INPUTS[i];
    else if (flat) parts.push([INPUTS[i], INPUTS[i]]);
  });
  return parts;
}

// Diagonal lines over the flat parts of the curve.
function hatch(context, plot, parts, colors) {
  const { left, top, right, bottom, height } = plot;
  context.save();
  context.beginPath();
  for (const [from, to] of parts.map((part) => part.map(plot.x))) {
    context.rect(from, top, to - from, height);
  }
  context.clip();
  context.beginPath();
  for (let x = left; x < right + height; x += 8) {
    context.moveTo(x, top);
    context.lineTo(x - height, bottom);
  }
  context.strokeStyle = colors.line;
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

// The value at x with the tangent through it, and the slope.
function drawPoint(context, plot, x, { value, slope }, colors) {
  const at = plot.x(x);
  markAt(context, plot, at, colors);
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.width, plot.height);
  context.clip();
  const along = (dx) => [plot.x(x + dx), plot.y(value + slope * dx)];
  line(context, [along(-1.5), along(1.5)], colors.ink, 2);
  context.restore();
  for (const [y, radius, color] of [[value, 8, colors.forth], [slope, 5, colors.back]]) {
    context.beginPath();
    context.arc(at, plot.y(y), radius, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
    context.strokeStyle = colors.ground;
    context.lineWidth = 2;
    context.stroke();
  }
}

// Where the inputs of one layer's units stand below the curve.
function drawStrip(context, numbers, title, parts, colors) {
  const bins = histogram(numbers);
  const plot = plotOf(STRIP, BOUNDS.x, [0, Math.max(...bins)]);
  drawPlot(context, plot, colors, {});
  context.fillStyle = colors.ink;
  context.fillText(title, plot.left, plot.top - 11);
  hatch(context, plot, parts, colors);
  context.fillStyle = colors.forth;
  const width = plot.width / bins.length;
  bins.forEach((count, i) => {
    const [x, y] = [plot.left + i * width, plot.y(count)];
    context.fillRect(x, y, width - 1, plot.bottom - y);
  });
}

// --- The layers -----------------------------------------------------------------

const LEFT = 44;
const ROOM = WIDE - LEFT - 4;
const PLACES = {
  forward: { left: LEFT, top: 22, width: ROOM, height: 112 },
  backward: { left: LEFT, top: 160, width: ROOM, height: 112 },
  flat: { left: LEFT, top: 298, width: ROOM, height: 44 },
};
const TALL = 378;

function drawChart({ chart, words }, { state, network, layer, colors }) {
  const { activations, gradients, weightGradients, flat } = network;
  const context = prepare(chart, WIDE, TALL);
  const across = [0.5, state.depth + 0.5];
  const ys = decades([...activations, ...gradients, ...weightGradients]);
  const powers = { ys, yText: (power) => `10${raised(power)}` };
  const plotAt = (place, span) => plotOf(place, across, span);
  const upper = plotAt(PLACES.forward, [ys[0], ys.at(-1)]);
  const lower = plotAt(PLACES.backward, [ys[0], ys.at(-1)]);
  const shares = plotAt(PLACES.flat, [0, 1]);
  drawPlot(context, upper, colors, powers);
  drawPlot(context, lower, colors, powers);
  drawPlot(context, shares, colors, {
    xs: numbered(state.depth),
    ys: [0, 0.5, 1],
    yText: (share) => format(100 * share),
  });
  for (const plot of [upper, lower, shares]) markAt(context, plot, plot.x(layer), colors);
  drawSeries(context, upper, activations, "dot", colors.forth, colors);
  drawSeries(context, lower, weightGradients, "ring", colors.mark, colors);
  drawSeries(context, lower, gradients, "square", colors.back, colors);
  drawShares(context, shares, flat, colors);
  drawTitles(context, { upper, lower, shares }, words, colors);
}

// The layers whose numbers have room below the axis.
function numbered(depth) {
  const step = depth > 12 ? 5 : depth > 6 ? 2 : 1;
  const all = Array.from({ length: depth }, (_, i) => i + 1);
  return all.filter((layer) => layer === 1 || layer % step === 0);
}

function drawSeries(context, plot, values, shape, color, colors) {
  const points = values.map((value, i) => [plot.x(i + 1), plot.y(Math.log10(value))]);
  line(context, points, color, 1.5);
  drawShapes(context, shape, points, color, colors);
}

function drawShares(context, plot, shares, colors) {
  const width = Math.max(2, (0.6 * plot.width) / shares.length);
  context.fillStyle = colors.forth;
  shares.forEach((share, i) => {
    const y = plot.y(share);
    context.fillRect(plot.x(i + 1) - width / 2, y, width, plot.bottom - y);
  });
}

// Above each plot its title, with the shape of its points.
function drawTitles(context, { upper, lower, shares }, words, colors) {
  const title = (text, x, plot) => {
    context.fillStyle = colors.ink;
    context.fillText(text, x, plot.top - 11);
    return x + context.measureText(text).width;
  };
  const keyed = (text, shape, color, x, plot) => {
    drawShapes(context, shape, [[x + 4, plot.top - 11]], color, colors);
    return title(text, x + 14, plot);
  };
  keyed(words.forward, "dot", colors.forth, LEFT, upper);
  const end = keyed(words.backward, "square", colors.back, LEFT, lower);
  keyed(words.ofWeights, "ring", colors.mark, end + 12, lower);
  title(words.flat, LEFT, shares);
  context.textAlign = "right";
  context.fillText(words.layer, shares.right, TALL - 8);
}

// --- Events ---------------------------------------------------------------------

const limited = (value, [least, most]) => Math.max(least, Math.min(most, value));

// Where a pointer stands on a canvas, in logical pixels from its left side.
function across(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * WIDE;
}

// Calls act(step) with a step from −1 to 1 for an arrow, ∓Infinity for Home and End.
function onKeys(canvas, act) {
  const ends = { Home: -Infinity, End: Infinity };
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in ARROWS) && !(event.key in ends)) return;
    const [down, right] = ARROWS[event.key] ?? [0, 0];
    event.preventDefault();
    act(ends[event.key] ?? right - down);
  });
}

function listenToCurve(view) {
  const [least, most] = BOUNDS.x;
  const moveTo = (x) => setState(view, { x: rounded(limited(x, BOUNDS.x)) });
  onDrag(view.curve, (event) => {
    const share = (across(view.curve, event) - CURVE.left) / CURVE.width;
    moveTo(Math.round(20 * (least + share * (most - least))) / 20);
  });
  onKeys(view.curve, (step) => moveTo(view.model.get("x") + step / 10));
}

function listenToChart(view) {
  const depth = () => view.model.get("depth");
  const choose = (layer) => {
    view.layer = limited(layer, [1, depth()]);
    view.refresh();
  };
  onDrag(view.chart, (event) => {
    const share = (across(view.chart, event) - LEFT) / ROOM;
    choose(Math.ceil(share * depth()));
  });
  onKeys(view.chart, (step) => choose(Math.min(view.layer, depth()) + step));
}

function reset(view) {
  view.layer = 1;
  change(view, view.start);
}
