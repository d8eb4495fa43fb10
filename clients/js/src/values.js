// What Fieldcast can say, as JavaScript values (spec/encodings.md):
//
//   null, boolean, string, Array    themselves
//   number                          number; an integer that a double does not hold safely: bigint
//   bytes, time, custom             Uint8Array, Time, Custom
//   map                             an object without a prototype, so that no key means anything
//
// Maps may be given as plain objects or as Map, times as Date; they are never returned so.

/** What is received is not of the form that the specification asks for (rule E16, E33, …). */
export class DecodeError extends Error {
  constructor(reason, detail) {
    super(detail ? `${reason}: ${detail}` : reason);
    this.name = "DecodeError";
    this.reason = reason;
  }
}

export function fail(reason, detail) {
  throw new DecodeError(reason, detail);
}

/** A moment, to the nanosecond; `seconds` counts from 1970 and is rounded down. */
export class Time {
  constructor(seconds, nanoseconds = 0) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    Object.freeze(this);
  }

  static from(date) {
    const milliseconds = date.getTime();
    const seconds = Math.floor(milliseconds / 1000);
    return new Time(seconds, Math.round((milliseconds - seconds * 1000) * 1e6));
  }

  toDate() {
    return new Date(Number(this.seconds) * 1000 + this.nanoseconds / 1e6);
  }

  /** Seconds as a decimal without trailing zeros (E30). */
  toString() {
    let whole = BigInt(this.seconds);
    let rest = this.nanoseconds;
    const minus = whole < 0n ? "-" : "";
    if (minus) {
      // -1 and a half is half a second before: the parts are counted down from zero.
      whole = rest ? -whole - 1n : -whole;
      rest = rest ? 1_000_000_000 - rest : 0;
    }
    const decimals = rest ? "." + String(rest).padStart(9, "0").replace(/0+$/, "") : "";
    return minus + whole + decimals;
  }
}

/** A MessagePack extension that Fieldcast has no meaning for. */
export class Custom {
  constructor(type, bytes) {
    this.type = type;
    this.bytes = bytes;
    Object.freeze(this);
  }
}

export const MOST_NEGATIVE = -(2n ** 63n);
export const MOST_POSITIVE = 2n ** 64n - 1n;
export const DEPTH_LIMIT = 64;

/** A map that inherits nothing: `__proto__` and `constructor` are keys like others. */
export function emptyMap() {
  return Object.create(null);
}

export function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    && !ArrayBuffer.isView(value) && !(value instanceof Time) && !(value instanceof Custom)
    && !(value instanceof Date);
}

/** Whether a map has no entry, which makes it a leaf (D3). */
export function isEmptyMap(map) {
  if (map instanceof Map) return map.size === 0;
  for (const key in map) if (Object.hasOwn(map, key)) return false;
  return true;
}

/** A map's entries in the order of their keys' bytes; entries without a value are left out. */
export function sortedEntries(map) {
  const entries = map instanceof Map ? [...map] : Object.entries(map);
  const given = entries.filter(([, value]) => value !== undefined);
  for (const [key] of given) if (typeof key !== "string") fail("keyNotText");
  return given.sort(([a], [b]) => compareText(a, b));
}

/** Order by the bytes of UTF-8, which is that of code points and not of UTF-16 units (E2). */
export function compareText(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all others.
    if (x >= 0xd800 && x < 0xe000) x += 0x10000;
    if (y >= 0xd800 && y < 0xe000) y += 0x10000;
    return x - y;
  }
  return a.length - b.length;
}

/** The one form of an integer: a number where that is exact, else a bigint. */
export function integer(big) {
  if (big < MOST_NEGATIVE || big > MOST_POSITIVE) fail("numberOutOfRange");
  const number = Number(big);
  return Number.isSafeInteger(number) ? number : big;
}

/** The one form of a double: an integer if it is one and in range (E10, E23). */
export function normalNumber(double) {
  if (!Number.isFinite(double)) fail("numberNotFinite");
  if (Number.isSafeInteger(double)) return double + 0 || 0;
  if (Number.isInteger(double) && double >= -(2 ** 63) && double < 2 ** 64) {
    return BigInt(double);
  }
  return double;
}

/** A number of either kind in its one form, checked. */
export function numeric(value) {
  return typeof value === "bigint" ? integer(value) : normalNumber(value);
}

const LONE = /\p{Surrogate}/u;

/** Refuses what is no text: half of a surrogate pair has no UTF-8 (E4). */
export function wellFormed(text) {
  if (LONE.test(text)) fail("loneSurrogate");
  return text;
}

/** How many bytes a text has in UTF-8. */
export function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A pair is two units and four bytes, any other unit from here on three bytes.
    if (unit > 0x7f) length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Whether two values are equal, numbers by value and maps by their entries. */
export function equal(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((x, i) => equal(x, b[i]));
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  }
  if (a instanceof Time) {
    return b instanceof Time && a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
  }
  if (a instanceof Custom) {
    return b instanceof Custom && a.type === b.type && equal(a.bytes, b.bytes);
  }
  if (!isMap(b)) return false;
  const [x, y] = [sortedEntries(a), sortedEntries(b)];
  return x.length === y.length
    && x.every(([key, value], i) => key === y[i][0] && equal(value, y[i][1]));
}
