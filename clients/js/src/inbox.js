// A reader's side of an event topic: which events are new, and what to acknowledge (L16 to L20).

export class Inbox {
  #beyond = new Set();
  #open = new Set();
  #highest = 0;
  #unsaid = false;

  /** Every event up to this one is done. */
  done = 0;
  epoch = null;

  /** A subscription begins: at `sequence` if the epoch is another, else where it stood. */
  begin(epoch, sequence) {
    if (epoch !== this.epoch) {
      this.#beyond.clear();
      this.#open.clear();
      this.done = this.#highest = sequence;
    } else if (sequence > this.done) {
      this.#skip(sequence);
    }
    this.epoch = epoch;
  }

  /** "fresh", "repeated" (done before, to be acknowledged again) or "open" (being worked on). */
  received(sequence) {
    if (sequence <= this.done || this.#beyond.has(sequence)) {
      this.#unsaid = true;
      return "repeated";
    }
    if (this.#open.has(sequence)) return "open";
    // First deliveries come in order: what was left out before this one is not to come.
    for (let left = this.#highest + 1; left < sequence; left++) this.finished(left);
    this.#highest = Math.max(this.#highest, sequence);
    this.#open.add(sequence);
    return "fresh";
  }

  finished(sequence) {
    this.#open.delete(sequence);
    if (sequence <= this.done) return;
    this.#beyond.add(sequence);
    while (this.#beyond.delete(this.done + 1)) this.done++;
    this.#unsaid = true;
  }

  /** It will come again. */
  postponed(sequence) {
    this.#open.delete(sequence);
  }

  #skip(sequence) {
    for (const one of this.#beyond) if (one <= sequence) this.#beyond.delete(one);
    for (const one of this.#open) if (one <= sequence) this.#open.delete(one);
    this.done = sequence;
    this.#highest = Math.max(this.#highest, sequence);
    while (this.#beyond.delete(this.done + 1)) this.done++;
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
