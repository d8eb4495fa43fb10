// JSON as spec/encodings.md has it: read strictly, with exact integers and without double keys,
// which JSON.parse does not give; tags for what JSON cannot say (E20 to E33).

import {
  Custom, DEPTH_LIMIT, Time, emptyMap, fail, integer, isMap, normalNumber, numeric,
  sortedEntries, wellFormed,
} from "./values.js";

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const TIME = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]{0,8}[1-9]))?$/;
const INTEGER = /^-?[1-9][0-9]*$/;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
/** The beginning of what a custom value has: a number, and then a text. */
const FLAT = /^\[\s*[-+0-9.eE]+\s*(?:,\s*"|\])/;
const TAGS = new Set(["$bytes", "$time", "$int", "$custom"]);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value that a text or bytes stand for. */
export function decodeJSON(input, depth = 0) {
  const reader = new Reader(typeof input === "string" ? input : fromUTF8(input));
  const value = reader.value(depth);
  reader.space();
  if (reader.at < reader.text.length) fail("trailingBytes");
  return value;
}

function fromUTF8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return fail("invalidUTF8");
  }
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  space() {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
      this.at++;
    }
  }

  value(depth) {
    const unit = this.space();
    if (Number.isNaN(unit)) fail("truncated");
    switch (unit) {
      case 0x22: return this.string();
      case 0x7b: return this.object(depth);
      case 0x5b: return this.array(depth);
      case 0x6e: return this.word("null", null);
      case 0x74: return this.word("true", true);
      case 0x66: return this.word("false", false);
    }
    return unit === 0x2d || (unit >= 0x30 && unit <= 0x39) ? this.number() : fail("unexpectedByte");
  }

  word(word, value) {
    for (let i = 0; i < word.length; i++) {
      if (this.at >= this.text.length) fail("truncated");
      if (this.text[this.at++] !== word[i]) fail("unexpectedByte");
    }
    return value;
  }

  number() {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    const end = match ? NUMBER.lastIndex : this.at + 1;
    // What goes on like a number is a malformed one, if it does not just end.
    if (!match || /[0-9.eE]/.test(this.text[end] ?? "")) {
      const rest = this.text.slice(this.at);
      fail(/^-?$|^-?(0|[1-9][0-9]*)(\.[0-9]+)?(\.|[eE][+-]?)$/.test(rest)
        ? "truncated" : "malformedNumber");
    }
    this.at = end;
    const digits = match[0];
    if (match[1] !== undefined || match[2] !== undefined) return normalNumber(Number(digits));
    if (digits.length < 16) return Number(digits) || 0;
    return digits.length > 20 ? fail("numberOutOfRange") : integer(BigInt(digits));
  }

  string() {
    let text = "";
    this.at++;
    for (;;) {
      PLAIN.lastIndex = this.at;
      text += PLAIN.exec(this.text)[0];
      this.at = PLAIN.lastIndex;
      const unit = this.text.charCodeAt(this.at);
      if (unit === 0x22) break;
      if (Number.isNaN(unit)) fail("truncated");
      if (unit !== 0x5c) fail("controlCharacter");
      text += this.escape();
    }
    this.at++;
    return wellFormed(text);
  }

  escape() {
    const letter = this.text[this.at + 1];
    if (letter === undefined) fail("truncated");
    if (letter !== "u") {
      this.at += 2;
      return Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : fail("unknownEscape");
    }
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (!/^[0-9a-fA-F]*$/.test(digits)) fail("unknownEscape");
    if (digits.length < 4) fail("truncated");
    this.at += 6;
    return String.fromCharCode(parseInt(digits, 16));
  }

  array(depth) {
    if (depth >= DEPTH_LIMIT) fail("tooDeep");
    const list = [];
    this.at++;
    if (this.space() === 0x5d) return this.at++, list;
    for (;;) {
      list.push(this.value(depth + 1));
      const unit = this.space();
      this.at++;
      if (unit === 0x5d) return list;
      if (Number.isNaN(unit)) fail("truncated");
      if (unit !== 0x2c) fail("unexpectedByte");
    }
  }

  object(depth) {
    const begin = this.at;
    const tag = this.tag(depth);
    if (tag !== undefined) return tag;
    if (depth >= DEPTH_LIMIT) fail("tooDeep");
    this.at = begin + 1;
    const map = emptyMap();
    if (this.space() === 0x7d) return this.at++, map;
    for (let count = 1; ; count++) {
      const key = this.key();
      if (key in map) fail("duplicateKey");
      map[key] = this.value(depth + 1);
      const unit = this.space();
      this.at++;
      if (unit === 0x7d) return count === 1 && key[0] === "$" ? unescaped(key, map) : map;
      if (Number.isNaN(unit)) fail("truncated");
      if (unit !== 0x2c) fail("unexpectedByte");
    }
  }

  key() {
    const unit = this.space();
    if (Number.isNaN(unit)) fail("truncated");
    if (unit !== 0x22) fail("keyNotText");
    const key = this.string();
    const colon = this.space();
    if (Number.isNaN(colon)) fail("truncated");
    if (colon !== 0x3a) fail("unexpectedByte");
    this.at++;
    return key;
  }

  /**
   * The value of a tag, if one begins here; a tag is no level, nor is the list in it (E6). What
   * lies deeper than a tag can is left to be read as a map, so nothing is read over and over.
   */
  tag(depth) {
    this.at++;
    if (this.space() !== 0x22 || this.text[this.at + 1] !== "$") return undefined;
    const key = this.key();
    if (!TAGS.has(key)) return undefined;
    const unit = this.space();
    const isList = unit === 0x5b && key === "$custom";
    if (unit !== 0x22 && !isList || isList && !FLAT.test(this.text.slice(this.at, this.at + 64))) {
      return undefined;
    }
    const content = isList ? this.array(Math.min(depth, DEPTH_LIMIT - 1)) : this.string();
    if (this.space() !== 0x7d) return undefined;
    this.at++;
    return untagged(key, content);
  }
}

