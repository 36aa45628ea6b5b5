/**
 * A payload store in the database of a Millrace broker: nothing else is needed, and what is left behind the broker deletes.
 *
 * @module
 */

import { toError } from "../../client/answer.ts";
import { withDeadline } from "../../client/deadline.ts";
import { explainMissing } from "../../client/endpoint.ts";
import { type ClientOptions, toClientSettings } from "../../client/options.ts";
import { retry } from "../../client/retry.ts";
import { createTransport } from "../../client/transport.ts";
import { NetworkError, NotFoundError } from "../../errors.ts";
import { payloadRoutes, type Route } from "../../protocol/routes.ts";
import { noSuchPayload } from "../../protocol/stored-payload.ts";
import { collectBytes } from "./collect-bytes.ts";
import { checkPayloadKey, type PayloadStore } from "./payload-store.ts";
import { checkBytesOption, checkStoreName } from "./store-options.ts";

/** How a broker is reached, and what its store is called. */
export interface BrokerStoreOptions extends ClientOptions {
  /**
   * The name that stands in references.
   *
   * @default {"broker"}
   */
  readonly name?: string | undefined;
  /**
   * How many bytes a stream may have: it is gathered in memory first. The broker has a limit of its own, `maxBodyBytes`.
   *
   * @default {67108864} 64 MiB
   */
  readonly maxBytes?: number | undefined;
}

/** A call, and what its body is. */
interface Call {
  readonly route: Route;
  readonly key: string;
  readonly query?: readonly string[];
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates a payload store in the database of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * A token needs the scope `enqueue` to put, and `work` to get and to delete. What nobody deletes the broker deletes when its
 * time is over; there is no `sweep`. A payload that belongs to jobs makes the database of these grow: for many large ones a
 * store of its own is better.
 *
 * @param options How to reach the broker: the options of `createClient`, a `name` and `maxBytes`.
 * @returns The store. It needs no close.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createBrokerStore, createPayloads } from "@millrace/millrace/offload";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const store = createBrokerStore({ fetch: broker.fetch });
 * const payloads = createPayloads({ stores: [store], thresholdBytes: 1000 });
 * const packed = await payloads.pack(new Uint8Array(5000), "job 1");
 * console.log((await payloads.unpack(packed, "job 1")).length); // 5000
 * ```
 */
export function createBrokerStore(options: BrokerStoreOptions): PayloadStore {
  const { name = "broker", maxBytes = 64 * 1024 * 1024, ...client } = options;
  checkStoreName(name);
  checkBytesOption("maxBytes", maxBytes);
  const settings = toClientSettings(client);
  const transport = createTransport(settings);
  const { codecs, timeoutMs, clock } = settings;

  /** The body of the answer; undefined if there is no such payload. */
  const call = async ({ route, key, query = [], bytes, signal }: Call) => {
    checkPayloadKey(key);
    const attempt = async (signal: AbortSignal) => {
      const one = { route, params: { key }, query, ...bytes && { bytes } };
      const accept = { accept: "application/json" };
      const answer = await transport.exchange(one, accept, signal, false);
      if (answer.status < 300) return await answer.bytes().catch(demandWhole);
      const error = await toError(answer, codecs);
      if (isMissing(error)) return undefined;
      throw explainMissing(error, route);
    };
    return await withDeadline(
      (signal) =>
        route.repeat === "always"
          ? retry(() => attempt(signal), settings.retry, signal)
          : attempt(signal),
      { signal, timeoutMs },
      clock,
      () => `${route.method} ${settings.base}${route.path}`,
    );
  };

  return {
    name,
    async put(key, given, { ttlMs, signal } = {}) {
      checkPayloadKey(key);
      const bytes = given instanceof Uint8Array
        ? given as Uint8Array<ArrayBuffer>
        : await collectBytes(given, maxBytes, signal);
      const query = ttlMs === undefined ? [] : [`ttl_ms=${Math.ceil(ttlMs)}`];
      await call({ route: payloadRoutes.putPayload, key, query, bytes, signal });
    },
    get: (key, { signal } = {}) => call({ route: payloadRoutes.getPayload, key, signal }),
    async delete(key) {
      await call({ route: payloadRoutes.deletePayload, key });
    },
  };
}

function isMissing(error: Error): boolean {
  return error instanceof NotFoundError && error.fromBroker && error.message === noSuchPayload;
}

function demandWhole(cause: unknown): never {
  throw new NetworkError("Payload was cut off", { cause });
}
