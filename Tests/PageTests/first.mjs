// How many bytes a browser is sent for the page, and how soon the first live value stands in it.
// Prints {"bytes": n, "first": [ms, …]}: node Tests/PageTests/first.mjs RUNS
// FIELDCAST_NODE names the node. The browser is warm, its cache empty for each run.

import { Desk } from "../../clients/js/test/desk.mjs";
import { Chromium } from "./chromium.mjs";

const runs = Number(process.argv[2] ?? 9);
const desk = await Desk.start();
const chromium = await Chromium.start();
const first = [];
let bytes = 0;
try {
  // One more than asked for: the first finds out, with a cold browser, what the page consists of.
  for (let i = 0; i <= runs; i++) {
    const page = await chromium.page("about:blank");
    await page.go(`${desk.address}/#token=${desk.token}`);
    await page.loaded();
    await page.until("document.documentElement.dataset.first && !note.disabled");
    if (i) first.push(Number(await page.value("document.documentElement.dataset.first")));
    bytes = await page.value(`[...performance.getEntriesByType("navigation"),
      ...performance.getEntriesByType("resource")].filter(({ name }) => !/chart\\.js/.test(name))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
    await page.close();
  }
} finally {
  await chromium.stop();
  await desk.kill();
}
console.log(JSON.stringify({ bytes, first }));
