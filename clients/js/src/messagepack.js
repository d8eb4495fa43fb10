// MessagePack as spec/encodings.md has it: E10 to E15.

import {
  Custom, DEPTH_LIMIT, MOST_POSITIVE, Time, emptyMap, fail, integer, isMap, normalNumber, numeric,
  sortedEntries, wellFormed,
} from "./values.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The value that bytes stand for. */
export function decodeMessagePack(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at < bytes.length) fail("trailingBytes");
  return value;
}

/** Reads values one after another; `messages.js` walks a message's fields with it. */
export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get left() {
    return this.bytes.length - this.at;
  }

  /** Moves over `count` bytes and gives where they begin. */
  take(count) {
    if (count > this.left) fail("truncated");
    const begin = this.at;
    this.at += count;
    return begin;
  }

  unsigned(size) {
    const at = this.take(size);
    if (size === 1) return this.bytes[at];
    return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  value(depth) {
    const head = this.unsigned(1);
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0xa0 && head < 0xc0) return this.text(head & 31);
    if (head < 0x90) return this.map(head & 15, depth);
    if (head < 0xa0) return this.list(head & 15, depth);
    switch (head) {
      case 0xc0: return null;
      case 0xc1: return fail("unexpectedByte");
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.blob(this.unsigned(1 << (head - 0xc4)));
      case 0xc7: case 0xc8: case 0xc9: return this.extension(this.unsigned(1 << (head - 0xc7)));
      case 0xca: return normalNumber(this.view.getFloat32(this.take(4)));
      case 0xcb: return normalNumber(this.view.getFloat64(this.take(8)));
      case 0xcc: case 0xcd: case 0xce: return this.unsigned(1 << (head - 0xcc));
      case 0xcf: return integer(this.view.getBigUint64(this.take(8)));
      case 0xd0: return this.view.getInt8(this.take(1));
      case 0xd1: return this.view.getInt16(this.take(2));
      case 0xd2: return this.view.getInt32(this.take(4));
      case 0xd3: return integer(this.view.getBigInt64(this.take(8)));
      case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
        return this.extension(1 << (head - 0xd4));
      case 0xd9: case 0xda: case 0xdb: return this.text(this.unsigned(1 << (head - 0xd9)));
      case 0xdc: case 0xdd: return this.list(this.unsigned(2 << (head - 0xdc)), depth);
      default: return this.map(this.unsigned(2 << (head - 0xde)), depth);
    }
  }

  text(length) {
    const begin = this.take(length);
    // Keys and names are short and ASCII most often; a decoder's call costs more than they do.
    if (length < 24) {
      let text = "";
      let i = begin;
      while (i < this.at && this.bytes[i] < 0x80) text += String.fromCharCode(this.bytes[i++]);
      if (i === this.at) return text;
    }
    try {
      return decoder.decode(this.bytes.subarray(begin, this.at));
    } catch {
      return fail("invalidUTF8");
    }
  }

  blob(length) {
    const begin = this.take(length);
    return this.bytes.slice(begin, this.at);
  }

  extension(length) {
    const type = this.view.getInt8(this.take(1));
    const bytes = this.blob(length);
    return type === -1 ? moment(bytes) : new Custom(type, bytes);
  }

  list(count, depth) {
    if (depth >= DEPTH_LIMIT) fail("tooDeep");
    // Each element has a byte at least: what promises more reserves nothing (E14).
    if (count > this.left) fail("truncated");
    const list = [];
    for (let i = 0; i < count; i++) list.push(this.value(depth + 1));
    return list;
  }

  map(count, depth) {
    if (depth >= DEPTH_LIMIT) fail("tooDeep");
    if (count * 2 > this.left) fail("truncated");
    const map = emptyMap();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") fail("keyNotText");
      if (key in map) fail("duplicateKey");
      map[key] = this.value(depth + 1);
    }
    return map;
  }
}

function moment(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let seconds;
  let nanoseconds = 0;
  switch (bytes.length) {
    case 4:
      seconds = view.getUint32(0);
      break;
    case 8:
      nanoseconds = view.getUint32(0) >>> 2;
      seconds = (view.getUint32(0) & 3) * 2 ** 32 + view.getUint32(4);
      break;
    case 12:
      nanoseconds = view.getUint32(0);
      seconds = integer(view.getBigInt64(4));
      break;
    default: fail("malformedTime");
  }
  return nanoseconds < 1e9 ? new Time(seconds, nanoseconds) : fail("malformedTime");
}

