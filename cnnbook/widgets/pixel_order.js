// PixelOrder (chapter 1): a picture becomes a row of numbers; shuffled, it is noise
// to a person and to a convolution, and nothing new to a dense layer whose weights
// are shuffled along. Arithmetic first, then building, drawing, events.

import {
  ARROWS,
  button,
  cellAt,
  cellSize,
  describe,
  drawGrid,
  drawImage,
  fill,
  follow,
  format,
  how,
  inkOn,
  labeled,
  make,
  onDrag,
  palette,
  panel,
  prepare,
  setState,
  stateOf,
  sumAt,
  tickBox,
  wordsFor,
  write,
} from "./kit.js";

const WORDS = {
  en: {
    title: "The order of the pixels",
    choice: "Picture",
    shuffle: "shuffle the pixels",
    along: "shuffle the network’s weights along",
    reset: "Reset",
    picture: "{rows} × {columns} pixels",
    pictureShuffled: "{rows} × {columns} pixels, shuffled",
    pictureHelp: "Press a pixel, or move with the arrow keys.",
    table: "Places of the pixel and its neighbors",
    tableShuffled: "New places of the same nine pixels",
    step: "({step})",
    outside: "outside",
    row: "The same {count} numbers in a row",
    counting: "Places count from 1. ",
    rowHelp: "Press the row to choose a place.",
    rowKeys: "Left and right arrow move by one place, Home and End to the ends.",
    marked: "The nine pixels are at places {places}.",
    piece: "Around place {place}: {cells}",
    cell: "{place}: {value}",
    where: "Row {row}, column {column} is place {place} of {count}.",
    below: "The pixel below it is place {place}: {steps} on.",
    last: "No pixel is below it.",
    moved:
      "The pixel from row {row}, column {column} is now at place {place} of {count}. " +
      "Its neighbors are {near} to {far} places away.",
    person: "A person sees",
    dense: "A dense network answers",
    convolution: "A convolution answers",
    personName: "Person",
    denseName: "Dense network",
    convolutionName: "Convolution",
    answer: "{digit} ({share})",
    bars: "Probabilities: {all}",
    bar: "{digit}: {share}",
    share: "{percent}%",
    shape: "Strokes, because neighbors stand together.",
    noise: "Noise. All pixels are there, but not beside their neighbors.",
    trained: "Its weights meet the pixels that they were trained on.",
    same: "The same answer to the last digit: the sum has the same terms in another order.",
    wrong: "Its weights meet the wrong pixels. In order it answered {before}.",
    edges:
      "Vertical edges: blue where it gets brighter to the right, orange where darker.",
    strangers:
      "Neighbors are strangers now; there is no way to shuffle a 3 × 3 kernel along.",
    small: "A 3 × 3 kernel does not fit into this picture.",
    map: "Map of a 3 × 3 kernel for vertical edges, {rows} × {columns}",
    noImage: "There is no picture “{image}”.",
    noPixel: "There is no pixel [{pixel}] in {rows} × {columns}.",
    noOrder: "The order must hold each number from 0 to {last} once.",
  },
};

// --- Arithmetic -------------------------------------------------------------

// Positive where the left is brighter than the right.
export const KERNEL = [
  [1, 0, -1],
  [2, 0, -2],
  [1, 0, -1],
];

export const LEVELS = 255; // the network sees levels / 255
const THOUSAND = 1000; // the weights are whole thousandths

// For each pixel of the row, the place it has in the shuffled row (both from 0).
export function inverse(order) {
  const went = new Array(order.length);
  order.forEach((pixel, place) => (went[pixel] = place));
  return went;
}

// The row of `count` numbers as `columns` in each line.
export function folded(row, columns) {
  return Array.from({ length: row.length / columns }, (_, r) =>
    row.slice(r * columns, (r + 1) * columns),
  );
}

// The levels of the picture shown, in a row.
export function rowOf({ images, image, order, shuffled }) {
  const row = images[image].flat();
  return shuffled ? order.map((pixel) => row[pixel]) : row;
}

