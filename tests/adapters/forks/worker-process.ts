/**
 * A process with a worker, for `runForked`. Its arguments are the broker's URL and how many jobs it runs at most.
 *
 * @module
 */

import process from "node:process";
import { forkPlace } from "../../../adapters/forks/run-forked.ts";
import { runInFork } from "../../../adapters/forks/run-in-fork.ts";
import { createClient } from "../../../src/client/mod.ts";
import { createWorker, handle } from "../../../src/worker/mod.ts";
import { perform } from "./deeds.ts";
import { work } from "./work.ts";

const [url, maxJobs] = process.argv.slice(2);
const worker = createWorker({
  client: createClient({ url: url! }),
  concurrency: 1,
  workerId: `place-${forkPlace()}`,
  maxJobs: Number(maxJobs),
  handlers: [handle(work, perform, { timeout: 50 })],
});
await runInFork(worker, { graceMs: 50 });
