// What a reader holds of one view: a document, its version and epoch, the aliases of its names and
// its hash (spec/documents.md). `document` changes in place; `changes` says where.

import { ViewHash } from "./hash.js";
import { emptyMap, equal, fail, isMap } from "./values.js";

export class Mirror {
  #names = new Map();
  #hash = null;
  #parts = null;

  document = emptyMap();
  version = 0;
  epoch = "";

  /** Whether all aliases that a frame in MessagePack may use are known. JSON tells none. */
  knowsNames = true;

  /**
   * Takes a snapshot, or the next part of one (S14): "part" while there are more to come, "whole",
   * "wrong" when the hash in the last is not that of what came, or "stray" for a part that does not
   * follow the one before. What was held stays until a snapshot is whole and right.
   */
  reset(snapshot, isBinary = false) {
    const { part = 0, version, epoch, document, names = [], hash } = snapshot;
    if (part === 0) {
      this.#parts = { next: 0, version, epoch, document: emptyMap(), names: new Map() };
    }
    const parts = this.#parts;
    if (part !== parts?.next || version !== parts.version || epoch !== parts.epoch) return "stray";
    layOver(parts.document, document);
    define(parts.names, names);
    parts.next++;
    if (hash === undefined) return "part";
    this.#parts = null;
    const own = new ViewHash();
    own.changeAll([], parts.document, 1);
    if (String(own) !== hash) return "wrong";
    this.hold(parts, isBinary);
    this.#hash = own;
    return "whole";
  }

  /** From now on this is what is held. */
  hold({ document, version, epoch, names }, isBinary = true) {
    this.#parts = this.#hash = null;
    this.document = document;
    this.version = version;
    this.epoch = epoch;
    this.#names = new Map(names);
    this.knowsNames = isBinary;
  }

  /** The parts that came were of a connection that is gone. */
  cut() {
    this.#parts = null;
  }

  /** "applied", "stale" or "gap" (D15); `changes` receives each change as { path, value }. */
  apply(diff, changes = []) {
    if (diff.to <= this.version) return "stale";
    if (diff.from > this.version) return "gap";
    // Resolved before anything is touched: a frame that cannot be understood changes nothing.
    const names = diff.names?.length ? new Map(this.#names) : this.#names;
    define(names, diff.names ?? []);
    const resolve = (path) => path.map((name) => typeof name === "string" ? name
      : names.get(name) ?? fail("unknownAlias", String(name)));
    const unset = diff.unset.map(resolve);
    const pairs = diff.pairs ? diff.pairs.map(([path, value]) => [resolve(path), value])
      : leaves(diff.set, [], []);
    this.#names = names;
    for (const path of unset) this.#remove(path, changes);
    for (const [path, value] of pairs) this.#put(path, value, changes);
    this.version = diff.to;
    return "applied";
  }

  /** The hash of what is held; from its first use on it is kept, and costs what changes (D40). */
  get hash() {
    if (!this.#hash) {
      this.#hash = new ViewHash();
      this.#hash.changeAll([], this.document, 1);
    }
    return String(this.#hash);
  }

  #remove(path, changes) {
    if (!path.length) {
      this.#hash?.changeAll([], this.document, -1);
      this.document = emptyMap();
      changes.push({ path, value: undefined });
      return;
    }
    const way = [this.document];
    for (const name of path.slice(0, -1)) {
      const next = way.at(-1)[name];
      if (next === undefined || !isMap(next)) return;
      way.push(next);
    }
    const last = path.at(-1);
    const old = way.at(-1)[last];
    if (old === undefined) return;
    this.#hash?.changeAll([...path], old, -1);
    delete way.at(-1)[last];
    // A map whose last field went is no empty map; it is not there (D4).
    for (let i = way.length - 1; i > 0 && isBare(way[i]); i--) delete way[i - 1][path[i - 1]];
    changes.push({ path, value: undefined });
  }

  #put(path, value, changes) {
    let map = this.document;
    for (let i = 0; i < path.length - 1; i++) {
      let next = map[path[i]];
      if (next === undefined || !isMap(next) || isBare(next)) {
        // A leaf on the way loses its place (D5); the empty map is one.
        if (next !== undefined) this.#hash?.change(path.slice(0, i + 1), next, -1);
        next = map[path[i]] = emptyMap();
      }
      map = next;
    }
    const last = path.at(-1);
    const old = map[last];
    if (this.#hash) {
      if (old !== undefined) this.#hash.changeAll([...path], old, -1);
      this.#hash.change(path, value, 1);
    }
    map[last] = value;
    if (!equal(old, value)) changes.push({ path, value });
  }
}

function isBare(map) {
  for (const _ in map) return false;
  return true;
}

function define(names, flat) {
  for (let i = 0; i < flat.length; i += 2) names.set(flat[i], flat[i + 1]);
}

/** The leaves of a tree with their paths, in a list. */
function leaves(map, path, list) {
  for (const name in map) {
    const value = map[name];
    const place = [...path, name];
    if (isMap(value) && !isBare(value)) leaves(value, place, list);
    else list.push([place, value]);
  }
  return list;
}

function layOver(document, tree) {
  for (const name in tree) {
    const value = tree[name];
    if (isMap(value) && !isBare(value) && isMap(document[name] ?? null)) {
      layOver(document[name], value);
    } else {
      document[name] = value;
    }
  }
}
