/**
 * A process with a worker, for `runForked`. Its arguments are the broker's URL, how many jobs it runs at most, and how long its
 * leases last, 0 for none.
 *
 * @module
 */

import process from "node:process";
import { forkPlace } from "../../../adapters/forks/run-forked.ts";
import { runInFork } from "../../../adapters/forks/run-in-fork.ts";
import { createClient, createLeases } from "../../../src/client/mod.ts";
import { createWorker, handle } from "../../../src/worker/mod.ts";
import { perform } from "./deeds.ts";
import { work } from "./work.ts";

const [url, maxJobs, leaseMs] = process.argv.slice(2);
const worker = createWorker({
  client: createClient({ url: url! }),
  concurrency: 1,
  workerId: `place-${forkPlace()}`,
  maxJobs: Number(maxJobs),
  ...leaseMs === "0"
    ? { handlers: [handle(work, perform, { timeout: 50 })] }
    : { handlers: [handle(work, perform)], leases: createLeases({ url: url! }), leaseMs: 1000 },
});
await runInFork(worker, { graceMs: 50 });
