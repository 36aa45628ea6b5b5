/**
 * `millrace enqueue`: one job, put together by hand.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { createClient } from "../../../src/client/mod.ts";
import { describeFlags, type Flags, UsageError } from "../options.ts";
import { readDuration, readInteger, readText } from "../values.ts";
import {
  type BrokerConfig,
  brokerFlags,
  filterFlags,
  formFlags,
  toClientOptions,
  toOptional,
} from "./flags.ts";
import { type Form, isForPeople, type Output } from "./output.ts";

/** What `millrace enqueue` is told. */
export interface EnqueueConfig extends BrokerConfig, Form {
  readonly queue: string;
  readonly priority: number | undefined;
  readonly delay: number | undefined;
  readonly retries: number | undefined;
  readonly uniqueKey: string | undefined;
  readonly key: string | undefined;
  readonly tag: readonly string[] | undefined;
}

/** The flags of `millrace enqueue`. */
export const enqueueFlags: Flags<EnqueueConfig> = {
  queue: { placeholder: "NAME", fallback: "default", read: readText, help: "the queue" },
  priority: toOptional("N", readInteger(0, 65_535), "lower runs first, 32768 is the middle"),
  delay: toOptional("TIME", readDuration(0, Number.MAX_SAFE_INTEGER), "when it is ready"),
  retries: toOptional("N", readInteger(0, 2 ** 32 - 1), "how many it has before it is dead"),
  uniqueKey: toOptional("TEXT", readText, "at most one job with this key waits"),
  key: toOptional("TEXT", readText, "a call that is made again with it is done once"),
  tag: { ...filterFlags.tag, help: "its tags" },
  ...formFlags,
  ...brokerFlags,
};

/** The help of `millrace enqueue`. */
export const enqueueHelp: string = `Usage: millrace enqueue [flags] TYPE [PAYLOAD]

Enqueues a job, and prints its id. PAYLOAD is JSON, null if it is left out; '@FILE' is what a file has, and '-' the
standard input.

  millrace enqueue resize '{"file":"a.png"}' --queue images --delay 10m

${describeFlags(enqueueFlags)}`;

/** Enqueues a job. */
export async function runEnqueue(
  [type, payload = "null"]: readonly string[],
  config: EnqueueConfig,
  output: Output,
): Promise<void> {
  const client = createClient(toClientOptions(config));
  const { queue, priority, delay: delayMs, retries: retryLimit, uniqueKey, tag: tags, key } =
    config;
  const job = await client.enqueue({
    type: type!,
    queue,
    payload: parse(await readPayload(payload)),
    priority,
    delayMs,
    retryLimit,
    uniqueKey,
    tags,
  }, { idempotencyKey: key });
  if (!isForPeople(output, config) && config.json) {
    return await output.write(`${JSON.stringify(job)}\n`);
  }
  await output.write(`${job.id}\n`);
  if (job.duplicate) output.note("Nothing was stored: this job has the unique key");
}

async function readPayload(text: string): Promise<string> {
  if (text === "-") return await readInput();
  if (!text.startsWith("@")) return text;
  const file = text.slice(1);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`File '${file}' cannot be read: ${(error as Error).message}`);
  }
}

async function readInput(): Promise<string> {
  let text = "";
  for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError('Payload is no JSON, expected such as \'{"to":"Ada"}\' or \'"text"\'');
  }
}