// The pixel and its neighbors as 3 × 3 numbers of pixels (from 0), null outside.
export function neighborhood([r, c], rows, columns) {
  const inside = (i, j) => i >= 0 && i < rows && j >= 0 && j < columns;
  return [-1, 0, 1].map((down) =>
    [-1, 0, 1].map((right) =>
      inside(r + down, c + right) ? (r + down) * columns + c + right : null,
    ),
  );
}

// Their places in the row shown, counted from 1.
export function placesOf({ images, image, order, pixel, shuffled }) {
  const matrix = images[image];
  const went = shuffled ? inverse(order) : null;
  return neighborhood(pixel, matrix.length, matrix[0].length).map((line) =>
    line.map((at) => (at === null ? null : 1 + (went ? went[at] : at))),
  );
}

// The ten probabilities of the dense layer. Levels and thousandths are whole numbers
// and their sum is exact, so another order of its terms changes not even a last digit.
export function scores(state) {
  const { weights, bias, order, shuffled, along } = state;
  const x = rowOf(state);
  const logits = weights.map((row, digit) => {
    let sum = 0;
    if (shuffled && along) for (let i = 0; i < x.length; i++) sum += x[i] * row[order[i]];
    else for (let i = 0; i < x.length; i++) sum += x[i] * row[i];
    return sum / (LEVELS * THOUSAND) + bias[digit];
  });
  return softmax(logits);
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

export function winner(shares) {
  return shares.indexOf(Math.max(...shares));
}

// The picture shown, from 0 to 1.
export function pictureOf(state) {
  const row = rowOf(state).map((level) => level / LEVELS);
  return folded(row, state.images[state.image][0].length);
}

// The kernel slid over a picture, without padding; null if it does not fit.
export function edges(picture) {
  const [rows, columns] = [picture.length - 2, picture[0].length - 2];
  if (rows < 1 || columns < 1) return null;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => sumAt(picture, KERNEL, r, c)),
  );
}

// First place (from 0) of a piece of `length` places around `place` in a row of `count`.
export function pieceStart(place, length, count) {
  return Math.max(0, Math.min(count - length, place - Math.floor(length / 2)));
}

// Centers for labels of these widths, as near as possible to the wanted ones (which
// rise), `gap` apart and within 0 to `length`. Labels that meet share the shift.
export function spread(wanted, widths, gap, length) {
  // Measured from where each would stand if all were pushed to the left end, labels
  // must only not fall back behind one another: neighbors that would, are averaged.
  const left = [];
  widths.forEach((width, i) => {
    left.push(i ? left[i - 1] + (widths[i - 1] + width) / 2 + gap : width / 2);
  });
  const free = Math.max(0, length - (left.at(-1) + widths.at(-1) / 2));
  const groups = [];
  wanted.forEach((center, i) => {
    let group = { shift: center - left[i], count: 1 };
    while (groups.length && groups.at(-1).shift > group.shift) {
      const { shift, count } = groups.pop();
      const all = count + group.count;
      group = { shift: (shift * count + group.shift * group.count) / all, count: all };
    }
    groups.push(group);
  });
  const shifts = groups.flatMap(({ shift, count }) => Array(count).fill(shift));
  return shifts.map((shift, i) => left[i] + Math.max(0, Math.min(free, shift)));
}

// --- Checks -----------------------------------------------------------------

// Throws an Error in the reader's words if the state cannot be shown.
export function check({ images, image, order, pixel }, words) {
  const matrix = images[image];
  if (!matrix) throw new Error(fill(words.noImage, { image }));
  const [rows, columns] = [matrix.length, matrix[0].length];
  const count = rows * columns;
  if (order.length !== count || new Set(order).size !== count) {
    throw new Error(fill(words.noOrder, { last: count - 1 }));
  }
  const inside = pixel.length === 2 && matrix[pixel[0]]?.[pixel[1]] !== undefined;
  if (!inside) throw new Error(fill(words.noPixel, { pixel: pixel.join(", "), rows, columns }));
}

// --- The widget ---------------------------------------------------------------

const CHOSEN = ["image", "pixel", "shuffled", "along"];
const STATE = [...CHOSEN, "images", "weights", "bias", "order"];

