/**
 * Job records as MessagePack, written without a value in between. Line by line, as in `record-json.ts`, and for the
 * same reason.
 *
 * @module
 */

import { fromBackoffText } from "./backoff.ts";
import { fromBatchText } from "./batch.ts";
import { fromBindingsText } from "./binding.ts";
import { toExtraWire } from "./job-extra.ts";
import { type FieldKind, fieldsWith } from "./job-fields.ts";
import { msgpackCodec } from "./msgpack.ts";
import { PackWriter } from "./pack-writer.ts";
import { payloadAsPack } from "./payload.ts";
import type { JobRecord } from "./record.ts";
import type { JobView } from "./record-json.ts";
import { fromRetentionText } from "./retention.ts";
import { statusNames } from "./status.ts";

/** Members that every job has: id, type, queue, priority, status, ready_at, attempts. */
const constantMembers = 7;

/**
 * Appends one job as the wire's map.
 *
 * @param extraMembers How many more members the caller writes behind it.
 */
export function writeJob(
  writer: PackWriter,
  job: JobRecord,
  view: JobView,
  extraMembers = 0,
): void {
  let members = constantMembers + extraMembers + (view.payload ? 1 : 0);
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
  const extensions = view.extensions ? extensionsOf(job) : undefined;
  if (extensions !== undefined) members += extensions.length;
  const extra = job.extra === undefined ? undefined : toExtraWire(job.extra, view.extensions);
  if (extra !== undefined) members += extra.length;
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
  if (view.payload) {
    writer.text("payload");
    writer.raw(payloadAsPack(job));
  }
  writer.text("ready_at");
  writer.uint(job.readyAt);
  writer.text("attempts");
  writer.uint(job.attempts);
  writeNumber(writer, "retry_limit", job.retryLimit);
  if (job.backoff !== null) {
    writer.text("backoff");
    writeBackoff(writer, job.backoff);
  }
  writeNumber(writer, "dequeued_at", job.dequeuedAt);
  writeNumber(writer, "failed_at", job.failedAt);
  if (job.retention !== null) {
    writer.text("retention");
    writeRetention(writer, job.retention);
  }
  writeNumber(writer, "purge_at", job.purgeAt);
  writeNumber(writer, "completed_at", job.completedAt);
  if (job.uniqueKey !== null) {
    writer.text("unique_key");
    writer.text(job.uniqueKey);
    writer.text("unique_while");
    writer.text(job.uniqueWhile!);
  }
  if (job.batch !== null) {
    writer.text("batch");
    writeBatch(writer, job.batch);
  }
  if (job.budgets !== null) {
    writer.text("budgets");
    writeBindings(writer, job.budgets);
  }
  if (extensions !== undefined) writeExtensions(writer, extensions);
  for (const [wire, value] of extra ?? []) {
    writer.text(wire);
    writer.raw(msgpackCodec.encode(value));
  }
}

/** A member that an extension adds. */
interface Extension {
  readonly wire: string;
  readonly kind: FieldKind;
  readonly value: string | number;
}

const extensionFields = fieldsWith("extension");

function extensionsOf(job: JobRecord): Extension[] {
  const found: Extension[] = [];
  for (const { name, wire, kind } of extensionFields) {
    const value = job[name as keyof JobRecord];
    if (value != null) found.push({ wire, kind, value: value as string | number });
  }
  return found;
}

function writeExtensions(writer: PackWriter, extensions: readonly Extension[]): void {
  for (const { wire, kind, value } of extensions) {
    writer.text(wire);
    writeValue(writer, kind, value);
  }
}

/** Appends the value of a field as a record holds it. */
function writeValue(writer: PackWriter, kind: FieldKind, value: string | number): void {
  if (typeof value === "number") writer.uint(value);
  else if (kind === "backoff") writeBackoff(writer, value);
  else if (kind === "retention") writeRetention(writer, value);
  else if (kind === "batch") writeBatch(writer, value);
  else if (kind === "budgets") writeBindings(writer, value);
  else writer.text(value);
}

/** The value of a field of a record as the bytes of one MessagePack value. */
export function packValue(kind: FieldKind, value: string | number): Uint8Array<ArrayBuffer> {
  const writer = new PackWriter();
  writeValue(writer, kind, value);
  return writer.end();
}

function writeNumber(writer: PackWriter, name: string, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  writer.text(name);
  writer.uint(value);
}

function writeBatch(writer: PackWriter, text: string): void {
  const { key, when, fold } = fromBatchText(text);
  writer.map(3);
  for (const [name, value] of [["key", key], ["when", when], ["fold", fold]] as const) {
    writer.text(name);
    writer.text(value);
  }
}

function writeBindings(writer: PackWriter, text: string): void {
  const bindings = fromBindingsText(text);
  writer.list(bindings.length);
  for (const { key, cost } of bindings) {
    writer.map(2);
    writer.text("key");
    writer.text(key);
    writeNumber(writer, "cost", cost);
  }
}

function writeBackoff(writer: PackWriter, text: string): void {
  const { exponent, baseMs, jitterMs } = fromBackoffText(text);
  writer.map(3);
  writer.text("exponent");
  writer.float32(exponent);
  writeNumber(writer, "base_ms", baseMs);
  writeNumber(writer, "jitter_ms", jitterMs);
}

function writeRetention(writer: PackWriter, text: string): void {
  const { completedMs, deadMs } = fromRetentionText(text);
  writer.map([completedMs, deadMs].filter((ms) => ms !== undefined).length);
  writeNumber(writer, "completed_ms", completedMs);
  writeNumber(writer, "dead_ms", deadMs);
}
