// Every message with its fields, and both layouts of each (spec/messages.md).

import { decodeJSON, encodeJSON } from "./json.js";
import { canonicalMask } from "./mask.js";
import { Reader, Writer } from "./messagepack.js";
import { DecodeError, Time, fail, isEmptyMap, isMap } from "./values.js";

// A kind of field: whether a decoded value is of it, and what becomes of it when it is written.
// A field that is not of its kind makes the message void (E42).
const kinds = {
  count: { is: isCount },
  text: { is: (value) => typeof value === "string" },
  flag: { is: (value) => typeof value === "boolean", write: (value) => value || null },
  number: { is: (value) => typeof value === "number" || typeof value === "bigint" },
  time: { is: (value) => value instanceof Time },
  value: { is: () => true },
  map: { is: isMap },
  changes: { is: isMap, write: (map) => isEmptyMap(map) ? null : map },
  texts: list((value) => typeof value === "string"),
  path: { is: isPath },
  paths: list(isPath, asPath),
  mask: { is: (value) => Array.isArray(value) && value.every(isPattern), write: canonicalMask },
  cursor: {
    is: (value) => Array.isArray(value) && typeof value[0] === "string" && isCount(value[1])
      && typeof value[2] === "string",
  },
  start: {
    is: (value) => value === "now" || value === "earliest" || isCount(value)
      || value instanceof Time,
  },
  hash: { is: (value) => typeof value === "string" && /^[0-9a-f]{16}$/.test(value) },
  small: { is: (value) => isCount(value) && value <= 3 },
  ranges: list((value) => isPair(value, isCount, isCount) && value[0] <= value[1]),
  increments: list((value) => isPair(value, isPath, kindOfNumber), pathFirst),
  conditions: list((value) => isPair(value, isPath, isCount), pathFirst),
  names: { is: (value) => Array.isArray(value) && value.length % 2 === 0 && areNames(value) },
  events: list((value) => Array.isArray(value) && value.length >= 2 && isCount(value[0])
    && (value[2] == null || value[2] instanceof Time)),
};

function list(isElement, read = (element) => element) {
  return {
    is: (value) => Array.isArray(value) && value.every(isElement),
    read: (value) => value.map(read),
    write: (value) => value.length ? value.map(read) : null,
  };
}

