// The desk's page: one connection, and a part of the page for each topic.

import { Client } from "./fieldcast/fieldcast.js";
import { Line } from "./ui/line.js";
import { Board } from "./ui/board.js";
import { followAgents, followLog, followSessions } from "./ui/desk.js";
import { byID } from "./ui/dom.js";
import { follow as followNumbers } from "./ui/numbers.js";
import { follow as followPeople, me } from "./ui/people.js";
import { admit, follow as followStanding, say } from "./ui/standing.js";
import { follow as followWire } from "./ui/wire.js";

const themes = ["as the system", "light", "dark"];

/** The token comes behind the address's number sign, which browsers tell no server. */
function token() {
  return new URLSearchParams(location.hash.slice(1)).get("token");
}

function open() {
  const encoding = sessionStorage.getItem("encoding") ?? "messagepack";
  const client = new Client(location.origin,
    { token: token(), encoding, agent: "desk page", WebSocket: Line });
  const topic = (name) => client.watch(`desk/${name}`, { hash: true });
  const metrics = topic("metrics");
  followStanding(client);
  followNumbers(metrics, () => rest(client, encoding, metrics, topic));
  tellReturns(client, metrics);
  controls(client, encoding);
  client.open();
}

/** What need not be there for the first live value. */
function rest(client, encoding, metrics, topic) {
  const [sessions, agents, queue, board] = ["sessions", "agents", "queue", "board"].map(topic);
  followWire(client, [metrics, sessions, agents, queue, board], encoding !== "json");
  followSessions(sessions);
  followAgents(agents);
  followLog(client);
  const writing = new Board(client, board, metrics, me.name);
  writing.onwriting = followPeople(client, writing);
}

/** After a cut: what one diff brought back. */
function tellReturns(client, watch) {
  let isAway = false;
  client.on("state", ({ name }) => { isAway ||= name === "waiting" && watch.version > 0; });
  watch.on("change", ({ kind, bytes, from, to }) => {
    if (!isAway) return;
    isAway = false;
    say(kind === "diff"
      ? `Back, and in step: ${to - from} versions of ${watch.topic} in one diff of ${bytes} bytes.`
      : `Back: the server began anew, and ${watch.topic} came whole.`);
  });
}

function controls(client, encoding) {
  const choice = byID("encoding");
  choice.value = encoding;
  choice.onchange = () => {
    sessionStorage.setItem("encoding", choice.value);
    location.reload();
  };
  byID("cut").onclick = () => client.interrupt(5000);
}

function theme() {
  const button = byID("theme");
  let place = Math.max(0, themes.indexOf(localStorage.getItem("theme")));
  const draw = () => {
    button.textContent = `Theme: ${themes[place]}`;
    document.documentElement.dataset.theme = themes[place];
    localStorage.setItem("theme", themes[place]);
    document.dispatchEvent(new Event("themechange"));
  };
  button.onclick = () => {
    place = (place + 1) % themes.length;
    draw();
  };
  draw();
}

theme();
byID("entrance").onsubmit = (event) => {
  event.preventDefault();
  location.hash = new URLSearchParams({ token: byID("token").value.trim() });
};
addEventListener("hashchange", () => { if (token()) location.reload(); });
// The address keeps its token: a link within the page would take its place.
document.querySelector(".skip").onclick = (event) => {
  event.preventDefault();
  byID("main").focus();
};
if (token()) open();
else admit();
