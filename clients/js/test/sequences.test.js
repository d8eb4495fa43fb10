// The specification's sequences, as far as they are a client's: what is said, and what is held.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Backoff } from "../src/backoff.js";
import { Inbox } from "../src/inbox.js";
import { decodeJSON, encodeJSON } from "../src/json.js";
import { decodeMessage, encodeMessage } from "../src/messages.js";
import { Mirror } from "../src/mirror.js";
import { Outbox } from "../src/outbox.js";
import { equal } from "../src/values.js";
import { World } from "./world.mjs";

function vectors(name) {
  return JSON.parse(readFileSync(
    new URL(`../../../spec/vectors/${name}.json`, import.meta.url), "utf8"));
}

const delivery = vectors("delivery");
const of = (machine) => delivery.filter((vector) => vector.machine === machine);
const json = (message) => JSON.parse(encodeMessage(message, false));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

test("outbox: what is said, said again, and postponed", async () => {
  const outcomes = { ack: "acknowledged", reply: "replied", nack: "refused" };
  for (const { id, given, steps } of of("outbox")) {
    // The longest wait of the back-off, where a step only says between which it lies.
    const world = new World(() => 1);
    const outbox = new Outbox(world.environment, () => {});
    const limit = given.inFlight ?? 256;
    let next = 1;
    for (const step of steps) {
      await world.advance(step.at - world.time);
      if (step.publish || step.command) {
        const type = step.publish ? "publish" : "command";
        assert.equal(step.id, next, id);
        outbox.add({ type, id: next++, ...(step.publish ?? step.command) }).catch(() => {});
      } else if (step.says) {
        const said = outbox.take(limit);
        assert.deepEqual(said.map(json), step.says.map(({ message }) => message), id);
        assert.deepEqual(said.map((one) => hex(encodeMessage(one, true))),
          step.says.map(({ messagePack }) => messagePack), id);
      } else if (step.cut) {
        outbox.cut();
      } else {
        const message = decodeMessage(JSON.stringify(step.receives.message));
        const known = message.type === "nack" ? outbox.refused(message) : outbox.answered(message);
        const isHeld = known && outbox.has(message.id);
        assert.equal(!known ? "unknown" : isHeld ? "postponed" : outcomes[message.type],
          step.outcome, id);
      }
    }
  }
});

test("inbox: which events are new, and what is acknowledged", () => {
  for (const { id, given, steps } of of("inbox")) {
    const inbox = new Inbox();
    inbox.begin("e", given.done);
    inbox.acknowledgement(0);
    for (const step of steps) {
      if (step.event !== undefined) {
        const missing = inbox.missing(step.event);
        const verdict = inbox.received(step.event);
        assert.equal(verdict === "fresh" && missing !== null ? "gap" : verdict, step.verdict, id);
        if (step.missing !== undefined) assert.equal(missing, step.missing, id);
      } else if (step.done !== undefined) {
        inbox.finished(step.done);
      } else if (step.refused !== undefined) {
        inbox.postponed(step.refused);
      } else if (step.skip !== undefined) {
        inbox.skip(step.skip);
      } else {
        const ack = inbox.acknowledgement(given.subscription);
        assert.deepEqual(ack && json(ack), step.acknowledges?.message ?? null, id);
      }
    }
  }
});

test("mirror: stale, applied, gap", () => {
  for (const { id, given, steps } of of("mirror")) {
    const document = decodeJSON(JSON.stringify(given.document));
    for (const isBinary of [false, true]) {
      const mirror = new Mirror();
      mirror.hold({ document: decodeJSON(encodeJSON(document)), version: given.version,
        epoch: "e" });
      for (const { receives, verdict, held, document: after } of steps) {
        const diff = decodeMessage(isBinary ? Uint8Array.from(
          Buffer.from(receives.messagePack, "hex")) : JSON.stringify(receives.message));
        assert.equal(mirror.apply(diff), verdict, id);
        assert.equal(mirror.version, held, id);
        assert.ok(equal(mirror.document, decodeJSON(JSON.stringify(after))), id);
      }
    }
  }
});

test("back-off: the waits before each try", () => {
  for (const { id, steps } of of("backoff")) {
    for (const chance of [0, 0.3, 0.999]) {
      const backoff = new Backoff(() => chance);
      for (const { reset, betweenMs } of steps) {
        if (reset) {
          backoff.reset();
          continue;
        }
        const wait = backoff.next();
        assert.ok(betweenMs[0] <= wait && wait <= betweenMs[1], `${id} ${wait}`);
      }
    }
  }
});

