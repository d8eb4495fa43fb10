// The numbers on the wall, and a minute of them as a line: by Chart.js where the server has it.

import { byID, freshen, numberOr, redraw, write } from "./dom.js";

const SAMPLES = 120;
/** The newest last; nulls while the page was away. */
const samples = [];
const labels = [];
const tiles = document.querySelectorAll("#numbers dd");
const sketch = document.querySelector("#sketch polyline");
const canvas = byID("chart");
let chart = null;
let hasLibrary = false;

/** `then` is called when the first live value stands there. */
export function follow(watch, then) {
  const isFirst = () => !document.documentElement.dataset.first;
  const drawThis = () => draw(watch.document, then);
  // The first is not kept waiting for the next frame.
  watch.on("change", () => { if (isFirst()) drawThis(); else redraw(drawThis); });
  setInterval(() => sample(watch), 500);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  document.addEventListener("themechange", recolour);
}

function draw(document, then) {
  for (const tile of tiles) {
    const value = numberOr(document[tile.dataset.field]);
    const text = value === null ? "–" : `${value}${tile.dataset.unit ?? ""}`;
    if (write(tile, text)) freshen(tile.parentElement);
  }
  const { documentElement } = globalThis.document;
  if (documentElement.dataset.first || numberOr(document.active) === null) return;
  // For the measurement of how soon the first live value stands here. The library, which is larger
  // than all the rest, comes behind it.
  documentElement.dataset.first = performance.now().toFixed(1);
  then();
  import("/chart.js").then(() => { hasLibrary = Boolean(globalThis.Chart); }, () => {});
}

/** A cut shows as a gap. */
function sample({ document, status }) {
  if (status === "waiting" || globalThis.document.hidden) return;
  samples.push(status === "current" ? numberOr(document.messagesPerMinute) : null);
  labels.push("");
  if (samples.length > SAMPLES) {
    samples.shift();
    labels.pop();
  }
  if (chart) chart.update("none");
  else if (hasLibrary && samples.length > 1) begin();
  else outline();
}

/** Without a library: the same line, plain. */
function outline() {
  const known = samples.filter((value) => value !== null);
  if (known.length < 2) return;
  const [low, high] = [Math.min(...known) - 5, Math.max(...known) + 5];
  sketch.setAttribute("points", known.map((value, i) =>
    `${i / (known.length - 1) * 120},${40 - (value - low) / (high - low) * 40}`).join(" "));
}

function begin() {
  byID("sketch").remove();
  canvas.hidden = false;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Messages a minute over the last minute, as a line");
  chart = new globalThis.Chart(canvas, {
    type: "line",
    data: {
      labels,
      datasets: [{ data: samples, pointRadius: 0, borderWidth: 2, tension: 0.3, fill: true }],
    },
    options: {
      animation: false, maintainAspectRatio: false, events: [],
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: { x: { display: false }, y: { grace: 5, ticks: { maxTicksLimit: 5 } } },
    },
  });
  recolour();
}

/** A canvas does not know the page's colours. */
function recolour() {
  if (!chart) return;
  // What has the accent's colour on the page, and what has the quiet one's.
  const line = getComputedStyle(document.querySelector(".brand svg")).backgroundColor;
  const quiet = getComputedStyle(document.querySelector("dt")).color;
  const set = chart.data.datasets[0];
  set.borderColor = line;
  set.backgroundColor = line.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");
  const { y } = chart.options.scales;
  y.ticks.color = quiet;
  y.grid = { color: quiet.replace(/^rgb\((.*)\)$/, "rgba($1, 0.25)"), drawBorder: false };
  chart.update("none");
}
