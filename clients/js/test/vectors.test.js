// Every vector of the specification.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ViewHash } from "../src/hash.js";
import { decodeJSON, encodeJSON } from "../src/json.js";
import { canonicalMask, intersection } from "../src/mask.js";
import { decodeMessage, encodeMessage } from "../src/messages.js";
import { decodeMessagePack, encodeMessagePack } from "../src/messagepack.js";
import { Mirror } from "../src/mirror.js";
import { equal, isMap } from "../src/values.js";

function vectors(name) {
  const text = readFileSync(new URL(`../../../spec/vectors/${name}.json`, import.meta.url), "utf8");
  // The files are plain JSON around values in Fieldcast's JSON: read as what they are.
  return { plain: JSON.parse(text), exact: decodeJSON(text) };
}

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (array) => Buffer.from(array).toString("hex");
const reason = (work) => {
  try {
    work();
  } catch (error) {
    return error.reason ?? error;
  }
  return "nothing";
};

test("values: canonical forms, other forms, and what must be refused", () => {
  const { plain } = vectors("values");
  let checked = 0;
  for (const vector of plain) {
    const { id, json, messagePack, jsonBytes, error } = vector;
    if (error !== undefined) {
      const input = json ?? (jsonBytes === undefined ? null : bytes(jsonBytes));
      const found = input === null ? reason(() => decodeMessagePack(bytes(messagePack)))
        : reason(() => decodeJSON(input));
      assert.equal(found, error, `${id} ${json ?? jsonBytes ?? messagePack}`);
    } else {
      const value = json === undefined ? decodeMessagePack(bytes(messagePack)) : decodeJSON(json);
      if (messagePack !== undefined) {
        assert.ok(equal(value, decodeMessagePack(bytes(messagePack))), id);
        assert.equal(hex(encodeMessagePack(value)), vector.canonicalMessagePack ?? messagePack, id);
      }
      if (json !== undefined) assert.equal(encodeJSON(value), vector.canonicalJSON ?? json, id);
    }
    checked++;
  }
  assert.equal(checked, plain.length);
});

test("messages: both layouts, what is read though not canonical, and what must be refused", () => {
  for (const vector of vectors("messages").plain) {
    const { id, json, messagePack, error, field } = vector;
    const forms = [];
    if (json !== undefined) forms.push(json);
    if (messagePack !== undefined) forms.push(bytes(messagePack));
    for (const form of forms) {
      if (error === "unknown") {
        const name = typeof form === "string" ? vector.jsonName : vector.messagePackName;
        assert.deepEqual(decodeMessage(form), { type: "unknown", name }, id);
      } else if (error === "field") {
        assert.throws(() => decodeMessage(form), { reason: "field", message: `field: ${field}` });
      } else if (error !== undefined) {
        // An alias is looked up in the mirror, where it was defined or not.
        const read = () => {
          const message = decodeMessage(form);
          const mirror = new Mirror();
          mirror.version = message.from;
          if (error === "unknownAlias") mirror.apply(message);
        };
        assert.equal(reason(read), error, id);
      } else if (vector.kind === "diff") {
        const diff = decodeMessage(form);
        assert.deepEqual([diff.type, diff.view, diff.from, diff.to],
          ["diff", ...Object.values(JSON.parse(json).data).slice(0, 3)], id);
      } else {
        const message = decodeMessage(form);
        assert.equal(message.type, vector.kind, id);
        assert.equal(encodeMessage(message, false), vector.canonicalJSON ?? json, id);
        assert.equal(hex(encodeMessage(message, true)),
          vector.canonicalMessagePack ?? messagePack, id);
      }
    }
  }
});

test("masks: canonical form, and what two hold", () => {
  let checked = 0;
  for (const { id, patterns, canonical, a, b, both } of vectors("diffs").plain) {
    if (patterns) assert.deepEqual(canonicalMask(patterns), canonical, id);
    if (both) assert.deepEqual(intersection(a, b), both, id);
    if (patterns || both) checked++;
  }
  assert.equal(checked, 21);
});

test("hashes: of one leaf, and of a view", () => {
  let checked = 0;
  for (const { id, path, value, document, hash } of vectors("diffs").exact) {
    if (path) {
      const one = new ViewHash();
      one.change(path, value, 1);
      assert.equal(String(one), hash, id);
      checked++;
    } else if (document) {
      const mirror = new Mirror();
      assert.equal(mirror.reset({ document, version: 1, epoch: "e", hash }), "whole");
      assert.equal(mirror.hash, hash, id);
      checked++;
    }
  }
  assert.equal(checked, 37);
});

test("diffs: verdict, version, document and hash, from JSON and from MessagePack", () => {
  let checked = 0;
  for (const vector of vectors("diffs").exact) {
    if (!vector.verdict) continue;
    for (const form of [vector.json, bytes(vector.messagePack)]) {
      for (const keepsHash of [false, true]) {
        const mirror = new Mirror();
        mirror.hold({
          document: decodeJSON(encodeJSON(vector.before)), version: vector.held, epoch: "e",
          names: vector.names,
        });
        if (keepsHash) assert.equal(mirror.hash.length, 16);
        assert.equal(mirror.apply(decodeMessage(form)), vector.verdict, vector.id);
        assert.equal(mirror.version, vector.version, vector.id);
        assert.ok(equal(mirror.document, vector.after), `${vector.id} ${vector.comment}`);
        assert.equal(mirror.hash, vector.hash, vector.id);
        checked++;
      }
    }
    assert.ok(isMap(vector.after));
  }
  assert.ok(checked >= 104);
});
