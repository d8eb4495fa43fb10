// One subscription to a topic's state: a mirror that is kept in step and proven.

import { Emitter } from "./emitter.js";
import { Mirror } from "./mirror.js";
import { DecodeError } from "./values.js";

/** However often a mirror had to be repaired, it may be again after so long (L13). */
const LONGEST_REPAIR = 64_000;

/**
 * Emits "change" ({ kind: "snapshot" | "diff", changes, bytes, from, to }), "status" (its status),
 * "proof" ({ version, agrees }), "lag" ({ rung, merged }) and "signal" ({ topic, data, from }).
 */
export class Watch extends Emitter {
  #client;
  #mirror = new Mirror();
  #print = "";
  #repairs = { at: -Infinity, wait: 1000 };
  #repair = null;

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
    this.#stopRepair();
    this.view = view;
    this.rate = rate;
    this.code = undefined;
    const [epoch, version, print] = cursor;
    this.awaitsSnapshot = verdict === 2;
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
    const { version } = message;
    const verdict = this.#mirror.reset(message, isBinary);
    if (verdict === "stray") return;
    // Void until the last part: what was held stays to be looked at (S14).
    this.awaitsSnapshot = true;
    if (verdict === "part") return;
    this.emit("proof", { version, agrees: verdict === "whole" });
    if (verdict === "wrong") {
      this.#broken();
      return;
    }
    this.awaitsSnapshot = false;
    this.#become("current");
    this.emit("change", { kind: "snapshot", changes: [], bytes, from: 0, to: version });
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
    this.void();
    // At once, but not over and over: a server that is wrong is not mended by being asked.
    const wait = this.#repaired();
    this.view = null;
    if (wait) this.#repair = this.#client.later(wait, () => this.again());
    else this.again();
  }

  /** Takes the next repair: how long it must wait, two seconds behind the first and so on (L13). */
  #repaired() {
    const now = this.#client.now();
    const { at, wait } = this.#repairs;
    const due = Math.max(now, at + wait);
    this.#repairs = { at: due, wait: Math.min(wait * 2, LONGEST_REPAIR) };
    return due - now;
  }

  #stopRepair() {
    this.#client.stop(this.#repair);
    this.#repair = null;
  }

  #compare(hash, version) {
    if (hash === undefined || version !== this.version) return;
    const own = this.hash;
    const agrees = own === hash;
    this.emit("proof", { version, agrees });
    if (agrees || this.view === null) return;
    if (this.#client.now() < this.#repairs.at + this.#repairs.wait) return;
    this.#repaired();
    this.#client.say({ type: "hash", view: this.view, version, hash: own });
  }

  unsubscribed(code) {
    this.#stopRepair();
    this.view = null;
    this.code = code;
    this.#become("refused");
  }

  /** What is held is good for nothing but to be looked at: no cursor goes on from it. */
  void() {
    this.#print = "";
    this.awaitsSnapshot = true;
  }

  cut() {
    this.#stopRepair();
    this.#mirror.cut();
    this.view = null;
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
