/** What lives long keeps one contract: checked by the compiler, never run. */

import type { HttpWorker } from "../../src/offload/mod.ts";
import type { Startable, StopOptions, Stoppable, Worker } from "../../src/worker/mod.ts";

declare const worker: Worker;
declare const http: HttpWorker;

worker satisfies Startable;
http satisfies Startable;
worker satisfies Stoppable;

/** What anybody may do with something that lives long. */
export async function stopAll(all: readonly Stoppable[], options: StopOptions): Promise<void> {
  await Promise.all(all.map((one) => one.stop(options)));
  await using _last = all.at(-1)!;
}

stopAll([worker], { timeoutMs: 1000 });
// @ts-expect-error: a number of ms
stopAll([worker], { timeoutMs: "1s" });
