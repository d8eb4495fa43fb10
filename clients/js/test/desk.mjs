// What the live tests stand on: the node that was built, and a line that can be cut.

import { spawn, spawnSync } from "node:child_process";
import { connect as dial, createServer } from "node:net";
import { environment } from "../src/environment.js";
import { WebSocket } from "./websocket.mjs";

export const program = process.env.FIELDCAST_NODE;

/** The browser's surroundings, with a WebSocket where Node.js has none and quick retries. */
export function surroundings(changes = {}) {
  const own = Object.create(environment);
  Object.defineProperty(own, "WebSocket", { value: WebSocket });
  return Object.assign(own, { random: () => 0.05 }, changes);
}

/** A running node with the demonstration. */
export class Desk {
  static async start(words = ["--demo"], port = 0) {
    const desk = new Desk();
    desk.process = spawn(program, [...words, "--listen", `127.0.0.1:${port}`]);
    let said = "";
    await new Promise((resolve, reject) => {
      desk.process.stdout.on("data", (bytes) => {
        said += bytes;
        if (/Ctrl-C|listens at/.test(said)) resolve();
      });
      desk.process.stderr.on("data", (bytes) => { said += bytes; });
      desk.process.on("error", reject);
      desk.process.on("exit", () => reject(new Error(`the node ended: ${said}`)));
    });
    desk.port = Number(/127\.0\.0\.1:(\d+)/.exec(said)[1]);
    desk.token = /token\s+(\S+)/.exec(said)?.[1];
    return desk;
  }

  get address() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it at once, as a crash would. */
  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.removeAllListeners("exit");
    const gone = new Promise((resolve) => { this.process.once("exit", resolve); });
    this.process.kill("SIGKILL");
    await gone;
  }
}

export function mint(secretFile, seconds, ...words) {
  const grants = ["--read", "desk/**", "--write", "desk/**"];
  const made = spawnSync(program, [
    "token", "--secret-file", secretFile, "--tenant", "demo", "--seconds", String(seconds),
    ...grants, ...words,
  ]);
  return made.stdout.toString().trim();
}

/** A line between client and node that can be cut, stopped in one direction, or refuse sockets. */
export class Line {
  #pairs = new Set();
  losesAnswers = false;
  refusesUpgrades = false;
  upgrades = 0;

  static async to(desk) {
    const line = new Line();
    line.desk = desk;
    line.server = createServer((near) => line.#accept(near));
    await new Promise((resolve) => { line.server.listen(0, "127.0.0.1", resolve); });
    line.address = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  #accept(near) {
    const far = dial(this.desk.port, "127.0.0.1");
    const pair = [near, far];
    this.#pairs.add(pair);
    near.on("data", (bytes) => {
      const upgrade = bytes.includes("Upgrade: websocket") || bytes.includes("upgrade: websocket");
      if (upgrade) this.upgrades++;
      if (upgrade && this.refusesUpgrades) {
        near.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      } else {
        far.write(bytes);
      }
    });
    far.on("data", (bytes) => { if (!this.losesAnswers) near.write(bytes); });
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on("close", () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
      one.on("error", () => {});
    }
  }

  cut() {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  close() {
    this.cut();
    this.server.close();
  }
}

/** The next time that `emitter` says `name`, of a kind that `isWanted` recognises. */
export function next(emitter, name, isWanted = () => true) {
  return new Promise((resolve) => {
    const stop = emitter.on(name, (detail) => {
      if (!isWanted(detail)) return;
      stop();
      resolve(detail);
    });
  });
}

/** Waits until something holds, looking whenever `emitter` says `name`. */
export async function until(emitter, name, holds) {
  while (!holds()) await next(emitter, name);
}
