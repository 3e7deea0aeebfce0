// NetworkExplorer (chapter 9): a trained network runs in the page. The reader draws,
// sees every layer's maps, and takes any unit apart, step by step back to the pixels.
// The arithmetic stands in network.js, the words in network_words.js; here are building,
// drawing and events.

import {
  ARROWS,
  button,
  cellAt,
  cellSize,
  describe,
  drawGrid,
  fill,
  follow,
  format,
  make,
  onDrag,
  palette,
  prepare,
  refresh,
  setState,
  shade,
  shownOf,
  signed,
  stateOf,
  tickBox,
  wordsFor,
  write,
} from "./kit.js";
import {
  decode,
  encode,
  fieldsOf,
  forward,
  givenOf,
  isWhole,
  pictureOf,
  placeOf,
  product,
  readNetwork,
  softmax,
  stroke,
} from "./network.js";
import {
  answerText,
  check,
  decimalsFor,
  fieldText,
  headingOf,
  layerText,
  number,
  partsOfUnit,
  percent,
  placeText,
  sizeText,
  unitText,
  WORDS,
} from "./network_words.js";

// --- The widget ---------------------------------------------------------------

const CHANGING = ["drawing", "example", "centered", "unit", "inside"];
const FIXED = ["layers", "weights", "size", "examples", "labels", "classes"];
const STATE = [...CHANGING, ...FIXED];

function render({ model, el }) {
  const view = { words: wordsFor(el, WORDS), model, trail: [], channel: null };
  const state = stateOf(model, STATE);
  Object.assign(view, {
    names: STATE,
    layers: readNetwork(state),
    size: state.size,
    color: state.size[0] > 1,
    erasing: state.size[0] > 1,
    cursor: state.size.slice(1).map((side) => side >> 1),
    colors: colorsOf(),
    check: (next) => check(next, view.words),
    draw: () => draw(view),
    refresh: () => refresh(view),
  });
  build(view, state);
  el.append(view.root);
  view.width = view.root.clientWidth;
  refresh(view);
  const end = follow(view, CHANGING, () => repaint(view));
  const observer = new ResizeObserver(() => fit(view));
  observer.observe(view.root);
  return () => {
    observer.disconnect();
    clearTimeout(view.later);
    end();
  };
}

export default { render };

