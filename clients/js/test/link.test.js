// The connection's rules, with a clock and a socket of the test's own: nothing here waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage } from "../src/messages.js";
import { Mirror } from "../src/mirror.js";
import { World } from "./world.mjs";

test("S11: a part of a second, then 3, 6, 12, 24, 48, a quarter more or less", async () => {
  for (const [random, factor] of [[0, 0.75], [0.5, 1], [0.999, 1.2495]]) {
    const world = new World(() => random);
    world.client();
    const waits = [];
    for (let i = 0; i < 8; i++) {
      await world.fail();
      waits.push(await world.nextTry());
    }
    const expected = [random * 1000, ...[3, 6, 12, 24, 48, 48, 48].map((s) => s * 1000 * factor)];
    waits.forEach((wait, i) => assert.ok(Math.abs(wait - expected[i]) <= 1, `${waits}`));
  }
});

test("S11: a page that can be seen again, or is online again, tries at once", async () => {
  const world = new World();
  world.client();
  for (let i = 0; i < 4; i++) {
    await world.fail();
    if (i < 3) await world.nextTry();
  }
  assert.equal(world.last.name, "waiting");
  const count = world.sockets.length;
  world.returned[0]();
  await world.settle();
  assert.equal(world.sockets.length, count + 1);
  assert.equal(world.last.name, "connecting");
});

test("S7: everything is said in one flight, before anything is heard", async () => {
  const world = new World();
  const client = world.client();
  client.watch("a", { fields: [["x"]] });
  client.join("a", { typing: true });
  client.will("a", { unset: [["x"]] });
  const published = client.publish("a", { set: { x: 1 } });
  await world.settle();
  world.socket.readyState = 1;
  world.socket.onopen({});
  assert.deepEqual(world.socket.said.map((message) => message.type),
    ["open", "authenticate", "subscribe", "will", "presence", "publish"]);
  world.hear({ type: "opened", version: 1, connection: "c", terms: {} });
  world.hear({ type: "authenticated", principal: "ann", tenant: "acme" });
  world.hear({ type: "ack", id: world.said("publish")[0].id, version: 9 });
  assert.equal(await published, 9);
});

test("S7: a socket that is open already, as a page began it, is spoken on at once", async () => {
  const world = new World();
  const { WebSocket } = world.environment;
  world.environment.WebSocket = class extends WebSocket { readyState = 1; };
  const client = world.client();
  client.watch("a");
  await world.settle();
  assert.deepEqual(world.socket.said.map((message) => message.type),
    ["open", "authenticate", "subscribe"]);
  world.hear({ type: "opened", version: 1, connection: "c", terms: {} });
  world.hear({ type: "authenticated", principal: "ann", tenant: "acme" });
  assert.equal(world.last.name, "live");
});

test("L3: what was not answered is said again under its id, and what was is not", async () => {
  const world = new World();
  const client = world.client();
  await world.accept();
  client.publish("a", { set: { x: 1 } });
  const second = client.publish("a", { set: { x: 2 } });
  await world.settle();
  const [first, other] = world.said("publish");
  world.hear({ type: "ack", id: first.id, version: 1 });
  await world.fail();
  await world.advance(1000);
  await world.accept();
  assert.deepEqual(world.said("publish"), [other]);
  assert.equal(world.said("open")[0].instance, "0123456789abcdef");
  world.hear({ type: "ack", id: other.id, version: 2 });
  assert.equal(await second, 2);
});

test("L2: a nack of the two hundreds is tried again after its time, another rejects", async () => {
  const world = new World();
  const client = world.client();
  await world.accept();
  const patient = client.publish("a", { set: { x: 1 } });
  const hopeless = client.publish("a", { set: { x: 2 }, if: [[["x"], 3]] });
  await world.settle();
  const [first, second] = world.said("publish");
  world.hear({ type: "nack", id: first.id, code: 200, after: 700 });
  world.hear({ type: "nack", id: second.id, code: 505, version: 8 });
  await assert.rejects(hopeless, { name: "Refusal", code: 505, version: 8 });
  await world.advance(699);
  assert.equal(world.said("publish").length, 2);
  await world.advance(1);
  assert.deepEqual(world.said("publish")[2], first);
  world.hear({ type: "ack", id: first.id, version: 9 });
  assert.equal(await patient, 9);
});

