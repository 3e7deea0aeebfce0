// What all widgets share: words, numbers, elements, colors and the drawn grid.

// --- Words ----------------------------------------------------------------

// The words of the language in force where `el` stands; English by default.
export function wordsFor(el, tables) {
  const language = (el.closest("[lang]")?.lang || document.documentElement.lang || "en")
    .slice(0, 2)
    .toLowerCase();
  return tables[language] ?? tables.en;
}

// Puts values into the braces of a sentence: fill("{n} rows", {n: 3}).
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// --- Numbers ---------------------------------------------------------------

// At most `decimals` digits after the point, with a true minus sign.
export function format(value, decimals = 2) {
  const rounded = Number(value.toFixed(decimals)) + 0; // + 0 turns −0 into 0
  return String(rounded).replace("-", "−");
}

// The number that a text stands for, or NaN. A comma may be the decimal point.
export function parseNumber(text) {
  const plain = text.trim().replaceAll("−", "-").replace(/^([^,]*),([^,]*)$/, "$1.$2");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

// --- Matrices -----------------------------------------------------------------

// Rows and columns.
export const shape = (matrix) => [matrix.length, matrix[0].length];

export function forEachCell(matrix, act) {
  matrix.forEach((row, r) => row.forEach((value, c) => act(value, r, c)));
}

// The first row (or column) of every window along one direction.
export function windowStarts(size, reach, stride) {
  const count = Math.floor((size - reach) / stride) + 1;
  return Array.from({ length: count }, (_, i) => i * stride);
}

// In how many windows each row (or column) stands along one direction.
export function visitsAlong(size, reach, stride) {
  const counts = Array(size).fill(0);
  for (const start of windowStarts(size, reach, stride)) {
    for (let i = 0; i < reach; i++) counts[start + i]++;
  }
  return counts;
}

// The sum of a kernel's products with what lies under it, its first cell on input
// row r, column c; plain loops, for speed.
export function sumAt(input, kernel, r, c) {
  let sum = 0;
  for (let i = 0; i < kernel.length; i++) {
    const row = input[r + i];
    for (let j = 0; j < kernel[i].length; j++) sum += row[c + j] * kernel[i][j];
  }
  return sum;
}

// The same kernel with another number of rows or columns; new cells are 0.
export function resized(kernel, rows, columns) {
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => kernel[r]?.[c] ?? 0),
  );
}

// The name of a matrix among named ones, or "".
export function nameOf(named, matrix) {
  const found = Object.entries(named).find(([, other]) => sameMatrix(other, matrix));
  return found ? found[0] : "";
}

export function sameMatrix(a, b) {
  return (
    a.length === b.length &&
    a[0].length === b[0].length &&
    a.every((row, i) => row.every((value, j) => value === b[i][j]))
  );
}

// Row and column of a position in an output of that size; of the last, if it is beyond.
export function placeIn([rows, columns], position) {
  const at = Math.min(position, rows * columns - 1);
  return [Math.floor(at / columns), at % columns];
}

// The position whose window starts nearest to input row r, column c.
export function nearestWindow([rows, columns], [down, right], r, c) {
  const limit = (value, count) => Math.max(0, Math.min(count - 1, Math.round(value)));
  return limit(r / down, rows) * columns + limit(c / right, columns);
}

// --- Elements ----------------------------------------------------------------

// What can have the focus keeps its keys: JupyterLab's shortcuts (arrows, Enter, A, B,
// D D …) would take them first. Lab looks only at the focused element for this mark.
const FOCUSABLE = ["button", "input", "select", "summary", "textarea"];

// An element with attributes, listeners (keys that start with "on") and children.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  if (FOCUSABLE.includes(tag) || "tabindex" in attributes) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children);
  return element;
}

export function button(label, onclick, attributes = {}) {
  return make("button", { type: "button", onclick, ...attributes }, label);
}

// A control with its visible label.
export function labeled(label, control, className = "cnn-field") {
  return make("label", { class: className }, make("span", {}, label), control);
}

// A part of a widget that stands beside others, and a sign such as → between two.
export const panel = (...children) => make("div", { class: "cnn-panel" }, ...children);
export const sign = (text) =>
  make("div", { class: "cnn-sign", "aria-hidden": "true" }, text);

