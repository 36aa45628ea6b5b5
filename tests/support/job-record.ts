/**
 * Job records of all shapes, and the objects of the wire that they stand for.
 *
 * @module
 */

import { encode } from "@msgpack/msgpack";
import { jobStatuses, uniqueWhiles } from "../../src/protocol/job.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { status } from "../../src/protocol/status.ts";
import { type Random, randomText, randomValue } from "./random.ts";

/** A record, and the wire's object that it stands for. */
export interface RandomJob {
  readonly record: JobRecord;
  readonly wire: Readonly<Record<string, unknown>>;
}

/** A record in which no field is null, with a payload that came as JSON. */
export const fullRecord: JobRecord = {
  id: "03gpvzbsk7dnm0000000abcde",
  seq: 16,
  type: "t",
  queue: "q",
  priority: 1,
  status: status.inFlight,
  readyAt: 2,
  attempts: 3,
  retryLimit: 4,
  backoff: '{"exponent":1.5,"base_ms":5,"jitter_ms":6}',
  dequeuedAt: 7,
  failedAt: 8,
  retention: '{"completed_ms":9,"dead_ms":10}',
  purgeAt: 11,
  completedAt: 12,
  uniqueKey: "k",
  uniqueWhile: "active",
  batch: '{"key":"b","when":"true","fold":"$new"}',
  budgets: '[{"key":"c","cost":13}]',
  deliveries: 15,
  traits: 0,
  payloadJson: '{"p":14}',
  payloadPack: null,
};

const numbers = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];

/** Makes a job whose payload came in the given format. */
export function randomJob(random: Random, format: "json" | "msgpack"): RandomJob {
  const number = () => random.pick(numbers);
  const maybe = <Value>(make: () => Value): Value | null => random.once(2) ? make() : null;
  const payload = randomValue(random);
  const code = random.int(jobStatuses.length);
  const backoff = maybe(() => ({
    exponent: random.pick([4, 1.5]),
    base_ms: number(),
    jitter_ms: 0,
  }));
  const retention = maybe(() =>
    random.pick([{}, { dead_ms: number() }, { completed_ms: 1, dead_ms: 2 }])
  );
  const uniqueKey = maybe(() => randomText(random));
  const budgets = maybe(() => [
    { key: `b${randomText(random)}`, cost: number() },
    { key: "c", cost: 1 },
  ]);
  const batch = maybe(() => ({ key: randomText(random), when: "true", fold: "$new" }));
  const record: JobRecord = {
    id: "03gpvzbsk7dnm0000000abcde",
    seq: 16,
    type: `t${randomText(random)}`,
    queue: `q${randomText(random, 80)}`,
    priority: random.int(65_536),
    status: code,
    readyAt: number(),
    attempts: random.int(2 ** 32),
    retryLimit: maybe(number),
    backoff: backoff && JSON.stringify(backoff),
    dequeuedAt: maybe(number),
    failedAt: maybe(number),
    retention: retention && JSON.stringify(retention),
    purgeAt: maybe(number),
    completedAt: maybe(number),
    uniqueKey,
    uniqueWhile: uniqueKey && random.pick(uniqueWhiles),
    batch: batch && JSON.stringify(batch),
    budgets: budgets && JSON.stringify(budgets),
    deliveries: random.int(2 ** 32),
    traits: 0,
    extra: random.once(2) ? { tags: ["a", randomText(random)], leaseExpiresAt: 17 } : undefined,
    payloadJson: format === "json" ? JSON.stringify(payload) : null,
    payloadPack: format === "msgpack" ? encode(payload) : null,
  };
  const optional = {
    retry_limit: record.retryLimit,
    backoff,
    dequeued_at: record.dequeuedAt,
    failed_at: record.failedAt,
    retention,
    purge_at: record.purgeAt,
    completed_at: record.completedAt,
    unique_key: uniqueKey,
    unique_while: record.uniqueWhile,
    batch,
    budgets,
    tags: record.extra?.tags ?? null,
    lease_expires_at: record.extra?.leaseExpiresAt ?? null,
  };
  const wire = {
    id: record.id,
    type: record.type,
    queue: record.queue,
    priority: record.priority,
    status: jobStatuses[code],
    payload,
    ready_at: record.readyAt,
    attempts: record.attempts,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  };
  return { record, wire };
}