function isASCII(text) {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The canonical MessagePack of a value (E10). */
export function encodeMessagePack(value) {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.result();
}

export class Writer {
  constructor() {
    this.bytes = new Uint8Array(256);
    this.view = new DataView(this.bytes.buffer);
    this.at = 0;
  }

  result() {
    return this.bytes.slice(0, this.at);
  }

  /** Room for `count` bytes more; gives where they begin. */
  grow(count) {
    const begin = this.at;
    this.at += count;
    if (this.at > this.bytes.length) {
      const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.at));
      wider.set(this.bytes);
      this.bytes = wider;
      this.view = new DataView(wider.buffer);
    }
    return begin;
  }

  unsigned(value, size) {
    const at = this.grow(size);
    if (size === 1) this.bytes[at] = value;
    else if (size === 2) this.view.setUint16(at, value);
    else this.view.setUint32(at, value);
  }

  raw(bytes) {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** A head with its count: in the head itself below `small`, else in 1, 2 or 4 bytes behind. */
  head(count, fixed, small, wide, hasByte) {
    if (count < small) return this.unsigned(fixed + count, 1);
    const power = hasByte && count < 0x100 ? 0 : count < 0x10000 ? 1 : 2;
    this.unsigned(wide + (hasByte ? power : power - 1), 1);
    this.unsigned(count, 1 << power);
  }

  list(count) {
    this.head(count, 0x90, 16, 0xdc, false);
  }

  text(text) {
    // As with reading: most texts are names, and shorter than an encoder's call.
    if (text.length < 64 && isASCII(text)) {
      this.head(text.length, 0xa0, 32, 0xd9, true);
      let at = this.grow(text.length);
      for (let i = 0; i < text.length; i++) this.bytes[at++] = text.charCodeAt(i);
      return;
    }
    const bytes = encoder.encode(wellFormed(text));
    this.head(bytes.length, 0xa0, 32, 0xd9, true);
    this.raw(bytes);
  }

  value(value, depth) {
    switch (typeof value) {
      case "string": return this.text(value);
      case "boolean": return this.unsigned(value ? 0xc3 : 0xc2, 1);
      case "number":
      case "bigint": return this.number(numeric(value));
      case "object": break;
      default: fail("wrongKind", typeof value);
    }
    if (value === null) return this.unsigned(0xc0, 1);
    if (value instanceof Uint8Array) {
      this.head(value.length, 0, 0, 0xc4, true);
      return this.raw(value);
    }
    if (value instanceof Date) value = Time.from(value);
    if (value instanceof Time) return this.time(value);
    if (value instanceof Custom) return this.extension(value.type, value.bytes);
    if (depth >= DEPTH_LIMIT) fail("tooDeep");
    if (Array.isArray(value)) {
      this.list(value.length);
      for (const element of value) this.value(element, depth + 1);
      return undefined;
    }
    if (!isMap(value)) fail("wrongKind");
    const entries = sortedEntries(value);
    this.head(entries.length, 0x80, 16, 0xde, false);
    for (const [key, inner] of entries) {
      this.text(key);
      this.value(inner, depth + 1);
    }
    return undefined;
  }

  number(value) {
    if (typeof value === "bigint") {
      this.unsigned(value < 0n ? 0xd3 : 0xcf, 1);
      return this.view.setBigUint64(this.grow(8), value & MOST_POSITIVE);
    }
    if (!Number.isSafeInteger(value)) {
      const isSingle = Math.fround(value) === value;
      this.unsigned(isSingle ? 0xca : 0xcb, 1);
      const at = this.grow(isSingle ? 4 : 8);
      return isSingle ? this.view.setFloat32(at, value) : this.view.setFloat64(at, value);
    }
    if (value >= 0) {
      if (value < 0x80) return this.unsigned(value, 1);
      const power = value < 0x100 ? 0 : value < 0x10000 ? 1 : value < 2 ** 32 ? 2 : 3;
      this.unsigned(0xcc + power, 1);
      if (power < 3) return this.unsigned(value, 1 << power);
      return this.view.setBigUint64(this.grow(8), BigInt(value));
    }
    if (value >= -32) return this.unsigned(value + 0x100, 1);
    const power = value >= -0x80 ? 0 : value >= -0x8000 ? 1 : value >= -(2 ** 31) ? 2 : 3;
    this.unsigned(0xd0 + power, 1);
    const at = this.grow(1 << power);
    if (power === 0) return this.view.setInt8(at, value);
    if (power === 1) return this.view.setInt16(at, value);
    return power === 2 ? this.view.setInt32(at, value) : this.view.setBigInt64(at, BigInt(value));
  }

  extension(type, bytes) {
    const power = [1, 2, 4, 8, 16].indexOf(bytes.length);
    if (power >= 0) this.unsigned(0xd4 + power, 1);
    else this.head(bytes.length, 0, 0, 0xc7, true);
    this.view.setInt8(this.grow(1), type);
    this.raw(bytes);
  }

  time({ seconds, nanoseconds }) {
    const inShort = seconds >= 0 && seconds < 2 ** 34;
    if (inShort && nanoseconds === 0 && seconds < 2 ** 32) {
      this.unsigned(0xd6, 1);
      this.unsigned(0xff, 1);
      return this.unsigned(Number(seconds), 4);
    }
    if (inShort) {
      this.unsigned(0xd7, 1);
      this.unsigned(0xff, 1);
      this.unsigned(nanoseconds * 4 + Math.floor(Number(seconds) / 2 ** 32), 4);
      return this.unsigned(Number(seconds) % 2 ** 32, 4);
    }
    this.unsigned(0xc7, 1);
    this.unsigned(12, 1);
    this.unsigned(0xff, 1);
    this.unsigned(nanoseconds, 4);
    return this.view.setBigInt64(this.grow(8), BigInt(seconds));
  }
}