// A part with the sign before it, always in one row.
export const signed = (text, part) => make("div", { class: "cnn-signed" }, sign(text), part);

// What says how to operate a widget, which paper has no use for.
export const how = (text, tag = "p") => make(tag, { class: "cnn-note cnn-how" }, text);

// A tick box with its label behind it. `onchange(checked)` gets the new state.
export function tickBox(label, name, onchange) {
  const box = make("input", {
    type: "checkbox",
    "data-control": name,
    onchange: () => onchange(box.checked),
  });
  return { box, label: make("label", { class: "cnn-check" }, box, label) };
}

// A text field for one number. `onvalue(number)` may throw an Error, whose message
// then goes to `onerror(message, field)`; the field stays marked until its text is good again.
export function numberField({ label, value, onvalue, onerror, describe, ...attributes }) {
  const commit = (event) => {
    const number = parseNumber(field.value);
    try {
      if (Number.isNaN(number)) throw new Error(describe(field.value));
      onvalue(number);
      field.removeAttribute("aria-invalid");
    } catch (error) {
      // While typing, "-" or "1e" is unfinished rather than wrong.
      if (event.type === "change") {
        field.setAttribute("aria-invalid", "true");
        onerror(error.message, field);
      }
    }
  };
  const field = make("input", {
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    "aria-label": label,
    value,
    oninput: commit,
    onchange: commit,
    ...attributes,
  });
  return field;
}

// Shows a value that came from elsewhere, but not over what is being typed.
export function showValue(field, value) {
  const typed = parseNumber(field.value); // NaN while it is unfinished, such as "-"
  const same = typed === value || Number.isNaN(typed);
  if (field === document.activeElement && same) return;
  field.value = String(value).replaceAll("-", "−");
  field.removeAttribute("aria-invalid");
}

// Writes a text into an element that has nothing else. One that is the same is neither
// laid out nor announced again. To change the text that is there takes less than to
// replace it, but what is announced has to be new as a whole.
export function write(element, text) {
  if (element.textContent === String(text)) return;
  const old = element.firstChild;
  if (old && text !== "" && !element.closest(ANNOUNCED)) old.data = text;
  else element.textContent = text;
}

const ANNOUNCED = "[role=status], [role=alert], [aria-live]";

// Writes a text that is announced, but not while it plays: then once, at the end.
export function announce(element, text, playing) {
  const silent = element.getAttribute("aria-live") === "off";
  element.setAttribute("aria-live", playing ? "off" : "polite");
  if (silent && !playing) element.textContent = text;
  else write(element, text);
}

// --- Colors --------------------------------------------------------------------

// The palette of the page's theme, from the variables in kit.css.
export function palette() {
  const style = getComputedStyle(document.body);
  const color = (name) => style.getPropertyValue(`--cnn-${name}`).trim();
  return {
    negative: rgb(color("negative")),
    zero: rgb(color("zero")),
    positive: rgb(color("positive")),
    ink: color("ink"),
    paper: color("paper"),
    line: color("line"),
    mark: color("mark"),
  };
}

