// The first line is the one that index.html began to open while all this was still loading.

/** A WebSocket: that one if it is still good for something, else another. */
export class Line {
  constructor(address, protocols) {
    const { early } = globalThis;
    globalThis.early = null;
    if (early?.url === address && early.readyState < WebSocket.CLOSING) return early;
    return new WebSocket(address, protocols);
  }
}
