// The client before the probe, a server with bad manners that judges whoever connects:
// FIELDCAST_PROBE=…/fieldcast-probe node --test test/check.test.js

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "../fieldcast.js";
import { surroundings } from "./desk.mjs";

const program = process.env.FIELDCAST_PROBE;
const skip = program ? false : "FIELDCAST_PROBE does not name a probe";

describe("before a server with bad manners", { skip, concurrency: true }, () => {
  for (const encoding of ["json", "messagepack"]) {
    test(`${encoding}: no rule is broken, and none is kept by halves`, async () => {
      const room = mkdtempSync(join(tmpdir(), "fieldcast-check-"));
      const file = join(room, "verdicts.json");
      // It judges the real waits: nothing here stands in for chance.
      const probe = spawn(program, ["check", "client", "--json", file, "--for", "20s"]);
      const ended = new Promise((resolve) => { probe.on("exit", resolve); });
      let client = null;
      let said = "";
      for (const stream of [probe.stdout, probe.stderr]) {
        stream.on("data", (bytes) => {
          said += bytes;
          const told = /(ws:\S+)\s+token\s+(\S+)\s+topic\s+(\S+)/.exec(said);
          if (!told || client) return;
          const [, address, token, topic] = told;
          client = connect(address, {
            token, encoding, polling: false, environment: surroundings({ random: Math.random }),
          });
          client.watch(topic, { hash: true });
        });
      }
      const status = await ended;
      client?.close();
      const { rules } = JSON.parse(readFileSync(file));
      rmSync(room, { recursive: true });
      const broken = rules.filter(({ verdict }) => verdict === "fail" || verdict === "lenient");
      assert.deepEqual(broken, [], said);
      assert.equal(status, 0, said);
    });
  }
});
