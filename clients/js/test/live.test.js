// The client against the node that was built: FIELDCAST_NODE=…/fieldcast-node node --test test/

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Time, connect } from "../fieldcast.js";
import { Desk, Line, mint, next, program, surroundings, until } from "./desk.mjs";

const skip = program ? false : "FIELDCAST_NODE does not name a node";

describe("against a node", { skip }, () => {
  let desk;
  const clients = [];
  const lines = [];

  before(async () => { desk = await Desk.start(); });
  after(async () => {
    for (const client of clients) client.close();
    for (const line of lines) line.close();
    await desk.kill();
  });

  const open = (options = {}) => {
    const { address = desk.address, ...rest } = options;
    const client = connect(address, { token: desk.token, environment: surroundings(), ...rest });
    clients.push(client);
    return client;
  };
  const tap = async () => {
    const line = await Line.to(desk);
    lines.push(line);
    return line;
  };
  const topic = () => `desk/trial-${randomBytes(4).toString("hex")}`;

  for (const encoding of ["json", "messagepack"]) {
    test(`${encoding}: a snapshot, diffs, and a hash that agrees`, async () => {
      const client = open({ encoding });
      const watch = client.watch("desk/metrics", { hash: true });
      const first = await next(watch, "change");
      assert.equal(first.kind, "snapshot");
      const document = plain(watch.document);
      const diff = await next(watch, "change", ({ kind }) => kind === "diff");
      for (const { path, value } of diff.changes) {
        const place = path.slice(0, -1).reduce((map, name) => map[name], document);
        place[path.at(-1)] = plain(value);
      }
      assert.deepEqual(plain(watch.document), document);
      assert.ok(diff.to > diff.from && watch.version === diff.to);
      watch.prove();
      const proof = await next(watch, "proof", ({ version }) => version > first.to);
      assert.ok(proof.agrees);
    });

    test(`${encoding}: a mask shows its fields alone`, async () => {
      const client = open({ encoding });
      const name = topic();
      await client.publish(name, { set: { a: { x: 1, y: 2 }, b: 3, c: 4 } });
      const watch = client.watch(name, { fields: [["a", "x"], ["b"]], hash: true });
      await next(watch, "change");
      assert.deepEqual(plain(watch.document), { a: { x: 1 }, b: 3 });
      await client.publish(name, { unset: [["a"]], set: { c: 5 }, increment: [[["b"], 2]] });
      await until(watch, "change", () => watch.version === 2);
      assert.deepEqual(plain(watch.document), { b: 5 });
    });

    test(`${encoding}: two who edit at once: the later is told`, async () => {
      const [one, other] = [open({ encoding }), open({ encoding })];
      const name = topic();
      const version = await one.publish(name, { set: { note: "first" } });
      await other.publish(name, { set: { note: "other" }, if: [[["note"], version]] });
      await assert.rejects(
        one.publish(name, { set: { note: "mine" }, if: [[["note"], version]] }),
        { name: "Refusal", code: 505, version: version + 1 });
    });

    test(`${encoding}: after a cut one diff goes on from what was held`, async () => {
      const line = await tap();
      const client = open({ encoding, address: line.address });
      const name = topic();
      const writer = open();
      await writer.publish(name, { set: { a: 1, b: 1 } });
      const watch = client.watch(name, { hash: true });
      await until(watch, "change", () => watch.version === 1);
      const stale = next(watch, "status", (status) => status === "stale");
      line.cut();
      await stale;
      for (let a = 2; a < 6; a++) await writer.publish(name, { set: { a } });
      const changes = [];
      watch.on("change", (change) => changes.push(change));
      await until(watch, "change", () => watch.version === 5);
      assert.deepEqual(plain(watch.document), { a: 5, b: 1 });
      assert.deepEqual(changes.map(({ kind, from }) => [kind, from]), [["diff", 1]]);
    });

    test(`${encoding}: a publish whose answer is lost is done once`, async () => {
      const line = await tap();
      const client = open({ encoding, address: line.address });
      const name = topic();
      await client.publish(name, { set: { n: 0 } });
      const watch = open().watch(name);
      await until(watch, "change", () => watch.document.n === 0);
      line.losesAnswers = true;
      const answer = client.publish(name, { increment: [[["n"], 1]] });
      await until(watch, "change", () => watch.document.n === 1);
      line.losesAnswers = false;
      line.cut();
      assert.equal(await answer, 2);
      assert.equal(await client.publish(name, { set: { last: true } }), 3);
      await until(watch, "change", () => watch.document.last);
      assert.equal(watch.document.n, 1);
    });

    test(`${encoding}: no key can poison`, async () => {
      const client = open({ encoding });
      const name = topic();
      const set = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}');
      await client.publish(name, { set });
      const watch = client.watch(name, { hash: true });
      const proof = await next(watch, "proof");
      assert.ok(proof.agrees);
      assert.deepEqual(Object.keys(watch.document).sort(), ["__proto__", "constructor"]);
      await client.publish(name, { unset: [["__proto__", "polluted"]], set: { x: 1 } });
      await until(watch, "change", () => watch.document.x === 1);
      assert.deepEqual(Object.keys(watch.document).sort(), ["constructor", "x"]);
      assert.equal({}.polluted, undefined);
    });
  }

  test("the roster tells who is there, and a signal reaches who listens", async () => {
    const [one, other] = [open(), open()];
    const name = topic();
    await one.publish(name, { set: { a: 1 } });
    const roster = one.roster(name);
    one.join(name, { typing: false });
    await until(roster, "change", () => roster.document.count === 1);
    const watch = other.watch(name);
    await until(watch, "status", () => watch.status === "current");
    other.join(name, { typing: true });
    await until(roster, "change", () => roster.document.count === 2);
    const states = Object.values(roster.document.users.visitor).map(plain);
    states.sort((a, b) => a.typing - b.typing);
    assert.deepEqual(states, [{ typing: false }, { typing: true }]);
    const heard = next(other, "signal");
    one.signal(name, { at: [1, 2] });
    assert.deepEqual(plain((await heard).data), { at: [1, 2] });
  });

  test("a topic that is absent is empty, and shows when it comes into being", async () => {
    const client = open();
    const name = topic();
    const watch = client.watch(name);
    await until(watch, "status", () => watch.status === "current");
    assert.deepEqual([plain(watch.document), watch.version], [{}, 0]);
    await client.publish(name, { set: { born: true } });
    await until(watch, "change", () => watch.document.born);
    assert.notEqual(watch.epoch, "");
  });

  test("what may not be seen is refused, and nothing is said about why", async () => {
    const client = open();
    const watch = client.watch("elsewhere/secret");
    await until(watch, "status", () => watch.status === "refused");
    assert.equal(watch.code, 504);
    await assert.rejects(client.publish("elsewhere/secret", { set: { a: 1 } }), { code: 504 });
  });

  test("where WebSockets are refused it polls, and goes live when they are not", async () => {
    const line = await tap();
    line.refusesUpgrades = true;
    const client = open({ address: line.address });
    const name = topic();
    const writer = open();
    await writer.publish(name, { set: { a: { x: 1 }, "b/c": 1, d: 0 } });
    const watch = client.watch(name, { fields: [["a"], ["b/c"]], hash: true });
    await next(client, "state", (state) => state.name === "polling");
    assert.deepEqual(plain(watch.document), { a: { x: 1 }, "b/c": 1 });
    // The request that is held is answered by what comes, with a diff.
    await writer.publish(name, { set: { a: { x: 2 }, d: 1 } });
    const change = await next(watch, "change");
    assert.deepEqual([change.kind, change.changes.length, change.to], ["diff", 1, 2]);
    assert.equal(await client.publish(name, { increment: [[["d"], 1]] }), 3);
    await assert.rejects(client.publish(name, { set: { d: 0 }, if: [[["d"], 1]] }), { code: 505 });
    const past = await client.history("desk/log", { limit: 2 });
    assert.equal(past.events.length, 2);
    assert.ok(past.events[0].time instanceof Time);
    const [second] = (await client.history("desk/log", { limit: 1, start: 2 })).events;
    assert.equal(second.sequence, 2);
    // Several may have come in the same millisecond, and the first of them is where it begins.
    const since = await client.history("desk/log", { limit: 1, start: past.events[0].time });
    assert.ok(since.events[0].sequence <= past.events[0].sequence);
    await assert.rejects(client.history("elsewhere/log"), { code: 504 });
    const roster = writer.roster(name);
    client.join(name, { from: "afar" });
    await until(roster, "change", () => roster.document.count === 1);
    const heard = next(writer, "signal");
    const listens = writer.watch(name);
    await until(listens, "status", () => listens.status === "current");
    client.signal(name, 1);
    assert.equal((await heard).data, 1);
    line.refusesUpgrades = false;
    const live = next(client, "state", (state) => state.name === "live");
    client.retry();
    await live;
    await writer.publish(name, { set: { a: { x: 3 } } });
    await until(watch, "change", () => watch.document.a.x === 3);
    // Its lease is given up for the connection's own presence.
    await until(roster, "change", () => roster.document.count === 2);
    await until(roster, "change", () => roster.document.count === 1);
  });

  test("what was said over a socket and not answered is not done again by a post", async () => {
    const line = await tap();
    const client = open({ address: line.address });
    const name = topic();
    await client.publish(name, { set: { n: 0 } });
    const watch = open().watch(name);
    await until(watch, "change", () => watch.document.n === 0);
    line.losesAnswers = true;
    const answer = client.publish(name, { increment: [[["n"], 1]] });
    await until(watch, "change", () => watch.document.n === 1);
    line.losesAnswers = false;
    line.refusesUpgrades = true;
    line.cut();
    assert.equal(await answer, 2);
    assert.equal(client.state.name, "polling");
    assert.equal(await client.publish(name, { set: { last: true } }), 3);
    await until(watch, "change", () => watch.document.last);
    assert.equal(watch.document.n, 1);
  });

  test("the log of the desk: its past, what comes now, and each once through a cut", async () => {
    const line = await tap();
    const client = open({ address: line.address });
    const done = [];
    let wake = () => {};
    // Credit for two at a time: what is done gives way to the next (L16).
    const options = { name: `reader-${topic()}`, start: "earliest", credit: 2 };
    const reader = client.events("desk/log", options,
      async (event) => {
        done.push(event.sequence);
        wake();
      });
    const many = (count) => new Promise((resolve) => {
      wake = () => { if (done.length >= count) resolve(); };
      wake();
    });
    await many(5);
    const gone = next(reader, "status", (status) => status === "stale");
    line.cut();
    await gone;
    await many(done.length + 4);
    assert.deepEqual(done, done.map((_, i) => done[0] + i));
    const page = await client.history("desk/log", { limit: 2 });
    assert.equal(page.events.length, 2);
    assert.ok(page.events[1].sequence > page.events[0].sequence);
  });

  test("an event that is refused comes again, and says how often it came", async () => {
    const client = open();
    const counts = [];
    await new Promise((resolve) => {
      const name = `reader-${topic()}`;
      client.events("desk/log", { name, start: "earliest" }, (event) => {
        if (counts.length && counts[0][0] !== event.sequence) return;
        counts.push([event.sequence, event.deliveries]);
        if (counts.length === 1) event.later(1);
        else resolve();
      });
    });
    assert.deepEqual(counts.map(([, deliveries]) => deliveries), [0, 1]);
  });
});

