// Listeners by the name of what they listen to.

export class Emitter {
  #listeners = new Map();

  /** Calls `listener` from now on; the function that comes back ends it. */
  on(name, listener) {
    let all = this.#listeners.get(name);
    if (!all) this.#listeners.set(name, all = new Set());
    all.add(listener);
    return () => { all.delete(listener); };
  }

  emit(name, detail) {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        // A listener's mistake is told like any other, and is no business of the connection.
        queueMicrotask(() => { throw error; });
      }
    }
  }
}