function render({ model, el }) {
  const view = { words: wordsFor(el, WORDS), model };
  view.start = stateOf(model, CHOSEN);
  view.refresh = () => refresh(view);
  build(view);
  el.append(view.root);
  view.width = view.ribbonBox.clientWidth; // read once: to ask for it costs a layout
  refresh(view);
  const end = follow(view, STATE, () => repaint(view));
  const observer = new ResizeObserver(() => fit(view));
  observer.observe(view.ribbonBox);
  return () => (observer.disconnect(), end());
}

export default { render };

// Draws the state, or says what is wrong with it and leaves the picture as it was.
function refresh(view) {
  const state = stateOf(view.model, STATE);
  try {
    check(state, view.words);
  } catch (error) {
    view.message.textContent = error.message;
    return;
  }
  view.message.textContent = "";
  draw(view, state);
}

// Everything again: the colors have changed.
function repaint(view) {
  view.answered = null;
  refresh(view);
}

// The ribbon again if its width has changed.
function fit(view) {
  if (view.ribbonBox.clientWidth === view.width) return;
  view.width = view.ribbonBox.clientWidth;
  refresh(view);
}

// --- Building -------------------------------------------------------------------

function build(view) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.status = make("p", { class: "cnn-sum", role: "status", "data-shows": "where" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-order", role: "group", "aria-label": words.title },
    buildControls(view),
    view.message,
    make("div", { class: "cnn-panels" }, buildPicture(view), buildTable(view)),
    buildRibbon(view),
    buildAnswers(view),
  );
}

function buildControls(view) {
  const { words, model } = view;
  view.images = make(
    "select",
    {
      "data-control": "image",
      onchange: () => setState(view, { image: view.images.value }),
    },
    ...Object.keys(model.get("images")).map((name) => make("option", { value: name }, name)),
  );
  const box = (name, key) => tickBox(words[name], key, (on) => setState(view, { [key]: on }));
  view.shuffled = box("shuffle", "shuffled");
  view.along = box("along", "along");
  return make(
    "div",
    { class: "cnn-row" },
    labeled(words.choice, view.images),
    view.shuffled.label,
    view.along.label,
    button(words.reset, () => setState(view, view.start), { "data-control": "reset" }),
  );
}

function touched(name) {
  return make("canvas", { class: "cnn-touch", tabindex: "0", "data-shows": name });
}

function buildPicture(view) {
  view.picture = touched("picture");
  view.pictureTitle = make("div", { class: "cnn-title" });
  listenToPicture(view);
  return panel(view.pictureTitle, view.picture, how(view.words.pictureHelp, "div"));
}

function buildTable(view) {
  const cell = () => make("td", {}, new Text(), " ", make("span"));
  const line = () => make("tr", {}, cell(), cell(), cell());
  view.table = make("table", { class: "cnn-places" }, make("tbody", {}, line(), line(), line()));
  view.tableTitle = make("div", { class: "cnn-title" });
  const box = panel(view.tableTitle, view.table, view.status);
  box.classList.add("cnn-beside");
  return box;
}

function buildRibbon(view) {
  view.ribbon = touched("row");
  view.ribbonBox = make("div", { class: "cnn-ribbon" }, view.ribbon);
  view.rowTitle = make("div", { class: "cnn-title" });
  listenToRibbon(view);
  const { counting, rowHelp } = view.words;
  const note = make("div", { class: "cnn-note" }, counting, how(rowHelp, "span"));
  return make("div", { class: "cnn-line" }, view.rowTitle, view.ribbonBox, note);
}