// One variable of kit.css, without its "--cnn-", as three numbers.
export function hue(name) {
  return rgb(getComputedStyle(document.body).getPropertyValue(`--cnn-${name}`).trim());
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// The color of `value`, from −scale through 0 to +scale.
export function shade(value, scale, { negative, zero, positive }) {
  const share = Math.max(-1, Math.min(1, value / (scale || 1)));
  return mix(zero, share < 0 ? negative : positive, Math.abs(share));
}

// A color with a share of another one in it, both as three numbers.
export function mix([r, g, b], [r2, g2, b2], share) {
  const between = (one, other) => Math.round(one + (other - one) * share);
  return [between(r, r2), between(g, g2), between(b, b2)];
}

// Black or white, whichever has more contrast on `color` (WCAG's luminance).
export function inkOn(color) {
  const [r, g, b] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

// The largest absolute value of a matrix.
export function largest(matrix) {
  return matrix.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

// Calls `redraw` when the page, JupyterLab or Visual Studio Code turns dark or light.
// Returns the end.
export function onTheme(redraw) {
  const observer = new MutationObserver(redraw);
  const options = { attributes: true };
  observer.observe(document.documentElement, {
    ...options,
    attributeFilter: ["data-theme"],
  });
  observer.observe(document.body, {
    ...options,
    attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"],
  });
  return () => observer.disconnect();
}

// --- State -----------------------------------------------------------------------

// The named parts of a model's state.
export function stateOf(model, names) {
  return Object.fromEntries(names.map((name) => [name, model.get(name)]));
}

// Changes the state of `view.model`, and calls `view.refresh` once for the whole change:
// half of one may make no sense.
export function setState(view, changes) {
  view.changing = true;
  for (const [name, value] of Object.entries(changes)) {
    if (value !== view.model.get(name)) view.model.set(name, value);
  }
  view.changing = false;
  view.model.save_changes();
  view.refresh();
}

// Draws the state, or says what is wrong with it and leaves the picture as it was.
// `view.check(state)` throws an Error in the reader's words, `view.draw()` draws.
export function refresh(view) {
  try {
    view.check(stateOf(view.model, view.names));
  } catch (error) {
    say(view, error.message);
    return;
  }
  say(view, "");
  view.draw();
}

// Changes the state if the result makes sense; otherwise throws and changes nothing.
export function change(view, changes) {
  view.check({ ...stateOf(view.model, view.names), ...changes });
  setState(view, changes);
}

// Does something for a control that has no field to mark: an error is told below it.
export function attempt(view, act, place) {
  try {
    act();
  } catch (error) {
    say(view, error.message, place);
    view.draw();
  }
}

// Shows a message below the row of controls that it comes from.
const ROWS = ".cnn-row, .cnn-panels, .cnn-cost-part, details";

export function say(view, message, place) {
  const row = message && place?.closest(ROWS);
  afterPress(view, () => {
    if (row) row.after(view.message);
    view.message.textContent = message;
    if (row) view.message.scrollIntoView({ block: "nearest" });
  });
}

// Acts when nothing is pressed, only the last time for each `key`. The press that leaves
// a field with a wrong number would miss what the message moves away from under it.
function afterPress(key, act) {
  waiting.delete(key);
  if (pressed) waiting.set(key, act);
  else act();
}

let pressed = false;
const waiting = new Map();

// A mouse blurs a field after both starts, a finger between its own end and the mouse's.
for (const start of ["pointerdown", "mousedown"]) window.addEventListener(start, press, true);
for (const end of ["pointerup", "pointercancel", "mouseup"]) {
  window.addEventListener(end, release, true);
}

// A list that opens, like a menu, keeps the end of the press to itself.
function press({ button, target }) {
  pressed = button === 0 && target.tagName !== "SELECT";
}

// The click comes first.
function release() {
  pressed = false;
  setTimeout(() => {
    waiting.forEach((act) => act());
    waiting.clear();
  });
}

// Calls `view.refresh` whenever one of the named parts of the state changes, and
// `repaint` when the colors or the room for a grid do. Returns the end.
export function follow(view, names, repaint = view.refresh) {
  const changed = () => view.changing || view.refresh();
  // JupyterLab may attach the element, and so the theme's colors, a moment later.
  const frame = requestAnimationFrame(repaint);
  const events = names.map((name) => `change:${name}`).join(" ");
  view.model.on(events, changed);
  const endTheme = onTheme(repaint);
  view.root.addEventListener(SHOWN, repaint);
  return () => {
    cancelAnimationFrame(frame);
    endTheme();
    view.root.removeEventListener(SHOWN, repaint);
    view.model.off(events, changed);
  };
}

// --- The grid --------------------------------------------------------------------

// Pixels (before scaling) of a cell, so that a grid is about `width` wide.
export function cellSize(rows, columns, width = 288, most = 40) {
  return Math.max(8, Math.min(most, Math.floor(width / Math.max(rows, columns))));
}

// Draws `matrix` with one colored cell a value; `null` is a cell not yet known.
// `shadeAt(value, r, c)` is a cell's color, as three numbers.
// `frames` are rectangles [row, column, rows, columns, color] drawn on top.
// Returns whether the cells have numbers.
export function drawGrid(canvas, matrix, options) {
  const { scale, cell, colors, frames = [] } = options;
  const [rows, columns] = [matrix.length, matrix[0].length];
  const context = prepare(canvas, columns * cell + 2, rows * cell + 2);
  context.translate(1, 1);
  const shadeAt = options.shadeAt ?? ((value) => shade(value, scale, colors));
  drawPixels(context, matrix, cell, shadeAt);
  if (cell >= FINE) drawCells(context, matrix, cell, colors);
  const texts = cell >= FINE ? matrix.map((row) => row.map(shortText)) : null;
  const numbered = texts !== null && areLegible(canvas, texts, cell);
  if (numbered) drawNumbers(context, matrix, texts, cell, shadeAt);
  const edge = [0, 0, rows, columns, colors.line, 1];
  for (const [r, c, height, width, color, line = 3] of [edge, ...frames]) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(c * cell, r * cell, width * cell, height * cell);
  }
  return numbered;
}

// Cells of fewer pixels have no lines between them, and no numbers.
const FINE = 16;

// The grid as a small image, enlarged: one call instead of one for each cell.
function drawPixels(context, matrix, cell, shadeAt) {
  const [rows, columns] = [matrix.length, matrix[0].length];
  const image = new ImageData(columns, rows);
  const { data } = image;
  forEachCell(matrix, (value, r, c) => {
    if (value === null) return;
    const at = 4 * (r * columns + c);
    [data[at], data[at + 1], data[at + 2]] = shadeAt(value, r, c);
    data[at + 3] = 255;
  });
  context.imageSmoothingEnabled = false;
  drawImage(context, image, [0, 0, columns * cell, rows * cell]);
}

// An image of pixels, stretched to a box [x, y, width, height].
export function drawImage(context, image, box) {
  scratch ??= make("canvas");
  [scratch.width, scratch.height] = [image.width, image.height];
  scratch.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(scratch, ...box);
}

// One small canvas for all images: to make one takes longer than to draw on it.
let scratch;

// Lines between the cells, and outlines of those whose numbers are not yet known.
function drawCells(context, matrix, cell, colors) {
  const [rows, columns] = [matrix.length, matrix[0].length];
  for (let r = 1; r <= rows; r++) context.clearRect(0, r * cell - 1, columns * cell, 1);
  for (let c = 1; c <= columns; c++) context.clearRect(c * cell - 1, 0, 1, rows * cell);
  context.strokeStyle = colors.line;
  context.lineWidth = 1;
  forEachCell(matrix, (value, r, c) => {
    if (value !== null) return;
    context.strokeRect(c * cell + 0.5, r * cell + 0.5, cell - 1, cell - 1);
  });
}

// Short numbers first, then long ones, which are smaller: to change the font is slow.
function drawNumbers(context, matrix, texts, cell, shadeAt) {
  const least = LEAST / shownOf(context.canvas);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const long of [false, true]) {
    if (!texts.some((row) => row.some((text) => text && text.length > 3 === long))) continue;
    const size = Math.max(least, Math.round(cell * (long ? 0.32 : 0.38)));
    context.font = `${size}px system-ui, sans-serif`;
    forEachCell(texts, (text, r, c) => {
      if (!text || text.length > 3 !== long) return;
      context.fillStyle = inkOn(shadeAt(matrix[r][c], r, c));
      context.fillText(text, (c + 0.5) * cell, (r + 0.5) * cell + 1, cell - 3);
    });
  }
}

// A number short enough for a cell; none for one that is not yet known.
function shortText(value) {
  if (value === null) return "";
  return format(value, Math.abs(value) >= 10 ? (Math.abs(value) >= 100 ? 0 : 1) : 2);
}

// Letters have as many pixels of the screen at least, or nobody reads them.
const LEAST = 10;

// Whether all numbers of a grid fit into its cells, as letters that can be read and are
// squeezed by a fifth at most: a grid has all its numbers, or none.
function areLegible(canvas, texts, cell) {
  const room = ((cell - 3) * shownOf(canvas)) / (0.8 * LEAST);
  return texts.every((row) => row.every((text) => breadth(text) <= room));
}

// How broad a number is, as a share of its letters' size, in the broadest of fonts.
function breadth(text) {
  return [...text].reduce((sum, letter) => sum + (BROAD[letter] ?? 0.64), 0);
}

const BROAD = { ".": 0.32, "−": 0.84 };

// How many pixels of the screen a logical one of a canvas has: less than 1 where the page
// is too narrow for it. Where that changes, `follow` draws again.
export function shownOf(canvas) {
  if (!shown.has(canvas)) {
    shown.set(canvas, 1);
    watching.observe(canvas);
  }
  return shown.get(canvas);
}

const shown = new WeakMap();

const watching = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const ratio = contentRect.width / parseFloat(target.style.width);
    // 0 as long as it is hidden
    if (!ratio || Math.abs(ratio - shown.get(target)) < 0.01) continue;
    shown.set(target, ratio);
    target.dispatchEvent(new Event(SHOWN, { bubbles: true }));
  }
});

