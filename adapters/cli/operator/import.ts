/**
 * `millrace import`: enqueues what `millrace export` wrote.
 *
 * Lines are read as they come, and sent in chunks. A chunk goes by a key that is made of its text: a run that is repeated
 * after a failure stores nothing twice, for as long as the broker keeps keys.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import process from "node:process";
import {
  type Client,
  createClient,
  type EnqueueRequest,
  type Job,
  type JobStatus,
} from "../../../src/client/mod.ts";
import { isMillraceError } from "../../../src/errors.ts";
import { createLineSplitter } from "../../../src/protocol/line-splitter.ts";
import { describeFlags, type Flags, UsageError } from "../options.ts";
import { type BrokerConfig, brokerFlags, filterFlags, toClientOptions } from "./flags.ts";
import type { Output } from "./output.ts";

/** What `millrace import` is told. */
export interface ImportConfig extends BrokerConfig {
  readonly status: readonly JobStatus[] | undefined;
}

/** The flags of `millrace import`. */
export const importFlags: Flags<ImportConfig> = {
  status: {
    ...filterFlags.status,
    help: "lines of jobs in these statuses, and not scheduled, ready and in_flight",
  },
  ...brokerFlags,
};

/** The help of `millrace import`. */
export const importHelp: string = `Usage: millrace import [flags] FILE

Enqueues a job for each line of a file that 'millrace export' wrote; '-' is the standard input. Jobs keep what they were
enqueued with, and get new ids and all of their attempts. Jobs that are done, dead or wait for others are passed over, unless
'--status' says otherwise; then they begin anew, and wait for nobody. Budgets have to be there before.

The same file may be imported again within ten minutes, after a failure: what was stored is not stored twice, if the broker
is one of Millrace.

${describeFlags(importFlags)}`;

const usual: readonly JobStatus[] = ["scheduled", "ready", "in_flight"];

/** How large a chunk is. */
const mostJobs = 500;
const mostBytes = 2 * 1024 * 1024;

/** So many bytes a line has at most: a job that a broker takes has fewer. */
const longestLine = 256 * 1024 * 1024;

/** Lines that are sent together. */
interface Chunk {
  readonly requests: EnqueueRequest[];
  text: string;
  /** The number of its first line. */
  readonly from: number;
}

/** Reads lines and enqueues. */
export async function runImport(
  [file]: readonly string[],
  config: ImportConfig,
  output: Output,
): Promise<void> {
  const client = createClient(toClientOptions(config));
  const wanted = config.status ?? usual;
  const counts = { stored: 0, duplicates: 0 };
  const passed = new Map<string, number>();
  let chunk: Chunk = { requests: [], text: "", from: 1 };
  let number = 0;

  const flush = async () => {
    if (chunk.requests.length === 0) return;
    try {
      for (const { duplicate, folded } of await send(client, chunk)) {
        if (duplicate || folded) counts.duplicates++;
        else counts.stored++;
      }
    } catch (error) {
      output.note(`Imported ${counts.stored} before lines ${chunk.from} to ${number} failed`);
      throw error;
    }
  };

  const take = async (line: Uint8Array) => {
    number++;
    if (line.every(isBlank)) return;
    const { job, text } = readLine(line, number);
    if (job.status !== undefined && !wanted.includes(job.status)) {
      passed.set(job.status, (passed.get(job.status) ?? 0) + 1);
      return;
    }
    chunk.requests.push(toRequest(job));
    chunk.text += `${text}\n`;
    if (chunk.requests.length < mostJobs && chunk.text.length < mostBytes) return;
    await flush();
    chunk = { requests: [], text: "", from: number + 1 };
  };

  // Not by node:readline, for which a line also ends at U+2028, which JSON has as it is.
  const lines = createLineSplitter(longestLine);
  try {
    for await (const bytes of file === "-" ? process.stdin : createReadStream(file!)) {
      for (const line of lines.push(bytes)) await take(line);
    }
    if (lines.pending > 0) { for (const line of lines.push(lineFeed)) await take(line); }
  } catch (error) {
    if (isMillraceError(error) && error.code === "protocol" && lines.pending > longestLine) {
      throw new UsageError(`Line ${number + 1} has more than ${longestLine} bytes`);
    }
    const { code } = error as { readonly code?: unknown };
    if (typeof code !== "string" || !/^E[A-Z]+$/.test(code)) throw error;
    throw new UsageError(`File '${file}' cannot be read: ${(error as Error).message}`);
  }
  await flush();
  const others = [...passed].map(([status, count]) => `, passed over ${count} ${status}`);
  const twice = counts.duplicates > 0 ? `, ${counts.duplicates} were there already` : "";
  await output.write(`Imported ${counts.stored}${twice}${others.join("")}\n`);
}

async function send(client: Client, { requests, text }: Chunk) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return await client.enqueueMany(requests, { idempotencyKey: `import-${hex.join("")}` });
}

/** A line: a job, or what is enqueued. */
type Line = Partial<Job> & Pick<EnqueueRequest, "type" | "queue" | "payload">;

const lineFeed = new Uint8Array([0x0a]);
const isBlank = (byte: number) => byte === 0x20 || byte === 0x09;
const decoder = new TextDecoder("utf-8", { fatal: true });

function readLine(line: Uint8Array, number: number): { readonly job: Line; readonly text: string } {
  try {
    const text = decoder.decode(line);
    const value = JSON.parse(text);
    if (typeof value?.type === "string" && typeof value.queue === "string") {
      return { job: value, text };
    }
  } catch {
    // As below.
  }
  throw new UsageError(`Line ${number} is no job, expected what 'millrace export' writes`);
}

function toRequest(job: Line): EnqueueRequest {
  const { type, queue, payload, priority, readyAt, retryLimit, backoff, retention } = job;
  const { uniqueKey, uniqueWhile, batch, budgets, tags, meta } = job;
  return {
    type,
    queue,
    payload,
    priority,
    readyAt,
    retryLimit,
    backoff,
    retention,
    uniqueKey,
    uniqueWhile,
    batch,
    budgets,
    tags,
    meta,
  };
}
