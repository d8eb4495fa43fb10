// The one way from data to the page: text into text nodes, never markup.

export const byID = (id) => document.getElementById(id);

/** An element with properties and children; what is no element becomes text. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Writes a text where it differs, and tells whether it did. */
export function write(place, text) {
  const next = String(text);
  if (place.textContent === next) return false;
  place.textContent = next;
  return true;
}

/** Shows that a place has just changed; not while the page fills, when everything has. */
export function freshen(place) {
  const { first } = document.documentElement.dataset;
  if (!first || performance.now() - first < 1500) return;
  place.classList.remove("fresh");
  // Read, so that the animation begins anew.
  void place.offsetWidth;
  place.classList.add("fresh");
  place.onanimationend = () => place.classList.remove("fresh");
}

/** What a value of any kind looks like to people. */
export function show(value) {
  if (value === undefined) return "gone";
  if (value === null) return "nothing";
  if (typeof value === "object" && "toDate" in value) {
    return value.toDate().toLocaleTimeString();
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.keys(value).map((key) => `${key}: ${show(value[key])}`).join(", ")}}`;
  }
  return String(value);
}

/** A number if it is one, else nothing: a topic may contain anything. */
export function numberOr(value, otherwise = null) {
  return typeof value === "number" ? value : otherwise;
}

export function textOr(value, otherwise = "") {
  return typeof value === "string" ? value : otherwise;
}

export function isMap(value) {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}

export function bytes(count) {
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(count < 1e4 ? 1 : 0)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

/** Collects what has to be drawn, and draws once a frame. */
const due = new Set();
export function redraw(draw) {
  if (!due.size) {
    requestAnimationFrame(() => {
      const all = [...due];
      due.clear();
      for (const one of all) one();
    });
  }
  due.add(draw);
}
