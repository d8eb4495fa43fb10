// The examples of the README, run one after another as they stand there.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Code, connect } from "../fieldcast.js";
import { Desk, program } from "./desk.mjs";
import { WebSocket } from "./websocket.mjs";

const AsyncFunction = (async () => {}).constructor;
const skip = program ? false : "FIELDCAST_NODE does not name a node";

test("the examples of the README do what it says", { skip }, async () => {
  const text = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```js\n([^]*?)```/g)].map((match) => match[1]);
  assert.equal(blocks.length, 5);
  const code = blocks.join("\n").replace(/^import .*$/m, "");
  const desk = await Desk.start();
  const said = [];
  let wake = () => {};
  const tell = (...words) => {
    said.push(words.join(" "));
    wake();
  };
  const kept = [];
  const keep = async (sequence) => {
    kept.push(sequence);
    wake();
  };
  let client;
  const names = {
    token: desk.token, Code, keep, console: { log: tell },
    connect: (address, options) => {
      assert.equal(new URL(address).hostname, "127.0.0.1");
      client = connect(desk.address, { ...options, WebSocket });
      return client;
    },
  };
  // The name under which events are read is kept by the node; this one is new.
  const fresh = code.replace('"archive"', `"archive-${randomBytes(4).toString("hex")}"`);
  await new AsyncFunction(...Object.keys(names), fresh)(...Object.values(names));
  const expected = [/^\d+ \d+$/, /^\w+\.status is /, /^\d+ true$/, /^somebody was first$/];
  await new Promise((resolve) => {
    wake = () => {
      const isWhole = expected.every((one) => said.some((line) => one.test(line)));
      if (isWhole && kept.length > 2) resolve();
    };
    wake();
  });
  assert.deepEqual(kept, kept.map((_, i) => kept[0] + i));
  client.close();
  await desk.kill();
});
