// A reader's side of an event topic: which events are new, and what to acknowledge (L16 to L20).

export class Inbox {
  #beyond = new Set();
  #open = new Set();
  #highest = 0;
  #unsaid = false;
  #hasFinished = false;

  /** Every event up to this one is done. */
  done = 0;
  epoch = null;

  /** A subscription begins: at `sequence` if the epoch is another, else where it stood. */
  begin(epoch, sequence) {
    if (epoch !== this.epoch) {
      this.#hasFinished = this.#unsaid = false;
      this.#beyond.clear();
      this.#open.clear();
      this.done = this.#highest = sequence;
    } else if (sequence > this.done) {
      this.skip(sequence);
    }
    this.epoch = epoch;
  }

  /** The first that is missing before this one; null if none is (L24). */
  missing(sequence) {
    return sequence > this.#highest + 1 ? this.#highest + 1 : null;
  }

  /** "fresh", "repeated" (done before, to be acknowledged again) or "underWay". */
  received(sequence) {
    if (sequence <= this.done || this.#beyond.has(sequence)) {
      this.#unsaid = true;
      return "repeated";
    }
    if (this.#open.has(sequence)) return "underWay";
    this.#highest = Math.max(this.#highest, sequence);
    this.#open.add(sequence);
    return "fresh";
  }

  finished(sequence) {
    this.#open.delete(sequence);
    if (sequence <= this.done) return;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.done + 1)) this.done++;
    this.#unsaid = this.#hasFinished = true;
  }

  /** The connection is gone, and with it perhaps the last acknowledgement. */
  cut() {
    this.#unsaid ||= this.#hasFinished;
  }

  /** It will come again. */
  postponed(sequence) {
    this.#open.delete(sequence);
  }

  /** Events up to here are gone, and are not waited for (L19). */
  skip(sequence) {
    if (sequence <= this.done) return;
    for (const one of this.#beyond) if (one <= sequence) this.#beyond.delete(one);
    for (const one of this.#open) if (one <= sequence) this.#open.delete(one);
    this.done = sequence;
    this.#highest = Math.max(this.#highest, sequence);
    while (this.#beyond.delete(this.done + 1)) this.done++;
    this.#unsaid = true;
  }

  /** What to say, if there is something that was not said. */
  acknowledgement(id) {
    if (!this.#unsaid) return null;
    this.#unsaid = false;
    const ranges = [];
    for (const sequence of [...this.#beyond].sort((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last && last[1] + 1 === sequence) last[1] = sequence;
      else ranges.push([sequence, sequence]);
    }
    return { type: "ack", id, version: this.done, ranges };
  }
}
