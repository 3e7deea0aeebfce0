// What a widget needs in a notebook and not in a page: to keep its keys to itself.

// The keys that mean something to a notebook: letters, arrows, Enter and so on. Escape
// and Tab lead out of the widget, and whatever comes with Ctrl, Cmd or Alt is not ours.
const KEYS = /^(.|Arrow\w+|Backspace|Delete|End|Enter|Home|Page\w+)$/u;

// The widget, whose keys stay in the element that it is rendered into.
export function keepKeys(widget) {
  return {
    ...widget,
    render(context) {
      const { el, signal } = context;
      el.addEventListener("keydown", stop);
      const capture = { capture: true, signal };
      window.addEventListener("keydown", (event) => letSave(el, event), capture);
      return widget.render(context);
    },
  };
}

const withCommand = (event) => event.ctrlKey || event.metaKey || event.altKey;

// JupyterLab and Visual Studio Code hear what nobody stopped on its way up.
function stop(event) {
  if (KEYS.test(event.key) && !withCommand(event)) event.stopPropagation();
}

// Notebook 7 hears before the widget does, unless the focused element has a mark (`make`
// in the kit). Where the mark is, nothing hears Ctrl+S, and the browser saves the page.
function letSave(el, event) {
  if (!el.contains(event.target)) return;
  const saves = event.key.toLowerCase() === "s" && withCommand(event);
  event.target.toggleAttribute("data-lm-suppress-shortcuts", !saves);
}
