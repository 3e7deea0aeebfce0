// What NetworkExplorer says, of the network's answer, of its layers and of a single unit.

import { fill, format } from "./kit.js";
import {
  bytesOf,
  fieldsOf,
  halfUp,
  indexOf,
  isWhole,
  largestCell,
  partsOf,
  placeOf,
  product,
  tapsAlong,
  termsOf,
  windowOf,
} from "./network.js";

export const WORDS = {
  en: {
    title: "A network to draw into",
    draw: "Draw here",
    hide: "Press and drag to hide parts",
    drawKeys:
      "Arrow keys move the pen, Space or Enter puts it down and lifts it. " +
      "Rows and columns count from 1.",
    pen: "Pen",
    eraser: "Eraser",
    clear: "Clear",
    restore: "Show it all again",
    penUp: "Pen lifted, row {row}, column {column}.",
    penDown: "Pen down, row {row}, column {column}.",
    examples: "or choose an example",
    example: "Example {number}",
    known: "{example}: {name}",
    given: "Its input: {size}",
    center: "center and scale like MNIST",
    probabilities: "Its answer",
    answer: "It answers “{name}” with {share}.",
    second: "Next comes “{name}” with {share}.",
    label: "The label says “{name}”.",
    nothing: "Nothing is drawn yet. Even then it has to answer: “{name}” with {share}.",
    bars: "Probabilities: {all}",
    bar: "{name}: {share}",
    percent: "{number}%",
    almostAll: ["more than 99.9%", ">99.9%"],
    almostNone: ["less than 0.1%", "<0.1%"],
    inside: "Look inside: every layer",
    colors:
      "Orange is above 0, blue below, and the strongest color is the layer’s largest " +
      "number. Press a unit, or use the arrow keys, to see how it was computed.",
    heading: "{number}. {kind}",
    size: "{rows} × {columns}",
    range: "{least} to {most}",
    layers: {
      Conv2d: "{filters} over {before}. Each makes a map of {size}.",
      ReLU: "All below 0 becomes 0.",
      MaxPool2d: "The largest of each {kernel} stays: {size}.",
      AvgPool2d: "The mean of each {kernel}: {size}.",
      Flatten: "Everything before it as one row of {count} numbers.",
      Linear: "{count} sums. Each weighs all {total} numbers before it.",
      Dropout: "Drops numbers, but only in training. Now all go on.",
    },
    filters: ["One filter slides", "{count} filters slide"],
    before: { picture: "the picture", map: "the map", maps: "all {depth} maps" },
    last: "They become the probabilities.",
    where: {
      pixel: "Picture, row {row}, column {column}",
      map: "{layer}, map {map}, row {row}, column {column}",
      row: "{layer}, number {index}",
    },
    place: {
      color: "{color}, row {row}, column {column}",
      pixel: "row {row}, column {column}",
      map: "map {map}, row {row}, column {column}",
      row: "number {index}",
    },
    colorNames: ["red", "green", "blue"],
    result: "{where}: {value}",
    pixel: "A pixel is {value}, from 0 for black to 1 for white. Here everything begins.",
    colorPixel: "A pixel is three numbers from 0 to 1: {values}. Here everything begins.",
    conv: "The filter lies on {rows}, {columns} of {before}.",
    span: {
      row: ["row {first}", "rows {first} to {last}"],
      column: ["column {first}", "columns {first} to {last}"],
    },
    gaps: "{span} in steps of {step}",
    padded: "Outside stand zeros.",
    onlyPadding: "The filter lies on zeros only, outside of {before}.",
    inputMap: "map {map}",
    partial: "{name}: {sum}",
    partials: "Each map gives a sum of products; press one to see its numbers.",
    window: "Window in {name}",
    onlyWindow: "Window",
    filter: "Filter",
    products: "Products",
    oneSum: "The products sum to {sum}. With the bias {bias} that makes {value}.",
    mapSum:
      "On {name} the products sum to {sum}. " +
      "All {count}: {terms}, with the bias {bias}: {value}.",
    relu: ["{value} is above 0 and stays.", "{value} is not above 0, so it becomes 0."],
    max: "The largest of {rows}, {columns} in the same map is {value}.",
    mean: "The mean of {rows}, {columns} in the same map is {value}.",
    flatten: "It is {place}, now in a row with all others.",
    dropout: "It goes on as it is: {value}.",
    linear:
      "Every number before it times its weight, all summed. The largest products, " +
      "number × weight (press one to step back to it):",
    term: "{place}: {value} × {weight} = {product}",
    rest: "All {count} products sum to {sum}. With the bias {bias} that makes {value}.",
    stepBack: "Step back",
    stepTo: "Step back to {place}",
    forward: "Step forward",
    close: "Close",
    cell: "{place}: {value}.",
    windowKeys: "Arrow keys choose a cell, Enter steps back to it.",
    windowHelp: "Press a cell of the window to step back to it.",
    strip: "{heading}. {text} {unit} Arrow keys choose a unit.",
    field: "Of the picture it sees only {rows}, {columns}: the part that is lit.",
    wholeField: "It sees the whole picture.",
    noField: "It sees nothing of the picture.",
    wrongDrawing: "A drawing for this network has {expected} numbers, not {given}.",
    noExample: "There is no example {number}; there are {count}.",
    noUnit: "There is no unit [{unit}].",
  },
};

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state cannot be shown.
export function check({ drawing, example, unit, examples, size, layers }, words) {
  const expected = product(size);
  if (drawing !== null) {
    const given = /^[A-Za-z0-9+/]*=*$/.test(drawing) ? bytesOf(drawing) : 0;
    const text = fill(words.wrongDrawing, { expected, given });
    if (given !== expected) throw new Error(text);
  }
  const count = bytesOf(examples) / expected;
  if (!(example >= 0 && example <= Math.max(0, count - 1))) {
    throw new Error(fill(words.noExample, { number: example + 1, count }));
  }
  if (unit === null) return;
  const shape = unit[0] === 0 ? size : layers[unit[0] - 1]?.shape;
  const inside = shape?.length === unit.length - 1 && shape.every((side, d) => {
    return unit[d + 1] >= 0 && unit[d + 1] < side;
  });
  if (!inside) throw new Error(fill(words.noUnit, { unit: unit.join(", ") }));
}

