// The way where WebSockets are refused: the same documents, versions and permissions over HTTP.
// Each request carries the token and a cursor, and is held open until something came (T3).

import { encodeJSON } from "./json.js";
import { canonicalMask } from "./mask.js";
import { decodeMessage, decodeMessages } from "./messages.js";
import { Time, utf8Length } from "./values.js";

/** Browsers have six connections for a server; some must stay free for publishing. */
const PARALLEL = 4;
/** Seconds that a request may be held, and that a round takes where topics share connections. */
const HELD = 20;
const ROUND = 2;
/** Seconds that presence lasts without another word. */
const LEASE = 60;

/**
 * `owner` gives `token()`, `watches()`, `presences()` and `unsaid()`, what waits to be said, and is
 * told `answer(message)`, `refused(watch)`, `working()` and `failed(reason)`.
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
  #timer = null;
  #lease = null;

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
    // A connection brings presence of its own: the leased one would stand beside it for a while.
    const leased = this.isWorking ? [...this.#owner.presences().keys()] : [];
    for (const topic of leased) {
      this.#say(null, { type: "presence", topic, client: this.#instance }).catch(() => {});
    }
    this.#run?.abort();
    this.#run = null;
    this.isWorking = false;
    this.#environment.clearTimeout(this.#timer);
    this.#environment.clearTimeout(this.#lease);
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

  async #poll(watch, run, wait) {
    this.#busy.add(watch);
    try {
      const answer = await this.#fetch(run, question(watch, wait), {});
      if (answer.status === 200) {
        const text = await answer.text();
        if (run === this.#run) this.#take(watch, text);
      } else if (answer.status === 403 || answer.status === 404) {
        this.#owner.refused(watch);
      } else if (answer.status !== 304) {
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

  /** The messages that a WebSocket would have had. */
  #take(watch, text) {
    for (const message of decodeMessages(text)) {
      switch (message.type) {
        case "subscribed": watch.subscribed(message); break;
        case "snapshot": watch.snapshot(message, utf8Length(text), false); break;
        case "diff": watch.diff(message, utf8Length(text)); break;
        case "hash": watch.proof(message); break;
        default: break;
      }
    }
    // A view's number means something on the connection that told it alone.
    watch.view = null;
  }

  #went(watch, run, wait) {
    if (run !== this.#run) return;
    // A request that the server held needs no pause behind it.
    const pause = wait ? 0 : ROUND;
    this.#due.set(watch, this.#environment.now() + pause * 1000);
    this.#worked(run);
  }

  #worked(run) {
    if (run !== this.#run || this.isWorking) return;
    this.isWorking = true;
    this.#owner.working();
    this.#attend(run);
  }

  #failed(error) {
    this.stop();
    this.#owner.failed(error.message);
  }

  async #post(run) {
    if (this.#isPosting) return;
    const [message] = this.#owner.unsaid();
    if (!message) return;
    this.#isPosting = true;
    try {
      const answer = message.type === "history" ? await this.#fetch(run, pages(message), {})
        : await this.#say(run, message);
      const text = await answer.text();
      this.#worked(run);
      if (run === this.#run) this.#owner.answer({ ...decodeMessage(text), id: message.id });
    } catch (error) {
      if (run === this.#run) this.#failed(error);
    } finally {
      this.#isPosting = false;
      if (run === this.#run) this.wake();
    }
  }

  /** Without a connection presence is leased, and the lease renewed before it ends. */
  async #attend(run) {
    for (const [topic, state] of this.#owner.presences()) {
      try {
        await this.#say(run, {
          type: "presence", topic, state, client: this.#instance, lease: LEASE * 1000,
        });
      } catch {
        // The reading of topics finds out whether the server is there.
      }
    }
    if (run !== this.#run) return;
    this.#lease = this.#environment.setTimeout(() => this.#attend(run), LEASE * 500);
  }

  /** Says at once what need not be answered, if polling works. */
  say(message) {
    if (this.isWorking) this.#say(this.#run, message).catch(() => {});
  }

  #say(run, { type, ...item }) {
    return this.#fetch(run, `/v1/${type}`, {
      method: "POST", body: encodeJSON(item),
      headers: { "content-type": "application/json", "idempotency-key": this.#instance },
    });
  }

  /** A request with the token; once more with another one if it was not accepted. */
  async #fetch(run, target, { headers, ...options }) {
    for (let tries = 0; ; tries++) {
      const token = await this.#owner.token();
      const answer = await this.#environment.fetch(this.#base + target, {
        ...options, signal: run?.signal, cache: "no-store",
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
      if (answer.status !== 401 || tries) return answer;
    }
  }
}

function question({ topic, cursor, options }, wait) {
  const query = [];
  if (options.fields) query.push(`fields=${canonicalMask(options.fields).map(inQuery)}`);
  if (cursor) query.push(`cursor=${encodeURIComponent(cursor.join(":"))}`);
  if (wait) query.push(`wait=${wait}`);
  if (options.hash) query.push("hash=true");
  return `/v1/topics/${inPath(topic)}?${query.join("&")}`;
}

function pages({ topic, limit, start }) {
  const from = start === undefined ? ""
    : `&start=${start instanceof Time ? start.toDate().toISOString() : start}`;
  return `/v1/history/${inPath(topic)}?limit=${limit}${from}`;
}

function inPath(topic) {
  return topic.split("/").map(encodeURIComponent).join("/");
}

/** A pattern of a mask: names with slashes, each coded before the whole is. */
function inQuery(pattern) {
  return encodeURIComponent(pattern.map((name) =>
    name === null ? "*" : encodeURIComponent(name).replaceAll("*", "%2A")).join("/"));
}
