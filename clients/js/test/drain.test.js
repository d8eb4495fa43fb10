// Five hundred clients and a node that is ended by its operator and started again: whatever was
// acknowledged is read, by every name, once.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "../fieldcast.js";
import { Emitter } from "../src/emitter.js";
import { Desk, mint, next, program, surroundings, until } from "./desk.mjs";

const skip = program ? false : "FIELDCAST_NODE does not name a node";
const CLIENTS = 500;
const PUBLISHERS = 40;
const READERS = 20;

const room = mkdtempSync(join(tmpdir(), "fieldcast-drain-"));
const secret = join(room, "secret");
const words = ["--config", join(room, "node.toml")];
const clients = [];
let desk;

before(() => {
  writeFileSync(secret, randomBytes(24).toString("hex"));
  writeFileSync(join(room, "node.toml"), `
[access]
keys = ["${secret}"]
[node]
drain_time = "3s"
[[topics]]
pattern = "desk/jobs"
kind = "event"
durable = true
events = 100000
[[topics]]
pattern = "desk/**"
durable = true
[store]
file = "${join(room, "store")}"
`);
});
after(async () => {
  for (const client of clients) client.close();
  await desk?.kill();
  rmSync(room, { recursive: true });
});

test("a drain under 500 clients loses no acknowledged event", { skip }, async () => {
  desk = await Desk.start(words);
  const { port } = desk;
  const token = mint(secret, 600);
  for (let i = 0; i < CLIENTS; i++) {
    const encoding = i % 2 ? "json" : "messagepack";
    clients.push(connect(desk.address, {
      token, encoding, polling: false, environment: surroundings({ random: Math.random }),
    }));
  }

  // Some write to a log that is kept, one event after another, some read it under a name, and all
  // others watch a document.
  const acknowledged = new Map();
  const progress = new Emitter();
  const moved = (holds) => until(progress, "moved", holds);
  let isEnough = false;
  let goal = 0;
  const publish = async (client, publisher) => {
    for (let n = 0; !isEnough; n++) {
      const version = await client.publish("desk/jobs", { event: { publisher, n } });
      acknowledged.set(`${publisher} ${n}`, version);
      progress.emit("moved");
      if (publisher !== 0) continue;
      await client.publish("desk/board", { set: { n } });
      goal = n;
    }
  };
  const read = Array.from({ length: READERS }, () => new Map());
  const readers = read.map((events, i) =>
    clients[PUBLISHERS + i].events("desk/jobs", { name: `reader ${i}`, start: "earliest" },
      ({ sequence, data }) => {
        const name = `${data.publisher} ${data.n}`;
        assert.ok(!events.has(name), `${name} came twice to one who had done it`);
        events.set(name, sequence);
        progress.emit("moved");
      }));
  const watches = clients.slice(PUBLISHERS + READERS).map((client) => client.watch("desk/board"));
  await Promise.all(clients.map((client) => until(client, "state",
    () => client.state.name === "live")));
  const writing = clients.slice(0, PUBLISHERS).map(publish);
  await moved(() => read.every(({ size }) => size > 100));

  // All are told, each leaves when it has its answer, and the node ends well.
  const drains = clients.map((client) => next(client, "drain"));
  const ended = new Promise((resolve) => {
    desk.process.removeAllListeners("exit");
    desk.process.once("exit", (code, signal) => resolve([code, signal]));
  });
  desk.process.kill("SIGTERM");
  const told = await Promise.all(drains);
  assert.ok(told.every(({ window }) => window === 3000));
  assert.deepEqual(await ended, [0, null]);
  const before = acknowledged.size;

  desk = await Desk.start(words, port);
  await Promise.all(clients.map((client) => until(client, "state",
    () => client.state.name === "live")));
  await moved(() => acknowledged.size >= before + 200);
  isEnough = true;
  await Promise.all(writing);
  await moved(() => read.every(({ size }) => size >= acknowledged.size));
  for (const events of read) {
    assert.deepEqual([...events].sort(), [...acknowledged].sort());
  }
  assert.ok(readers.every(({ status }) => status === "current"));
  for (const watch of watches) await until(watch, "change", () => watch.document.n === goal);
});
