// The hash of a view (D40 to D44): two lanes of 32 bits, each the sum over all leaves of
// MurmurHash3 of the leaf's bytes.

import { Custom, Time, isMap, sortedEntries } from "./values.js";

const encoder = new TextEncoder();

/** The bytes of a leaf, collected in a buffer that is used again. */
class Leaf {
  constructor() {
    this.bytes = new Uint8Array(256);
    this.view = new DataView(this.bytes.buffer);
    this.length = 0;
  }

  grow(count) {
    const begin = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const wider = new Uint8Array(this.length * 2);
      wider.set(this.bytes);
      this.bytes = wider;
      this.view = new DataView(wider.buffer);
    }
    return begin;
  }

  byte(byte) {
    const at = this.grow(1);
    this.bytes[at] = byte;
  }

  word(word) {
    const at = this.grow(4);
    this.view.setUint32(at, word);
  }

  counted(bytes) {
    this.word(bytes.length);
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  text(text) {
    this.counted(encoder.encode(text));
  }

  number(value) {
    const double = Number(value);
    if (typeof value === "bigint" && BigInt(double) !== value) {
      this.byte(0xcf);
      return this.text(String(value));
    }
    this.byte(0xcb);
    const at = this.grow(8);
    return this.view.setFloat64(at, double);
  }

  value(value) {
    if (value === null) return this.byte(0xc0);
    if (typeof value === "boolean") return this.byte(value ? 0xc3 : 0xc2);
    if (typeof value === "number" || typeof value === "bigint") return this.number(value);
    if (typeof value === "string") {
      this.byte(0xdb);
      return this.text(value);
    }
    if (value instanceof Uint8Array) {
      this.byte(0xc6);
      return this.counted(value);
    }
    if (value instanceof Time) {
      this.byte(0xd7);
      const at = this.grow(12);
      this.view.setBigInt64(at, BigInt(value.seconds));
      return this.view.setUint32(at + 8, value.nanoseconds);
    }
    if (value instanceof Custom) {
      this.byte(0xc9);
      this.byte(value.type & 0xff);
      return this.counted(value.bytes);
    }
    if (Array.isArray(value)) {
      this.byte(0xdd);
      this.word(value.length);
      return value.forEach((element) => this.value(element));
    }
    this.byte(0xdf);
    const entries = sortedEntries(value);
    this.word(entries.length);
    return entries.forEach(([key, inner]) => {
      this.text(key);
      this.value(inner);
    });
  }

  lane(seed) {
    const { bytes, view, length } = this;
    let h = seed;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      h = Math.imul(rotate(h ^ mix(view.getUint32(i, true)), 13), 5) + 0xe6546b64 | 0;
    }
    if (i < length) {
      let rest = 0;
      for (let j = length - 1; j >= i; j--) rest = rest << 8 | bytes[j];
      h ^= mix(rest);
    }
    h ^= length;
    h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
    h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
    return h ^ h >>> 16;
  }
}

function rotate(word, by) {
  return word << by | word >>> (32 - by);
}

function mix(k) {
  return Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
}

const leaf = new Leaf();

/** The two lanes of a view, to which leaves are added and from which they are taken. */
export class ViewHash {
  first = 0;
  second = 0;

  /** Adds the leaf at `path` for `sign` 1, takes it away for -1. */
  change(path, value, sign) {
    leaf.length = 0;
    for (const name of path) leaf.text(name);
    leaf.value(value);
    this.first = this.first + sign * leaf.lane(0x9747b28c | 0) | 0;
    this.second = this.second + sign * leaf.lane(0x2545f491) | 0;
  }

  /** The same for `value` and, if it is a map with entries, all leaves beneath. */
  changeAll(path, value, sign) {
    if (!isMap(value)) return this.change(path, value, sign);
    let isLeaf = true;
    for (const name in value) {
      isLeaf = false;
      path.push(name);
      this.changeAll(path, value[name], sign);
      path.pop();
    }
    // The root is no leaf, even when it is empty.
    if (isLeaf && path.length) this.change(path, value, sign);
    return undefined;
  }

  toString() {
    return [this.first, this.second]
      .map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
