// One subscription to an event topic. With a name, reading outlives the connection and each event
// is answered for; without, it gets what is appended while it listens, or after its cursor.

import { Code } from "./codes.js";
import { Emitter } from "./emitter.js";
import { Inbox } from "./inbox.js";

/**
 * Emits "status" ("waiting", "current", "stale" or "refused"), "gone" (how many are lost) and
 * "failed" ({ event, error }: the handler threw, and the event comes again).
 */
export class Events extends Emitter {
  #client;
  #inbox = new Inbox();
  #print = "";
  #queue = Promise.resolve();
  #acknowledges = false;
  /** How many deliveries have been answered since credit was last given. */
  #given = 0;
  #missed = null;

  status = "waiting";
  view = null;
  code = undefined;

  constructor(client, id, topic, options, handle) {
    super();
    this.#client = client;
    this.id = id;
    this.topic = topic;
    this.options = options;
    this.handle = handle;
  }

  /** Every event up to this sequence is done. */
  get done() { return this.#inbox.done; }

  /** So many more events may be under way at a time. */
  credit(amount) {
    this.options = { ...this.options, credit: (this.options.credit ?? 64) + amount };
    this.#client.say({ type: "credit", id: this.id, amount });
  }

  close() {
    this.#client.forget(this);
  }

  // What follows is for the client's own use.

  request() {
    const { name, start, credit, unordered } = this.options;
    return {
      type: "subscribe", id: this.id, topic: this.topic, name, credit, unordered: unordered || null,
      start, cursor: this.#print ? [this.#inbox.epoch, this.done, this.#print] : null,
    };
  }

  /** What is said behind the request when a connection is new. */
  resaid() {
    const ack = this.options.name ? this.#inbox.acknowledgement(this.id) : null;
    return ack ? [ack] : [];
  }

  subscribed({ view, verdict, cursor: [epoch, sequence, print], gone }) {
    this.view = view;
    this.code = undefined;
    this.#print = print;
    this.#given = 0;
    // With verdict 2 the log was put back: what was done says nothing of it (S8).
    if (verdict === 2) this.#inbox.epoch = null;
    this.#inbox.begin(epoch, sequence);
    if (verdict === 3) this.emit("gone", gone ?? 0);
    this.#become("current");
  }

  /** Of a topic that came into being, or began anew: it tells the epoch (S16). */
  snapshot({ epoch, version }) {
    this.#inbox.begin(epoch, version);
  }

  received({ sequence, data, time, deliveries }) {
    const missing = this.#inbox.missing(sequence);
    if (missing !== null && !this.options.unordered && missing !== this.#missed) {
      // Asked for once; what does not come then is gone, or was refused for ever (L24).
      this.#missed = missing;
      this.view = null;
      this.#client.resubscribe(this);
      return;
    }
    if (missing !== null) this.#inbox.skip(sequence - 1);
    const verdict = this.#inbox.received(sequence);
    if (verdict !== "fresh") {
      // It used credit up, and makes no work (L16).
      this.#given++;
      this.#acknowledge();
      return;
    }
    let isAnswered = false;
    const refuse = (code, after) => {
      if (isAnswered) return;
      isAnswered = true;
      // Without a name nothing is kept for this reader, and nothing comes again.
      if (code === Code.never || !this.options.name) this.#inbox.finished(sequence);
      else this.#inbox.postponed(sequence);
      this.#nack(sequence, code, after);
      this.#given++;
      this.#acknowledge();
    };
    const event = {
      sequence, data, time, deliveries: deliveries ?? 0,
      later: (after) => refuse(Code.notNow, after),
      never: () => refuse(Code.never),
      working: () => this.#nack(sequence, Code.workingOnIt),
    };
    const work = async () => {
      try {
        await this.handle(event);
      } catch (error) {
        refuse(Code.notNow);
        this.emit("failed", { event, error });
      }
      if (isAnswered) return;
      isAnswered = true;
      this.#inbox.finished(sequence);
      this.#given++;
      this.#acknowledge();
    };
    if (this.options.unordered) work();
    else this.#queue = this.#queue.then(work);
  }

  #nack(sequence, code, after) {
    if (!this.options.name) return;
    this.#client.say({ type: "nack", id: this.id, code, version: sequence, after });
  }

  /** One acknowledgement for all that were done in a turn. */
  #acknowledge() {
    if (!this.options.name || this.#acknowledges) return;
    this.#acknowledges = true;
    queueMicrotask(() => {
      this.#acknowledges = false;
      if (this.view === null) return;
      const ack = this.#inbox.acknowledgement(this.id);
      if (ack) this.#client.say(ack);
      // As many more as were answered: so many may be under way as was asked for.
      if (this.#given) this.#client.say({ type: "credit", id: this.id, amount: this.#given });
      this.#given = 0;
    });
  }

  /** Where it stood means nothing any more. */
  void() {
    this.#print = "";
  }

  unsubscribed(code) {
    this.view = null;
    this.code = code;
    this.#become("refused");
  }

  cut() {
    this.view = null;
    this.#inbox.cut();
    if (this.status === "current") this.#become("stale");
  }

  #become(status) {
    if (this.status === status) return;
    this.status = status;
    this.emit("status", status);
  }
}