// --- Sentences --------------------------------------------------------------

// With one decimal; in words or, for the bars, short.
export function percent(words, share, short = false) {
  const number = halfUp(1000 * share) / 10;
  if (number === 100 && share < 1) return words.almostAll[Number(short)];
  if (number === 0 && share > 0) return words.almostNone[Number(short)];
  return fill(words.percent, { number: String(number) });
}

// What the network answers, and what else one should know about it.
export function answerText({ state, picture, shares }, words) {
  const order = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a]);
  const named = (i) => ({ name: state.classes[i], share: percent(words, shares[i]) });
  if (picture.every((level) => level === 0)) return fill(words.nothing, named(order[0]));
  const texts = [fill(words.answer, named(order[0]))];
  if (order.length > 1) texts.push(fill(words.second, named(order[1])));
  if (state.drawing === null && state.labels.length) {
    texts.push(fill(words.label, { name: state.classes[state.labels[state.example]] }));
  }
  return texts.join(" ");
}

export const sizeText = (words, [rows, columns]) => fill(words.size, { rows, columns });

export function headingOf(words, layers, at) {
  return fill(words.heading, { number: at, kind: layers[at].kind });
}

// What a layer reads: a key of the words `before`.
function beforeOf(layers, at) {
  if (at === 1) return "picture";
  return layers[at - 1].shape[0] === 1 ? "map" : "maps";
}

// One line on what a layer does.
export function layerText(layers, at, words) {
  const { kind, shape, kernel } = layers[at];
  const [total] = layers[at - 1].shape;
  const count = shape[0];
  const text = fill(words.layers[kind], {
    filters: fill(words.filters[count === 1 ? 0 : 1], { count }),
    before: fill(words.before[beforeOf(layers, at)], { depth: total }),
    size: shape.length > 1 ? sizeText(words, shape.slice(1)) : "",
    kernel: kernel && sizeText(words, kernel),
    count,
    total,
  });
  return at === layers.length - 1 ? `${text} ${words.last}` : text;
}

function whereText(layers, [at, ...place], words) {
  const layer = headingOf(words, layers, at);
  const [map, row, column] = place.map((i) => i + 1);
  if (at === 0) return fill(words.where.pixel, { row, column });
  if (place.length === 1) return fill(words.where.row, { layer, index: map });
  return fill(words.where.map, { layer, map, row, column });
}

// The place of a unit without the name of its layer.
export function placeText(layers, [at, ...place], words) {
  const [map, row, column] = place.map((i) => i + 1);
  if (place.length === 1) return fill(words.place.row, { index: map });
  if (at > 0) return fill(words.place.map, { map, row, column });
  if (layers[0].shape[0] === 1) return fill(words.place.pixel, { row, column });
  return fill(words.place.color, { color: words.colorNames[place[0]], row, column });
}

