// A connection that comes back: opening in one flight, heartbeat, confirmation of what was
// received, tokens that end, and the waits between tries (spec/sessions.md).

import { Backoff, Retry } from "./backoff.js";
import { Code, reasonOf, remedy } from "./codes.js";
import { decodeMessage, encodeMessage } from "./messages.js";
import { utf8Length } from "./values.js";

const defaults = {
  messageBytes: 1_048_576, inFlight: 256, subscriptions: 256, unconfirmedBytes: 65_536,
  unconfirmedTime: 10_000, authenticateTime: 5_000, heartbeatTime: 30_000,
  inactivityTime: 300_000, dedupWindow: 1_024,
};
/** A WebSocket's close code for a message that was longer than the other side takes. */
const TOO_LARGE = 1009;
/** How long a connection may take to open. */
const OPENING = 10_000;

/**
 * `owner` is told: `flight()` gives what is said behind open and authenticate, `live()`,
 * `cut()`, `received(message, bytes)`, `changed(state)`, `refused()` when a try did not even open,
 * `void()` when what is held is to be dropped, `tooLarge(message)` of what cannot be said, and
 * `brokeBySize()` when the server ended it for that; `isIdle()` says whether all is answered.
 */
export class Link {
  #owner;
  #environment;
  #options;
  #socket = null;
  #timers = {};
  #backoff;
  #haste;
  #stopReturning = null;
  #ending = null;
  #spread = 0;
  #isDraining = false;
  /** The token that was shown last, and the one that was refused. */
  #shown = null;
  #refused = null;
  #heard = 0;
  #spoke = 0;
  #position = 0;
  #said = 0;
  #nonce = 0;
  #pings = new Map();

  terms = { ...defaults };
  isLive = false;
  isWanted = false;
  principal = null;

  constructor(owner, address, options, environment) {
    this.#owner = owner;
    this.#options = options;
    this.#environment = environment;
    this.#backoff = new Backoff(environment.random);
    this.#haste = new Retry(environment.random);
    this.address = address;
    this.isBinary = options.encoding !== "json";
  }

  open() {
    if (this.isWanted) return;
    this.isWanted = true;
    this.#stopReturning = this.#environment.onReturn(() => this.retry());
    this.#connect();
  }

  /** Tries at once if it waits: the page can be seen again, or somebody pressed a button. */
  retry() {
    if (this.isWanted && "retry" in this.#timers) this.#connect();
  }

  /** Cuts the line for a while, as a tunnel would. */
  interrupt(milliseconds) {
    if (!this.isWanted) return;
    this.#drop();
    this.#wait(milliseconds, null, "the line is cut");
  }

  close(reason = "") {
    if (this.isLive) this.send({ type: "close", code: 102, reason });
    this.#end({ name: "closed", code: null, reason });
  }

  /** Whether something can be said: requests need not wait for the answer to `authenticate`. */
  get isOpen() {
    return this.#isOpen && this.#socket?.readyState === 1;
  }

  /** Says it if there is a connection, and if it is not longer than the server takes (N2). */
  send(message) {
    if (!this.isOpen) return;
    const data = encodeMessage(message, this.isBinary);
    // A text has at least as many bytes as units, and not more than three for each.
    const most = this.terms.messageBytes;
    if (data.length > most || !this.isBinary && data.length * 3 > most && utf8Length(data) > most) {
      this.#owner.tooLarge(message);
      return;
    }
    this.#spoke = this.#environment.now();
    this.#socket.send(data);
  }

  /** Milliseconds there and back. */
  ping() {
    const nonce = ++this.#nonce;
    const begun = this.#environment.now();
    return new Promise((resolve) => {
      this.#pings.set(nonce, () => resolve(this.#environment.now() - begun));
      this.send({ type: "ping", nonce });
    });
  }

  async token() {
    const { token } = this.#options;
    return typeof token === "function" ? token() : token;
  }

  #end(state) {
    this.isWanted = false;
    this.#stopReturning?.();
    this.#drop();
    this.#owner.changed(state);
  }

