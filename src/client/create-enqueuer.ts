/**
 * A client that only enqueues: what an edge function or a browser needs, in half of the bytes.
 *
 * @module
 */

import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import { plainJson } from "../protocol/plain-json.ts";
import { readReceipt, readReceipts, type Receipt } from "../protocol/receipt.ts";
import { enqueueRoutes, type Route } from "../protocol/routes.ts";
import { decodeOrThrow } from "./answer.ts";
import type { Enqueueable, EnqueueCallOptions, EnqueueManyRest, EnqueueRest } from "./client.ts";
import { type EnqueueArgs, type EnqueueManyArgs, resolveMany, resolveOne } from "./enqueue-args.ts";
import { createKeys, demandKey } from "./idempotency-keys.ts";
import { type ClientOptions, toSettings } from "./options.ts";
import { createSender } from "./sender.ts";
import type { ByHand } from "./typed-job.ts";

/**
 * A client that only enqueues. A {@linkcode Client} is one too, and tells more of a job that it stored.
 *
 * Its calls fail as those of a client.
 */
export interface Enqueuer {
  /**
   * Enqueues one job: of a definition, or put together by hand.
   *
   * @param what What kind of job it is; or the job, put together by hand.
   * @param rest As of a client: the payload if there is a definition, then settings, bounds of the call, and its key.
   * @returns What was stored, or the job that has its unique key or took it into its batch.
   * @throws {PayloadError} If the payload does not fit; nothing is sent then.
   * @throws {RefusedError} If the broker does not accept the job.
   */
  enqueue<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | EnqueueRequest,
    ...rest: EnqueueRest<Input, Settings>
  ): Promise<Receipt>;
  /**
   * Enqueues many jobs in one request, all or nothing. A {@linkcode Client} sends more than a request holds in parts.
   *
   * @param what What kind of jobs they are; or the jobs, put together by hand.
   * @param rest As of a client: the payloads if there is a definition, then settings, bounds of the calls, and their key.
   * @returns What was stored, in the order in which it was given.
   * @throws {PayloadError} If a payload does not fit; the message says which. Nothing is sent then.
   * @throws {RefusedError} If the broker does not accept one of the jobs, or so many bytes.
   */
  enqueueMany<Input = ByHand, Settings = ByHand>(
    what: Enqueueable<Input, Settings> | readonly EnqueueRequest[],
    ...rest: EnqueueManyRest<Input, Settings>
  ): Promise<Receipt[]>;
}

/**
 * Creates a client that only enqueues, one job or many: with definitions, idempotency keys and retries, as one of
 * `createClient`. A bundle with nothing else of this module is half as large. Each call goes out by itself, also over the
 * `fetch` of a broker in the same process.
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
  const settings = toSettings("createEnqueuer", options, plainJson);
  const { clock, codecs: [codec] } = settings;
  const { enqueue } = createSender(settings);
  const nextKey = createKeys(clock);
  const send = async <Result>(
    route: Route,
    toBody: (now: number) => object,
    read: (value: unknown) => Result,
    options: EnqueueCallOptions | undefined,
  ) => {
    const key = demandKey(options?.idempotencyKey) ?? nextKey();
    const bytes = codec.encode(toBody(clock.now()));
    const { value } = await enqueue({ route, bytes, key }, options);
    return decodeOrThrow(() => read(value));
  };

  return {
    async enqueue(...args: unknown[]) {
      const { what, options } = await resolveOne(args as EnqueueArgs, clock);
      const toBody = (now: number) => toEnqueueWire(what, now);
      return await send(enqueueRoutes.enqueue, toBody, readReceipt, options);
    },
    async enqueueMany(...args: unknown[]) {
      const { what, options } = await resolveMany(args as EnqueueManyArgs, clock);
      if (what.length === 0) return [];
      const toBody = (now: number) => ({ jobs: what.map((job) => toEnqueueWire(job, now)) });
      return await send(enqueueRoutes.enqueueMany, toBody, readReceipts, options);
    },
  };
}
