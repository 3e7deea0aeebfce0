// The published page's stand-in for a kernel and an ipywidgets front end. It
// finds each widget's saved state in the page and runs the widget on it.

const definitions = {};

// Called by each widget's script.
export function register(name, definition) {
  definitions[name] = definition;
  for (const place of document.querySelectorAll(".cnnbook-widget[data-widget]")) {
    if (place.dataset.widget === name) mount(place);
  }
}

// Brings one place to life, once.
export async function mount(place) {
  if (place.dataset.state) return;
  place.dataset.state = "starting";
  const fallback = [...place.children];
  const model = new Model(savedState(place));
  const el = document.createElement("div");
  const { signal } = new AbortController();
  const definition = definitions[place.dataset.widget];
  try {
    await definition.initialize?.({ model, signal });
    for (const child of fallback) child.hidden = true;
    place.append(el);
    await definition.render({ model, el, signal });
  } catch (error) {
    el.remove();
    for (const child of fallback) child.hidden = false;
    place.dataset.state = "failed";
    throw error;
  }
  place.dataset.state = "live";
  place.model = model; // for tests and for curious readers with a console
}

function savedState(place) {
  return JSON.parse(place.querySelector('script[type="application/json"]').textContent);
}

// The model of the anywidget front-end interface, without a kernel behind it.
export class Model {
  #state;
  #listeners = new Map();

  constructor(state) {
    this.#state = { ...state };
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    const changes = typeof name === "object" ? name : { [name]: value };
    const changed = Object.keys(changes).filter(
      (key) => !sameData(this.#state[key], changes[key]),
    );
    Object.assign(this.#state, changes);
    for (const key of changed) this.#emit(`change:${key}`, this.#state[key]);
    if (changed.length) this.#emit("change");
  }

  // Nobody to save to: the page is the only copy.
  save_changes() {}

  send() {}

  on(events, callback) {
    for (const event of events.split(/\s+/)) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), callback]);
    }
  }

  off(events, callback) {
    const names = events ? events.split(/\s+/) : [...this.#listeners.keys()];
    for (const event of names) {
      const kept = (this.#listeners.get(event) ?? []).filter(
        (other) => callback && other !== callback,
      );
      this.#listeners.set(event, kept);
    }
  }

  #emit(event, value) {
    for (const callback of this.#listeners.get(event) ?? []) callback(this, value);
  }
}

function sameData(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
