// The codes of spec/messages.md: the hundreds say what to do.

const reasons = {
  100: "restarting", 102: "goodbye", 200: "overloaded", 201: "store failed",
  202: "rate exceeded", 203: "too slow", 204: "draining", 205: "heartbeat missed",
  206: "inactive", 210: "not now", 211: "working on it", 300: "not authenticated",
  301: "authentication late", 302: "token invalid", 303: "token expired", 304: "token revoked",
  400: "hash differs", 401: "view changed", 500: "malformed", 501: "unknown message",
  502: "unexpected message", 503: "unsupported", 504: "not allowed", 505: "conflict",
  506: "id reused", 507: "id too old", 508: "too large", 509: "too many", 510: "invalid patch",
  511: "wrong kind", 512: "unsupported version", 513: "too many problems", 520: "never",
  521: "replaced",
};

export const Code = {
  heartbeatMissed: 205, notNow: 210, workingOnIt: 211, authenticationLate: 301, conflict: 505,
  tooLarge: 508, never: 520, replaced: 521,
};

/** "now", "later", "token", "snapshot" or "never": what may be done about a code. */
export function remedy(code) {
  return ["now", "later", "token", "snapshot"][Math.floor(code / 100) - 1] ?? "never";
}

export function reasonOf(code) {
  return reasons[code] ?? `code ${code}`;
}

/** The server did not do what was asked, and why. */
export class Refusal extends Error {
  constructor(code, reason, version) {
    super(reason || reasonOf(code));
    this.name = "Refusal";
    this.code = code;
    this.version = version;
  }
}