// Three columns of heading, picture and words; on a phone the words stand below.
function buildAnswers(view) {
  const { words } = view;
  view.seen = make("canvas", { "data-shows": "seen" });
  view.map = make("canvas", { "data-shows": "map" });
  view.bars = make("div", { class: "cnn-bars", "data-shows": "bars" });
  view.bars.append(...Array.from({ length: 10 }, (_, digit) => buildBar(digit)));
  const answer = { class: "cnn-answer", "aria-live": "polite", "data-shows": "answer" };
  view.answer = make("div", answer);
  view.notes = {};
  const parts = { person: [view.seen], dense: [view.answer, view.bars], convolution: [view.map] };
  const columns = Object.entries(parts).map(([name, children]) => [
    make("div", { class: "cnn-title cnn-heading" }, words[name]),
    make("div", { class: "cnn-shown" }, ...children),
    buildNote(view, name),
  ]);
  const cells = [0, 1, 2].flatMap((line) => columns.map((column) => column[line]));
  return make("div", { class: "cnn-answers" }, ...cells);
}

function buildNote(view, name) {
  const text = make("span", { "data-shows": `${name}-note` });
  view.notes[name] = text;
  const subject = make("b", {}, `${view.words[`${name}Name`]}: `);
  return make("p", { class: "cnn-said", "aria-live": "polite" }, subject, text);
}

function buildBar(digit) {
  const track = make("span", { class: "cnn-track" }, make("span"));
  return make("div", {}, make("span", {}, String(digit)), track, make("span"));
}

// --- Drawing --------------------------------------------------------------------

function draw(view, state) {
  const matrix = state.images[state.image];
  const [rows, columns] = [matrix.length, matrix[0].length];
  const places = placesOf(state);
  const colors = palette();
  const picture = pictureOf(state);
  const scene = { state, rows, columns, places, colors, picture, count: rows * columns };
  drawRibbon(view, scene); // first: to set a font after a change of the page is slow
  drawPicture(view, scene);
  drawTable(view, scene);
  drawStatus(view, scene);
  drawControls(view, scene);
  drawAnswers(view, scene);
}

// The colors of a picture: black for 0, white for 1.
function tones(colors) {
  return { ...colors, negative: [0, 0, 0], zero: [0, 0, 0], positive: [255, 255, 255] };
}

// Frames around the nine that are seen on black and on white: first all halos, then
// the mark's color, the pressed pixel last.
function framesOf(places, columns, colors) {
  const known = [...places.flat().filter((place, i) => place && i !== 4), places[1][1]];
  const frame = (place, color, more) => {
    const line = place === places[1][1] ? 3 : 1.5;
    const at = [Math.floor((place - 1) / columns), (place - 1) % columns, 1, 1];
    return [...at, color, line + more];
  };
  return [
    ...known.map((place) => frame(place, `rgb(${colors.zero})`, 2)),
    ...known.map((place) => frame(place, colors.mark, 0)),
  ];
}

function drawPicture(view, { state, rows, columns, places, colors, picture }) {
  const { words } = view;
  const frames = framesOf(places, columns, colors);
  const cell = cellSize(rows, columns);
  drawGrid(view.picture, picture, { scale: 1, cell, colors: tones(colors), frames });
  const title = state.shuffled ? words.pictureShuffled : words.picture;
  write(view.pictureTitle, fill(title, { rows, columns }));
  const named = `${state.image}, ${view.pictureTitle.textContent}`;
  describe(view.picture, `${named}. ${whereText(view, state, places)} ${words.pictureHelp}`);
}

function drawTable(view, { state, places }) {
  const { words } = view;
  const center = places[1][1];
  write(view.tableTitle, state.shuffled ? words.tableShuffled : words.table);
  places.flat().forEach((place, i) => {
    const cell = view.table.rows[Math.floor(i / 3)].cells[i % 3];
    cell.classList.toggle("cnn-center", i === 4);
    cell.classList.toggle("cnn-outside", place === null);
    const known = place !== null && i !== 4;
    write(cell.firstChild, place ?? words.outside);
    write(cell.lastChild, known ? fill(words.step, { step: signed(place - center) }) : "");
  });
}

function signed(step) {
  return step > 0 ? `+${step}` : format(step);
}

