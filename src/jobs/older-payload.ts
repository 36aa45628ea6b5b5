/**
 * Payloads of an older shape: jobs that were enqueued before a release, and wait.
 *
 * @module
 */

import { PayloadError } from "../errors.ts";
import { describeIssues, type SchemaResult, type StandardSchema } from "./standard-schema.ts";

/** An older shape of payloads, and how it becomes the one of today; made by {@linkcode liftFrom}. */
export interface OlderPayload<Payload = unknown> {
  /**
   * Gives what a payload would be today; undefined if it is not of this shape.
   *
   * @param payload The payload of a job.
   */
  readonly lift: (payload: unknown) => Promise<Lifted<Payload> | string>;
}

/** A payload that was lifted. */
export interface Lifted<Payload> {
  /** What it would be today. */
  readonly payload: Payload;
}

/**
 * Says how payloads of an older shape become those of today, for the `older` of a definition. What it gives is checked by the
 * schema of today.
 *
 * @param schema The older shape: a schema of any library that follows Standard Schema.
 * @param lift Makes of it what is enqueued today.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { defineJob, liftFrom } from "@millrace/millrace/client";
 *
 * export const mail = defineJob({
 *   type: "mail",
 *   queue: "mail",
 *   payload: v.object({ to: v.array(v.string()), kind: v.string() }),
 *   older: [
 *     liftFrom(v.object({ to: v.array(v.string()) }), ({ to }) => ({ to, kind: "news" })),
 *     liftFrom(v.object({ to: v.string() }), ({ to }) => ({ to: [to], kind: "news" })),
 *   ],
 * });
 * ```
 */
export function liftFrom<Older, Payload>(
  schema: StandardSchema<unknown, Older>,
  lift: (older: Older) => Payload | Promise<Payload>,
): OlderPayload<Payload> {
  return {
    async lift(payload) {
      const result: SchemaResult<Older> = await schema["~standard"].validate(payload);
      if (result.issues !== undefined) return describeIssues(result.issues);
      return { payload: await lift(result.value) };
    },
  };
}

/** What the payload of an arriving job is read by. */
export interface PayloadReader<Output> {
  /** The older shapes, the newest of them first. */
  readonly older?: readonly OlderPayload[] | undefined;
  /** Checks a payload of today's shape. */
  parse(payload: unknown): Output | Promise<Output>;
}

/**
 * Reads a payload of today's shape, or else of the first older one that it has.
 *
 * @throws {PayloadError} If it has none of them; the message says why for each.
 */
export async function readPayload<Output>(
  reader: PayloadReader<Output>,
  payload: unknown,
): Promise<Output> {
  const { older = [] } = reader;
  try {
    return await reader.parse(payload);
  } catch (error) {
    if (!(error instanceof PayloadError) || older.length === 0) throw error;
    const reasons: string[] = [];
    for (const shape of older) {
      const lifted = await shape.lift(payload);
      if (typeof lifted !== "string") return await reader.parse(lifted.payload);
      reasons.push(`; older shape ${reasons.length + 1}: ${lifted}`);
    }
    throw new PayloadError(`${error.message}${reasons.join("")}`, { cause: error });
  }
}