  #after(name, milliseconds, callback) {
    this.#stop(name);
    this.#timers[name] = this.#environment.setTimeout(() => {
      delete this.#timers[name];
      callback();
    }, milliseconds);
  }

  #stop(name) {
    this.#environment.clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }

  // MARK: Opening

  async #connect() {
    this.#drop();
    const attempt = this.#attempt = {};
    this.#owner.changed({ name: "connecting", tries: this.#backoff.tries });
    let token;
    try {
      token = await this.token();
    } catch (error) {
      if (attempt === this.#attempt && this.isWanted) {
        this.#wait(this.#backoff.next(), null, `no token: ${error.message}`);
      }
      return;
    }
    if (attempt !== this.#attempt || !this.isWanted) return;
    if (token === this.#refused?.token) {
      // The same again would be refused again (X3): there may be another a little later.
      const { code, reason } = this.#refused;
      this.#wait(this.#backoff.next(), code, reason);
      return;
    }
    this.#refused = null;
    const { WebSocket } = this.#environment;
    let socket;
    try {
      socket = new WebSocket(
        this.address, [this.isBinary ? "fieldcast.v1.msgpack" : "fieldcast.v1.json"]);
    } catch (error) {
      this.#closed(1006, error.message);
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#flight(token);
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
    socket.onerror = () => {};
    this.#after("opening", OPENING, () => this.#closed(1006, "it took too long to open"));
    // One that a page began to open before this was loaded.
    if (socket.readyState === 1) this.#flight(token);
  }

  #attempt = null;

  /** Everything that can be said, before anything is heard (S7). */
  #flight(token) {
    this.#isOpen = true;
    this.#position = this.#said = 0;
    this.#heard = this.#environment.now();
    const { instance, agent } = this.#options;
    this.#shown = token;
    this.send({ type: "open", version: 1, instance, agent });
    this.send({ type: "authenticate", token });
    for (const message of this.#owner.flight()) this.send(message);
  }

  #isOpen = false;

  #authenticated({ principal, tenant, expires }) {
    this.principal = { name: principal, tenant };
    if (typeof this.#options.token === "function" && expires !== undefined) {
      // Early enough that the answer comes in time, and never in a rush.
      const early = Math.min(60_000, expires / 5);
      this.#after("refresh", Math.min(expires - early, 2 ** 31 - 1), () => this.refresh());
    }
    if (this.isLive) return;
    this.#stop("opening");
    this.isLive = true;
    this.#backoff.reset();
    this.#beat();
    this.#owner.live();
    this.#owner.changed({ name: "live", principal, tenant });
  }

  /** Shows a newer token, without a cut. */
  async refresh() {
    const attempt = this.#attempt;
    try {
      const token = await this.token();
      if (attempt !== this.#attempt || !this.isLive) return;
      this.#shown = token;
      this.send({ type: "refresh", token });
    } catch {
      // The old one goes on to its end, and then the way is that of an ended token.
    }
  }

  // MARK: While it is open

  #received(data) {
    const bytes = typeof data === "string" ? utf8Length(data) : data.byteLength;
    this.#heard = this.#environment.now();
    this.#position += bytes;
    let message;
    try {
      message = decodeMessage(typeof data === "string" ? data : new Uint8Array(data));
    } catch (error) {
      this.#owner.malformed(error);
    }
    if (message) this.#take(message, bytes);
    if (this.#ending) {
      // Nothing that comes behind it is taken any more (S13).
      this.#closed(3000 + this.#ending.code, this.#ending.reason);
      return;
    }
    if (this.#isDraining && this.#owner.isIdle()) {
      // Everything is answered: it leaves, and comes back within the window (S15). Its wills are
      // void, and are said again there (L31).
      this.send({ type: "close", code: 102, reason: "" });
      this.#closed(3204, "the server asked to come back");
      return;
    }
    this.#confirm();
  }

  #take(message, bytes) {
    switch (message.type) {
      case "opened":
        this.terms = { ...defaults };
        for (const name of Object.keys(message.terms)) {
          const value = message.terms[name];
          if (Number.isSafeInteger(value) && value > 0) this.terms[name] = value;
        }
        break;
      case "authenticated":
        this.#authenticated(message);
        break;
      case "ping":
        this.#said = this.#position;
        this.send({ type: "pong", nonce: message.nonce, position: this.#position });
        break;
      case "pong":
        this.#pings.get(message.nonce)?.();
        this.#pings.delete(message.nonce);
        break;
      case "drain":
        this.#spread = message.window;
        this.#isDraining = true;
        this.#owner.received(message, bytes);
        break;
      case "close":
        this.#ending = message;
        break;
      default:
        this.#owner.received(message, bytes);
    }
  }

  /** Says how far it has received, at a quarter of the window or a third of the time (L9). */
  #confirm() {
    if (this.#position - this.#said >= this.terms.unconfirmedBytes / 4) {
      this.#seen();
    } else if (this.#position > this.#said && !("seen" in this.#timers)) {
      this.#after("seen", this.terms.unconfirmedTime / 3, () => this.#seen());
    }
  }

  #seen() {
    this.#stop("seen");
    if (this.#position === this.#said) return;
    this.#said = this.#position;
    this.send({ type: "seen", position: this.#position });
  }

  /** Asks after a heartbeat of saying nothing, gives up after three of hearing nothing (S5). */
  #beat() {
    const { heartbeatTime } = this.terms;
    const now = this.#environment.now();
    const ask = this.#spoke + heartbeatTime;
    const end = this.#heard + heartbeatTime * 3;
    this.#after("beat", Math.min(ask, end) - now, () => {
      const later = this.#environment.now();
      if (later >= this.#heard + heartbeatTime * 3) {
        this.#closed(3000 + Code.heartbeatMissed, "nothing heard");
        return;
      }
      if (later >= this.#spoke + heartbeatTime) this.send({ type: "ping", nonce: ++this.#nonce });
      this.#beat();
    });
  }

  // MARK: Ending

  #drop() {
    for (const name of Object.keys(this.#timers)) this.#stop(name);
    const socket = this.#socket;
    this.#socket = null;
    this.#attempt = null;
    this.#isOpen = false;
    this.isLive = false;
    this.#ending = null;
    this.#pings.clear();
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      if (socket.readyState < 2) socket.close();
      this.#owner.cut();
    }
  }

  #closed(status, text) {
    if (status === TOO_LARGE) this.#owner.brokeBySize();
    const ending = this.#ending;
    const wasOpen = this.#isOpen;
    const wasLive = this.isLive;
    const spread = this.#spread;
    this.#spread = 0;
    this.#isDraining = false;
    this.#drop();
    if (!this.isWanted) return;
    const code = ending?.code ?? (status >= 3100 && status < 4000 ? status - 3000 : null);
    const reason = ending?.reason || text || (code === null ? "the connection is gone"
      : reasonOf(code));
    if (!wasOpen) this.#owner.refused();
    const what = code === null || code === Code.authenticationLate ? "later" : remedy(code);
    switch (what) {
      case "never":
        this.#end({ name: "closed", code, reason });
        break;
      case "token":
        this.#wantToken(code, reason);
        break;
      case "snapshot":
        this.#owner.void();
        // falls through
      case "now":
        // At once, but not over and over.
        this.#wait(
          wasLive ? this.#haste.wait("now", this.#environment.now()) : this.#backoff.next(),
          code, reason);
        break;
      default:
        if (ending?.after !== undefined) this.#wait(ending.after, code, reason);
        else if (spread) this.#wait(this.#environment.random() * spread, code, reason);
        else this.#wait(this.#backoff.next(), code, reason);
    }
  }

  /** Another token may be better, the same never is (X3). */
  #wantToken(code, reason) {
    if (typeof this.#options.token !== "function") {
      this.#end({ name: "closed", code, reason });
      return;
    }
    this.#wait(this.#refused ? this.#backoff.next() : 0, code, reason);
    this.#refused = { token: this.#shown, code, reason };
  }

  #wait(milliseconds, code, reason) {
    const until = new Date(Date.now() + milliseconds);
    this.#owner.changed({ name: "waiting", until, code, reason, tries: this.#backoff.tries });
    this.#after("retry", milliseconds, () => this.#connect());
  }
}
