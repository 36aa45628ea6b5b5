/**
 * `millrace show`: one job, with its failures.
 *
 * @module
 */

import { createClient, type ErrorRecord, type Job } from "../../../src/client/mod.ts";
import { toPrintable } from "../../../src/printable.ts";
import { describeFlags, type Flags } from "../options.ts";
import { type BrokerConfig, brokerFlags, formFlags, toClientOptions } from "./flags.ts";
import { describeWhen } from "./job-columns.ts";
import { type Form, isForPeople, type Output } from "./output.ts";

/** What `millrace show` is told. */
export interface ShowConfig extends BrokerConfig, Form {}

/** The flags of `millrace show`. */
export const showFlags: Flags<ShowConfig> = { ...formFlags, ...brokerFlags };

/** The help of `millrace show`. */
export const showHelp: string = `Usage: millrace show [flags] ID…

Shows jobs with all that the broker knows of them, and their last failures.

${describeFlags(showFlags)}`;

/** How many failures are shown, and how much of a stack. */
const mostErrors = 5;
const mostStackLines = 8;

/** Members that are instants. */
const isInstant = /At$/;

/** Shows jobs. */
export async function runShow(
  ids: readonly string[],
  config: ShowConfig,
  output: Output,
): Promise<void> {
  const client = createClient(toClientOptions(config));
  for (const [at, id] of ids.entries()) {
    const job = await client.get(id);
    const errors: ErrorRecord[] = [];
    if (job.attempts > 0) {
      const page = await client.errors(id, { order: "desc", limit: mostErrors })
        .pages()[Symbol.asyncIterator]().next();
      if (!page.done) errors.push(...page.value.errors);
    }
    if (!isForPeople(output, config)) {
      await output.write(`${JSON.stringify({ ...job, errors })}\n`);
      continue;
    }
    await output.write(`${at > 0 ? "\n" : ""}${describe(job, errors)}`);
  }
}

function describe(job: Job, errors: readonly ErrorRecord[]): string {
  const { payload, ...members } = job;
  const rows = Object.entries({ ...members, when: describeWhen(job, Date.now()) })
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => [name, toText(name, value)] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `${name.padEnd(width)}  ${toPrintable(text)}`);
  const body = JSON.stringify(payload, undefined, 2) ?? "none";
  lines.push("payload", ...body.split("\n").map((line) => `  ${toPrintable(line)}`));
  for (const error of errors) lines.push(...describeError(error));
  return `${lines.join("\n")}\n`;
}

function toText(name: string, value: unknown): string {
  if (isInstant.test(name) && typeof value === "number") return toInstantText(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Instants that no calendar has, such as one that means never, are told as they are. */
function toInstantText(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? String(instant) : date.toISOString();
}

function describeError(error: ErrorRecord): string[] {
  const { attempt, failedAt, errorType = "Error", message, backtrace = "" } = error;
  const title = `attempt ${attempt}, ${toInstantText(failedAt)}: ${errorType}: ${message}`;
  // Most stacks begin with the message.
  const stack = backtrace.split("\n").filter((line) => /^\s+at /.test(line));
  return [
    toPrintable(title),
    ...stack.slice(0, mostStackLines).map((line) => `  ${toPrintable(line.trim())}`),
  ];
}
