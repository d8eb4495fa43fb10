// What the client takes from the browser, or from Node.js; a test gives its own.

export const environment = {
  get WebSocket() { return globalThis.WebSocket; },
  fetch: (address, options) => globalThis.fetch(address, options),
  setTimeout: (callback, milliseconds) => globalThis.setTimeout(callback, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  now: () => globalThis.performance.now(),
  random: Math.random,

  /** 128 random bits as text. */
  identity() {
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },

  /** Calls back when the page can be seen again, or the device is online again (S11). */
  onReturn(callback) {
    if (!globalThis.document) return () => {};
    const visible = () => { if (document.visibilityState === "visible") callback(); };
    globalThis.addEventListener("online", callback);
    document.addEventListener("visibilitychange", visible);
    return () => {
      globalThis.removeEventListener("online", callback);
      document.removeEventListener("visibilitychange", visible);
    };
  },
};
