// Bytes and texts of a stranger's: what is wrong is refused by a DecodeError, and by nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as entry from "../fieldcast.js";
import { decodeJSON } from "../src/json.js";
import { decodeMessage, decodeMessages } from "../src/messages.js";
import { decodeMessagePack, encodeMessagePack } from "../src/messagepack.js";
import { Mirror } from "../src/mirror.js";
import { equal } from "../src/values.js";

/** Chance that repeats itself (mulberry32). */
function chance(seed) {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % below;
  };
}

const samples = ["messages", "values", "diffs"].flatMap((name) => JSON.parse(readFileSync(
  new URL(`../../../spec/vectors/${name}.json`, import.meta.url), "utf8")));
const packed = samples.filter((one) => one.messagePack)
  .map((one) => Buffer.from(one.messagePack, "hex"));
const texts = samples.filter((one) => one.json !== undefined).map((one) => one.json);

function refusesOrReads(work, input) {
  try {
    return work();
  } catch (error) {
    assert.equal(error.name, "DecodeError", `${input}: ${error.stack}`);
    return undefined;
  }
}

function damaged(bytes, random) {
  const copy = Uint8Array.from(bytes);
  for (let i = random(3) + 1; i > 0 && copy.length; i--) copy[random(copy.length)] = random(256);
  return random(3) ? copy : copy.subarray(0, random(copy.length + 1));
}

test("damaged MessagePack is read or refused, and what is read means the same again", () => {
  const random = chance(1);
  for (let i = 0; i < 20_000; i++) {
    const bytes = damaged(packed[random(packed.length)], random);
    const hex = Buffer.from(bytes).toString("hex");
    const value = refusesOrReads(() => decodeMessagePack(bytes), hex);
    if (value !== undefined) {
      assert.ok(equal(decodeMessagePack(encodeMessagePack(value)), value));
    }
    const message = refusesOrReads(() => decodeMessage(bytes), hex);
    if (message?.type === "diff") {
      const mirror = new Mirror();
      mirror.version = message.from;
      refusesOrReads(() => mirror.apply(message), "diff");
    }
  }
});

test("damaged JSON is read or refused", () => {
  const random = chance(2);
  for (let i = 0; i < 20_000; i++) {
    const bytes = damaged(Buffer.from(texts[random(texts.length)]), random);
    const text = Buffer.from(bytes).toString();
    refusesOrReads(() => decodeJSON(bytes), text);
    refusesOrReads(() => decodeMessage(text), text);
    refusesOrReads(() => decodeMessages(`[${text}]`), text);
  }
});

test("what cannot be understood changes nothing", () => {
  const mirror = new Mirror();
  mirror.hold({ document: decodeJSON('{"a":{"x":1}}'), version: 1, epoch: "e" });
  const before = mirror.hash;
  const diff = decodeMessage(Uint8Array.of(0x96, 11, 0, 2, 1, 0x92, 0xa1, 0x61, 7, 0x91, 5));
  assert.throws(() => mirror.apply(diff), { reason: "unknownAlias" });
  assert.deepEqual([mirror.version, mirror.hash, mirror.document.a.x], [1, before, 1]);
});

test("nothing is reserved for what is only promised, and depth has its limit", () => {
  for (const head of ["ddffffffff", "dfffffffff", "c6ffffffff", "dbffffffff"]) {
    assert.throws(() => decodeMessagePack(Buffer.from(head, "hex")), { reason: "truncated" });
  }
  assert.throws(() => decodeMessagePack(new Uint8Array(100_000).fill(0x91)), { reason: "tooDeep" });
  assert.throws(() => decodeJSON("[".repeat(100_000)), { reason: "tooDeep" });
  for (const open of ['{"$bytes":', '{"$custom":[5,', '{"$custom":[', '{"$$x":', '{"$int":[']) {
    assert.throws(() => decodeJSON(open.repeat(100_000)), { name: "DecodeError" });
  }
});

test("the type declarations name what the modules have, and nothing else", () => {
  const text = readFileSync(new URL("../fieldcast.d.ts", import.meta.url), "utf8");
  const values = [...text.matchAll(/^export declare (?:class|const|function) (\w+)/gm)]
    .map((match) => match[1]);
  // Given out by the client, not made by hand.
  assert.deepEqual(values.filter((name) => !["Watch", "Events"].includes(name)).sort(),
    Object.keys(entry).sort());
  for (const name of ["Client", "Time"]) {
    const body = new RegExp(`class ${name} \\{([^]*?)\\n\\}`).exec(text)[1];
    const declared = [...body.matchAll(/^  (?!static|readonly)(\w+)\(/gm)].map((match) => match[1]);
    const own = Object.getOwnPropertyNames(entry[name].prototype)
      .filter((one) => typeof Object.getOwnPropertyDescriptor(
        entry[name].prototype, one).value === "function");
    const inner = ["resubscribe", "forget", "now", "later", "stop", "say"];
    // `on` comes from what a client is built on.
    assert.deepEqual([...new Set(declared)].filter((one) => one !== "on").sort(),
      own.filter((one) => !inner.includes(one)).sort(), name);
  }
});