function mapName(layers, at, map, words) {
  if (at > 0) return fill(words.inputMap, { map: map + 1 });
  return layers[0].shape[0] === 1 ? words.before.picture : words.colorNames[map];
}

function rangeText([one, many], first, last) {
  return fill(first === last ? one : many, { first, last });
}

// Rows or columns that a window reads, counted from 1.
function spanText(words, line, taps) {
  if (taps.length === 0) return "";
  const text = rangeText(words.span[line], taps[0] + 1, taps.at(-1) + 1);
  const step = taps.length > 1 ? taps[1] - taps[0] : 1;
  return step > 1 ? fill(words.gaps, { span: text, step }) : text;
}

// Decimals, at least so many, that leave two digits of the largest of these numbers.
export function decimalsFor(values, least) {
  const most = Math.max(...values.map(Math.abs));
  const needed = most > 0 ? 1 - Math.floor(Math.log10(most)) : 0;
  return Math.max(least, Math.min(9, needed));
}

export const number = (value) => format(value, decimalsFor([value], 3));

// "0.5 − 0.2 + 1"
function signedTerms(values) {
  const decimals = decimalsFor(values, 2);
  return values
    .map((value, i) => {
      const text = format(Math.abs(value), decimals);
      const minus = value < 0 && text !== "0";
      if (i === 0) return minus ? `−${text}` : text;
      return minus ? `− ${text}` : `+ ${text}`;
    })
    .join(" ");
}

// --- A unit -----------------------------------------------------------------
// What follows takes the words, the layers and their outputs as one object.

// Where a unit is, and its value.
export function unitText(network, unit) {
  const where = whereText(network.layers, unit, network.words);
  return fill(network.words.result, { where, value: number(valueOf(network, unit)) });
}

function valueOf({ layers, outputs }, unit) {
  return outputs[unit[0]][indexOf(unit, layers[unit[0]].shape)];
}

// What a unit sees of the picture.
export function fieldText({ words, layers }, unit) {
  if (unit[0] === 0) return "";
  const box = fieldsOf(layers, unit)[0];
  if (!box) return words.noField;
  const [first, last] = box.map((place) => place.slice(1));
  if (isWhole([first, last], layers[0].shape.slice(1))) return words.wholeField;
  const [rows, columns] = ["row", "column"].map((line, d) =>
    rangeText(words.span[line], first[d] + 1, last[d] + 1),
  );
  return fill(words.field, { rows, columns });
}

// What a unit is computed from: a `text`, and as far as there are such, `before`, the
// unit to step back to, `items` to press, matrices with `places` and the `chosen` cell,
// and the `sum`. `channel` is the map before a Conv2d that is shown, by default the one
// that adds most.
export function partsOfUnit(network, unit, channel = null) {
  return SHOW[network.layers[unit[0]].kind](network, unit, channel);
}

const SHOW = {
  Picture: showPixel,
  Conv2d: showConvolution,
  ReLU: showRelu,
  MaxPool2d: showPool,
  AvgPool2d: showPool,
  Flatten: showFlatten,
  Linear: showLinear,
  Dropout: showDropout,
};

function showPixel({ words, outputs, layers: [{ shape }] }, [, , row, column]) {
  const values = Array.from({ length: shape[0] }, (_, c) =>
    format(outputs[0][indexOf([0, c, row, column], shape)], 2),
  );
  if (values.length === 1) return { text: fill(words.pixel, { value: values[0] }) };
  const named = values.map((value, c) => `${words.colorNames[c]} ${value}`).join(", ");
  return { text: fill(words.colorPixel, { values: named }) };
}

// Rows and columns of a window in words, and whether it lies partly or wholly outside.
function spansOf({ words, layers }, [at, , ...place]) {
  const sides = layers[at - 1].shape.slice(1);
  const taps = place.map((i, d) => tapsAlong(layers[at], d, i));
  const inside = taps.map((along, d) => along.filter((i) => i >= 0 && i < sides[d]));
  return {
    rows: spanText(words, "row", inside[0]),
    columns: spanText(words, "column", inside[1]),
    padded: inside.some((along, d) => along.length < taps[d].length),
    empty: inside.some((along) => along.length === 0),
  };
}