function kindOfNumber(value) {
  return typeof value === "number" || typeof value === "bigint";
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPair(value, isFirst, isSecond) {
  return Array.isArray(value) && value.length >= 2 && isFirst(value[0]) && isSecond(value[1]);
}

function isPath(value) {
  return typeof value === "string" || Array.isArray(value) && value.length <= 16
    && value.every((name) => typeof name === "string");
}

function isPattern(value) {
  return typeof value === "string" || Array.isArray(value) && value.length <= 16
    && value.every((name) => name === null || typeof name === "string");
}

/** A path of one name may stand as that name (E40). */
function asPath(value) {
  return typeof value === "string" ? [value] : value;
}

function pathFirst([path, ...rest]) {
  return [asPath(path), ...rest];
}

function areNames(value) {
  return value.every((item, i) => i % 2 ? typeof item === "string" : isAlias(item));
}

function isAlias(value) {
  return isCount(value) && value < 4096;
}

// Code, type and fields; `?` may be absent, `!` must be there and may be null.
const table = `
1 open version:count features?:texts instance?:text agent?:text
2 opened version:count features?:texts connection:text terms:map
3 authenticate token:text
4 authenticated principal:text tenant:text expires?:count
5 refresh token:text
6 subscribe id:count topic:text fields?:mask rate?:number cursor?:cursor hash?:flag name?:text \
start?:start credit?:count unordered?:flag window?:map
7 subscribed id:count view:count verdict:small kind:small cursor:cursor rate?:number gone?:count
8 unsubscribe id:count
9 unsubscribed id:count code?:count
10 snapshot view:count epoch:text version:count document:map part?:count hash?:hash names?:names
12 event view:count sequence:count data!:value time?:time deliveries?:count
13 signal topic:text data!:value from?:text
14 publish id:count topic:text set?:changes unset?:paths increment?:increments if?:conditions \
expire?:conditions event?:value
15 command id:count name:text data?:value
16 reply id:count data?:value
17 ack id:count version:count ranges?:ranges
18 nack id:count code:count version?:count reason?:text after?:count
19 seen position:count
20 ping nonce:count
21 pong nonce:count position?:count
22 presence topic:text state?:value
23 hash view:count version?:count hash?:hash
24 lag view:count rung:small merged:count
25 credit id:count amount:count
26 will topic:text set?:changes unset?:paths increment?:increments if?:conditions
27 history id:count topic:text limit:count start?:start
28 page id:count events?:events next?:count
29 error code:count reason:text id?:count
30 drain after:count window:count
31 close code:count reason:text after?:count`;

const layouts = table.trim().replaceAll("\\\n", "").split("\n").map((line) => {
  const [code, type, ...fields] = line.trim().split(/\s+/);
  return {
    code: Number(code),
    type,
    fields: fields.map((field) => {
      const [, name, mark, kind] = /^(\w+)([?!]?):(\w+)$/.exec(field);
      return { name, kind: kinds[kind], isOptional: mark === "?", isAny: mark === "!" };
    }),
  };
});
const byType = new Map(layouts.map((layout) => [layout.type, layout]));
const byCode = new Map(layouts.map((layout) => [layout.code, layout]));
const DIFF = 11;

// The envelope's own maps and lists are no levels of a field's value (E6).
const ENVELOPE = -4;

/**
 * A message from a text (JSON) or bytes (MessagePack), with its fields by name and its type.
 * A type that is not known gives `{ type: "unknown", name }` (V3).
 */
export function decodeMessage(input) {
  return typeof input === "string" ? fromJSON(input) : fromMessagePack(input);
}

/** The messages of a list in JSON, as HTTP gives them. */
export function decodeMessages(text) {
  const list = decodeJSON(text, ENVELOPE);
  return Array.isArray(list) ? list.map(fromEnvelope) : fail("wrongKind");
}

function fromJSON(text) {
  return fromEnvelope(decodeJSON(text, ENVELOPE));
}

function fromEnvelope(envelope) {
  if (!isMap(envelope)) fail("wrongKind");
  const { type } = envelope;
  if (typeof type !== "string") fail("field", "type");
  const data = envelope.data ?? {};
  if (type !== "diff" && !byType.has(type)) return { type: "unknown", name: type };
  if (!isMap(data)) fail("field", "data");
  if (type === "diff") return diffFromJSON(data);
  const layout = byType.get(type);
  return message(layout, (field) => data[field.name], (field) => field.name in data);
}

function fromMessagePack(bytes) {
  const list = new Reader(bytes);
  const values = list.value(ENVELOPE);
  if (list.left) fail("trailingBytes");
  if (!Array.isArray(values)) fail("wrongKind");
  if (!values.length) fail("missingField");
  const [code, ...fields] = values;
  if (typeof code !== "number" && typeof code !== "bigint") fail("wrongKind");
  if (!isCount(code)) fail("numberOutOfRange");
  if (code === DIFF) return diffFromMessagePack(fields);
  const layout = byCode.get(code);
  if (!layout) return { type: "unknown", name: String(code) };
  return message(layout, (field, i) => fields[i], (field, i) => i < fields.length);
}

function message(layout, valueOf, isThere) {
  const result = { type: layout.type };
  layout.fields.forEach((field, i) => {
    const value = valueOf(field, i);
    if (value === undefined || value === null) {
      if (field.isAny && isThere(field, i)) result[field.name] = null;
      else if (!field.isOptional) fail("field", field.name);
      return;
    }
    if (!field.kind.is(value)) fail("field", field.name);
    result[field.name] = field.kind.read ? field.kind.read(value) : value;
  });
  if (result.event !== undefined && isPatch(result)) fail("field", "event");
  return result;
}

function isPatch({ set, unset, increment, if: conditions }) {
  return [set, unset, increment, conditions].some((part) => part !== undefined);
}

/** A diff as both encodings give it: `set` is a tree, `pairs` are paths with values. */
function diffFromJSON(data) {
  for (const name of ["view", "from", "to"]) if (!isCount(data[name])) fail("field", name);
  const unset = data.unset ?? [];
  const set = data.set ?? {};
  if (!kinds.paths.is(unset)) fail("field", "unset");
  if (!isMap(set)) fail("field", "set");
  return {
    type: "diff", view: data.view, from: data.from, to: data.to, set, unset: unset.map(asPath),
  };
}

function diffFromMessagePack([view, to, distance, pairs, unset, names]) {
  for (const count of [view, to, distance]) {
    if (count === undefined || count === null) fail("missingField");
    if (!kindOfNumber(count)) fail("wrongKind");
    if (!isCount(count)) fail("numberOutOfRange");
  }
  if (distance > to || distance === 0) fail("numberOutOfRange");
  const result = { type: "diff", view, from: to - distance, to, pairs: [], unset: [], names: [] };
  const flat = asList(pairs);
  for (let i = 0; i < flat.length; i += 2) {
    if (i + 1 === flat.length) fail("missingField");
    const path = asAliasedPath(flat[i]);
    // The document itself is no leaf, and a map with entries no value of one.
    if (!path.length) fail("wrongKind");
    if (isMap(flat[i + 1]) && !isEmptyMap(flat[i + 1])) fail("wrongKind");
    result.pairs.push([path, flat[i + 1]]);
  }
  result.unset = asList(unset).map(asAliasedPath);
  result.names = asList(names);
  if (result.names.length % 2) fail("missingField");
  if (!areNames(result.names)) fail("wrongKind");
  return result;
}

function asList(value) {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : fail("wrongKind");
}

function asAliasedPath(value) {
  const path = Array.isArray(value) ? value : [value];
  if (path.length > 16) fail("tooMany");
  for (const name of path) if (typeof name !== "string" && !isAlias(name)) fail("wrongKind");
  return path;
}

/** A message's canonical JSON (a text), or its MessagePack (bytes). */
export function encodeMessage(message, isBinary) {
  const layout = byType.get(message.type);
  const fields = layout.fields.map((field) => {
    const value = message[field.name] ?? null;
    if (value === null) return null;
    if (!field.kind.is(value)) throw new DecodeError("field", field.name);
    return field.kind.write ? field.kind.write(value) : value;
  });
  return isBinary ? toMessagePack(layout, fields) : toJSON(layout, fields);
}

function toJSON(layout, values) {
  const written = layout.fields.flatMap(({ name, isAny }, i) =>
    values[i] === null && !isAny ? [] : [`"${name}":${encodeJSON(values[i])}`]);
  return `{"type":"${layout.type}"` + (written.length ? `,"data":{${written.join()}}}` : "}");
}

function toMessagePack(layout, values) {
  let count = values.length;
  while (count && values[count - 1] === null && !layout.fields[count - 1].isAny) count--;
  const writer = new Writer();
  writer.list(count + 1);
  writer.value(layout.code, 0);
  for (const value of values.slice(0, count)) writer.value(value, 0);
  return writer.result();
}
