// One connection for a whole page: what it watches, publishes and tells, through every cut.

import { Retry } from "./backoff.js";
import { Code, remedy } from "./codes.js";
import { Emitter } from "./emitter.js";
import { environment as ofBrowser } from "./environment.js";
import { Events } from "./events.js";
import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { Poller } from "./polling.js";
import { Watch } from "./watch.js";

/** After so many tries that did not even open, WebSockets are held to be refused. */
const REFUSALS = 2;
const WAYS = ["set", "unset", "increment", "if", "expire", "event"];

/**
 * Emits "state" ({ name: "connecting" | "live" | "polling" | "waiting" | "closed", … }),
 * "signal" ({ topic, data, from }), "drain" and "problem" ({ code, reason }).
 */
export class Client extends Emitter {
  #environment;
  #link;
  #poller;
  #outbox;
  #subscriptions = new Map();
  #presences = new Map();
  #wills = new Map();
  /** Subscriptions that were put off by the server: when they are asked for again. */
  #postponed = new Map();
  #nextRequest = 1;
  #nextSubscription = 1;
  #refusals = 0;

  state = { name: "closed", code: null, reason: "not opened yet" };

  constructor(address, options = {}) {
    super();
    const { environment = ofBrowser, WebSocket } = options;
    this.#environment = WebSocket
      ? Object.create(environment, { WebSocket: { value: WebSocket } }) : environment;
    const { web, socket } = addresses(address);
    this.instance = options.instance ?? this.#environment.identity();
    this.#link = new Link(
      this.#ownerOfLink(), socket, { agent: "fieldcast-js/0.1", ...options,
        instance: this.instance }, this.#environment);
    this.#outbox = new Outbox(this.#environment, () => this.#flush());
    this.#poller = options.polling === false ? null
      : new Poller(this.#ownerOfPoller(), web, this.instance, this.#environment);
  }