function unescaped(key, map) {
  if (key[1] !== "$") fail("malformedTag", key);
  const own = emptyMap();
  own[key.slice(1)] = map[key];
  return own;
}

function untagged(key, content) {
  if (key === "$custom") {
    if (!Array.isArray(content) || content.length !== 2) fail("malformedTag", key);
    const [type, bytes] = content;
    if (!Number.isInteger(type) || type < -128 || type > 127 || type === -1
      || typeof bytes !== "string") fail("malformedTag", key);
    return new Custom(type, fromBase64(bytes));
  }
  if (typeof content !== "string") fail("malformedTag", key);
  if (key === "$bytes") return fromBase64(content);
  return key === "$int" ? bigInteger(content) : moment(content);
}

function bigInteger(text) {
  const value = INTEGER.test(text) && text.length <= 20 ? BigInt(text) : fail("malformedTag");
  try {
    // One that a number holds safely needed no tag.
    if (typeof integer(value) === "bigint") return value;
  } catch { /* out of range */ }
  return fail("malformedTag");
}

function moment(text) {
  const match = TIME.exec(text);
  if (!match || match[2].length > 19 || text === "-0") fail("malformedTag");
  const nanoseconds = Number((match[3] ?? "").padEnd(9, "0"));
  let seconds = BigInt(match[2]);
  if (match[1]) seconds = nanoseconds ? -seconds - 1n : -seconds;
  if (seconds < -(2n ** 63n) || seconds >= 2n ** 63n) fail("malformedTag");
  return new Time(integer(seconds), match[1] && nanoseconds ? 1e9 - nanoseconds : nanoseconds);
}

export function fromBase64(text) {
  let binary;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) fail("malformedTag", "base64");
  try {
    binary = atob(text);
  } catch {
    fail("malformedTag", "base64");
  }
  // Bits that stand for nothing must be zero: there is one form.
  if (btoa(binary) !== text) fail("malformedTag", "base64");
  return Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
}

function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The canonical JSON of a value (E21, E22). */
export function encodeJSON(value, depth = 0) {
  switch (typeof value) {
    case "string": return JSON.stringify(wellFormed(value));
    case "boolean": return String(value);
    case "number":
    case "bigint": return encodeNumber(numeric(value));
    case "object": break;
    default: fail("wrongKind", typeof value);
  }
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `{"$bytes":"${toBase64(value)}"}`;
  if (value instanceof Date) value = Time.from(value);
  if (value instanceof Time) return `{"$time":"${value}"}`;
  if (value instanceof Custom) return `{"$custom":[${value.type},"${toBase64(value.bytes)}"]}`;
  if (depth >= DEPTH_LIMIT) fail("tooDeep");
  if (Array.isArray(value)) {
    return "[" + value.map((element) => encodeJSON(element, depth + 1)).join() + "]";
  }
  if (!isMap(value)) fail("wrongKind");
  const entries = sortedEntries(value);
  const escape = entries.length === 1 && entries[0][0][0] === "$" ? "$" : "";
  return "{" + entries.map(([key, inner]) =>
    JSON.stringify(wellFormed(escape + key)) + ":" + encodeJSON(inner, depth + 1)).join() + "}";
}

function encodeNumber(value) {
  if (typeof value === "bigint") return `{"$int":"${value}"}`;
  // Beyond the integers a whole double has an exponent always; ECMAScript begins at 1e21.
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? value.toExponential() : String(value);
}