/** A client as a vector of the client's side has it, on a clock and sockets of its own. */
class Sequence {
  constructor({ given }) {
    this.token = given.token;
    this.isBinary = given.encoding === "messagePack";
    this.world = new World();
    this.subscriptions = new Map();
    this.works = new Map();
    this.read = 0;
    this.client = this.world.client({
      instance: given.instance, token: () => this.token,
      encoding: this.isBinary ? "messagepack" : "json",
    });
  }

  /** What was said since this was last asked; what only this client says is left out. */
  said() {
    const { said } = this.world.socket;
    const fresh = said.slice(this.read).filter(({ type }) => type !== "credit").map(json);
    this.read = said.length;
    for (const { type, data } of fresh) if (type === "open") delete data.agent;
    return fresh;
  }

  subscribe(id, { topic, ...options }) {
    const made = options.name
      ? this.client.events(topic, options, (event) => new Promise((resolve) => {
        this.works.set(event.sequence, { event, resolve });
      }))
      : this.client.watch(topic, options);
    assert.equal(made.id, id);
    this.subscriptions.set(id, made);
  }

  async do(step) {
    const wish = step.do;
    if (wish.subscribe) this.subscribe(step.id, wish.subscribe);
    else if (wish.publish) this.client.publish(wish.publish.topic, without(wish.publish, "topic"));
    else if (wish.will) this.client.will(wish.will.topic, without(wish.will, "topic"));
    else if (wish.presence) {
      const { topic, state } = wish.presence;
      if (state === undefined) this.client.leave(topic);
      else this.client.join(topic, state);
    } else if (wish.prove) this.subscriptions.get(wish.prove).prove();
    else if (wish.unsubscribe) this.subscriptions.get(wish.unsubscribe).close();
    else if (wish.refresh) {
      this.token = wish.refresh;
      await this.client.refresh();
    } else if (wish.done) {
      this.works.get(wish.done[1]).resolve();
    } else {
      const [, sequence, code, after] = wish.refuse;
      const { event, resolve } = this.works.get(sequence);
      if (code === 520) event.never();
      else event.later(after);
      resolve();
    }
    await this.world.settle();
  }

  async step(step, id) {
    const { world } = this;
    if (step.at > world.time) await world.advance(step.at - world.time);
    if (step.do) await this.do(step);
    if (step.cut) await world.fail();
    if (step.connects) {
      if (world.last?.name === "waiting") this.client.retry();
      await world.settle();
      this.read = 0;
      world.socket.readyState = 1;
      world.socket.onopen({});
    }
    const heard = step.receives ?? step.receivesBytes;
    if (heard) {
      const text = step.receivesBytes ? heard.json : JSON.stringify(heard.message);
      const bytes = Uint8Array.from(Buffer.from(heard.messagePack, "hex"));
      world.socket.onmessage({ data: this.isBinary ? bytes.buffer : text });
      await world.settle();
    }
    if (step.says) {
      const expected = step.says.map(({ message }) => message);
      for (const { type, data } of expected) if (type === "open") delete data.features;
      assert.deepEqual(this.said(), expected, `${id} at ${step.at}`);
    }
    if (step.holds) {
      const watch = this.subscriptions.get(step.holds.id);
      assert.equal(watch.version, step.holds.version, id);
      assert.deepEqual(JSON.parse(encodeJSON(watch.document)), step.holds.document, id);
    }
    if (step.dead !== undefined) assert.equal(world.last.name === "waiting", step.dead, id);
  }
}

function without(object, name) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/**
 * Where this client goes another way that the rules leave open (`choice`): it hands events over one
 * after another (SV64), asks at each heartbeat and not only when somebody looks (SV59), has left
 * before the close (SV63), asks its owner for each token (SV78), and acknowledges again, and what
 * others did, behind the subscribe (SV80, SV81).
 */
const otherwise = new Set(["SV59", "SV63", "SV64", "SV78", "SV80", "SV81"]);

for (const vector of vectors("sessions").filter(({ side }) => side === "client")) {
  if (otherwise.has(vector.id)) {
    assert.ok(vector.choice, vector.id);
    continue;
  }
  test(`session ${vector.id}: ${vector.comment}`, async () => {
    const sequence = new Sequence(vector);
    for (const step of vector.steps) await sequence.step(step, vector.id);
  });
}
