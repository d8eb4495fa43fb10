// What travels: each topic with its version and proof, each diff beside what a whole document
// would have cost.

import { encodeMessage } from "../fieldcast/src/messages.js";
import { byID, bytes, element, redraw, show, write } from "./dom.js";

const LINES = 12;
const totals = { received: 0, whole: 0 };
const list = byID("diffs");
const hold = byID("hold");
let lines = [];

export function follow(client, watches, isBinary) {
  for (const watch of watches) followTopic(client, watch, isBinary);
  const measure = async () => {
    if (client.state.name !== "live" || document.hidden) return;
    const milliseconds = await client.ping();
    write(byID("latency"), `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`);
  };
  measure();
  setInterval(measure, 2000);
  setInterval(() => {
    if (client.state.name === "live" && !document.hidden) watches.forEach((one) => one.prove());
  }, 5000);
  client.on("state", ({ name }) => { if (name !== "live") write(byID("latency"), "–"); });
}

function followTopic(client, watch, isBinary) {
  const cells = Array.from({ length: 4 }, () => element("td", { className: "number" }));
  const [version, count, last, whole] = cells;
  const badge = element("span", { className: "badge" });
  const row = element("tr", {}, element("th", { scope: "row", textContent: watch.topic }), ...cells,
    element("td", {}, badge));
  byID("topics").append(row);
  let diffs = 0;
  let latest = null;

  watch.on("change", (change) => {
    latest = change;
    const size = wholeSize(watch, isBinary && client.state.name !== "polling");
    if (change.kind === "diff") {
      diffs++;
      totals.received += change.bytes;
      totals.whole += size;
    }
    note(watch.topic, change, size);
    redraw(() => {
      write(version, watch.version);
      write(count, diffs);
      if (latest.kind === "diff") write(last, bytes(latest.bytes));
      write(whole, bytes(size));
      drawTotals();
    });
  });
  watch.on("proof",
    ({ agrees }) => mark(agrees ? "good" : "bad", agrees ? "same hash" : "differs"));
  watch.on("status", (status) => {
    if (status === "stale") mark("wait", "held, while away");
    if (status === "current") watch.prove();
  });

  function mark(className, text) {
    badge.className = `badge ${className}`;
    write(badge, text);
  }
}

/** What the document would have cost, had it been sent whole. */
function wholeSize({ epoch, version, document }, isBinary) {
  const whole = encodeMessage({ type: "snapshot", view: 0, epoch, version, document }, isBinary);
  return whole.length;
}

function drawTotals() {
  write(byID("received"), bytes(totals.received));
  write(byID("whole"), bytes(totals.whole));
  const saved = totals.whole ? 1 - totals.received / totals.whole : 0;
  write(byID("saved"), totals.whole ? `${Math.round(saved * 100)} %` : "–");
}

function note(topic, change, size) {
  const versions = change.kind === "diff" ? `${change.from} → ${change.to}` : `at ${change.to}`;
  const what = change.kind === "diff"
    ? change.changes.slice(0, 6).map(({ path, value }) => `${path.join(".")} = ${show(value)}`)
      .join(", ") || "nothing that shows"
    : "snapshot: the whole document";
  lines.unshift({ topic, versions, cost: `${bytes(change.bytes)} of ${bytes(size)}`, what });
  lines.length = Math.min(lines.length, LINES);
  if (!hold.checked) redraw(drawLines);
}

function drawLines() {
  list.replaceChildren(...lines.map(({ topic, versions, cost, what }) => element("li", {},
    element("span", { className: "topic", textContent: topic }),
    element("span", { textContent: versions }), element("span", { textContent: cost }),
    element("span", { className: "what", textContent: what, title: what }))));
}
