// The way where WebSockets are refused: the same documents, versions and permissions over HTTP.
// Each request carries the token and a cursor, and is held open until something came (T3).

import { DecodeError } from "./values.js";
import { decodeMessage, encodeMessage } from "./messages.js";

/** Browsers have six connections for a server; some must stay free for publishing. */
const PARALLEL = 4;
/** Seconds that a request may be held, and that a round takes where topics share connections. */
const HELD = 20;
const ROUND = 2;

/**
 * `owner` gives `token()`, `watches()` and `publishes()` (what waits to be said), and is told
 * `answer(message)`, `working()` and `failed(reason)`.
 */
export class Poller {
  #owner;
  #base;
  #environment;
  #instance;
  #run = null;
  #busy = new Set();
  #due = new Map();
  #isPosting = false;

  /** Whether the last that was heard of the server was good. */
  isWorking = false;

  constructor(owner, base, instance, environment) {
    this.#owner = owner;
    this.#base = base;
    this.#instance = instance;
    this.#environment = environment;
  }

  start() {
    if (this.#run) return;
    this.#run = new AbortController();
    this.#busy.clear();
    this.#due.clear();
    this.#isPosting = false;
    this.wake();
  }

  stop() {
    this.#run?.abort();
    this.#run = null;
    this.isWorking = false;
  }

  /** Something may have to be asked or said. */
  wake() {
    const run = this.#run;
    if (!run) return;
    const watches = this.#owner.watches();
    const shares = watches.length > PARALLEL;
    const now = this.#environment.now();
    let soonest = Infinity;
    for (const watch of watches) {
      const due = this.#due.get(watch) ?? 0;
      if (this.#busy.has(watch) || this.#busy.size >= PARALLEL) continue;
      if (due <= now) this.#poll(watch, run, shares ? 0 : HELD);
      else soonest = Math.min(soonest, due);
    }
    for (const watch of this.#due.keys()) if (!watches.includes(watch)) this.#due.delete(watch);
    this.#environment.clearTimeout(this.#timer);
    if (soonest < Infinity) {
      this.#timer = this.#environment.setTimeout(() => this.wake(), soonest - now);
    }
    this.#post(run);
  }

  #timer = null;

  async #poll(watch, run, wait) {
    this.#busy.add(watch);
    try {
      const known = watch.cursor?.join(":");
      const answer = await this.#fetch(run, this.#question(watch, known, wait), {});
      if (answer.status === 200) {
        const text = await answer.text();
        const cursor = answer.headers.get("fieldcast-cursor") ?? "";
        if (run === this.#run) this.#take(watch, text, cursor);
      } else if (answer.status === 304) {
        watch.polled(watch.cursor[2]);
      } else if (answer.status === 403 || answer.status === 404) {
        watch.unsubscribed(504);
      } else {
        throw new Error(`the server answers ${answer.status}`);
      }
      this.#went(watch, run, wait);
    } catch (error) {
      if (run === this.#run) this.#failed(error);
    } finally {
      this.#busy.delete(watch);
      if (run === this.#run) this.wake();
    }
  }

  #question(watch, cursor, wait) {
    const query = new URLSearchParams();
    if (watch.options.fields) query.set("fields", JSON.stringify(watch.options.fields));
    if (cursor) query.set("cursor", cursor);
    if (cursor && wait) query.set("wait", wait);
    const topic = watch.topic.split("/").map(encodeURIComponent).join("/");
    return `/v1/topics/${topic}?${query}`;
  }

  #take(watch, text, cursor) {
    const message = decodeMessage(text);
    const print = cursor.split(":").slice(2).join(":");
    if (message.type === "snapshot") {
      watch.snapshot(message, text.length, false, true);
    } else if (message.type === "diff") {
      watch.diff(message, text.length);
    } else {
      throw new DecodeError("wrongKind", message.type);
    }
    watch.polled(print);
  }

  #went(watch, run, wait) {
    if (run !== this.#run) return;
    // A request that the server held needs no pause behind it.
    const pause = watch.status === "refused" ? 60 : wait ? 0 : ROUND;
    this.#due.set(watch, this.#environment.now() + pause * 1000);
    if (this.isWorking) return;
    this.isWorking = true;
    this.#owner.working();
  }

  #failed(error) {
    this.stop();
    this.#owner.failed(error.message);
  }

  async #post(run) {
    if (this.#isPosting) return;
    const [message] = this.#owner.publishes();
    if (!message) return;
    this.#isPosting = true;
    try {
      const answer = await this.#fetch(run, "/v1/publish", {
        method: "POST",
        body: encodeMessage(message, false),
        headers: {
          "content-type": "application/json",
          "idempotency-key": `${this.#instance}:${message.id}`,
        },
      });
      const text = await answer.text();
      if (run === this.#run) this.#owner.answer({ ...decodeMessage(text), id: message.id });
    } catch (error) {
      if (run === this.#run) this.#failed(error);
    } finally {
      this.#isPosting = false;
      if (run === this.#run) this.wake();
    }
  }

  /** A request with the token; once more with another one if it was not accepted. */
  async #fetch(run, target, { headers, ...options }) {
    for (let tries = 0; ; tries++) {
      const token = await this.#owner.token();
      const answer = await this.#environment.fetch(this.#base + target, {
        ...options, signal: run.signal, cache: "no-store",
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
      if (answer.status !== 401 || tries) return answer;
    }
  }
}
