/**
 * What it costs to look into payloads: filters over 500,000 jobs (how many a second, and the longest time that others
 * had to wait meanwhile), and batches that fold on one key and on 1,000. `deno run -A scripts/bench/payloads.ts`, or any
 * other runtime.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";

const stored = 500_000;
const folds = 10_000;
const place = await mkdtemp(join(tmpdir(), "millrace-bench-"));

function tell(what: string, count: number, ms: number, more = ""): void {
  const rate = Math.round(count / ms * 1000).toLocaleString("en");
  console.log(`${what.padEnd(56)}${rate.padStart(10)} /s ${more}`);
}

/** Runs something and finds the longest time that the event loop was held meanwhile, in ms. */
async function watch(run: () => Promise<unknown>) {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  const startedAt = performance.now();
  await run();
  clearInterval(timer);
  return {
    ms: performance.now() - startedAt,
    longest: Math.max(longest, performance.now() - last),
  };
}

try {
  const { openSqlite } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(join(place, "jobs.db")) });
  const client = createClient({ fetch: broker.fetch });
  for (let at = 0; at < stored; at += 10_000) {
    await client.enqueueMany(Array.from({ length: 10_000 }, (_, n) => ({
      type: "t",
      queue: (at + n) % 10 === 0 ? "tenth" : "rest",
      payload: { user_id: at + n, tags: ["a", "b"], text: "x".repeat(100) },
    })));
  }
  for (
    const [what, query] of [
      ["count, all payloads", { filter: ".user_id % 1000 == 7" }],
      ["count, a tenth by queue", { filter: ".user_id % 1000 == 0", queue: "tenth" }],
      ["a page, one job fits at the end", { filter: `.user_id == ${stored - 1}`, limit: 1 }],
    ] as const
  ) {
    const { ms, longest } = await watch(async () => {
      if ("limit" in query) await client.page(query);
      else await client.count(query);
    });
    tell(what, stored, ms, `longest hold ${longest.toFixed(0)} ms`);
  }
  const deleted = await watch(() => client.deleteMany({ filter: ".user_id % 2 == 0" }));
  tell("delete every second", stored, deleted.ms, `longest hold ${deleted.longest.toFixed(0)} ms`);

  for (const keys of [1, 1000]) {
    const startedAt = performance.now();
    for (let at = 0; at < folds; at += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, n) =>
        client.enqueue({
          type: "t",
          queue: "batches",
          payload: { n: 1 },
          batch: {
            key: `${keys}-${(at + n) % keys}`,
            when: "true",
            fold: "{n: ($existing.n + $new.n)}",
          },
        })));
    }
    tell(
      `fold, 1,000 at once, ${keys} key${keys === 1 ? "" : "s"}`,
      folds,
      performance.now() - startedAt,
    );
  }
  await broker.close();
} finally {
  await rm(place, { recursive: true });
}