describe("against nodes that come and go", { skip }, () => {
  const room = mkdtempSync(join(tmpdir(), "fieldcast-js-"));
  const secret = join(room, "secret");
  const words = ["--demo", "--secret-file", secret];
  before(() => { writeFileSync(secret, randomBytes(24).toString("hex")); });
  after(() => { rmSync(room, { recursive: true }); });

  test("a node that is killed and comes back: the client waits, and begins anew", async () => {
    let desk = await Desk.start(words);
    const client = connect(desk.address, {
      token: () => mint(secret, 60), environment: surroundings(),
    });
    const watch = client.watch("desk/metrics", { hash: true });
    await until(watch, "change", () => watch.version > 1);
    const epoch = watch.epoch;
    const waits = next(client, "state", ({ name }) => name === "waiting");
    await desk.kill();
    assert.ok((await waits).until instanceof Date);
    assert.equal(watch.status, "stale");
    desk = await Desk.start(words, desk.port);
    client.retry();
    await until(watch, "change", () => watch.status === "current");
    assert.notEqual(watch.epoch, epoch);
    client.close();
    await desk.kill();
  });

  test("a token that ends is replaced before it does, and nothing is cut", async () => {
    const desk = await Desk.start(words);
    let asked = 0;
    const client = connect(desk.address, {
      token: () => mint(secret, ++asked === 1 ? 2 : 600), environment: surroundings(),
    });
    const states = [];
    client.on("state", ({ name }) => states.push(name));
    const watch = client.watch("desk/metrics");
    await next(watch, "change");
    const end = Date.now() + 3000;
    while (Date.now() < end) await next(watch, "change");
    assert.equal(asked, 2);
    assert.deepEqual(states, ["live"]);
    client.close();
    await desk.kill();
  });

  test("without the demonstration no page is served, unless it is asked for", async () => {
    for (const [more, status] of [[[], 404], [["--page"], 200]]) {
      const desk = await Desk.start(["--secret-file", secret, ...more]);
      const answer = await fetch(`${desk.address}/`);
      assert.equal(answer.status, status);
      await answer.arrayBuffer();
      await desk.kill();
    }
  });

  test("a token that ended and cannot be replaced is the end, with its reason", async () => {
    const desk = await Desk.start(words);
    const client = connect(desk.address, { token: "no.such.token", environment: surroundings() });
    const state = await next(client, "state", ({ name }) => name === "closed");
    assert.equal(state.code, 302);
    await desk.kill();
  });
});

/** A document without what makes it safe, to be compared with a literal. */
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}
