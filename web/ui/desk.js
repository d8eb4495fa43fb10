// Sessions, agents and what happens: rows that come, change and go.

import { element, freshen, isMap, numberOr, redraw, textOr, write } from "./dom.js";

const marks = new Map([["came", "→"], ["taken", "●"], ["solved", "✓"]]);
const dots = new Map([["free", "free"], ["busy", "busy"], ["on the phone", "phone"]]);
const LOG = 9;

export function followSessions(watch) {
  const body = document.querySelector("#sessions tbody");
  const rows = new Map();
  const draw = () => {
    const { document: sessions } = watch;
    for (const [key, row] of rows) {
      if (isMap(sessions[key])) continue;
      row.line.remove();
      rows.delete(key);
    }
    for (const key of Object.keys(sessions).sort()) {
      const session = sessions[key];
      if (!isMap(session)) continue;
      let row = rows.get(key);
      const isNew = !row;
      if (isNew) {
        rows.set(key, row = newRow(key));
        body.append(row.line);
        freshen(row.line);
      }
      fill(row, session, isNew);
    }
  };
  watch.on("change", () => redraw(draw));
  // How long somebody waits changes by itself.
  setInterval(() => redraw(draw), 1000);
}

function newRow(key) {
  const cells = {};
  const cell = (name, className = "") => cells[name] = element("td", { className });
  const line = element("tr", {}, element("th", { scope: "row", textContent: key }),
    cell("customer"), cell("subject", "text"), cell("agent"), cell("channel"),
    cell("unread", "number"), cell("since", "number"));
  cells.badge = element("span", { className: "badge" });
  cells.agent.append(cells.badge);
  return { line, cells };
}

/** Each change shows by itself, unless the whole row does. */
function fill({ cells }, session, isNew) {
  const changed = (cell, text) => { if (write(cell, text) && !isNew) freshen(cell); };
  for (const name of ["customer", "subject", "channel"]) {
    changed(cells[name], textOr(session[name]));
  }
  const agent = textOr(session.agent);
  cells.badge.classList.toggle("wait", !agent);
  changed(cells.badge, agent || "waits");
  changed(cells.unread, numberOr(session.unread) || "");
  write(cells.since, duration(session.since));
}

function duration(since) {
  const begun = since?.toDate?.().getTime();
  if (!begun) return "";
  const seconds = Math.max(0, Math.round((Date.now() - begun) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}

export function followAgents(watch) {
  const list = document.querySelector("#agents ul");
  const items = new Map();
  watch.on("change", () => redraw(() => {
    for (const name of Object.keys(watch.document).sort()) {
      const agent = watch.document[name];
      if (!isMap(agent)) continue;
      let item = items.get(name);
      if (!item) items.set(name, item = newAgent(list, name));
      const status = textOr(agent.status, "away");
      item.dot.className = `dot ${dots.get(status) ?? ""}`;
      const isNews = write(item.status, status);
      if (write(item.solved, `${numberOr(agent.solved, 0)} solved`) || isNews) freshen(item.line);
    }
    for (const [name, item] of items) {
      if (isMap(watch.document[name])) continue;
      item.line.remove();
      items.delete(name);
    }
  }));
}

function newAgent(list, name) {
  const dot = element("i", { className: "dot", ariaHidden: "true" });
  const [status, solved] = [element("span"), element("span")];
  const line = element("li", {}, dot,
    element("div", {}, element("b", { textContent: name }), status), solved);
  list.append(line);
  return { line, dot, status, solved };
}

/** The last of the desk's events, the newest first. */
export function followLog(client) {
  const list = document.querySelector("#log ol");
  const add = ({ data, time }) => {
    if (!isMap(data)) return;
    const what = textOr(data.what);
    const line = element("li", { className: marks.has(what) ? what : "" },
      element("span",
        { className: "mark", textContent: marks.get(what) ?? "·", ariaHidden: "true" }),
      element("span", { textContent: textOr(data.text) }));
    if (time) line.title = time.toDate().toLocaleTimeString();
    list.prepend(line);
    while (list.children.length > LOG) list.lastChild.remove();
    freshen(line);
  };
  // What comes while the past is being read waits for it.
  let early = [];
  client.events("desk/log", {}, (event) => { if (early) early.push(event); else add(event); });
  client.history("desk/log", { limit: LOG }).then(({ events }) => {
    const last = events.at(-1)?.sequence ?? 0;
    for (const event of events) add(event);
    for (const event of early) if (event.sequence > last) add(event);
    early = null;
  }, () => { early = null; });
}
