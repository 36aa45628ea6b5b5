/**
 * The demo's second worker, in a process of its own, over HTTP. It is there to be killed.
 *
 * It reports what it does to its parent, one JSON line each. The lines are written at once and not through a stream, so
 * that none is lost when it is killed.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { createClient } from "../../../src/client/mod.ts";
import { createWorker } from "../../../src/worker/mod.ts";
import type { FileFacts } from "./file-facts.ts";
import { createHandlers } from "./handlers.ts";

/** A line from the child to its parent. */
export type Message =
  | { readonly kind: "connected" }
  | { readonly kind: "started"; readonly id: string }
  | { readonly kind: "ran"; readonly id: string; readonly facts?: FileFacts | undefined }
  | {
    readonly kind: "acked";
    readonly ids: readonly string[];
    readonly notFound: readonly string[];
  };

const report = (message: Message) => writeSync(1, `${JSON.stringify(message)}\n`);

const worker = createWorker({
  client: createClient({ url: process.argv[2]! }),
  handlers: createHandlers((id, facts) => report({ kind: "ran", id, facts })),
  concurrency: Number(process.argv[3]),
  logger: false, // Jobs that fail are a part of the show, and are counted.
});
worker.on("connected", () => report({ kind: "connected" }));
worker.on("started", ({ job }) => report({ kind: "started", id: job.id }));
worker.on("acked", ({ ids, notFound }) => report({ kind: "acked", ids, notFound }));
await worker.start();

// The parent holds the other end: this process ends when its parent does.
process.stdin.on("end", () => process.exit(0)).resume();
