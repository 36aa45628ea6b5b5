/**
 * Job records as MessagePack, written without a value in between.
 *
 * @module
 */

import { fromBackoffText } from "./backoff.ts";
import { fromBatchText } from "./batch.ts";
import { fromBindingsText } from "./binding.ts";
import { PackWriter } from "./pack-writer.ts";
import { payloadAsPack } from "./payload.ts";
import type { JobRecord } from "./record.ts";
import type { WithPayload } from "./record-json.ts";
import { fromRetentionText } from "./retention.ts";
import { statusNames } from "./status.ts";

/** Members that every job has: id, type, queue, priority, status, ready_at, attempts. */
const constantMembers = 7;

/** Appends one job as the wire's map; `extraMembers` more are to be written behind it by the caller. */
export function writeJob(
  writer: PackWriter,
  job: JobRecord,
  withPayload: WithPayload,
  extraMembers = 0,
): void {
  const payload = withPayload === "with payload";
  let members = constantMembers + extraMembers + (payload ? 1 : 0);
  if (job.retryLimit !== null) members++;
  if (job.backoff !== null) members++;
  if (job.dequeuedAt !== null) members++;
  if (job.failedAt !== null) members++;
  if (job.retention !== null) members++;
  if (job.purgeAt !== null) members++;
  if (job.completedAt !== null) members++;
  if (job.uniqueKey !== null) members += 2;
  if (job.batch !== null) members++;
  if (job.budgets !== null) members++;
  writer.map(members);
  writer.text("id");
  writer.text(job.id);
  writer.text("type");
  writer.text(job.type);
  writer.text("queue");
  writer.text(job.queue);
  writer.text("priority");
  writer.uint(job.priority);
  writer.text("status");
  writer.text(statusNames[job.status]!);
  if (payload) {
    writer.text("payload");
    writer.raw(payloadAsPack(job));
  }
  writer.text("ready_at");
  writer.uint(job.readyAt);
  writer.text("attempts");
  writer.uint(job.attempts);
  writeNumber(writer, "retry_limit", job.retryLimit);
  if (job.backoff !== null) writeBackoff(writer, job.backoff);
  writeNumber(writer, "dequeued_at", job.dequeuedAt);
  writeNumber(writer, "failed_at", job.failedAt);
  if (job.retention !== null) writeRetention(writer, job.retention);
  writeNumber(writer, "purge_at", job.purgeAt);
  writeNumber(writer, "completed_at", job.completedAt);
  if (job.uniqueKey !== null) {
    writer.text("unique_key");
    writer.text(job.uniqueKey);
    writer.text("unique_while");
    writer.text(job.uniqueWhile!);
  }
  if (job.batch !== null) writeBatch(writer, job.batch);
  if (job.budgets !== null) writeBindings(writer, job.budgets);
}

function writeNumber(writer: PackWriter, name: string, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  writer.text(name);
  writer.uint(value);
}

function writeBatch(writer: PackWriter, text: string): void {
  const { key, when, fold } = fromBatchText(text);
  writer.text("batch");
  writer.map(3);
  for (const [name, value] of [["key", key], ["when", when], ["fold", fold]] as const) {
    writer.text(name);
    writer.text(value);
  }
}

function writeBindings(writer: PackWriter, text: string): void {
  const bindings = fromBindingsText(text);
  writer.text("budgets");
  writer.list(bindings.length);
  for (const { key, cost } of bindings) {
    writer.map(2);
    writer.text("key");
    writer.text(key);
    writeNumber(writer, "cost", cost);
  }
}

function writeBackoff(writer: PackWriter, text: string): void {
  writer.text("backoff");
  writeBackoffValue(writer, text);
}

/** A backoff of a record as the wire's map. */
export function packBackoff(text: string): Uint8Array<ArrayBuffer> {
  const writer = new PackWriter();
  writeBackoffValue(writer, text);
  return writer.end();
}

function writeBackoffValue(writer: PackWriter, text: string): void {
  const { exponent, baseMs, jitterMs } = fromBackoffText(text);
  writer.map(3);
  writer.text("exponent");
  writer.float32(exponent);
  writeNumber(writer, "base_ms", baseMs);
  writeNumber(writer, "jitter_ms", jitterMs);
}

function writeRetention(writer: PackWriter, text: string): void {
  const { completedMs, deadMs } = fromRetentionText(text);
  writer.text("retention");
  writer.map([completedMs, deadMs].filter((ms) => ms !== undefined).length);
  writeNumber(writer, "completed_ms", completedMs);
  writeNumber(writer, "dead_ms", deadMs);
}