function whereText(view, { shuffled, pixel, images, image }, places) {
  const { words } = view;
  const [center, below] = [places[1][1], places[2][1]];
  const count = images[image].length * images[image][0].length;
  const values = { row: pixel[0] + 1, column: pixel[1] + 1, place: center, count };
  if (!shuffled) {
    const under = below === null ? words.last : words.below;
    const there = fill(under, { place: below, steps: below - center });
    return `${fill(words.where, values)} ${there}`;
  }
  const steps = places
    .flat()
    .filter((place, i) => place !== null && i !== 4)
    .map((place) => Math.abs(place - center));
  const reach = { near: Math.min(...steps), far: Math.max(...steps) };
  return fill(words.moved, { ...values, ...reach });
}

function drawStatus(view, { state, places }) {
  const text = whereText(view, state, places);
  write(view.status, text);
}

function drawControls(view, { state }) {
  view.images.value = state.image;
  view.shuffled.box.checked = state.shuffled;
  view.along.box.checked = state.along;
  view.along.box.disabled = !state.shuffled;
  view.along.label.classList.toggle("cnn-off", !state.shuffled);
}

// --- The ribbon -------------------------------------------------------------------

const font = (size) => `${size}px system-ui, sans-serif`;
// Heights of the ribbon's parts, from top to bottom.
const PARTS = { labels: 20, leaders: 22, strip: 26, funnel: 18, numbers: 20, cells: 34 };
const TALL = Object.values(PARTS).reduce((sum, height) => sum + height, 2);
const STRIP = PARTS.labels + PARTS.leaders;
const CELLS = STRIP + PARTS.strip + PARTS.funnel + PARTS.numbers;

// What stands where on a ribbon `width` wide: the piece shown enlarged, and x of a place.
export function ribbonLayout(width, place, count) {
  const length = Math.min(count, width >= 560 ? 15 : 7);
  const cell = Math.min(46, Math.floor((width - 2) / length));
  return {
    length,
    cell,
    start: pieceStart(place - 1, length, count),
    left: Math.round((width - cell * length) / 2),
    x: (at) => ((at - 0.5) / count) * width,
  };
}

function drawRibbon(view, scene) {
  const { words } = view;
  const { places, count } = scene;
  const width = Math.max(220, view.width || 600); // 600 until it stands in a page
  const context = prepare(view.ribbon, width, TALL);
  const layout = ribbonLayout(width, places[1][1], count);
  const row = scene.picture.flat();
  const all = { ...scene, context, width, layout, row };
  drawStrip(all);
  drawLabels(all);
  drawFunnel(all);
  drawPiece(all);
  write(view.rowTitle, fill(words.row, { count }));
  describe(view.ribbon, ribbonText(view, all));
}

function ribbonText(view, { places, layout, row }) {
  const { words } = view;
  const known = places.flat().filter((place) => place !== null);
  const cells = row
    .slice(layout.start, layout.start + layout.length)
    .map((value, i) => fill(words.cell, { place: layout.start + i + 1, value: format(value) }));
  const marked = fill(words.marked, { places: known.sort((a, b) => a - b).join(", ") });
  const piece = fill(words.piece, { place: places[1][1], cells: cells.join(", ") });
  return `${view.words.rowKeys} ${marked} ${piece}`;
}

// The whole row, one brightness a place, scaled to the width.
function drawStrip({ context, width, row, colors }) {
  const image = new ImageData(row.length, 1);
  row.forEach((value, i) => {
    const level = Math.round(value * LEVELS);
    image.data.set([level, level, level, 255], 4 * i);
  });
  context.imageSmoothingEnabled = row.length > width;
  context.imageSmoothingQuality = "high";
  drawImage(context, image, [0, STRIP, width, PARTS.strip]);
  context.strokeStyle = colors.line;
  context.lineWidth = 1;
  context.strokeRect(0.5, STRIP + 0.5, width - 1, PARTS.strip - 1);
}

function drawLabels({ context, width, places, layout, colors }) {
  const center = places[1][1];
  const known = places.flat().filter((place) => place !== null);
  known.sort((a, b) => a - b);
  context.textAlign = "center";
  context.textBaseline = "middle";
  const { fonts, widths, gap } = fittingLabels(context, known, center, width);
  const tips = known.map(layout.x);
  const centers = spread(tips, widths, gap, width);
  known.forEach((place, i) => {
    const color = place === center ? colors.mark : colors.ink;
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = place === center ? 2.5 : 1;
    context.font = fonts[i];
    context.fillText(String(place), centers[i], PARTS.labels / 2 + 1);
    line(context, [centers[i], PARTS.labels], [tips[i], STRIP - 6], [tips[i], STRIP]);
  });
}

