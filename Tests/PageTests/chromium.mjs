// Chromium without a window, driven over its DevTools pipe: no package is needed for that.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const browser = process.env.CHROMIUM || "/usr/bin/chromium";

export class Chromium {
  #next = 1;
  #waiting = new Map();
  #listeners = new Set();
  #rest = "";

  static async start() {
    const chromium = new Chromium();
    chromium.room = mkdtempSync(join(tmpdir(), "fieldcast-page-"));
    chromium.process = spawn(browser, [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--no-first-run", "--remote-debugging-pipe", `--user-data-dir=${chromium.room}`,
      "about:blank",
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true });
    chromium.process.stdio[4].on("data", (bytes) => chromium.#received(bytes));
    chromium.process.stdio[3].on("error", () => {});
    await chromium.send("Browser.getVersion");
    return chromium;
  }

  #received(bytes) {
    const parts = (this.#rest + bytes.toString()).split("\0");
    this.#rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      if (message.id === undefined) {
        for (const listener of this.#listeners) listener(message);
        continue;
      }
      const { resolve, reject, method } = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  on(listener) {
    this.#listeners.add(listener);
  }

  async page(address, options = {}) {
    const context = await this.send("Target.createBrowserContext");
    const { targetId } = await this.send("Target.createTarget",
      { url: "about:blank", browserContextId: context.browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    await page.open(address, options);
    return page;
  }

  async stop() {
    const ended = new Promise((resolve) => { this.process.once("exit", resolve); });
    // Its own process group: Chromium is many processes.
    process.kill(-this.process.pid, "SIGKILL");
    await ended;
    rmSync(this.room, { recursive: true, force: true, maxRetries: 10 });
  }
}

export class Page {
  /** What the console would show. */
  complaints = [];

  constructor(chromium, session, target) {
    this.chromium = chromium;
    this.target = target;
    this.session = session;
    chromium.on(({ sessionId, method, params }) => {
      if (sessionId !== session) return;
      if (method === "Runtime.consoleAPICalled") {
        this.complaints.push(params.args.map((arg) => arg.value ?? arg.description).join(" "));
      } else if (method === "Runtime.exceptionThrown") {
        const { exception, text } = params.exceptionDetails;
        this.complaints.push(exception?.description ?? text);
      } else if (method === "Log.entryAdded") {
        this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
      }
    });
  }

  send(method, params) {
    return this.chromium.send(method, params, this.session);
  }

  async open(address, { width = 1280, height = 1000, dark = false } = {}) {
    await Promise.all(["Page", "Runtime", "Log"].map((domain) => this.send(`${domain}.enable`)));
    await this.size(width, height);
    await this.dark(dark);
    await this.go(address);
  }

  close() {
    return this.chromium.send("Target.closeTarget", { targetId: this.target });
  }

  go(address) {
    return this.send("Page.navigate", { url: address });
  }

  size(width, height) {
    return this.send("Emulation.setDeviceMetricsOverride",
      { width, height, deviceScaleFactor: 1, mobile: width < 700 });
  }

  dark(isDark) {
    return this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }],
    });
  }

  /** The value of an expression in the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate",
      { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description);
    return result.value;
  }

  /** Waits until an expression holds, looking at each change of the page. */
  async until(expression, seconds = 20) {
    const found = await this.value(`new Promise((resolve) => {
      const look = () => {
        let holds = false;
        try { holds = ${expression}; } catch {}
        if (holds) { watcher.disconnect(); clearTimeout(end); resolve(true); }
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document, { subtree: true, childList: true, attributes: true,
        characterData: true });
      const end = setTimeout(() => { watcher.disconnect(); resolve(false); }, ${seconds * 1000});
      look();
    })`);
    if (!found) {
      const state = await this.value("document.body.innerText.slice(0, 1500)");
      throw new Error(`never came: ${expression}\n${this.complaints.join("\n")}\n${state}`);
    }
  }

  /** Waits for a page that is loaded, and of which `also` holds. */
  async loaded(also = "true") {
    for (;;) {
      try {
        await this.until(
          `document.readyState !== 'loading' && document.querySelector('#standing') && ${also}`);
        return;
      } catch (error) {
        // A page that is being replaced takes its promises along.
        if (!/context|navigated/i.test(error.message)) throw error;
      }
    }
  }

  async key(key, { code = key, text, modifiers = 0, windowsVirtualKeyCode } = {}) {
    const common = { key, code, modifiers, windowsVirtualKeyCode };
    await this.send("Input.dispatchKeyEvent",
      { type: text ? "keyDown" : "rawKeyDown", text, ...common });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
  }

  tab(isBack = false) {
    return this.key("Tab", { windowsVirtualKeyCode: 9, modifiers: isBack ? 8 : 0 });
  }

  enter() {
    return this.key("Enter", { text: "\r", windowsVirtualKeyCode: 13 });
  }

  type(text) {
    return this.send("Input.insertText", { text });
  }

  /** Moves by the Tab key alone until the focus is on what `selector` names. */
  async tabTo(selector, most = 60) {
    for (let i = 0; i < most; i++) {
      if (await this.value(`document.activeElement?.matches(${JSON.stringify(selector)})`)) return;
      await this.tab();
    }
    throw new Error(`the keyboard does not reach ${selector}`);
  }

  async picture(file) {
    const { contentSize } = await this.send("Page.getLayoutMetrics");
    const { data } = await this.send("Page.captureScreenshot", {
      captureBeyondViewport: true,
      clip: { x: 0, y: 0, width: contentSize.width, height: contentSize.height, scale: 1 },
    });
    writeFileSync(file, Buffer.from(data, "base64"));
  }
}