test("L5: no more is unanswered than the server takes", async () => {
  const world = new World();
  const client = world.client();
  await world.settle();
  world.socket.readyState = 1;
  world.socket.onopen({});
  world.hear({ type: "opened", version: 1, connection: "c", terms: { inFlight: 2 } });
  world.hear({ type: "authenticated", principal: "ann", tenant: "acme" });
  for (let x = 0; x < 5; x++) client.publish("a", { set: { x } });
  await world.settle();
  assert.equal(world.said("publish").length, 2);
  world.hear({ type: "ack", id: world.said("publish")[0].id, version: 1 });
  assert.equal(world.said("publish").length, 3);
});

test("L9: a quarter of the bytes, a third of the time, and every pong confirm", async () => {
  const world = new World();
  world.client();
  await world.accept();
  assert.equal(world.said("seen").length, 0);
  await world.advance(3333);
  assert.equal(world.said("seen").length, 0);
  await world.advance(1);
  assert.equal(world.said("seen").length, 1);
  const before = world.said("seen")[0].position;
  const text = "é".repeat(8000);
  world.hear({ type: "error", code: 299, reason: text });
  assert.equal(world.said("seen").length, 1);
  world.hear({ type: "error", code: 299, reason: text });
  const frame = Buffer.byteLength(encodeMessage({ type: "error", code: 299, reason: text }));
  assert.equal(world.said("seen")[1].position, before + 2 * frame);
  world.hear({ type: "ping", nonce: 7 });
  const [pong] = world.said("pong");
  assert.deepEqual([pong.nonce, pong.position > before + 2 * frame], [7, true]);
});

test("S5: silence is asked about after a heartbeat, and the end after three", async () => {
  const world = new World();
  world.client();
  await world.accept();
  // What is heard is confirmed within a few seconds, and that is something said.
  await world.advance(3334 + 29_999);
  assert.equal(world.said("ping").length, 0);
  await world.advance(1);
  assert.equal(world.said("ping").length, 1);
  world.hear({ type: "pong", nonce: 1 });
  await world.advance(89_999);
  assert.equal(world.last.name, "live");
  await world.advance(1);
  assert.equal(world.last.name, "waiting");
  assert.equal(world.last.code, 205);
});

test("S4: an ended token is asked for again; one that cannot be is the end", async () => {
  const world = new World();
  let tokens = 0;
  world.client({ token: async () => `token ${++tokens}` });
  await world.accept();
  await world.fail(3303);
  await world.advance(0);
  await world.accept();
  assert.equal(world.said("authenticate")[0].token, "token 2");
  assert.equal(world.last.name, "live");

  const other = new World();
  other.client();
  await other.accept();
  await other.fail(3303);
  assert.deepEqual([other.last.name, other.last.code], ["closed", 303]);
});

test("S3: a token is refreshed before it ends", async () => {
  const world = new World();
  let tokens = 0;
  world.client({ token: () => `token ${++tokens}` });
  await world.accept({ expires: 100_000 });
  for (let i = 0; i < 4; i++) {
    await world.advance(20_000 - (i === 3 ? 1 : 0));
    world.hear({ type: "ping", nonce: i });
  }
  assert.equal(world.said("refresh").length, 0);
  await world.advance(1);
  assert.deepEqual(world.said("refresh").map((message) => message.token), ["token 2"]);
});

