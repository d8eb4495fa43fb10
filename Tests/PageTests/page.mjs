// The demonstration's page in Chromium, as a visitor uses it: node Tests/PageTests/page.mjs
// FIELDCAST_NODE names the node; PICTURES, if given, a folder for pictures of the page.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { connect } from "../../clients/js/fieldcast.js";
import { Desk, Line, mint, surroundings, until } from "../../clients/js/test/desk.mjs";
import { Chromium } from "./chromium.mjs";

const room = mkdtempSync(join(tmpdir(), "fieldcast-desk-"));
const secret = join(room, "secret");
const words = ["--demo", "--secret-file", secret];
const pictures = process.env.PICTURES;
/** What only the whole round does, `make page`; the others are in every `make test`. */
const whole = process.env.WHOLE ? false : "make page does this";
let desk;
let line;
let chromium;
let pages = [];

before(async () => {
  writeFileSync(secret, randomBytes(24).toString("hex"));
  chromium = await Chromium.start();
  desk = await Desk.start(words);
});
beforeEach(async () => { line = await Line.to(desk); });
afterEach(async () => {
  for (const page of pages) await page.close();
  pages = [];
  line.close();
});
after(async () => {
  await chromium?.stop();
  await desk?.kill();
  rmSync(room, { recursive: true });
});

