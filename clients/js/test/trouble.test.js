// What a client makes of codes, sizes and snapshots that are wrong, by a clock of the test's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mirror } from "../src/mirror.js";
import { World } from "./world.mjs";

const WRONG = "0123456789abcdef";

/** What a right server says of `document`. */
function snapshot(document, version, more = {}) {
  const mirror = new Mirror();
  mirror.hold({ document: Object.assign(Object.create(null), document), version, epoch: "e" });
  return {
    type: "snapshot", view: 4, epoch: "e", version, document, hash: mirror.hash, ...more,
  };
}

function subscribed(watch, version, verdict = 2) {
  const cursor = ["e", version, "p"];
  return { type: "subscribed", id: watch.id, view: 4, verdict, kind: 0, cursor };
}

async function holding(document = { x: 1 }) {
  const world = new World();
  const client = world.client();
  const watch = client.watch("a");
  await world.accept();
  world.hear(subscribed(watch, 3));
  world.hear(snapshot(document, 3));
  assert.deepEqual({ ...watch.document }, document);
  return { world, client, watch };
}

test("S14: parts count from 0, of one version, and are held with the last", async () => {
  const { world, watch } = await holding();
  const whole = snapshot({ a: 1, b: 2, c: 3 }, 5);
  const parts = [{ a: 1 }, { b: 2 }, { c: 3 }].map((document, part) =>
    ({ ...whole, document, part, hash: part === 2 ? whole.hash : undefined }));
  // A part that follows nothing changes nothing.
  world.hear(parts[1]);
  world.hear({ type: "diff", view: 4, from: 3, to: 4, set: { x: 2 } });
  assert.deepEqual({ ...watch.document }, { x: 2 });
  world.hear(parts[0]);
  world.hear(parts[2]);
  world.hear({ ...parts[1], version: 6 });
  world.hear({ type: "diff", view: 4, from: 4, to: 6, set: { x: 3 } });
  assert.deepEqual([{ ...watch.document }, watch.cursor], [{ x: 2 }, null]);
  world.hear(parts[1]);
  world.hear(parts[2]);
  assert.deepEqual([{ ...watch.document }, watch.cursor],
    [{ a: 1, b: 2, c: 3 }, ["e", 5, "p"]]);
});

test("S14: parts of a connection that is gone are not gone on with", async () => {
  const { world, watch } = await holding();
  const whole = snapshot({ a: 1, b: 2 }, 5);
  world.hear({ ...whole, document: { a: 1 }, part: 0, hash: undefined });
  await world.fail();
  await world.advance(1000);
  await world.accept();
  assert.equal(world.said("subscribe")[0].cursor, undefined);
  world.hear(subscribed(watch, 5));
  world.hear({ ...whole, document: { b: 2 }, part: 1 });
  assert.deepEqual([{ ...watch.document }, watch.cursor], [{ x: 1 }, null]);
});

test("S14: a snapshot with a wrong hash is dropped, and never seen", async () => {
  const { world, watch } = await holding();
  const seen = [];
  watch.on("change", () => seen.push({ ...watch.document }));
  world.hear({ ...snapshot({ x: "wrong" }, 4), hash: WRONG });
  assert.deepEqual([{ ...watch.document }, seen], [{ x: 1 }, []]);
  assert.equal(world.said("subscribe").length, 2);
  assert.equal(world.said("subscribe")[1].cursor, undefined);
  world.hear(subscribed(watch, 4));
  world.hear(snapshot({ x: "right" }, 4));
  assert.deepEqual(seen, [{ x: "right" }]);
});

test("L13: the waits between repairs double up to 64 seconds, and no further", async () => {
  const { world, watch } = await holding();
  const waits = [];
  for (let i = 0; i < 9; i++) {
    const count = world.said("subscribe").length;
    world.hear({ ...snapshot({ x: "wrong" }, 4), hash: WRONG });
    const begun = world.time;
    while (world.said("subscribe").length === count) {
      world.hear({ type: "ping", nonce: i });
      await world.advance(500);
    }
    waits.push((world.time - begun) / 1000);
    world.hear(subscribed(watch, 4));
  }
  assert.deepEqual(waits.slice(1), [2, 4, 8, 16, 32, 64, 64, 64]);
  // A line that is cut while it waits brings the question by itself, once.
  world.hear({ ...snapshot({ x: "wrong" }, 4), hash: WRONG });
  await world.fail();
  await world.advance(1000);
  await world.accept();
  await world.advance(30_000);
  assert.equal(world.said("subscribe").length, 1);
});

