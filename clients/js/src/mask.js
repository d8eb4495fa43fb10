// Masks: which fields a view has (D20 to D22). A pattern is a path in which null is any name.

import { compareText } from "./values.js";

/** The canonical form: nothing that another pattern covers, in order (D21). */
export function canonicalMask(patterns) {
  const sorted = patterns.map((pattern) => typeof pattern === "string" ? [pattern] : pattern)
    .sort(comparePatterns);
  // Of equal ones the first stays.
  return sorted.filter((pattern, place) => !sorted.some((other, i) =>
    i !== place && covers(other, pattern) && (i < place || !covers(pattern, other))));
}

/** What both masks hold (D22). */
export function intersection(a, b) {
  const both = [];
  for (const x of a) {
    for (const y of b) {
      const [longer, shorter] = x.length >= y.length ? [x, y] : [y, x];
      if (!shorter.every((name, i) => agree(name, longer[i]))) continue;
      both.push(longer.map((name, i) => name ?? shorter[i] ?? null));
    }
  }
  return canonicalMask(both);
}

function agree(a, b) {
  return a === b || a === null || b === null;
}

function covers(a, b) {
  return a.length <= b.length && a.every((name, i) => name === null || name === b[i]);
}

function comparePatterns(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    if (a[i] === null) return -1;
    return b[i] === null ? 1 : compareText(a[i], b[i]);
  }
  return a.length - b.length;
}
