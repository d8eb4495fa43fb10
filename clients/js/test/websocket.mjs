// A WebSocket for Node.js versions that have none: as much of RFC 6455 as the client uses.

import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

const HEAD_LIMIT = 125;

export class WebSocket {
  #socket = null;
  #rest = Buffer.alloc(0);
  #parts = [];

  readyState = 0;
  binaryType = "arraybuffer";
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;

  constructor(address, protocols) {
    const url = new URL(address.replace(/^ws/, "http"));
    const key = randomBytes(16).toString("base64");
    this.request = request(url, {
      agent: false,
      headers: {
        connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": key,
        "sec-websocket-version": "13", "sec-websocket-protocol": protocols.join(),
      },
    });
    this.request.on("upgrade", (response, socket, head) => {
      const proof = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .digest("base64");
      if (response.headers["sec-websocket-accept"] !== proof) return socket.destroy();
      this.#socket = socket;
      this.readyState = 1;
      socket.setNoDelay(true);
      socket.on("data", (bytes) => this.#received(bytes));
      socket.on("close", () => this.#closed(1006, ""));
      socket.on("error", () => {});
      this.onopen?.({});
      return this.#received(head);
    });
    this.request.on("response", (response) => {
      response.resume();
      this.#closed(1006, "");
    });
    this.request.on("error", () => this.#closed(1006, ""));
    this.request.end();
  }

  send(data) {
    const isText = typeof data === "string";
    this.#frame(isText ? 1 : 2, Buffer.from(data));
  }

  close() {
    if (this.readyState >= 2) return;
    if (this.#socket) {
      this.#frame(8, Buffer.from([0x03, 0xe8]));
      this.#socket.end();
    } else {
      this.request.destroy();
    }
    this.readyState = 2;
  }

  #frame(opcode, payload) {
    const mask = randomBytes(4);
    let head;
    if (payload.length <= HEAD_LIMIT) {
      head = Buffer.from([0x80 | opcode, 0x80 | payload.length]);
    } else if (payload.length < 0x10000) {
      head = Buffer.from([0x80 | opcode, 0xfe, 0, 0]);
      head.writeUInt16BE(payload.length, 2);
    } else {
      head = Buffer.alloc(10);
      head[0] = 0x80 | opcode;
      head[1] = 0xff;
      head.writeUInt32BE(payload.length, 6);
    }
    const masked = payload.map((byte, i) => byte ^ mask[i & 3]);
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  #received(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const frame = this.#next();
      if (!frame) return;
      const { opcode, isLast, payload } = frame;
      if (opcode === 8) {
        const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.#socket.end();
        this.#closed(code, payload.subarray(2).toString());
        return;
      }
      if (opcode === 9) this.#frame(10, payload);
      if (opcode > 2) continue;
      this.#parts.push(frame);
      if (!isLast) continue;
      const whole = Buffer.concat(this.#parts.map((part) => part.payload));
      const isText = this.#parts[0].opcode === 1;
      this.#parts = [];
      const data = isText ? whole.toString()
        : whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length);
      this.onmessage?.({ data });
    }
  }

  #next() {
    const rest = this.#rest;
    if (rest.length < 2) return null;
    let length = rest[1] & 0x7f;
    let at = 2;
    if (length > HEAD_LIMIT) {
      const wide = length === 126 ? 2 : 8;
      if (rest.length < 2 + wide) return null;
      length = wide === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      at += wide;
    }
    if (rest.length < at + length) return null;
    this.#rest = rest.subarray(at + length);
    return {
      opcode: rest[0] & 15, isLast: rest[0] > 127, payload: rest.subarray(at, at + length),
    };
  }

  #closed(code, reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}