const SHOWN = "cnn-shown";

// Diagonal lines over the cells of a drawn grid that no window reads (`times` is 0
// there), around their numbers if it is `numbered`.
export function hatch(context, times, { cell, colors, numbered }) {
  const step = cell < 16 ? cell / 2 : cell / 4;
  context.save();
  context.beginPath();
  forEachCell(times, (count, r, c) => {
    if (count) return;
    context.rect(c * cell, r * cell, cell - 1, cell - 1);
    const [x, y] = [(c + 0.5) * cell, (r + 0.5) * cell];
    if (numbered) context.ellipse(x, y, 0.36 * cell, 0.25 * cell, 0, 0, 2 * Math.PI);
  });
  context.clip("evenodd");
  const [height, width] = shape(times).map((cells) => cells * cell);
  context.beginPath();
  for (let x = step / 2; x < width + height; x += step) {
    context.moveTo(x, 0);
    context.lineTo(x - height, height);
  }
  context.strokeStyle = colors.ink;
  context.lineWidth = 1.2;
  context.stroke();
  context.restore();
}

// Makes a canvas width × height large, in logical pixels; returns its emptied context.
// It has two pixels or more for each, and a screen's density at least.
export function prepare(canvas, width, height) {
  const density = Math.max(2, Math.ceil(window.devicePixelRatio || 1));
  // To give a canvas other pixels takes a phone 4 ms: it keeps those of a larger one of
  // the same proportions.
  const enough = canvas.width >= width * density && canvas.height >= height * density;
  if (!enough || canvas.width * height !== canvas.height * width) {
    canvas.width = width * density;
    canvas.height = height * density;
  }
  if (parseFloat(canvas.style.width) !== width) canvas.style.width = `${width}px`;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const context = canvas.getContext("2d");
  const pixels = canvas.width / width;
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// The [row, column] of a rows × columns grid that a pointer event falls on.
export function cellAt(canvas, event, rows, columns) {
  const box = canvas.getBoundingClientRect();
  const at = (position, size, count) =>
    Math.max(0, Math.min(count - 1, Math.floor((position / size) * count)));
  return [
    at(event.clientY - box.top, box.height, rows),
    at(event.clientX - box.left, box.width, columns),
  ];
}

// --- Pointer and keys ------------------------------------------------------------

// [down, right] of each arrow key.
export const ARROWS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

// Calls act(event, previous) while a pointer presses; `previous` is undefined first.
export function onDrag(canvas, act) {
  let previous;
  const follow = (event) => {
    act(event, previous);
    previous = event;
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    previous = undefined;
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) follow(event);
  });
}

// Goes through positions: about fifteen seconds for all, but never slower than two steps
// a second or faster than 60; two a second if less motion is wished. `count()` and
// `now()` are asked at every step, since the state may change meanwhile; `move(position)`
// goes there, `redraw()` shows that it plays or pauses.
export function player({ count, now, move, redraw }) {
  let timer = null;
  const wait = () => {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    return calm ? 500 : Math.max(1000 / 60, Math.min(500, 15000 / count()));
  };
  const tick = () => {
    if (now() >= count() - 1) return pause();
    move(now() + 1);
    timer = setTimeout(tick, wait());
  };
  const play = () => {
    if (now() >= count() - 1) move(0);
    timer = setTimeout(tick, wait());
    redraw();
  };
  const pause = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    redraw();
  };
  const playing = () => timer !== null;
  return { playing, pause, toggle: () => (playing() ? pause() : play()) };
}

// Says what a canvas shows and, in the role "application", which keys it takes.
export function describe(canvas, text, role = "application") {
  canvas.setAttribute("role", role);
  canvas.setAttribute("aria-label", text);
}
