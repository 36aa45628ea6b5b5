/**
 * Measures throughput under the runtime that runs it: `deno task bench`, `bun scripts/bench/main.ts`,
 * `node scripts/bench/main.ts`. `--quick` takes a tenth of the jobs. The frame decoders have a bench of their own, frames.ts.
 *
 * Embedded is broker, client and worker in one process on an SQLite file; served is the broker in a process of
 * its own, over loopback. Prints a table, then everything as one line of JSON. Never part of the gate.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { type Row, runLoads, type Sizes } from "./load.ts";
import { startServed } from "./served.ts";

const quick = process.argv.includes("--quick");
const scale = quick ? 0.1 : 1;
const embeddedSizes: Sizes = {
  bulk: 100_000 * scale,
  single: 50_000 * scale,
  drain: 50_000 * scale,
};
const servedSizes: Sizes = { bulk: 100_000 * scale, single: 20_000 * scale, drain: 50_000 * scale };

const place = await mkdtemp(join(tmpdir(), "millrace-bench-"));
const results: (Row & { readonly setting: string })[] = [];
const add = (setting: string, rows: readonly Row[]) => {
  for (const row of rows) {
    results.push({ setting, ...row });
    const rate = Math.round(row.jobs / row.ms * 1000).toLocaleString("en");
    const cost = (row.ms / row.jobs * 1000).toFixed(1);
    console.log(
      `${setting.padEnd(18)}${row.name.padEnd(28)}${rate.padStart(10)} /s${cost.padStart(9)} µs`,
    );
  }
};

try {
  const { openSqlite } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(join(place, "embedded.db")) });
  add("embedded", await runLoads(createClient({ fetch: broker.fetch }), embeddedSizes));
  await broker.close();

  for (const format of ["json", "msgpack"] as const) {
    const served = await startServed(join(place, `${format}.db`));
    const client = createClient({ url: served.url, format });
    add(`served, ${format}`, await runLoads(client, servedSizes));
    await served.stop();
  }
  console.log(JSON.stringify({ runtime: runtimeName(), results }));
} finally {
  await rm(place, { recursive: true });
}

function runtimeName(): string {
  const { versions } = process;
  if (versions["deno"]) return `deno ${versions["deno"]}`;
  return versions["bun"] ? `bun ${versions["bun"]}` : `node ${versions.node}`;
}