// The largest letters, down from 14 pixels, in which all labels stand side by side.
function fittingLabels(context, known, center, width) {
  for (let size = 14; ; size--) {
    const fonts = known.map((place) => `${place === center ? "bold " : ""}${font(size)}`);
    const widths = known.map((place, i) => {
      context.font = fonts[i];
      return context.measureText(String(place)).width;
    });
    const free = width - widths.reduce((sum, one) => sum + one, 0);
    const gap = Math.min(6, free / (known.length - 1));
    if (gap >= 3 || size === 9) return { fonts, widths, gap: Math.max(1, gap) };
  }
}

function line(context, [x, y], ...points) {
  context.beginPath();
  context.moveTo(x, y);
  for (const point of points) context.lineTo(...point);
  context.stroke();
}

// From the piece of the strip to the same piece enlarged.
function drawFunnel({ context, count, width, layout, colors }) {
  const { start, length, cell, left } = layout;
  const [top, bottom] = [STRIP + PARTS.strip, STRIP + PARTS.strip + PARTS.funnel];
  const from = [start, start + length].map((at) => (at / count) * width);
  context.strokeStyle = colors.mark;
  context.lineWidth = 1;
  context.strokeRect(from[0], STRIP, from[1] - from[0], PARTS.strip);
  line(context, [from[0], top], [left, bottom]);
  line(context, [from[1], top], [left + length * cell, bottom]);
}

function drawPiece({ context, row, places, layout, colors }) {
  const { start, length, cell, left } = layout;
  const known = places.flat();
  const frames = []; // on top of all cells
  for (let i = 0; i < length; i++) {
    const [place, x] = [start + i + 1, left + i * cell];
    const level = Math.round(row[start + i] * LEVELS);
    const isCenter = place === places[1][1];
    context.fillStyle = `rgb(${level}, ${level}, ${level})`;
    context.fillRect(x, CELLS, cell - 1, PARTS.cells);
    context.font = font(cell < 36 ? 11 : 12);
    context.fillStyle = inkOn([level, level, level]);
    context.fillText(format(row[start + i]), x + cell / 2, CELLS + PARTS.cells / 2 + 1, cell - 4);
    context.font = `${isCenter ? "bold " : ""}${font(14)}`;
    context.fillStyle = isCenter ? colors.mark : colors.ink;
    context.fillText(String(place), x + cell / 2, CELLS - PARTS.numbers / 2, cell - 2);
    if (known.includes(place)) frames.push([x, cell, colors.mark, isCenter ? 3 : 1.5]);
  }
  for (const [x, wide, color, thick] of [[left, length * cell, colors.line, 1], ...frames]) {
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.strokeRect(x - 0.5, CELLS - 0.5, wide, PARTS.cells + 1);
  }
}

// --- The answers --------------------------------------------------------------------

// Only if something else than the pressed pixel has changed.
function drawAnswers(view, scene) {
  const { images, weights, bias, order, image, shuffled, along } = scene.state;
  const parts = [images, weights, bias, order, image, shuffled, along];
  if (view.answered?.every((part, i) => part === parts[i])) return;
  view.answered = parts;
  drawSeen(view, scene);
  drawBars(view, scene);
  drawMap(view, scene);
}

function drawSeen(view, { state, rows, columns, colors, picture }) {
  const { words } = view;
  const cell = cellSize(rows, columns, 224, 40);
  drawGrid(view.seen, picture, { scale: 1, cell, colors: tones(colors) });
  describe(view.seen, `${words.person}: ${state.shuffled ? words.noise : state.image}`, "img");
  write(view.notes.person, state.shuffled ? words.noise : words.shape);
}

// Percent, with two decimals at most.
function percent(view, share, decimals) {
  return fill(view.words.share, { percent: format(100 * share, decimals) });
}

