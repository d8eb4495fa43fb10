// How the connection stands, in words, and what the visitor can do about it.

import { byID, write } from "./dom.js";

const standing = byID("standing");
const countdown = byID("countdown");
const retry = byID("retry");
const notice = byID("notice");
const entrance = byID("entrance");
let ticking = null;
let hush = null;

/** Says something for a while, above everything. */
export function say(text) {
  clearTimeout(hush);
  write(notice, text);
  notice.hidden = false;
  hush = setTimeout(() => { notice.hidden = true; }, 8000);
}

export function follow(client) {
  let wasAway = false;
  retry.onclick = () => client.retry();
  client.on("state", draw);
  client.on("drain", () => say("The server is restarting, and asks to come back in a moment."));
  client.on("problem", ({ reason }) => say(`The server says: ${reason}`));
  draw(client.state);

  function draw(state) {
    clearInterval(ticking);
    write(countdown, "");
    standing.dataset.state = state.name;
    retry.hidden = state.name !== "waiting";
    switch (state.name) {
      case "connecting":
        write(standing, wasAway ? "Coming back …" : "Connecting …");
        break;
      case "live":
        write(standing, "Live");
        wasAway = false;
        entrance.hidden = true;
        break;
      case "polling":
        write(standing, "Live by polling: WebSockets are refused here");
        wasAway = true;
        break;
      case "waiting":
        wasAway = true;
        write(standing, `Away: ${state.reason}`);
        tick(state);
        ticking = setInterval(() => tick(state), 1000);
        break;
      default:
        ended(state);
    }
  }

  /** Beside what is read aloud, which should not speak every second. */
  function tick({ until }) {
    const seconds = until ? Math.max(0, Math.ceil((until - Date.now()) / 1000)) : 0;
    write(countdown, seconds ? `Next try in ${seconds} s` : "");
  }
}

function ended({ code, reason }) {
  write(standing, `Ended: ${reason || "closed"}`);
  if (code === null || code < 300 || code >= 400) return;
  const why = code === 303 ? "The token's time is over." : "The server does not accept the token.";
  admit(`${why} make run prints an address with a new one.`);
}

/** Asks for a token, and says why. */
export function admit(reason) {
  if (reason) {
    write(byID("entrance-reason"), reason);
  } else {
    write(standing, "No token yet");
    standing.dataset.state = "closed";
    document.body.classList.add("outside");
  }
  entrance.hidden = false;
  byID("token").focus();
}