async function visit({ token = mint(secret, 600), ...options } = {}) {
  const page = await chromium.page(`${line.address}/${token ? `#token=${token}` : ""}`, options);
  pages.push(page);
  await page.loaded();
  return page;
}

async function visitLive(options) {
  const page = await visit(options);
  await page.until("standing.dataset.state === 'live' && document.documentElement.dataset.first");
  await page.until("!note.disabled && document.querySelector('#people .me')");
  return page;
}

/** Nothing on the console but, where a network was cut, the browser's own word on that. */
function assertQuiet(page, isCut = false) {
  const own = page.complaints.filter((text) => !isCut || !/ERR_|WebSocket connection/.test(text));
  assert.deepEqual(own, []);
}

async function publisher() {
  const client = connect(desk.address, { token: mint(secret, 600), environment: surroundings() });
  const board = client.watch("desk/board");
  await until(board, "change", () => board.version > 0);
  return { client, board };
}

test("a snapshot, then diffs, each smaller than the document, and hashes that agree", async () => {
  const page = await visitLive();
  await page.until("[...topics.rows].every((row) => row.cells[5].innerText === 'same hash')");
  await page.until("[...diffs.children].filter((one) => /→/.test(one.innerText)).length >= 4");
  await page.until("/^[1-9][0-9] %$/.test(saved.innerText)");
  await page.until("document.querySelectorAll('#sessions tbody tr').length > 0");
  await page.until("document.querySelectorAll('#agents li').length === 5");
  await page.until("document.querySelectorAll('#log li').length >= 3");
  await page.until("!chart.hidden || sketch.isConnected");
  assertQuiet(page);
});

test("two people at once: one edits, the other sees it, and who is late is asked", async () => {
  const [one, other] = [await visitLive(), await visitLive()];
  await one.until("people.children.length >= 2");
  const text = `The printer is mended ${randomBytes(3).toString("hex")}`;
  await write(one, text);
  await other.until("document.querySelector('#people .writing')");
  await one.value("save.click()");
  await other.until(`note.value === ${JSON.stringify(text)}`);
  await one.until("/Saved as version/.test(document.getElementById('board-status').innerText)");

  await write(one, "mine");
  await write(other, "theirs");
  await other.value("save.click()");
  await one.until("!conflict.hidden && theirs.innerText === 'theirs'");
  assert.equal(await one.value("note.value"), "mine");
  await one.value("keep.click()");
  await other.until("note.value === 'mine'");
  await one.until("conflict.hidden");

  await write(one, "again mine");
  await write(other, "again theirs");
  await other.value("save.click()");
  await one.until("!conflict.hidden");
  await one.value("take.click()");
  await one.until("note.value === 'again theirs' && conflict.hidden && save.disabled");
  assertQuiet(one);
  assertQuiet(other);
});

test("a cut is told, and one diff brings back what was missed", async () => {
  const page = await visitLive();
  await page.value("cut.click()");
  await page.until(`standing.dataset.state === 'waiting'
    && /Next try in/.test(countdown.innerText)`);
  await page.until("/held, while away/.test(topics.innerText)");
  await page.value("retry.click()");
  await page.until("standing.dataset.state === 'live'");
  await page.until("/in one diff of [0-9]+ bytes/.test(notice.innerText)");
  await page.until("[...topics.rows].every((row) => row.cells[5].innerText === 'same hash')");
  assertQuiet(page);
});

test("the server is lost and comes back, and the page with it", { skip: whole }, async () => {
  const page = await visitLive();
  const port = desk.port;
  await desk.kill();
  await page.until("standing.dataset.state === 'waiting'");
  assert.ok(await page.value("!retry.hidden && note.value !== ''"));
  desk = await Desk.start(words, port);
  await page.until("standing.dataset.state === 'live'", 30);
  await page.until("/began anew/.test(notice.innerText)");
  assertQuiet(page, true);
});

test("where WebSockets are refused it polls, edits, and goes live", { skip: whole }, async () => {
  line.refusesUpgrades = true;
  const page = await visit();
  await page.until("standing.dataset.state === 'polling'");
  await page.until("document.documentElement.dataset.first && !note.disabled");
  await write(page, "by post");
  await page.value("save.click()");
  const { client, board } = await publisher();
  await until(board, "change", () => board.document.note === "by post");
  await client.publish("desk/board", { set: { note: "by poll" } });
  await page.until("note.value === 'by poll'");
  line.refusesUpgrades = false;
  await page.until("standing.dataset.state === 'live'", 30);
  client.close();
  assertQuiet(page, true);
});

test("a token that ends says so, and another is taken by keyboard", { skip: whole }, async () => {
  const page = await visitLive({ token: mint(secret, 3) });
  await page.until("standing.dataset.state === 'closed' && !entrance.hidden");
  assert.match(await page.value("entrance.innerText"), /time is over/);
  assert.ok(await page.value("document.activeElement === token"));
  await page.type(mint(secret, 600));
  // The page is loaded anew, and the one before is not to be mistaken for it.
  await page.value("globalThis.isOld = true");
  await page.enter();
  await page.loaded("!globalThis.isOld");
  await page.until("standing.dataset.state === 'live'");
  assertQuiet(page);
});

test("without a token the page asks for one", async () => {
  const page = await visit({ token: null });
  await page.until("!entrance.hidden && document.activeElement === token");
  assert.ok(await page.value(
    "[...document.querySelectorAll('section')].every((one) => !one.offsetParent)"));
  assertQuiet(page);
});

test("by keyboard alone: past the header, write, save, and choose", { skip: whole }, async () => {
  const page = await visitLive();
  await page.tab();
  assert.equal(await page.value("document.activeElement.innerText"), "To the desk");
  await page.enter();
  assert.equal(await page.value("document.activeElement.id"), "main");
  await page.tabTo("#note");
  await page.value("note.select()");
  await page.type("written without a mouse");
  await page.tabTo("#save");
  assert.notEqual(await page.value("getComputedStyle(save).outlineStyle"), "none");
  await page.enter();
  await page.until("/Saved as version/.test(document.getElementById('board-status').innerText)");
  // Somebody else is first: the focus goes to the question, and the next stop is its answer.
  const { client } = await publisher();
  await page.tabTo("#note");
  await page.value("note.select()");
  await page.type("late");
  await page.tabTo("#save");
  await client.publish("desk/board", { set: { note: "early", author: "Grace" } });
  await page.until("!conflict.hidden && /Grace saved/.test(conflict.innerText)");
  await page.tabTo("#take");
  await page.enter();
  await page.until("note.value === 'early' && document.activeElement === note");
  for (const selector of ["#encoding", "#cut", "#hold", "#sessions .scroll"]) {
    await page.tabTo(selector);
  }
  client.close();
  assertQuiet(page);
});

test("nothing that a topic contains becomes markup or breaks the page", async () => {
  const page = await visitLive();
  const { client } = await publisher();
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await client.publish("desk/board", { set: { note: evil, author: evil, goal: { a: 1 } } });
  const row = { customer: evil, subject: { nested: [evil] }, agent: 5, unread: evil };
  await client.publish("desk/sessions", { set: { [evil]: row, odd: 7, __proto__x: row } });
  await client.publish("desk/sessions", { set: JSON.parse('{"__proto__":{"customer":"poison"}}') });
  await client.publish("desk/agents", { set: { [evil]: { status: evil, solved: evil } } });
  await client.publish("desk/log", { event: { what: "constructor", text: evil } });
  client.join("desk/board", { name: evil, hue: evil, writing: true });
  await page.until(`note.value === ${JSON.stringify(evil)}`);
  await page.until("/poison/.test(document.querySelector('#sessions tbody').innerText)");
  await page.until("/onerror/.test(agents.innerText) && /onerror/.test(log.innerText)");
  await page.until("/onerror/.test(people.innerHTML) && /onerror/.test(diffs.innerText)");
  assert.equal(await page.value("document.querySelectorAll('img, body script').length"), 0);
  assert.equal(await page.value("document.title"), "Support desk · Fieldcast");
  assert.ok(await page.value("!/native code|object Object/.test(document.body.innerText)"));
  const unset = { unset: [[evil], ["odd"], ["__proto__x"], ["__proto__"]] };
  await client.publish("desk/sessions", unset);
  await client.publish("desk/agents", { unset: [[evil]] });
  await client.publish("desk/board", { set: { note: "calm", author: "Ada", goal: 150 } });
  await page.until("note.value === 'calm' && !/onerror/.test(agents.innerText)");
  client.close();
  assertQuiet(page);
});

test("in light and dark: the system's choice or one's own, readable in both", async () => {
  const page = await visitLive();
  const ground = () => page.value("getComputedStyle(document.body).backgroundColor");
  const light = await ground();
  assert.deepEqual(await page.value(contrasts), []);
  await picture(page, "light");
  await page.dark(true);
  const dark = await ground();
  assert.notEqual(light, dark);
  assert.deepEqual(await page.value(contrasts), []);
  await picture(page, "dark");
  await page.value("theme.click()");
  assert.equal(await ground(), light);
  assertQuiet(page);
});

test("on a narrow screen nothing is cut off, and targets are large enough", async () => {
  for (const width of [320, 390, 768]) {
    const page = await visitLive({ width, height: 800 });
    await page.until("document.querySelectorAll('#log li').length >= 3");
    assert.ok(await page.value("document.scrollingElement.scrollWidth <= innerWidth"), `${width}`);
    const small = await page.value(`[...document.querySelectorAll("button, select, input")]
      .filter((one) => one.offsetParent && one.type !== "checkbox" && one.offsetHeight < 32)
      .map((one) => one.id)`);
    assert.deepEqual(small, []);
    await picture(page, `width-${width}`);
    assertQuiet(page);
  }
});

test("it can be read aloud: names for all that is operated, one heading, no level left out",
  async () => {
    const page = await visitLive();
    assert.equal(await page.value("document.documentElement.lang"), "en");
    const levels = await page.value(`[...document.querySelectorAll("h1, h2, h3")]
      .filter((one) => one.offsetParent).map((one) => Number(one.tagName[1]))`);
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.reduce((before, level) => {
      assert.ok(level <= before + 1);
      return level;
    }, 0);
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const operated = new Set(["button", "textbox", "combobox", "checkbox", "spinbutton", "link",
      "table", "progressbar"]);
    const found = nodes.filter((node) => !node.ignored && operated.has(node.role?.value));
    assert.ok(found.length >= 9);
    const nameless = found.filter((node) => !node.name?.value && node.role.value !== "table");
    assert.deepEqual(nameless.map((node) => node.role.value), []);
    const told = nodes.filter((node) => node.role?.value === "status");
    assert.ok(told.some((node) => /Live/.test(text(node, nodes))));
    assertQuiet(page);
  });

test("without the chart library the line is drawn all the same", { skip: whole }, async () => {
  const page = await chromium.page("about:blank");
  pages.push(page);
  await page.send("Fetch.enable", { patterns: [{ urlPattern: "*/chart.js" }] });
  chromium.on(({ sessionId, method, params }) => {
    if (sessionId !== page.session || method !== "Fetch.requestPaused") return;
    page.send("Fetch.fulfillRequest", {
      requestId: params.requestId, responseCode: 200,
      responseHeaders: [{ name: "content-type", value: "text/javascript" }], body: "",
    });
  });
  await page.go(`${line.address}/#token=${mint(secret, 600)}`);
  await page.loaded();
  await page.until("sketch.querySelector('polyline').getAttribute('points').split(' ').length > 3");
  assertQuiet(page);
});

async function write(page, text) {
  await page.value(`note.value = ${JSON.stringify(text)};
    note.dispatchEvent(new Event("input", { bubbles: true }))`);
}

async function picture(page, name) {
  if (pictures) await page.picture(join(pictures, `${name}.png`));
}

function text(node, nodes) {
  const own = node.name?.value ?? "";
  const children = (node.childIds ?? []).map((id) => nodes.find((one) => one.nodeId === id));
  return own + children.filter(Boolean).map((child) => text(child, nodes)).join(" ");
}

/** The pairs of colours that are harder to read than WCAG's AA allows. */
const contrasts = `(() => {
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = (name) => {
    probe.style.color = "var(--" + name + ")";
    return getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map((part) => {
      const c = Number(part) / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
  };
  const light = (name) => {
    const [r, g, b] = colour(name);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = ["card", "ground"].flatMap((under) =>
    ["text", "quiet", "accent", "good", "warn", "bad"].map((over) => [over, under]))
    .concat([["on-accent", "accent"], ["text", "glow"]]);
  const poor = pairs.filter(([a, b]) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05) < 4.5;
  });
  probe.remove();
  return poor.map((pair) => pair.join(" on "));
})()`;