function answerText(view, shares) {
  const digit = winner(shares);
  return fill(view.words.answer, { digit, share: percent(view, shares[digit], 2) });
}

function drawBars(view, { state }) {
  const { words } = view;
  const shares = scores(state);
  const first = winner(shares);
  shares.forEach((share, digit) => {
    const bar = view.bars.children[digit];
    bar.classList.toggle("cnn-first", digit === first);
    bar.children[1].firstChild.style.transform = `scaleX(${share})`;
    write(bar.children[2], percent(view, share, 0));
  });
  write(view.answer, answerText(view, shares));
  const all = shares.map((share, digit) =>
    fill(words.bar, { digit, share: percent(view, share, 2) }),
  );
  describe(view.bars, fill(words.bars, { all: all.join(", ") }), "img");
  write(view.notes.dense, denseText(view, state));
}

function denseText(view, state) {
  const { words } = view;
  if (!state.shuffled) return words.trained;
  if (state.along) return words.same;
  const before = answerText(view, scores({ ...state, shuffled: false }));
  return fill(words.wrong, { before });
}

function drawMap(view, { state, colors, picture }) {
  const { words } = view;
  const map = edges(picture);
  view.map.hidden = map === null;
  if (map === null) {
    write(view.notes.convolution, words.small);
    return;
  }
  const [rows, columns] = [map.length, map[0].length];
  // 4 is the most that the kernel can answer, so that the colors mean the same always.
  drawGrid(view.map, map, { scale: 4, cell: cellSize(rows, columns, 224, 40), colors });
  const text = state.shuffled ? words.strangers : words.edges;
  describe(view.map, `${fill(words.map, { rows, columns })}. ${text}`, "img");
  write(view.notes.convolution, text);
}

// --- Events ---------------------------------------------------------------------

// Chooses the pixel that is now at a place (from 0) of the row.
function choose(view, place) {
  const { images, image, order, shuffled } = stateOf(view.model, STATE);
  const columns = images[image][0].length;
  const at = shuffled ? order[place] : place;
  setState(view, { pixel: [Math.floor(at / columns), at % columns] });
}

// Rows, columns and the place (from 0) of the pressed pixel now.
function current(view) {
  const state = stateOf(view.model, STATE);
  const matrix = state.images[state.image];
  const [rows, columns] = [matrix.length, matrix[0].length];
  return { rows, columns, count: rows * columns, place: placesOf(state)[1][1] - 1 };
}

function limit(value, size) {
  return Math.max(0, Math.min(size - 1, value));
}

function listenToPicture(view) {
  const canvas = view.picture;
  onDrag(canvas, (event) => {
    const { rows, columns } = current(view);
    const [r, c] = cellAt(canvas, event, rows, columns);
    choose(view, r * columns + c);
  });
  canvas.addEventListener("keydown", (event) => {
    const { rows, columns, count, place } = current(view);
    const ends = { Home: 0, End: count - 1 };
    if (!(event.key in ARROWS) && !(event.key in ends)) return;
    event.preventDefault();
    const [down, right] = ARROWS[event.key] ?? [0, 0];
    const r = limit(Math.floor(place / columns) + down, rows);
    const c = limit((place % columns) + right, columns);
    choose(view, ends[event.key] ?? r * columns + c);
  });
}

function listenToRibbon(view) {
  const canvas = view.ribbon;
  onDrag(canvas, (event, previous) => {
    const { count, place } = current(view);
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const inPiece = y > STRIP + PARTS.strip + PARTS.funnel / 2;
    if (!inPiece) choose(view, limit(Math.floor((x / box.width) * count), count));
    else if (!previous) chooseInPiece(view, x, place, count);
  });
  canvas.addEventListener("keydown", (event) => {
    const { count, place } = current(view);
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: count - 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    choose(view, limit(to[event.key], count));
  });
}

function chooseInPiece(view, x, place, count) {
  const width = view.ribbon.getBoundingClientRect().width;
  const { start, length, cell, left } = ribbonLayout(width, place + 1, count);
  const i = Math.floor((x - left) / cell);
  if (i >= 0 && i < length) choose(view, start + i);
}
