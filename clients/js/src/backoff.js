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
