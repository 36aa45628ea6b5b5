/**
 * What is done with the jobs of the demo, in both of its processes.
 *
 * @module
 */

import { readFile as readBytes } from "node:fs/promises";
import { handle, type JobHandler } from "../../../src/worker/mod.ts";
import { type FileFacts, toFacts } from "./file-facts.ts";
import { call, failOnce, readFile, remind } from "./jobs.ts";

/** Called when the handler of a job ran to its end, with what it found out. */
export type Report = (id: string, facts?: FileFacts) => void;

/** The handlers of a worker. */
export function createHandlers(report: Report): JobHandler[] {
  return [
    handle(readFile, async ({ path }, { job, signal }) => {
      const bytes = new Uint8Array(await readBytes(path, { signal }));
      report(job.id, await toFacts(path, bytes));
    }),
    handle(failOnce, ({ number }, { job, attempt }) => {
      if (attempt === 1) throw new Error(`Job ${number} fails on its first attempt`);
      report(job.id);
    }),
    handle(remind, (_payload, { job }) => report(job.id)),
    handle(call, async ({ waitMs }, { job }) => {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      report(job.id);
    }),
  ];
}
