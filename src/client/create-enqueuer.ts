/**
 * A client that only enqueues: what an edge function or a browser needs, in a third of the bytes.
 *
 * @module
 */

import { createEnqueuingCalls, type EnqueuingCalls } from "./enqueuing.ts";
import { resolveMany, resolveOne } from "./enqueue-args.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** A client that only enqueues. Its calls are those of a {@linkcode Client}, which is one too. */
export type Enqueuer = EnqueuingCalls;

/**
 * Creates a client that only enqueues, one job or many: with definitions, idempotency keys and retries, as one of
 * `createClient`. A bundle with nothing else of this module is a third as large.
 *
 * It holds no connection and needs no closing.
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createEnqueuer, defineJob } from "@millrace/millrace/client";
 *
 * const mail = defineJob<{ to: string }>({ type: "mail", queue: "default" });
 * const enqueuer = createEnqueuer({ url: "http://127.0.0.1:7890" });
 *
 * export async function handle(request: Request) {
 *   const { id } = await enqueuer.enqueue(mail, await request.json());
 *   return Response.json({ id }, { status: 202 });
 * }
 * ```
 */
export function createEnqueuer(options: ClientOptions): Enqueuer {
  const transport = createTransport(toClientSettings(options));
  const { clock, attach } = transport.settings;
  const calls = createEnqueuingCalls(transport);
  if (attach === undefined) return calls;
  const { enqueue, enqueueMany } = attach(calls, {
    resolveOne: (args) => resolveOne(args, clock),
    resolveMany: (args) => resolveMany(args, clock),
    checkTake: () => {},
  });
  return { enqueue, enqueueMany };
}
