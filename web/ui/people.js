// Who else has this page open, and who is writing.

import { byID, element, isMap, numberOr, redraw, textOr } from "./dom.js";

const animals = [
  "Otter", "Heron", "Lynx", "Badger", "Wren", "Marten", "Newt", "Kestrel", "Beaver", "Stoat",
  "Plover", "Shrew", "Ibex", "Finch", "Vole", "Osprey",
];
const SHOWN = 8;

/** The visitor's own name: kept for as long as the tab is there. */
function identity() {
  const kept = Number(sessionStorage.getItem("hue"));
  const hue = kept || 1 + Math.floor(Math.random() * 360);
  sessionStorage.setItem("hue", hue);
  return { name: `${animals[hue % animals.length]} ${hue}`, hue };
}

export const me = identity();

export function follow(client, board) {
  const list = byID("people");
  const roster = client.roster("desk/board");
  client.join("desk/board", { ...me, writing: false });
  roster.on("change", () => redraw(() => {
    const people = everybody(roster.document).sort((a, b) => a.hue - b.hue);
    const shown = people.slice(0, SHOWN).map(face);
    if (people.length > SHOWN) {
      shown.push(element("li", { className: "more", textContent: `+${people.length - SHOWN}` }));
    }
    list.replaceChildren(...shown);
    board.tellWriters(people.filter(({ name, writing }) => writing && name !== me.name)
      .map(({ name }) => name));
  }));

  let isWriting = false;
  let rest = null;
  /** Others are told that somebody writes, and a while after the last key that nobody does. */
  return function writes() {
    clearTimeout(rest);
    rest = setTimeout(() => tell(false), 2500);
    tell(true);
  };

  function tell(writing) {
    if (writing === isWriting) return;
    isWriting = writing;
    client.join("desk/board", { ...me, writing });
  }
}

/** One for each name: a page that was loaded again is there twice for a few seconds. */
function everybody(document) {
  const people = new Map();
  for (const user of Object.values(isMap(document.users) ? document.users : {})) {
    for (const state of Object.values(isMap(user) ? user : {})) {
      if (!isMap(state)) continue;
      const name = textOr(state.name, "Somebody").slice(0, 40);
      const writing = state.writing === true || people.get(name)?.writing === true;
      people.set(name, { name, hue: numberOr(state.hue, 0), writing });
    }
  }
  return [...people.values()];
}

function face({ name, hue, writing }) {
  const mine = name === me.name;
  const words = `${name}${mine ? " (you)" : ""}${writing ? ", writing" : ""}`;
  const made = element("li", { className: mine ? "me" : "", title: words },
    element("span", { textContent: [...name][0] ?? "?", ariaHidden: "true" }),
    element("span", { className: "words", textContent: words }));
  made.classList.toggle("writing", writing);
  made.style.setProperty("--hue", String(hue));
  return made;
}
