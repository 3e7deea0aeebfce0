// The arithmetic of NetworkExplorer: what is stored, the network's layers, the drawing,
// and what a single unit is computed from. Layer 0 is the picture.

// --- What is stored -------------------------------------------------------------

export function decode(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

// How many bytes a text stands for.
export function bytesOf(text) {
  let filling = 0;
  while (text.at(-1 - filling) === "=") filling++;
  return (3 * text.length) / 4 - filling;
}

export function encode(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const product = (shape) => shape.reduce((all, side) => all * side, 1);

// The layers with their weights, the picture as layer 0 before them. A weight is a
// whole number of 3 bytes, to be divided by 2 ** shift.
export function readNetwork({ layers, weights, size }) {
  const bytes = decode(weights);
  let at = 0;
  const take = (count, shift) =>
    Float32Array.from({ length: count }, () => {
      const whole = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
      at += 3;
      return ((whole << 8) >> 8) / 2 ** shift;
    });
  const all = [{ kind: "Picture", shape: size }];
  for (const layer of layers) {
    const before = all.at(-1).shape;
    const read = { ...layer };
    if (layer.shifts) {
      const [outputs] = layer.shape;
      const inputs = layer.kernel ? before[0] * product(layer.kernel) : before[0];
      read.weight = take(outputs * inputs, layer.shifts[0]);
      read.bias = take(outputs, layer.shifts[1]);
    }
    if (layer.kind === "Conv2d") read.taps = tapsOf(read);
    all.push(read);
  }
  return all;
}

// --- The network ----------------------------------------------------------------

// Every layer's numbers, channel by channel and row by row; the picture's first.
export function forward(layers, picture) {
  const outputs = [picture];
  for (let i = 1; i < layers.length; i++) {
    outputs.push(COMPUTE[layers[i].kind](layers[i], outputs[i - 1], layers[i - 1].shape));
  }
  return outputs;
}

const same = (layer, x) => x;

const COMPUTE = {
  Conv2d: convolve,
  ReLU: rectify,
  MaxPool2d: pool,
  AvgPool2d: pool,
  Flatten: same,
  Linear: multiply,
  Dropout: same,
};

function rectify(layer, x) {
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) if (x[i] > 0) y[i] = x[i];
  return y;
}

// Number by number of the input, to the sums of all windows in which it stands. Of a
// place the sums of all maps stand together here, and of a tap the weights.
function convolve(layer, x, [, h, w]) {
  const [count, rows, columns] = layer.shape;
  const [kh, kw] = layer.kernel;
  const sums = new Float64Array(rows * columns * count);
  for (let at = 0; at < sums.length; at += count) sums.set(layer.bias, at);
  const down = meetings(layer, 0, h, [kw * count, columns * count]);
  const right = meetings(layer, 1, w, [count, count]);
  for (let at = 0; at < x.length; at++) {
    if (x[at] === 0) continue; // nothing to add for paper, and for what ReLU cut off
    const [c, row, column] = [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w];
    const first = c * kh * kw * count;
    addProducts(sums, count, layer.taps, first, x[at], down[row], right[column]);
  }
  return mapByMap(sums, count);
}

function addProducts(sums, count, taps, first, value, down, right) {
  for (let d = 0; d < down.length; d++) {
    for (let r = 0; r < right.length; r++) {
      const from = first + down[d].tap + right[r].tap;
      const to = down[d].start + right[r].start;
      for (let o = 0; o < count; o++) sums[to + o] += taps[from + o] * value;
    }
  }
}

// For each row (d = 0) or column (d = 1), the taps that meet it, and in which window:
// as the numbers that stand before them, a step for each.
function meetings(layer, d, size, [tapStep, startStep]) {
  const met = Array.from({ length: size }, () => []);
  for (let start = 0; start < layer.shape[d + 1]; start++) {
    tapsAlong(layer, d, start).forEach((at, tap) => {
      met[at]?.push({ tap: tap * tapStep, start: start * startStep });
    });
  }
  return met;
}

// The weights of a Conv2d, those of the same tap in all filters together.
function tapsOf({ weight, shape: [count] }) {
  const step = weight.length / count;
  const place = (at) => (at % count) * step + Math.floor(at / count);
  return Float64Array.from(weight, (_, at) => weight[place(at)]);
}

function mapByMap(sums, count) {
  const y = new Float32Array(sums.length);
  let at = 0;
  for (let o = 0; o < count; o++) {
    for (let from = o; from < sums.length; from += count) y[at++] = sums[from];
  }
  return y;
}

function pool(layer, x, [depth, h, w]) {
  const [, rows, columns] = layer.shape;
  const y = new Float32Array(depth * rows * columns);
  const [kh, kw] = layer.kernel;
  let at = 0;
  for (let c = 0; c < depth; c++) {
    for (let r = 0; r < rows; r++) {
      const top = r * layer.stride[0] - layer.padding[0];
      for (let q = 0; q < columns; q++, at++) {
        const left = q * layer.stride[1] - layer.padding[1];
        let [most, sum, count] = [-Infinity, 0, 0];
        for (let i = Math.max(0, top); i < Math.min(h, top + kh); i++) {
          for (let j = Math.max(0, left); j < Math.min(w, left + kw); j++) {
            const value = x[(c * h + i) * w + j];
            most = value > most ? value : most;
            sum += value;
            count++;
          }
        }
        if (layer.kind === "MaxPool2d") y[at] = most;
        else y[at] = sum / (layer.zeros ? kh * kw : count);
      }
    }
  }
  return y;
}

function multiply({ shape: [count], weight, bias }, x) {
  const y = new Float32Array(count);
  for (let o = 0; o < count; o++) {
    let sum = bias[o];
    for (let i = 0; i < x.length; i++) sum += weight[o * x.length + i] * x[i];
    y[o] = sum;
  }
  return y;
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (value) => Math.exp(value - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

// --- The drawing ----------------------------------------------------------------

// Adds a stroke from one point [row, column] to another to the levels of a picture
// [C, H, W], in the middle of a pixel being half. The edge is smooth: a pixel takes on
// `level` as far as the stroke covers it. Returns new levels.
export function stroke(levels, [channels, h, w], from, to, { radius, level }) {
  const drawn = Uint8Array.from(levels);
  const [top, bottom, left, right] = [0, 1].flatMap((d) => {
    const [low, high] = [Math.min(from[d], to[d]), Math.max(from[d], to[d])];
    const most = Math.min((d ? w : h) - 1, Math.ceil(high + radius));
    return [Math.max(0, Math.floor(low - radius - 1)), most];
  });
  for (let r = top; r <= bottom; r++) {
    for (let c = left; c <= right; c++) {
      const share = Math.min(1, radius + 0.5 - distance([r + 0.5, c + 0.5], from, to));
      if (share <= 0) continue;
      for (let at = r * w + c; at < channels * h * w; at += h * w) {
        drawn[at] = blend(levels[at], level, share);
      }
    }
  }
  return drawn;
}

// Ink that meets ink does not add up; what is erased again gets emptier.
function blend(before, level, share) {
  if (level === 255) return Math.max(before, Math.round(share * 255));
  return Math.round(before + (level - before) * share);
}

function distance([r, c], from, to) {
  const [down, right] = [to[0] - from[0], to[1] - from[1]];
  const length = down * down + right * right;
  const along = length ? ((r - from[0]) * down + (c - from[1]) * right) / length : 0;
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(r - from[0] - share * down, c - from[1] - share * right);
}

const BOX = 20 / 28; // of the picture's side: what a digit of MNIST fills
// As in Python, so that both find the same levels.
export const halfUp = (number) => Math.floor(number + 0.5 + 1e-6);

// Levels centered and scaled as the digits of MNIST were: see `center` in Python.
export function center(levels, h, w) {
  const lines = [[], []];
  levels.forEach((level, at) => {
    if (!level) return;
    lines[0].push(Math.floor(at / w));
    lines[1].push(at % w);
  });
  if (!lines[0].length) return levels;
  const first = lines.map((line) => Math.min(...line));
  const shape = lines.map((line, d) => Math.max(...line) + 1 - first[d]);
  const box = halfUp(BOX * Math.min(h, w));
  const sides = shape.map((n) => Math.max(1, halfUp((n * box) / Math.max(...shape))));
  const crop = Array.from({ length: shape[0] }, (_, r) => {
    const from = (first[0] + r) * w + first[1];
    return Array.from(levels.subarray(from, from + shape[1]));
  });
  const small = resample(crop, sides);
  const [top, left] = startsOf(small, [h, w]);
  const centered = new Uint8Array(h * w);
  small.forEach((row, r) =>
    row.forEach((value, c) => (centered[(top + r) * w + left + c] = halfUp(value))),
  );
  return centered;
}

// Where a small picture begins so that its center of mass is in the middle of a large
// one; or as near to that as it fits in.
function startsOf(small, sizes) {
  const rows = small.map((row) => row.reduce((a, b) => a + b));
  const columns = small[0].map((_, c) => small.reduce((sum, row) => sum + row[c], 0));
  return [rows, columns].map((masses, d) => {
    const sum = masses.reduce((a, b) => a + b);
    const middle = masses.reduce((all, mass, i) => all + mass * i, 0) / sum;
    const start = Math.ceil(sizes[d] / 2 - middle - 0.5 - 1e-6);
    return Math.max(0, Math.min(sizes[d] - masses.length, start));
  });
}

// A matrix with other numbers of rows and columns. Each new number is a mean of those
// around its place, weighted by a triangle that covers at least one new pixel.
export function resample(matrix, [rows, columns]) {
  const along = triangles(matrix[0].length, columns);
  const wide = matrix.map((row) => along.map((weights) => meanOf(row, weights)));
  return triangles(matrix.length, rows).map((weights) =>
    along.map((_, c) => meanOf(wide.map((row) => row[c]), weights)),
  );
}

const meanOf = (values, weights) => values.reduce((sum, v, i) => sum + v * weights[i], 0);

// For each new place, the weights of all places before.
function triangles(before, after) {
  const scale = before / after;
  const reach = Math.max(1, scale);
  return Array.from({ length: after }, (_, at) => {
    const heights = Array.from({ length: before }, (_, i) =>
      Math.max(0, 1 - Math.abs(i + 0.5 - scale * (at + 0.5)) / reach),
    );
    const sum = heights.reduce((a, b) => a + b);
    return heights.map((height) => height / sum);
  });
}

// The levels of the picture shown: the drawing, the example, or nothing.
export function pictureOf({ drawing, examples, example, size }) {
  const count = product(size);
  if (drawing !== null) return decode(drawing);
  const bytes = decode(examples);
  if (!bytes.length) return new Uint8Array(count);
  return bytes.subarray(example * count, (example + 1) * count);
}

// The levels that the network is given. Examples are as they are.
export function givenOf(state, picture) {
  const [channels, h, w] = state.size;
  const centers = state.centered && state.drawing !== null && channels === 1;
  return centers ? center(picture, h, w) : picture;
}

// --- A unit ---------------------------------------------------------------------

// The index of a unit's number among its layer's.
export function indexOf([, ...place], shape) {
  return place.reduce((index, at, d) => index * shape[d] + at, 0);
}

export function placeOf(index, shape) {
  const place = [];
  for (const side of [...shape].reverse()) {
    place.unshift(index % side);
    index = Math.floor(index / side);
  }
  return place;
}

// For the unit's layer and all before it, the box of what the unit depends on, as its
// first and its last place: [[c, r, q], [c, r, q]] or [[i], [i]]; null if it reads only
// padding.
export function fieldsOf(layers, [at, ...place]) {
  const fields = [];
  let lines = place.map((i) => [i]);
  for (let i = at; i >= 0; i--) {
    const ends = [0, -1].map((end) => lines.map((along) => along.at(end)));
    fields[i] = lines.every((along) => along.length > 0) ? ends : null;
    if (i) lines = linesBefore(layers[i], layers[i - 1].shape, lines);
  }
  return fields;
}

// The channels, rows and columns (or numbers) of the layer before that those of a layer
// read, in order; some are empty if only padding is read.
function linesBefore(layer, shape, lines) {
  const all = shape.map((side) => Array.from({ length: side }, (_, i) => i));
  if (layer.kind === "Linear") return all;
  if (layer.kind === "Flatten" && shape.length > 1) {
    const [numbers] = lines;
    return numbers.length === 1 ? placeOf(numbers[0], shape).map((i) => [i]) : all;
  }
  if (!layer.kernel) return lines;
  const [channels, ...places] = lines;
  const read = places.map((along, d) => {
    const taps = new Set(along.flatMap((i) => tapsAlong(layer, d, i)));
    return [...taps].filter((i) => i >= 0 && i < shape[d + 1]).sort((a, b) => a - b);
  });
  return [layer.kind === "Conv2d" ? all[0] : channels, ...read];
}

// Whether a box is all of a layer of this shape.
export function isWhole([first, last], shape) {
  return shape.every((side, d) => first[d] === 0 && last[d] === side - 1);
}

// The rows (d = 0) or columns (d = 1) of the layer before that output `i` reads; those
// in the padding are below 0 or beyond the last.
export function tapsAlong({ kernel, stride, padding, dilation = [1, 1] }, d, i) {
  const start = i * stride[d] - padding[d];
  return Array.from({ length: kernel[d] }, (_, tap) => start + tap * dilation[d]);
}

// The window of a unit in one map of the layer before: its numbers, and their places,
// which are null in the padding; there stands `outside`.
export function windowOf(layers, outputs, [at, , r, q], map, outside) {
  const [layer, [, h, w], x] = [layers[at], layers[at - 1].shape, outputs[at - 1]];
  const columns = tapsAlong(layer, 1, q);
  const places = tapsAlong(layer, 0, r).map((row) =>
    columns.map((column) => {
      const inside = row >= 0 && row < h && column >= 0 && column < w;
      return inside ? [map, row, column] : null;
    }),
  );
  const value = (place) =>
    place ? x[(place[0] * h + place[1]) * w + place[2]] : outside;
  return { places, numbers: places.map((line) => line.map(value)) };
}

// A unit of a Conv2d: for each map before it the window, the filter, their products
// and the products' sum.
export function partsOf(layers, outputs, unit) {
  const layer = layers[unit[0]];
  const [kh, kw] = layer.kernel;
  const [depth] = layers[unit[0] - 1].shape;
  return Array.from({ length: depth }, (_, map) => {
    const { numbers, places } = windowOf(layers, outputs, unit, map, 0);
    const from = (unit[1] * depth + map) * kh * kw;
    const filter = folded(layer.weight.subarray(from, from + kh * kw), kw);
    const products = numbers.map((row, i) => row.map((value, j) => value * filter[i][j]));
    const sum = products.flat().reduce((a, b) => a + b);
    return { numbers, places, filter, products, sum };
  });
}

// A row of numbers as a matrix of so many columns.
function folded(row, columns) {
  return Array.from({ length: row.length / columns }, (_, i) =>
    Array.from(row.subarray(i * columns, (i + 1) * columns)),
  );
}

// A unit of a Linear: all products with the numbers before it, the largest first.
export function termsOf(layers, outputs, [at, unit]) {
  const x = outputs[at - 1];
  const terms = Array.from(x, (value, index) => {
    const weight = layers[at].weight[unit * x.length + index];
    return { index, value, weight, product: value * weight };
  });
  return terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
}

// The place [row, column] of the largest entry.
export function largestCell(matrix) {
  const flat = matrix.flat();
  return placeOf(flat.indexOf(Math.max(...flat)), [matrix.length, matrix[0].length]);
}