// The palette, and every color from −1 to 1 in 511 steps as a pixel of an image.
function colorsOf() {
  const colors = palette();
  const steps = Uint32Array.from({ length: 511 }, (_, i) => {
    const [r, g, b] = shade(i - 255, 255, colors);
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  return { ...colors, steps };
}

// Everything again: the colors have changed.
function repaint(view) {
  view.colors = colorsOf();
  view.computed = view.framed = null;
  refresh(view);
}

// The strips again if the width has changed.
function fit(view) {
  if (view.root.clientWidth === view.width) return;
  view.width = view.root.clientWidth;
  view.laidOut = false;
  repaint(view);
}

// --- Building -------------------------------------------------------------------

function build(view, state) {
  const { words } = view;
  view.message = make("p", { class: "cnn-message", role: "alert" });
  view.answer = make("p", { class: "cnn-network-answer", "data-shows": "answer" });
  view.status = make("p", { class: "cnn-hidden", role: "status" });
  view.root = make(
    "div",
    { class: "cnnbook cnn-network", role: "group", "aria-label": words.title },
    buildTop(view, state),
    view.message,
    buildExamples(view, state),
    buildInside(view),
    view.status,
  );
}

function title(text) {
  return make("div", { class: "cnn-title" }, text);
}

function buildTop(view, state) {
  const { words } = view;
  const part = (name, ...children) =>
    make("div", { class: `cnn-network-${name}` }, ...children);
  const task = title(view.color ? words.hide : words.draw);
  return part(
    "top",
    part("draw", task, buildPaper(view), buildTools(view)),
    view.answer,
    part("given", ...buildGiven(view)),
    part("said", title(words.probabilities), buildBars(view, state)),
  );
}

// A canvas with one pixel for each number, enlarged by the style sheet.
function tiny(rows, columns, attributes = {}) {
  const size = { width: columns, height: rows };
  return make("canvas", { class: "cnn-tiny", ...size, ...attributes });
}

function buildPaper(view) {
  const [rows, columns] = view.size.slice(1);
  view.paper = tiny(rows, columns, { tabindex: "0", "data-shows": "drawing" });
  view.paper.classList.add("cnn-paper");
  view.pen = make("i", { class: "cnn-network-pen", "aria-hidden": "true" });
  listenToPaper(view);
  return make("div", { class: "cnn-network-paper" }, view.paper, view.pen);
}

function buildTools(view) {
  const { words } = view;
  const tool = (label, name, erasing) =>
    button(label, () => ((view.erasing = erasing), drawControls(view)), {
      "data-control": name,
    });
  view.tools = [tool(words.pen, "pen", false), tool(words.eraser, "eraser", true)];
  const empty = view.color ? null : encode(new Uint8Array(product(view.size)));
  const clear = button(
    view.color ? words.restore : words.clear,
    () => setState(view, { drawing: empty }),
    { "data-control": "clear" },
  );
  return make("div", { class: "cnn-row" }, ...(view.color ? [] : view.tools), clear);
}

// What the network is given, as a picture, and the box that changes it.
function buildGiven(view) {
  const { words } = view;
  const canvas = tiny(...view.size.slice(1), { "data-shows": "given" });
  const field = make("i", { class: "cnn-network-field", "aria-hidden": "true" });
  view.strips = [{ canvas, field }];
  const set = (centered) => setState(view, { centered });
  view.center = tickBox(words.center, "centered", set);
  return [
    title(givenText(view)),
    make("div", { class: "cnn-network-picture" }, canvas, field),
    ...(view.color ? [] : [view.center.label]),
  ];
}

function givenText({ words, size }) {
  return fill(words.given, { size: sizeText(words, size.slice(1)) });
}

function buildBars(view, { classes }) {
  const bar = (name) => {
    const track = make("span", { class: "cnn-track" }, make("span"));
    return make("div", {}, make("span", {}, name), track, make("span"));
  };
  view.bars = make("div", { class: "cnn-network-bars", "data-shows": "bars" });
  view.bars.append(...classes.map(bar));
  const letters = Math.max(...classes.map((name) => name.length));
  view.bars.style.setProperty("--cnn-letters", letters);
  return view.bars;
}

function buildExamples(view, { examples, labels, classes }) {
  const { words } = view;
  const bytes = decode(examples);
  const step = product(view.size);
  const row = make("div", { class: "cnn-network-examples", hidden: !bytes.length });
  row.append(make("span", { class: "cnn-title" }, words.examples));
  view.examples = Array.from({ length: bytes.length / step }, (_, i) => {
    const canvas = tiny(...view.size.slice(1));
    paintPicture(canvas, bytes.subarray(i * step, (i + 1) * step), view.size);
    const example = fill(words.example, { number: i + 1 });
    const name = classes[labels[i]];
    const label = name === undefined ? example : fill(words.known, { example, name });
    const act = () => setState(view, { drawing: null, example: i });
    const control = `example-${i}`;
    return button(canvas, act, { "aria-label": label, "data-control": control });
  });
  row.append(...view.examples);
  return row;
}

function buildInside(view) {
  const { words } = view;
  view.rows = view.layers.slice(1).map((_, i) => buildLayer(view, i + 1));
  view.list = make("div", { class: "cnn-network-layers" }, ...view.rows);
  view.panel = buildPanel(view);
  const set = (inside) => {
    if (inside !== view.model.get("inside")) setState(view, { inside });
  };
  const press = (event) => {
    event.preventDefault(); // the browser would open it a moment later
    set(!view.details.open);
  };
  view.details = make(
    "details",
    // A search in the page opens it too
    { class: "cnn-network-inside", ontoggle: () => set(view.details.open) },
    make("summary", { "data-control": "inside", onclick: press }, words.inside),
    make("p", { class: "cnn-note" }, words.colors),
    view.list,
  );
  return view.details;
}

function buildLayer(view, at) {
  const { words, layers } = view;
  const name = `layer-${at}`;
  const canvas = make("canvas", { class: "cnn-tiny", tabindex: "0", "data-shows": name });
  const over = make("canvas", { class: "cnn-network-over", "aria-hidden": "true" });
  const range = make("span", { class: "cnn-note" });
  view.strips.push({ canvas, over, range });
  listenToStrip(view, at);
  const text = layerText(layers, at, words);
  const head = make("div", {}, make("b", {}, headingOf(words, layers, at)), " ", range);
  const note = make("div", { class: "cnn-note" }, text);
  return make(
    "div",
    { class: "cnn-network-layer" },
    make("div", {}, head, note),
    make("div", { class: "cnn-network-strip" }, canvas, over),
  );
}

function buildPanel(view) {
  const { words } = view;
  view.parts = {
    where: make("div", { class: "cnn-network-where" }),
    text: make("p"),
    items: make("div", { class: "cnn-network-items" }),
    grids: buildGrids(view),
    sum: make("p", { "data-shows": "sum" }),
    field: make("p", { class: "cnn-note" }),
    back: button(words.stepBack, () => stepBack(view), {
      class: "cnn-primary",
      "data-control": "back",
    }),
    forward: button(words.forward, () => stepForward(view), {
      "data-control": "forward",
    }),
    close: button(words.close, () => closePanel(view), { "data-control": "close" }),
  };
  const { back, forward, close, ...others } = view.parts;
  const steps = make("div", { class: "cnn-row" }, back, forward, close);
  return make(
    "div",
    { class: "cnn-network-unit", role: "group", tabindex: "-1", "data-shows": "unit" },
    ...Object.values(others),
    steps,
  );
}

function buildGrids(view) {
  const grid = (name, attributes = {}) => {
    const head = title("");
    const canvas = make("canvas", { "data-shows": name, ...attributes });
    return { head, canvas, box: make("div", {}, head, canvas) };
  };
  const seen = grid("window", { tabindex: "0" });
  const [filter, products] = [grid("filter"), grid("products")];
  view.grids = { window: seen, filter, products };
  listenToWindow(view);
  view.factors = [signed("×", filter.box), signed("=", products.box)];
  return make("div", { class: "cnn-network-grids" }, seen.box, ...view.factors);
}

// --- Strips: many maps in one picture ----------------------------------------------

// How a layer's maps stand beside each other in a picture `width` wide; a row of
// numbers is a row of maps of one pixel. `scale` is the side of a pixel.
export function layoutOf(shape, width, density = 1) {
  const [count, h = 1, w = 1] = shape;
  const flat = shape.length === 1;
  const gap = flat ? 0 : 1;
  const side = count > 24 ? 32 : width < 440 ? 36 : 48; // of a map, about
  const wish = flat ? flatSide(count) : side / Math.max(h, w);
  const scale = Math.max(1, Math.round(wish * density) / density);
  const most = Math.max(1, Math.floor((width / scale + gap) / (w + gap)));
  const down = Math.ceil(count / Math.min(most, count));
  const across = Math.ceil(count / down);
  const [rows, columns] = [down * (h + gap) - gap, across * (w + gap) - gap];
  return { count, h, w, gap, scale, across, down, rows, columns };
}

function flatSide(count) {
  return count <= 16 ? 24 : count <= 64 ? 10 : 7;
}

// The first pixel [row, column] of a map in its strip.
function cornerOf({ across, h, w, gap }, map) {
  return [Math.floor(map / across) * (h + gap), (map % across) * (w + gap)];
}

// The unit's place [map, row, column] at a pixel of the strip, the nearest one.
export function placeAt({ count, across, h, w, gap }, [row, column]) {
  const [down, right] = [Math.floor(row / (h + gap)), Math.floor(column / (w + gap))];
  const map = Math.min(count - 1, down * across + right);
  const within = (at, side) => Math.min(side - 1, at % (side + gap));
  return [map, within(row, h), within(column, w)];
}

// In the width that kit.css leaves to the strips.
function layOut(view) {
  const room = (view.width || 680) - 32;
  const width = room > 525 ? room - 202 : room;
  view.layers.forEach(({ shape }, at) => {
    if (at === 0) return;
    const strip = view.strips[at];
    const layout = (strip.layout = layoutOf(shape, width, window.devicePixelRatio));
    [strip.canvas.width, strip.canvas.height] = [layout.columns, layout.rows];
    strip.canvas.style.width = `${layout.columns * layout.scale}px`;
    strip.image = new ImageData(layout.columns, layout.rows);
    strip.pixels = new Uint32Array(strip.image.data.buffer);
  });
  view.laidOut = true;
}

function paintStrip(strip, values, steps) {
  const { canvas, image, pixels, layout } = strip;
  const { count, h, w, columns } = layout;
  let [least, most] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    else if (values[i] > most) most = values[i];
  }
  const factor = 255 / (Math.max(most, -least) || 1);
  let at = 0;
  for (let map = 0; map < count; map++) {
    const [top, left] = cornerOf(layout, map);
    for (let r = 0; r < h; r++) {
      const from = (top + r) * columns + left;
      for (let c = 0; c < w; c++) {
        pixels[from + c] = steps[(values[at++] * factor + 255.5) | 0]; // rounded
      }
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return [least, most];
}

// A picture as it is: black for 0, white or full color for 255.
function paintPicture(canvas, levels, [channels, h, w]) {
  const image = new ImageData(w, h);
  const step = channels === 1 ? 0 : h * w; // from a pixel's red to its green and blue
  for (let i = 0, at = 0; i < h * w; i++) {
    for (let c = 0; c < 3; c++) image.data[at++] = levels[i + c * step];
    image.data[at++] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// --- Drawing --------------------------------------------------------------------

function draw(view) {
  const state = stateOf(view.model, STATE);
  const news = compute(view, state);
  view.details.open = state.inside;
  if (state.inside) drawInside(view, state, news);
  else drawClosed(view);
  if (news) {
    drawPictures(view);
    drawAnswer(view);
  }
  drawControls(view);
  drawPen(view);
  tellLater(view, state);
}

// The outputs of all layers, if the picture is another one than before.
function compute(view, state) {
  const { drawing, example, centered } = state;
  const key = JSON.stringify([drawing, drawing ? centered : example]);
  if (view.computed === key) return false;
  const picture = pictureOf(state);
  const given = givenOf(state, picture);
  const outputs = forward(view.layers, Float32Array.from(given, (level) => level / 255));
  Object.assign(view, { computed: key, picture, given, outputs });
  view.shares = softmax(outputs.at(-1));
  return true;
}

function drawPictures(view) {
  const { words, size } = view;
  paintPicture(view.paper, view.picture, size);
  paintPicture(view.strips[0].canvas, view.given, size);
  describe(view.paper, `${view.color ? words.hide : words.draw}. ${words.drawKeys}`);
  describe(view.strips[0].canvas, givenText(view), "img");
}

function drawAnswer(view) {
  const { words, shares } = view;
  const state = stateOf(view.model, STATE);
  view.said = answerText({ state, picture: view.picture, shares }, words);
  write(view.answer, view.said);
  const first = shares.indexOf(Math.max(...shares));
  const texts = shares.map((share) => percent(words, share, true));
  shares.forEach((share, i) => {
    const [, track, text] = view.bars.children[i].children;
    view.bars.children[i].classList.toggle("cnn-first", i === first);
    track.firstChild.style.transform = `scaleX(${share})`;
    write(text, texts[i]);
  });
  const all = shares.map((share, i) => {
    return fill(words.bar, { name: state.classes[i], share: percent(words, share) });
  });
  describe(view.bars, fill(words.bars, { all: all.join(", ") }), "img");
}

function drawInside(view, state, news) {
  if (!view.laidOut) layOut(view);
  const unit = JSON.stringify(state.unit);
  const moved = view.framed !== unit; // null after whatever changes all
  if (!news && !moved) return;
  // First what draws numbers: to set a font after a change of the page is slow
  drawPanel(view, state);
  if (news || !view.framed) drawStrips(view);
  describeStrips(view, state, moved);
  if (moved) drawFrames(view, state);
  view.framed = unit;
}

// Nothing is seen of the layers; all is drawn when they are opened.
function drawClosed(view) {
  view.framed = null;
  view.strips[0].field.hidden = true;
}

function drawStrips(view) {
  const { words, outputs, colors } = view;
  view.strips.forEach((strip, at) => {
    if (at === 0) return;
    const ends = paintStrip(strip, outputs[at], colors.steps);
    const decimals = decimalsFor(ends, 1);
    const [least, most] = ends.map((value) => format(value, decimals));
    write(strip.range, fill(words.range, { least, most }));
  });
}

// All, or only that of the chosen unit, whose value has changed.
function describeStrips(view, { unit }, every) {
  const { words, layers } = view;
  view.strips.forEach(({ canvas }, at) => {
    if (at === 0 || (!every && at !== unit?.[0])) return;
    const heading = headingOf(words, layers, at);
    const text = layerText(layers, at, words);
    const here = unit?.[0] === at ? `${unitText(view, unit)}.` : "";
    describe(canvas, fill(words.strip, { heading, text, unit: here }));
  });
}

// Frames, in every layer, around all that the unit depends on.
function drawFrames(view, { unit }) {
  const fields = unit ? fieldsOf(view.layers, unit) : [];
  view.strips.forEach((strip, at) => {
    if (at === 0) return drawField(view, strip, fields[0]);
    const { shape } = view.layers[at];
    const partial = fields[at] && (at === unit[0] || !isWhole(fields[at], shape));
    const field = partial ? fields[at] : null;
    if (view.framed && !field && !strip.field) return;
    strip.field = field;
    drawOver(view, strip, at === unit?.[0]);
  });
}

// Over a strip: a line around each of its maps, and the frames.
function drawOver({ colors }, { over, layout, field }, chosen) {
  const { scale, columns, rows, count, h, w } = layout;
  const sides = [rows * scale, columns * scale];
  const context = prepare(over, sides[1], sides[0]);
  // Around rows and columns of a map, `out` pixels outside them, but in the canvas
  const outline = (map, first, last, out) => {
    const edge = out > 0 ? 1.5 : 0.5;
    const [[y, bottom], [x, right]] = cornerOf(layout, map).map((corner, d) => [
      Math.max(edge, (corner + first[d]) * scale - out),
      Math.min(sides[d] - edge, (corner + last[d] + 1) * scale + out),
    ]);
    context.strokeRect(x, y, right - x, bottom - y);
  };
  context.strokeStyle = colors.line;
  context.lineWidth = 1;
  if (layout.gap) {
    for (let map = 0; map < count; map++) outline(map, [0, 0], [h - 1, w - 1], -0.5);
  } else context.strokeRect(0.5, 0.5, sides[1] - 1, sides[0] - 1);
  if (!field) return;
  // A number of a row is a map of one pixel
  const [[from, ...first], [to, ...last]] = field.map(([i, ...at]) => [i, ...at, 0, 0]);
  for (const [color, line] of [
    [colors.paper, chosen ? 6 : 4],
    [colors.mark, chosen ? 3 : 2],
  ]) {
    context.strokeStyle = color;
    context.lineWidth = line;
    for (let map = from; map <= to; map++) outline(map, first, last, 1);
  }
}

// The receptive field, lit in the picture; no box if there is none.
function drawField(view, { field }, box) {
  field.hidden = !box;
  if (box) placeOver(field, view.size, ...box.map((place) => place.slice(1)));
}

// Places an element over a picture, from one pixel [row, column] to another.
function placeOver(element, [, h, w], first, last) {
  const [top, left] = [first[0] / h, first[1] / w];
  const [height, width] = [(last[0] + 1 - first[0]) / h, (last[1] + 1 - first[1]) / w];
  for (const [name, share] of Object.entries({ top, left, height, width })) {
    element.style[name] = `${100 * share}%`;
  }
}

function drawControls(view) {
  const { drawing, example, centered } = stateOf(view.model, STATE);
  view.center.box.checked = centered;
  view.examples.forEach((choice, i) => {
    setPressed(choice, drawing === null && example === i);
  });
  view.tools.forEach((tool, i) => setPressed(tool, view.erasing === (i === 1)));
}

function setPressed(element, pressed) {
  if (element.getAttribute("aria-pressed") === String(pressed)) return;
  element.setAttribute("aria-pressed", String(pressed));
}

// The pen of the keys, which shows only while they are used.
function drawPen(view) {
  view.pen.hidden = !view.keys;
  view.pen.classList.toggle("cnn-down", Boolean(view.down));
  if (view.keys) placeOver(view.pen, view.size, view.cursor, view.cursor);
}

// Tells a screen reader what is new once the strokes have come to rest.
function tellLater(view, { unit, inside }) {
  const { where, sum } = view.parts;
  const shown = unit && inside ? `${where.textContent}. ${sum.textContent}` : "";
  const lines = [view.said, shown];
  const news = lines.filter((line, i) => line !== view.told?.[i]).join(" ");
  if (news) tell(view, news, view.told ? 600 : 0);
  view.told = lines;
}

function tell(view, text, wait = 0) {
  clearTimeout(view.later);
  view.later = setTimeout(() => write(view.status, text), wait);
}

// --- The unit taken apart -----------------------------------------------------------

function drawPanel(view, { unit }) {
  if (!unit) {
    view.panel.remove();
    return;
  }
  if (String(unit) !== String(view.chosen)) forget(view, unit);
  const settle = placePanel(view, unit[0]);
  view.shown = partsOfUnit(view, unit, view.channel);
  drawUnitGrids(view);
  drawUnitTexts(view, unit);
  settle();
}

function drawUnitTexts(view, unit) {
  const { parts, words, layers, shown } = view;
  const before = shown.before ?? null;
  const place = before && placeText(layers, before, words);
  const where = unitText(view, unit);
  view.panel.setAttribute("aria-label", where);
  write(parts.where, where);
  write(parts.text, shown.text);
  write(parts.sum, shown.sum ?? "");
  if (unit !== view.fieldOf) write(parts.field, fieldText(view, unit));
  view.fieldOf = unit;
  write(parts.back, place ? fill(words.stepTo, { place }) : words.stepBack);
  drawItems(view, shown.items ?? []);
  parts.back.hidden = unit[0] === 0;
  parts.back.disabled = before === null;
  parts.forward.hidden = view.trail.length === 0;
}

// The panel belongs below the layer of its unit. Called before anything changes; the
// result moves it there, and leaves what the reader pressed where it is on the screen.
function placePanel(view, at) {
  const { panel, list } = view;
  const held = panel.contains(document.activeElement) ? document.activeElement : null;
  const row = view.rows[at - 1]; // none above the first layer, for a pixel
  const moves = (row ? row.nextSibling : list.firstChild) !== panel;
  const anchors = held ? [held, panel] : [row ?? panel];
  const scrollBack = moves ? stillness(view, anchors) : () => {};
  return () => {
    if (moves && row) row.after(panel);
    else if (moves) list.prepend(panel);
    if (held) hold(view, held);
    scrollBack();
  };
}

// Keeps the focus in the panel, although what had it may be hidden now.
function hold({ panel, parts: { back } }, held) {
  const usable = (element) => !element.disabled && !element.closest("[hidden]");
  const next = [held, back].find(usable) ?? panel;
  next.focus({ preventScroll: true });
}

// Remembers where elements are on the screen; the result scrolls the first of them that
// is still seen back there.
function stillness(view, elements) {
  const seen = (element) => element.getClientRects().length > 0;
  const top = (element) => element.getBoundingClientRect().top;
  const before = elements.filter(seen).map((element) => [element, top(element)]);
  return () => {
    const [element, was] = before.find(([one]) => seen(one)) ?? [];
    if (element) scrollerOf(view.root).scrollBy(0, top(element) - was);
  };
}

// What scrolls the widget: JupyterLab's notebook, or the page.
function scrollerOf(element) {
  for (let at = element.parentElement; at; at = at.parentElement) {
    const { overflowY } = getComputedStyle(at);
    if (/auto|scroll/.test(overflowY) && at.scrollHeight > at.clientHeight) return at;
  }
  return document.scrollingElement;
}

function drawItems(view, items) {
  const list = view.parts.items;
  list.hidden = items.length === 0;
  while (list.children.length < items.length) {
    const at = list.children.length;
    const act = () => pressItem(view, view.items[at]);
    list.append(button("", act, { "data-control": `item-${at}` }));
  }
  view.items = items;
  [...list.children].forEach((child, i) => {
    child.hidden = i >= items.length;
    if (child.hidden) return;
    write(child, items[i].text);
    if ("pressed" in items[i]) setPressed(child, items[i].pressed);
    else child.removeAttribute("aria-pressed");
  });
}

// Shows the products on another map, or steps back to another unit.
function pressItem(view, { unit, channel }) {
  if (unit) return stepTo(view, unit);
  view.channel = channel;
  drawPanel(view, stateOf(view.model, STATE));
}

// What a unit reads, its filter, and their products. A grid that looks as before is not
// drawn again: a stroke changes but a few.
function drawUnitGrids(view) {
  const { words, grids, colors, parts, shown } = view;
  parts.grids.hidden = !shown.numbers;
  if (!shown.numbers) return;
  const { numbers, filter, products, name, chosen } = shown;
  const cell = unitCell(view, numbers.length, numbers[0].length);
  const frames = [[...chosen, 1, 1, colors.mark, 3]];
  if (view.cell) frames.push([...view.cell, 1, 1, colors.ink, 3]);
  const heading = name ? fill(words.window, { name }) : words.onlyWindow;
  const changed = [
    ["window", heading, numbers, frames],
    ["filter", words.filter, filter, []],
    ["products", words.products, products, frames],
  ].filter((grid) => grid[2] && setLooks(view, cell, ...grid));
  for (const [key, , matrix, marks] of changed) {
    const options = { scale: most(matrix), cell, colors, frames: marks };
    drawGrid(grids[key].canvas, matrix, options);
  }
  for (const [key, text, matrix] of changed) {
    write(grids[key].head, text);
    describe(grids[key].canvas, `${text}: ${textOf(matrix)}`, "img");
  }
  for (const part of view.factors) part.hidden = !filter;
  describeWindow(view, heading);
}

// Whether a grid will look otherwise than before.
function setLooks({ grids, colors }, cell, key, ...others) {
  const looks = JSON.stringify([cell, shownOf(grids[key].canvas), colors.ink, ...others]);
  if (grids[key].looks === looks) return false;
  grids[key].looks = looks;
  return true;
}

// Two grids stand side by side on a phone, as long as numbers can be read in them.
function unitCell(view, rows, columns) {
  const room = ((view.width || 680) - 110) / 2;
  return cellSize(rows, columns, Math.max(26 * columns, Math.min(154, room)), 34);
}

function most(matrix) {
  return Math.max(...matrix.flat().map((value) => Math.abs(value ?? 0)));
}

function textOf(matrix) {
  const cell = (value) => (value === null ? "" : format(value));
  return matrix.map((row) => row.map(cell).join(" ")).join("; ");
}

function describeWindow(view, name) {
  const { words, grids, shown } = view;
  const [row, column] = cellOf(view);
  const place = fill(words.place.pixel, { row: row + 1, column: column + 1 });
  const value = shown.numbers[row][column];
  const here = fill(words.cell, { place, value: value === null ? "" : number(value) });
  const text = `${name}: ${textOf(shown.numbers)}. ${here} ${words.windowKeys}`;
  describe(grids.window.canvas, text);
}

// The cell of the window that the keys have chosen, at first the framed one.
const cellOf = ({ cell, shown }) => cell ?? shown.chosen;

const limit = (value, size) => Math.max(0, Math.min(size - 1, value));
const limitCell = (cell, ...sides) => cell.map((at, d) => limit(at, sides[d]));

// --- Stepping -------------------------------------------------------------------

// Chooses a unit. The trail is the way back to those after it.
function choose(view, unit, trail = []) {
  forget(view, unit, trail);
  setState(view, unit ? { unit, inside: true } : { unit });
}

// What was chosen of another unit.
function forget(view, unit, trail = []) {
  Object.assign(view, { chosen: unit, trail, channel: null, cell: null });
}

function stepTo(view, unit) {
  choose(view, unit, [...view.trail, view.model.get("unit")]);
}

function stepBack(view) {
  if (view.shown.before) stepTo(view, view.shown.before);
}

function stepForward(view) {
  if (view.trail.length) choose(view, view.trail.at(-1), view.trail.slice(0, -1));
}

function closePanel(view) {
  const [at] = view.model.get("unit");
  choose(view, null);
  if (at) view.strips[at].canvas.focus({ preventScroll: true });
}

// --- Events ---------------------------------------------------------------------

const radiusOf = (view) => {
  const pixel = Math.min(...view.size.slice(1)) / 28;
  return (view.color ? 3 : view.erasing ? 2 : 1.1) * pixel;
};

function drawStroke(view, from, to, erasing = view.erasing) {
  const level = view.color ? 128 : erasing ? 0 : 255;
  const options = { radius: radiusOf(view), level };
  const levels = stroke(view.picture, view.size, from, to, options);
  setState(view, { drawing: encode(levels) });
}

function listenToPaper(view) {
  const { paper } = view;
  onDrag(paper, (event, previous) => {
    const box = paper.getBoundingClientRect();
    const [, h, w] = view.size;
    const at = ({ clientX, clientY }) => [
      ((clientY - box.top) / box.height) * h,
      ((clientX - box.left) / box.width) * w,
    ];
    Object.assign(view, { keys: false, down: false });
    const to = at(event);
    view.cursor = limitCell(to.map(Math.floor), h, w);
    const turned = (event.buttons & 32) > 0; // the other end of a pen
    drawStroke(view, previous ? at(previous) : to, to, view.erasing || turned);
  });
  paper.addEventListener("keydown", (event) => drawByKey(view, event));
  paper.addEventListener("blur", () => {
    Object.assign(view, { keys: false, down: false });
    drawPen(view);
  });
}

function drawByKey(view, event) {
  const toggles = event.key === " " || event.key === "Enter";
  if (!(event.key in ARROWS) && !toggles) return;
  event.preventDefault();
  const before = view.cursor;
  const [down, right] = ARROWS[event.key] ?? [0, 0];
  view.keys = true;
  view.cursor = limitCell([before[0] + down, before[1] + right], ...view.size.slice(1));
  if (toggles) view.down = !view.down;
  const middle = (place) => place.map((at) => at + 0.5);
  if (view.down) drawStroke(view, middle(before), middle(view.cursor));
  else drawPen(view);
  const [row, column] = view.cursor.map((at) => at + 1);
  const pen = fill(view.down ? view.words.penDown : view.words.penUp, { row, column });
  tell(view, view.down ? `${pen} ${view.said}` : pen, toggles ? 0 : 600);
}

function listenToStrip(view, at) {
  const { canvas } = view.strips[at];
  const shape = view.layers[at].shape;
  // No drag: a finger on a strip may scroll the page
  canvas.addEventListener("click", (event) => {
    const { layout } = view.strips[at];
    const place = placeAt(layout, cellAt(canvas, event, layout.rows, layout.columns));
    choose(view, [at, ...place.slice(0, shape.length)]);
  });
  canvas.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: product(shape) - 1 };
    if (!(event.key in ARROWS) && !(event.key in ends)) return;
    event.preventDefault();
    if (event.key in ends) choose(view, [at, ...placeOf(ends[event.key], shape)]);
    else moveUnit(view, at, ARROWS[event.key]);
  });
}

// The unit beside the chosen one, over a map's edge into the next; the strongest one
// if none of this layer is chosen.
function moveUnit(view, at, [down, right]) {
  const { layout } = view.strips[at];
  const { shape } = view.layers[at];
  const unit = view.model.get("unit");
  if (unit?.[0] !== at) return choose(view, [at, ...strongestOf(view, at)]);
  const { h, w, gap, count } = layout;
  const [map, row = 0, column = 0] = unit.slice(1);
  const [top, left] = cornerOf(layout, map);
  const inside = (place, sides) => place.every((i, d) => i >= 0 && i < sides[d]);
  const step = inside([row + down, column + right], [h, w]) ? 1 : 1 + gap;
  const pixel = [top + row + down * step, left + column + right * step];
  if (!inside(pixel, [layout.rows, layout.columns])) return;
  const [line, beside] = [h, w].map((side, d) => Math.floor(pixel[d] / (side + gap)));
  if (line * layout.across + beside >= count) return; // behind the last map
  choose(view, [at, ...placeAt(layout, pixel).slice(0, shape.length)]);
}

function strongestOf(view, at) {
  const values = view.outputs[at];
  let best = 0;
  values.forEach((value, i) => {
    if (value > values[best]) best = i;
  });
  return placeOf(best, view.layers[at].shape);
}

function listenToWindow(view) {
  const { canvas } = view.grids.window;
  const step = ([row, column]) => {
    const place = view.shown.places[row][column];
    if (place) stepTo(view, [view.model.get("unit")[0] - 1, ...place]);
  };
  canvas.addEventListener("click", (event) => {
    const { numbers } = view.shown;
    step(cellAt(canvas, event, numbers.length, numbers[0].length));
  });
  canvas.addEventListener("keydown", (event) => {
    const enters = event.key === "Enter" || event.key === " ";
    if (!(event.key in ARROWS) && !enters) return;
    event.preventDefault();
    if (enters) return step(cellOf(view));
    const { numbers } = view.shown;
    const next = cellOf(view).map((at, d) => at + ARROWS[event.key][d]);
    view.cell = limitCell(next, numbers.length, numbers[0].length);
    drawPanel(view, stateOf(view.model, STATE));
  });
}