test("S13: behind a close nothing is taken, and nothing is waited for", async () => {
  const { world, watch } = await holding();
  world.hear({ type: "close", code: 200, reason: "enough", after: 700 });
  assert.deepEqual([world.last.name, world.last.code, world.last.reason],
    ["waiting", 200, "enough"]);
  assert.equal(world.socket.readyState, 3);
  assert.equal(world.socket.onmessage, null);
  assert.equal(watch.status, "stale");
  assert.equal(await world.nextTry(), 700);
});

test("X1: a close of the four hundreds drops what is held, and comes back at once", async () => {
  const { world, watch } = await holding();
  await world.fail(3400);
  await world.advance(0);
  await world.accept();
  assert.equal(world.said("subscribe")[0].cursor, undefined);
  assert.deepEqual({ ...watch.document }, { x: 1 });
  // Not over and over (X6).
  await world.fail(3401);
  assert.equal(await world.nextTry(), 3000);
  assert.equal(world.sockets.length, 3);
  await world.fail(3401);
  assert.equal(await world.nextTry(), 500);
});

test("X1: a subscription that is put off is asked for again by the waits of S11", async () => {
  const { world, watch } = await holding();
  const waits = [];
  for (const code of [100, 200, 299, 199, 401]) {
    const count = world.said("subscribe").length;
    world.hear({ type: "unsubscribed", id: watch.id, code });
    assert.equal(watch.status, "current");
    const begun = world.time;
    while (world.said("subscribe").length === count) {
      world.hear({ type: "ping", nonce: code });
      await world.advance(world.timers.some(({ at }) => at <= world.time) ? 0 : 500);
    }
    waits.push(world.time - begun);
  }
  assert.deepEqual(waits, [0, 500, 3000, 6000, 12_000]);
  assert.equal(world.said("subscribe").at(-1).cursor, undefined);
  world.hear(subscribed(watch, 3));
  world.hear(snapshot({ x: 1 }, 3));
  world.hear({ type: "unsubscribed", id: watch.id, code: 401 });
  await world.advance(0);
  assert.equal(world.said("subscribe").at(-1).cursor, undefined);
  world.hear({ type: "unsubscribed", id: watch.id, code: 504 });
  assert.deepEqual([watch.status, watch.code], ["refused", 504]);
});

test("X3: a token that came late is shown again, one that was refused is not", async () => {
  const world = new World();
  world.client();
  await world.accept();
  await world.fail(3301);
  assert.equal(await world.nextTry(), 500);
  assert.equal(world.last.name, "connecting");

  const other = new World();
  let token = "old";
  other.client({ token: () => token });
  await other.accept();
  await other.fail(3302);
  await other.advance(10_000);
  assert.equal(other.sockets.length, 1);
  assert.deepEqual([other.last.name, other.last.code], ["waiting", 302]);
  token = "new";
  await other.nextTry();
  await other.accept();
  assert.equal(other.said("authenticate")[0].token, "new");
  assert.equal(other.last.name, "live");
});

test("N2: what is longer than the server takes is not said, and all else is", async () => {
  const world = new World();
  const client = world.client();
  await world.settle();
  world.socket.readyState = 1;
  world.socket.onopen({});
  world.hear({ type: "opened", version: 1, connection: "c", terms: { messageBytes: 1000 } });
  world.hear({ type: "authenticated", principal: "ann", tenant: "acme" });
  const large = client.publish("a", { set: { x: "µ".repeat(480) } });
  client.publish("a", { set: { x: "small" } });
  await assert.rejects(large, { name: "Refusal", code: 508 });
  assert.deepEqual(world.said("publish").map(({ set }) => set.x), ["small"]);
  const problems = [];
  client.on("problem", ({ code }) => problems.push(code));
  client.signal("a", "y".repeat(2000));
  await world.settle();
  assert.deepEqual([problems, world.said("signal")], [[508], []]);
});

test("X2: what ended the connection by its size is not said again", async () => {
  const world = new World();
  const client = world.client();
  await world.accept();
  const large = client.publish("a", { set: { x: "large" } });
  await world.settle();
  await world.fail(1009);
  await assert.rejects(large, { name: "Refusal", code: 508 });
  await world.nextTry();
  await world.accept();
  assert.deepEqual(world.said("publish"), []);
});

test("N1: terms that are no counts are not taken", async () => {
  const world = new World();
  const client = world.client();
  await world.settle();
  world.socket.readyState = 1;
  world.socket.onopen({});
  const terms = { inFlight: 2, heartbeatTime: 0, unconfirmedTime: "soon", dedupWindow: -1, x: 7 };
  world.hear({ type: "opened", version: 1, connection: "c", terms });
  assert.equal(client.terms.inFlight, 2);
  assert.equal(client.terms.heartbeatTime, 30_000);
  assert.equal(client.terms.unconfirmedTime, 10_000);
  assert.equal(client.terms.dedupWindow, 1_024);
});
