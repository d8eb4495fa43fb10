// How long to wait before the next try to come back (S11): a random part of the first second,
// then about 3, 6, 12, 24 and 48 seconds, so that a thousand clients cut at one moment do not come
// back at one moment.

export class Backoff {
  tries = 0;

  constructor(random) {
    this.random = random;
  }

  reset() {
    this.tries = 0;
  }

  /** Milliseconds. */
  next() {
    const tries = this.tries++;
    if (tries === 0) return this.random() * 1000;
    return 3000 * 2 ** Math.min(tries - 1, 4) * (0.75 + this.random() / 2);
  }
}

/** How long nothing is done at once that was done at once before, in milliseconds (X6). */
const HASTE = 60_000;

/** When what a code ended is tried again: at once where it says so, but once a minute (X1, X6). */
export class Retry {
  #backoff;
  #hurried = -Infinity;

  constructor(random) {
    this.#backoff = new Backoff(random);
  }

  /** It went well: the waits begin anew. */
  reset() {
    this.#backoff.reset();
  }

  /** Milliseconds; `what` is the code's remedy, `after` what the server said. */
  wait(what, now, after) {
    if (what === "later") {
      const own = this.#backoff.next();
      return after ?? own;
    }
    if (now - this.#hurried >= HASTE) {
      this.#hurried = now;
      return 0;
    }
    // At once was the first wait.
    if (this.#backoff.tries === 0) this.#backoff.next();
    return this.#backoff.next();
  }
}