function showConvolution(network, unit, channel) {
  const { words, layers, outputs } = network;
  const at = unit[0] - 1; // of the layer before
  const parts = partsOf(layers, outputs, unit);
  const sizes = parts.map(({ sum }) => Math.abs(sum));
  const shown = channel ?? sizes.indexOf(Math.max(...sizes));
  const decimals = decimalsFor(sizes, 2);
  const { places, products } = parts[shown];
  const chosen = largestCell(
    products.map((row, i) =>
      row.map((value, j) => (places[i][j] ? Math.abs(value) : -1)),
    ),
  );
  const place = places[chosen[0]][chosen[1]];
  const item = ({ sum }, c) => {
    const name = mapName(layers, at, c, words);
    const text = fill(words.partial, { name, sum: format(sum, decimals) });
    return { text, channel: c, pressed: c === shown };
  };
  return {
    ...parts[shown],
    chosen,
    before: place && [at, ...place],
    text: convolutionText(network, unit),
    items: parts.length > 1 ? parts.map(item) : [],
    name: mapName(layers, at, shown, words),
    sum: sumText(network, unit, parts, shown),
  };
}

function convolutionText(network, unit) {
  const { words, layers } = network;
  const [depth] = layers[unit[0] - 1].shape;
  const spans = spansOf(network, unit);
  const before = fill(words.before[beforeOf(layers, unit[0])], { depth });
  const sentence = spans.empty ? words.onlyPadding : words.conv;
  const texts = [fill(sentence, { ...spans, before })];
  if (spans.padded && !spans.empty) texts.push(words.padded);
  if (depth > 1) texts.push(words.partials);
  return texts.join(" ");
}

function sumText(network, unit, parts, channel) {
  const { words, layers } = network;
  const values = {
    name: mapName(layers, unit[0] - 1, channel, words),
    sum: number(parts[channel].sum),
    count: parts.length,
    terms: signedTerms(parts.map((part) => part.sum)),
    bias: number(layers[unit[0]].bias[unit[1]]),
    value: number(valueOf(network, unit)),
  };
  return fill(parts.length === 1 ? words.oneSum : words.mapSum, values);
}

function showRelu(network, [at, ...place]) {
  const before = [at - 1, ...place];
  const value = valueOf(network, before);
  const text = network.words.relu[value > 0 ? 0 : 1];
  return { before, text: fill(text, { value: number(value) }) };
}

function showPool(network, unit) {
  const { words, layers, outputs } = network;
  const [at, map] = unit;
  const { kind, zeros } = layers[at];
  const isMax = kind === "MaxPool2d";
  const { numbers, places } = windowOf(layers, outputs, unit, map, zeros ? 0 : null);
  const size = (value) => (isMax ? value : Math.abs(value));
  const chosen = largestCell(
    numbers.map((row, i) =>
      row.map((value, j) => (places[i][j] ? size(value) : -Infinity)),
    ),
  );
  const spans = spansOf(network, unit);
  const value = number(valueOf(network, unit));
  const text = fill(isMax ? words.max : words.mean, { ...spans, value });
  return {
    text: zeros && spans.padded ? `${text} ${words.padded}` : text,
    numbers,
    places,
    chosen,
    before: [at - 1, ...places[chosen[0]][chosen[1]]],
  };
}

function showFlatten({ words, layers }, [at, index]) {
  const before = [at - 1, ...placeOf(index, layers[at - 1].shape)];
  const place = placeText(layers, before, words);
  return { before, text: fill(words.flatten, { place }) };
}

function showDropout(network, [at, ...place]) {
  const before = [at - 1, ...place];
  const value = number(valueOf(network, before));
  return { before, text: fill(network.words.dropout, { value }) };
}

const MOST_TERMS = 8;

function showLinear(network, unit) {
  const { words, layers, outputs } = network;
  const terms = termsOf(layers, outputs, unit);
  const source = ({ index }) => [unit[0] - 1, index];
  const items = terms.slice(0, MOST_TERMS).map((term) => {
    const place = placeText(layers, originOf(layers, source(term)), words);
    const numbers = ["value", "weight", "product"].map((key) => {
      return [key, format(term[key], decimalsFor([term[key]], 2))];
    });
    const text = fill(words.term, { place, ...Object.fromEntries(numbers) });
    return { text, unit: source(term) };
  });
  const sum = terms.reduce((all, { product }) => all + product, 0);
  const values = {
    count: terms.length,
    sum: number(sum),
    bias: number(layers[unit[0]].bias[unit[1]]),
    value: number(valueOf(network, unit)),
  };
  const before = source(terms[0]);
  return { text: words.linear, items, before, sum: fill(words.rest, values) };
}

// The same number before a Flatten, where it has a map, a row and a column.
function originOf(layers, [at, index]) {
  const isFlat = layers[at].kind === "Flatten" && layers[at - 1].shape.length > 1;
  return isFlat ? [at - 1, ...placeOf(index, layers[at - 1].shape)] : [at, index];
}
