/**
 * A worker program as a user would write it, with a job that takes two seconds. Says when the job runs, when it is done and
 * when the broker knows, and with which code the process ends.
 *
 * Run with the broker's URL.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { stopOnSignals } from "../../adapters/signals.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";

const say = (text: string) => void writeSync(1, `${text}\n`);

const worker = createWorker({
  client: createClient({ url: process.argv[2]! }),
  handlers: [
    handle(defineJob({ type: "long", queue: "long" }), async () => {
      say("job runs");
      await sleep(2000);
      say("job done");
    }),
  ],
});
worker.on("acked", ({ notFound }) => say(`job reported, ${notFound.length} missed`));
process.on("exit", (code) => say(`exit ${code}`));
stopOnSignals(worker, { logger: { debug() {}, info: say, warn: say, error: say } });
await worker.start();
