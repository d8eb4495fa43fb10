// A clock that moves when told, and sockets that do what the test says.

import { Client } from "../src/client.js";
import { decodeMessage, encodeMessage } from "../src/messages.js";

export class World {
  time = 0;
  timers = [];
  sockets = [];
  returned = [];

  constructor(random = () => 0.5) {
    const world = this;
    this.environment = {
      WebSocket: class {
        readyState = 0;
        said = [];
        constructor(address, protocols) {
          Object.assign(this, { address, protocols });
          world.sockets.push(this);
        }
        send(data) { this.said.push(decodeMessage(data)); }
        close() { this.readyState = 3; }
      },
      fetch: () => Promise.reject(new Error("no network")),
      setTimeout: (callback, milliseconds) => {
        const timer = { at: world.time + milliseconds, callback };
        world.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => { world.timers = world.timers.filter((one) => one !== timer); },
      now: () => world.time,
      random,
      identity: () => "0123456789abcdef",
      onReturn: (callback) => {
        world.returned.push(callback);
        return () => { world.returned = world.returned.filter((one) => one !== callback); };
      },
    };
  }

  get socket() { return this.sockets.at(-1); }

  client(options = {}) {
    this.states = [];
    const client = new Client("ws://here", {
      token: "t", encoding: "json", polling: false, environment: this.environment, ...options,
    });
    client.on("state", (state) => this.states.push(state));
    return client.open();
  }

  /** Lets promises settle. */
  async settle() {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  async advance(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.time = Math.max(this.time, due.at);
      this.timers = this.timers.filter((timer) => timer !== due);
      due.callback();
      await this.settle();
    }
    this.time = end;
  }

  async accept(authenticated = {}) {
    await this.settle();
    this.socket.readyState = 1;
    this.socket.onopen({});
    this.hear({ type: "opened", version: 1, connection: "c", terms: {} });
    this.hear({ type: "authenticated", principal: "ann", tenant: "acme", ...authenticated });
    await this.settle();
  }

  hear(message) {
    const { type, ...data } = message;
    // Diffs are what clients never say, and have no way to be written.
    this.socket.onmessage({
      data: type === "diff" ? JSON.stringify({ type, data }) : encodeMessage(message, false),
    });
  }

  async fail(code = 1006) {
    await this.settle();
    this.socket.readyState = 3;
    this.socket.onclose({ code, reason: "" });
    await this.settle();
  }

  /** Lets time pass until there is another try; how long that took. */
  async nextTry() {
    const begun = this.time;
    const count = this.sockets.length;
    while (this.sockets.length === count) await this.advance(1);
    return this.time - begun;
  }

  said(type) {
    return this.socket.said.filter((message) => message.type === type);
  }

  get last() { return this.states.at(-1); }
}