test("S15: a drain spreads the return; codes of five hundred are the end", async () => {
  const world = new World();
  const client = world.client();
  await world.accept();
  const published = client.publish("a", { set: { x: 1 } });
  await world.settle();
  const count = world.sockets.length;
  // What is under way is finished first.
  world.hear({ type: "drain", after: 0, window: 30_000 });
  assert.equal(world.last.name, "live");
  world.hear({ type: "ack", id: 1, version: 4 });
  assert.equal(await published, 4);
  assert.deepEqual([world.last.name, world.last.code], ["waiting", 204]);
  await world.advance(14_999);
  assert.equal(world.sockets.length, count);
  await world.advance(1);
  assert.equal(world.sockets.length, count + 1);
  await world.accept();
  await world.fail(3513);
  assert.deepEqual([world.last.name, world.last.code], ["closed", 513]);
  await world.advance(100_000);
  assert.equal(world.sockets.length, count + 1);
});

test("D15, S8: a gap resumes with the cursor, a void view waits for its snapshot", async () => {
  const world = new World();
  const client = world.client();
  const watch = client.watch("a");
  await world.accept();
  const subscribed = (verdict, version) => world.hear({
    type: "subscribed", id: watch.id, view: 4, verdict, kind: 0, cursor: ["e", version, "p"],
  });
  const diff = (from, to, x) => world.socket.onmessage({
    data: JSON.stringify({ type: "diff", data: { view: 4, from, to, set: { x } } }),
  });
  subscribed(2, 3);
  // Nothing applies to what is void.
  diff(0, 9, "wrong");
  const right = new Mirror();
  right.hold({ document: { __proto__: null, x: 0 }, version: 3, epoch: "e" });
  world.hear({
    type: "snapshot", view: 4, epoch: "e", version: 3, document: { x: 0 }, hash: right.hash,
  });
  assert.deepEqual([watch.version, watch.document.x], [3, 0]);
  diff(3, 4, 1);
  diff(2, 4, "again");
  diff(4, 5, 2);
  assert.deepEqual([watch.version, watch.document.x], [5, 2]);
  diff(7, 8, "beyond a gap");
  assert.deepEqual([watch.version, watch.document.x], [5, 2]);
  assert.deepEqual(world.said("subscribe").at(-1).cursor, ["e", 5, "p"]);
  assert.equal(world.said("subscribe").at(-1).id, watch.id);
});

test("S14: a server whose snapshots are wrong is not asked over and over", async () => {
  const world = new World();
  const watch = world.client().watch("a");
  await world.accept();
  const answer = () => {
    world.hear({
      type: "subscribed", id: watch.id, view: 4, verdict: 2, kind: 0, cursor: ["e", 3, "p"],
    });
    world.hear({
      type: "snapshot", view: 4, epoch: "e", version: 3, document: { x: 1 },
      hash: "0123456789abcdef",
    });
  };
  const asked = [];
  for (const wait of [0, 2000, 4000, 8000]) {
    const count = world.said("subscribe").length;
    answer();
    await world.advance(wait ? wait - 1 : 0);
    if (wait) assert.equal(world.said("subscribe").length, count);
    await world.advance(wait ? 1 : 0);
    asked.push(world.said("subscribe").length - count);
    world.hear({ type: "ping", nonce: wait });
  }
  assert.deepEqual(asked, [1, 1, 1, 1]);
  assert.equal(world.said("subscribe").at(-1).cursor, undefined);
});

test("D43: a mirror that differs says so, and waits longer to say it again", async () => {
  const world = new World();
  const client = world.client();
  const watch = client.watch("a");
  const proofs = [];
  watch.on("proof", (proof) => proofs.push(proof.agrees));
  await world.accept();
  world.hear({
    type: "subscribed", id: watch.id, view: 4, verdict: 0, kind: 0, cursor: ["e", 3, "p"],
  });
  const wrong = { type: "hash", view: 4, version: 3, hash: "0123456789abcdef" };
  world.hear(wrong);
  world.hear(wrong);
  assert.equal(world.said("hash").length, 1);
  assert.deepEqual(world.said("hash")[0].hash, "0000000000000000");
  await world.advance(2000);
  world.hear(wrong);
  await world.advance(2000);
  world.hear(wrong);
  assert.equal(world.said("hash").length, 2);
  // Of another version it says nothing about this one.
  world.hear({ ...wrong, version: 2 });
  assert.deepEqual(proofs, [false, false, false, false]);
});
