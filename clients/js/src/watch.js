// One subscription to a topic's state: a mirror that is kept in step and proven.

import { Emitter } from "./emitter.js";
import { Mirror } from "./mirror.js";
import { DecodeError } from "./values.js";

/**
 * Emits "change" ({ kind: "snapshot" | "diff", changes, bytes, from, to }), "status" (its status),
 * "proof" ({ version, agrees }), "lag" ({ rung, merged }) and "signal" ({ topic, data, from }).
 */
export class Watch extends Emitter {
  #client;
  #mirror = new Mirror();
  #print = "";
  #reported = { at: -Infinity, wait: 1000 };

  /** "waiting" (nothing yet), "current", "stale" (held, while away) or "refused". */
  status = "waiting";
  view = null;
  awaitsSnapshot = false;
  rate = undefined;
  code = undefined;

  constructor(client, id, topic, options) {
    super();
    this.#client = client;
    this.id = id;
    this.topic = topic;
    this.options = options;
  }

  get document() { return this.#mirror.document; }
  get version() { return this.#mirror.version; }
  get epoch() { return this.#mirror.epoch; }
  get hash() { return this.#mirror.hash; }

  /** Epoch, version and print, if something whole is held. */
  get cursor() {
    return this.#print && !this.awaitsSnapshot ? [this.epoch, this.version, this.#print] : null;
  }

  /** Asks the server for the hash of what it holds; "proof" follows. */
  prove() {
    if (this.view !== null) this.#client.say({ type: "hash", view: this.view });
  }

  close() {
    this.#client.forget(this);
  }

  // What follows is for the client's own use.

  request(isBinary) {
    const { fields, rate, hash } = this.options;
    // Aliases that JSON did not tell would be missing: what MessagePack goes on with begins anew.
    const cursor = isBinary && !this.#mirror.knowsNames ? null : this.cursor;
    return {
      type: "subscribe", id: this.id, topic: this.topic, fields, rate, hash: hash || null, cursor,
    };
  }

  subscribed({ view, verdict, cursor, rate }) {
    this.view = view;
    this.rate = rate;
    this.code = undefined;
    const [epoch, version, print] = cursor;
    this.awaitsSnapshot = verdict === 2;
    this.#mirror.giveUp();
    if (!this.awaitsSnapshot && !this.#print) {
      // Nothing was held, and nothing was missed.
      this.#mirror = new Mirror();
      this.#mirror.version = version;
      this.#mirror.epoch = epoch;
    }
    this.#print = print;
    if (!this.awaitsSnapshot) this.#become("current");
  }

  snapshot(message, bytes, isBinary) {
    try {
      if (message.part && !this.#mirror.fits(message)) {
        // Another's part, or one that came too late; but the last of what was not begun is the
        // end of what was lost (S14).
        const isLost = this.awaitsSnapshot && message.hash !== undefined && !this.#mirror.isFilling;
        if (isLost) this.#broken();
        return;
      }
      // Void until the last part: what was held stays to be looked at (S14).
      this.awaitsSnapshot = true;
      if (!this.#mirror.reset(message, isBinary)) return;
    } catch (error) {
      this.#broken(error);
      return;
    }
    if (message.hash !== undefined) {
      const agrees = message.hash === this.hash;
      this.emit("proof", { version: message.version, agrees });
      if (!agrees) {
        this.#broken();
        return;
      }
    }
    this.awaitsSnapshot = false;
    this.#become("current");
    this.emit("change", { kind: "snapshot", changes: [], bytes, from: 0, to: message.version });
  }

  diff(message, bytes) {
    // Between a verdict that voids what was held and the snapshot, nothing applies.
    if (this.awaitsSnapshot) return;
    const changes = [];
    try {
      const verdict = this.#mirror.apply(message, changes);
      if (verdict === "gap") this.again();
      if (verdict !== "applied") return;
    } catch (error) {
      this.#broken(error);
      return;
    }
    this.emit("change", { kind: "diff", changes, bytes, from: message.from, to: message.to });
  }

  proof({ version, hash }) {
    if (!this.awaitsSnapshot) this.#compare(hash, version);
  }

  /** Resumes under the same id from what is held (D15, S9). */
  again() {
    this.view = null;
    this.#client.resubscribe(this);
  }

  /** Lets go of what is held, and takes a snapshot. */
  #broken(error) {
    if (error && !(error instanceof DecodeError)) throw error;
    this.#print = "";
    this.awaitsSnapshot = true;
    const since = this.#client.now() - this.#reported.at;
    const wait = since < this.#reported.wait ? this.#reported.wait - since : 0;
    this.#reported = { at: this.#client.now() + wait, wait: longer(this.#reported.wait) };
    // At once, but not over and over: a server that is wrong is not mended by being asked.
    this.view = null;
    if (wait) this.#client.later(wait, () => { if (this.view === null) this.again(); });
    else this.again();
  }

  #compare(hash, version) {
    if (hash === undefined || version !== this.version) return;
    const own = this.hash;
    const agrees = own === hash;
    this.emit("proof", { version, agrees });
    const now = this.#client.now();
    if (agrees || now - this.#reported.at < this.#reported.wait) return;
    this.#reported = { at: now, wait: longer(this.#reported.wait) };
    if (this.view !== null) this.#client.say({ type: "hash", view: this.view, version, hash: own });
  }

  /** What is held counts no more: it begins without a cursor. */
  voided() {
    this.#print = "";
  }

  unsubscribed(code) {
    this.view = null;
    this.code = code;
    this.#become("refused");
  }

  cut() {
    this.view = null;
    this.#mirror.giveUp();
    // What was void is dropped: there is nothing whole to go on from.
    if (this.awaitsSnapshot) this.#print = "";
    this.awaitsSnapshot = false;
    if (this.status === "current") this.#become("stale");
  }

  #become(status) {
    if (this.status === status) return;
    this.status = status;
    this.emit("status", status);
  }
}

/** The wait between two repairs doubles, up to a minute or so (L13). */
function longer(wait) {
  return Math.min(wait * 2, 64_000);
}