  get principal() { return this.#link.principal; }
  get terms() { return this.#link.terms; }

  open() {
    this.#link.open();
    return this;
  }

  /** Ends it in good order; what is unanswered is rejected. */
  close() {
    this.#poller?.stop();
    this.#link.close();
    this.#outbox.close(new Error("the client is closed"));
  }

  /** Asks for a newer token now, and shows it to the server without a cut. */
  refresh() {
    return this.#link.refresh();
  }

  /** Tries again at once, if it waits. */
  retry() {
    this.#link.retry();
  }

  /** Milliseconds there and back; never answered if the connection is cut meanwhile. */
  ping() {
    return this.#link.ping();
  }

  /** Cuts the line for a while, as a tunnel would: to see, or to test, what comes back. */
  interrupt(milliseconds) {
    this.#link.interrupt(milliseconds);
  }

  // MARK: Watching

  /** Watches a state topic: all that may be seen of it, or `options.fields`. */
  watch(topic, options = {}) {
    return this.#begin(new Watch(this, this.#nextSubscription++, topic, options));
  }

  /** Who is present at a topic. */
  roster(topic) {
    return this.watch(`$presence/${topic}`);
  }

  /** Reads an event topic; each event is done when what `handle` returns is fulfilled. */
  events(topic, options, handle) {
    return this.#begin(
      new Events(this, this.#nextSubscription++, topic, options, handle));
  }

  #begin(subscription) {
    this.#subscriptions.set(subscription.id, subscription);
    this.resubscribe(subscription);
    this.#poller?.wake();
    return subscription;
  }

  resubscribe(subscription) {
    if (!this.#subscriptions.has(subscription.id)) return;
    this.say(subscription.request(this.#link.isBinary));
  }

  forget(subscription) {
    if (!this.#subscriptions.delete(subscription.id)) return;
    this.#admitted(subscription.id);
    this.say({ type: "unsubscribe", id: subscription.id });
  }

  // MARK: Changing

  /** Changes a topic; gives its version. Said again after a cut until it is answered (L3). */
  async publish(topic, patch) {
    for (const way of Object.keys(patch)) {
      if (!WAYS.includes(way)) throw new TypeError(`a patch has no '${way}'`);
    }
    const id = this.#nextRequest++;
    const answer = await this.#outbox.add({ type: "publish", id, topic, ...patch });
    return answer.version;
  }

  async command(name, data) {
    const id = this.#nextRequest++;
    return (await this.#outbox.add({ type: "command", id, name, data })).data;
  }

  /** A page of an event topic's past: { events: [{ sequence, data, time }], next }. */
  async history(topic, { limit = 50, start } = {}) {
    const id = this.#nextRequest++;
    const page = await this.#outbox.add({ type: "history", id, topic, limit, start });
    const events = (page.events ?? []).map(([sequence, data, time]) => ({ sequence, data, time }));
    return { events, next: page.next };
  }

  /** Tells who listens now; kept by nobody, not said again. */
  signal(topic, data) {
    const message = { type: "signal", topic, data };
    if (this.#poller?.isWorking) this.#poller.say(message);
    else this.say(message);
  }

  /** Is present at a topic, with what others may see, through every cut. */
  join(topic, state = {}) {
    this.#presences.set(topic, state);
    this.#attend({ type: "presence", topic, state });
  }

  leave(topic) {
    if (this.#presences.delete(topic)) this.#attend({ type: "presence", topic });
  }

  #attend(presence) {
    if (this.#poller?.isWorking) this.#poller.say({ ...presence, client: this.instance });
    else this.say(presence);
  }

  /** What is published when the connection is lost; without a patch it is taken back. */
  will(topic, patch = null) {
    if (patch) this.#wills.set(topic, patch);
    else this.#wills.delete(topic);
    this.say({ type: "will", topic, ...patch });
  }

  // What follows is for the client's own parts.

  now() {
    return this.#environment.now();
  }

  later(milliseconds, work) {
    return this.#environment.setTimeout(work, milliseconds);
  }

  stop(timer) {
    this.#environment.clearTimeout(timer);
  }

  say(message) {
    this.#link.send(message);
  }

  #flush() {
    if (this.#link.isOpen) {
      for (const message of this.#outbox.take(this.#link.terms.inFlight)) this.#link.send(message);
    } else {
      this.#poller?.wake();
    }
  }

  #become(state) {
    this.state = state;
    this.emit("state", state);
  }

  #ownerOfLink() {
    return {
      flight: () => {
        const isBinary = this.#link.isBinary;
        // What a poller has said may still be answered; the ids make a repeat harmless.
        this.#outbox.cut();
        return [
          ...[...this.#subscriptions.values()].flatMap(
            (one) => [one.request(isBinary), ...one.resaid?.() ?? []]),
          ...[...this.#wills].map(([topic, patch]) => ({ type: "will", topic, ...patch })),
          ...[...this.#presences].map(([topic, state]) => ({ type: "presence", topic, state })),
          ...this.#outbox.take(this.#link.terms.inFlight),
        ];
      },
      live: () => {
        this.#refusals = 0;
        this.#poller?.stop();
        this.#flush();
      },
      cut: () => {
        this.#outbox.cut();
        for (const id of [...this.#postponed.keys()]) this.#admitted(id);
        for (const one of this.#subscriptions.values()) one.cut();
      },
      void: () => { for (const one of this.#subscriptions.values()) one.void(); },
      // Longer than the server takes, and so would it be the next time (N2, X2).
      tooLarge: ({ id, type }) => {
        // Not before the rest of the flight is said, in its order.
        queueMicrotask(() => {
          if (this.#outbox.refused({ id, code: Code.tooLarge })) return;
          this.emit("problem", { code: Code.tooLarge, reason: `this ${type} is too large` });
        });
      },
      brokeBySize: () => this.#outbox.giveUp(Code.tooLarge),
      isIdle: () => this.#outbox.size === 0,
      refused: () => {
        this.#refusals++;
        if (this.#refusals >= REFUSALS) this.#poller?.start();
      },
      changed: (state) => {
        if (state.name === "closed") this.#poller?.stop();
        // While polling works, what the socket's tries come to is no news until one succeeds.
        if (this.#poller?.isWorking && state.name !== "live" && state.name !== "closed") return;
        this.#become(state);
      },
      received: (message, bytes) => this.#received(message, bytes),
      malformed: (error) => this.emit("problem", { code: 500, reason: error.message }),
    };
  }

  #ownerOfPoller() {
    return {
      token: () => this.#link.token(),
      watches: () => [...this.#subscriptions.values()].filter((one) => one instanceof Watch),
      presences: () => this.#presences,
      unsaid: () => this.#outbox.take(1, ({ type }) => type === "publish" || type === "command"),
      answer: (message) => this.#answer(message),
      refused: (watch) => this.#unsubscribed({ id: watch.id, code: 504 }),
      working: () => this.#become({ name: "polling" }),
      failed: (reason) => {
        this.#outbox.cut();
        for (const one of this.#subscriptions.values()) one.cut();
        if (this.state.name === "polling") {
          this.#become({ name: "waiting", until: null, code: null, reason, tries: this.#refusals });
        }
      },
    };
  }

  // MARK: What the server says

  #received(message, bytes) {
    switch (message.type) {
      case "subscribed":
        this.#admitted(message.id);
        this.#subscriptions.get(message.id)?.subscribed(message);
        this.#subscriptions.get(message.id)?.retry?.reset();
        break;
      case "unsubscribed": this.#unsubscribed(message); break;
      case "snapshot":
        this.#of(message, (one) => one.snapshot?.(message, bytes, this.#link.isBinary));
        break;
      case "diff": this.#of(message, (one) => one.diff?.(message, bytes)); break;
      case "hash": this.#of(message, (one) => one.proof?.(message)); break;
      case "event": this.#of(message, (one) => one.received?.(message)); break;
      case "lag": this.#of(message, (one) => one.emit("lag", message)); break;
      case "signal":
        for (const one of this.#subscriptions.values()) {
          if (one.topic === message.topic) one.emit("signal", message);
        }
        this.emit("signal", message);
        break;
      case "error": this.emit("problem", message); break;
      case "drain": this.emit("drain", message); break;
      default: this.#answer(message);
    }
  }

  #answer(message) {
    if (message.type === "nack") this.#outbox.refused(message);
    else if (["ack", "reply", "page"].includes(message.type)) this.#outbox.answered(message);
  }

  /** Frames name views, and two subscriptions may have the same (S10). */
  #of({ view }, work) {
    for (const one of this.#subscriptions.values()) if (one.view === view) work(one);
  }

  /** What the code's hundred says (X1): the same again, without a cursor, or never. */
  #unsubscribed({ id, code }) {
    const one = this.#subscriptions.get(id);
    if (!one) return;
    const what = code === undefined ? "never" : remedy(code);
    if (what === "never" || what === "token") {
      this.#admitted(id);
      this.#subscriptions.delete(id);
      one.unsubscribed(code);
      return;
    }
    if (what === "snapshot") one.void();
    one.view = null;
    one.retry ??= new Retry(this.#environment.random);
    const wait = one.retry.wait(what, this.now());
    this.stop(this.#postponed.get(id));
    if (wait === 0) this.resubscribe(one);
    else this.#postponed.set(id, this.later(wait, () => this.resubscribe(one)));
  }

  #admitted(id) {
    this.stop(this.#postponed.get(id));
    this.#postponed.delete(id);
  }
}

/** Where the WebSocket and where the HTTP API is, from either's address. */
function addresses(address) {
  const url = new URL(address, globalThis.location?.href);
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  url.protocol = isSecure ? "https:" : "http:";
  url.hash = url.search = "";
  url.pathname = url.pathname.replace(/\/(v1\/ws)?$/, "");
  const web = url.href.replace(/\/$/, "");
  return { web, socket: web.replace(/^http/, "ws") + "/v1/ws" };
}
