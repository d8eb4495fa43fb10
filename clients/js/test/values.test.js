// Maps that no key can poison, and what may be given as a value.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJSON, encodeJSON } from "../src/json.js";
import { decodeMessagePack, encodeMessagePack } from "../src/messagepack.js";
import { decodeMessage, encodeMessage } from "../src/messages.js";
import { Mirror } from "../src/mirror.js";
import { Time, compareText, equal, utf8Length } from "../src/values.js";

const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},'
  + '"hasOwnProperty":3,"toString":4}';

function isClean() {
  return {}.polluted === undefined && Object.prototype.polluted === undefined
    && Function.prototype.polluted === undefined;
}

test("no key of a map means anything to JavaScript, in either encoding", () => {
  const packed = encodeMessagePack(decodeJSON(poison));
  for (const value of [decodeJSON(poison), decodeMessagePack(packed)]) {
    assert.ok(isClean());
    assert.equal(Object.getPrototypeOf(value), null);
    assert.deepEqual(Object.keys(value).sort(),
      ["__proto__", "constructor", "hasOwnProperty", "toString"]);
    assert.equal(value.__proto__.polluted, 1);
    assert.equal(encodeJSON(value), encodeJSON(decodeJSON(poison)));
  }
});

test("nor of a document, as a snapshot, as a diff, or as a path", () => {
  const mirror = new Mirror();
  mirror.hold({ document: decodeJSON(poison), version: 1, epoch: "e" });
  const diff = (data) => mirror.apply(
    decodeMessage(JSON.stringify({ type: "diff", data: { view: 1, ...data } })));
  assert.equal(diff({ from: 1, to: 2, unset: [["__proto__"], ["constructor", "prototype"]] }),
    "applied");
  assert.deepEqual(Object.keys(mirror.document), ["hasOwnProperty", "toString"]);
  const set = '{"type":"diff","data":{"view":1,"from":2,"to":3,"set":'
    + '{"a":{"__proto__":{"polluted":1}},"__proto__":{"x":{"polluted":2}}}}}';
  assert.equal(mirror.apply(decodeMessage(set)), "applied");
  assert.equal(mirror.document.a.__proto__.polluted, 1);
  assert.equal(mirror.document.__proto__.x.polluted, 2);
  const pairs = { type: "diff", from: 3, to: 4, unset: [], pairs: [[["__proto__", "y"], 1]] };
  assert.equal(mirror.apply(pairs), "applied");
  assert.ok(isClean());
  const fresh = new Mirror();
  fresh.hold({ document: mirror.document, version: 4, epoch: "e" });
  assert.equal(mirror.hash, fresh.hash);
});

test("maps may be given as objects or as Map, times as Date; what is undefined is left out", () => {
  const given = { b: new Map([["x", new Date(1500)]]), a: undefined, c: [1n, 2] };
  assert.equal(encodeJSON(given), '{"b":{"x":{"$time":"1.5"}},"c":[1,2]}');
  assert.ok(equal(decodeMessagePack(encodeMessagePack(given)), decodeJSON(encodeJSON(given))));
  assert.equal(new Time(-1, 5e8).toString(), "-0.5");
  assert.equal(Time.from(new Date(-500)).toDate().getTime(), -500);
});

test("what is no value is refused before anything is sent", () => {
  for (const wrong of [NaN, Infinity, () => 1, Symbol("x"), 2n ** 64n, "\ud800", { "\udfff": 1 }]) {
    const message = { type: "publish", id: 1, topic: "t", set: { wrong } };
    for (const isBinary of [false, true]) {
      assert.throws(() => encodeMessage(message, isBinary), { name: "DecodeError" });
    }
  }
});

test("keys stand in the order of their bytes, texts are counted in bytes", () => {
  const keys = ["\u{10000}", "\uffff", "é", "z", "zz", ""];
  const sorted = [...keys].sort(compareText);
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(sorted, byBytes);
  for (const text of keys) assert.equal(utf8Length(text), Buffer.byteLength(text));
});
