// What was asked and is not answered yet: it is said again after a cut, and after a refusal that
// says so, always under the same id, so that it is done once however often it is said (L2, L3).

import { Retry } from "./backoff.js";
import { Refusal, remedy } from "./codes.js";

export class Outbox {
  #items = new Map();
  constructor(environment, wake) {
    this.environment = environment;
    /** Called when something can be said that could not before. */
    this.wake = wake;
  }

  get size() {
    return this.#items.size;
  }

  has(id) {
    return this.#items.has(id);
  }

  /** Takes a message on; the answer comes back. */
  add(message) {
    return new Promise((resolve, reject) => {
      this.#items.set(message.id, {
        message, resolve, reject, isSaid: false, timer: null,
        retry: new Retry(this.environment.random),
      });
      this.wake();
    });
  }

  /** All that can be said now, in order, within the limit of what may be unanswered (L5). */
  take(limit, isFit = () => true) {
    const messages = [];
    let said = 0;
    for (const item of this.#items.values()) if (item.isSaid) said++;
    for (const item of this.#items.values()) {
      if (said + messages.length >= limit) break;
      if (item.isSaid || item.timer !== null || !isFit(item.message)) continue;
      item.isSaid = true;
      messages.push(item.message);
    }
    return messages;
  }

  /** The connection is gone: everything without an answer is to be said again. */
  cut() {
    for (const item of this.#items.values()) item.isSaid = false;
  }

  /** An ack, a reply or a page. False when nothing waits for it. */
  answered(answer) {
    const item = this.#items.get(answer.id);
    if (!item) return false;
    this.#items.delete(answer.id);
    item.resolve(answer);
    this.wake();
    return true;
  }

  refused({ id, code, reason, version, after }) {
    const item = this.#items.get(id);
    if (!item) return false;
    const what = remedy(code);
    if (what !== "now" && what !== "later") {
      this.#items.delete(id);
      item.reject(new Refusal(code, reason, version));
    } else {
      item.isSaid = false;
      const wait = item.retry.wait(what, this.environment.now(), after);
      this.environment.clearTimeout(item.timer);
      item.timer = this.environment.setTimeout(() => {
        item.timer = null;
        this.wake();
      }, wait);
    }
    this.wake();
    return true;
  }

  /** What was said ended the connection, and is not to be said again (X2). */
  giveUp(code) {
    for (const [id, item] of this.#items) if (item.isSaid) this.refused({ id, code });
  }

  /** Nothing will be answered any more. */
  close(error) {
    for (const item of this.#items.values()) {
      this.environment.clearTimeout(item.timer);
      item.reject(error);
    }
    this.#items.clear();
  }
}
