// Fieldcast's client for browsers and Node.js: see README.md.

import { Client } from "./src/client.js";

/** A client of the server at `address` that connects now, and comes back after every cut. */
export function connect(address, options) {
  return new Client(address, options).open();
}

export { Client };
export { Code, Refusal, remedy } from "./src/codes.js";
export { Custom, DecodeError, Time, equal } from "./src/values.js";
