/**
 * A payload store in Workers KV.
 *
 * @module
 */

import { collectBytes } from "../../src/offload/payloads/collect-bytes.ts";
import { checkPayloadKey, type PayloadStore } from "../../src/offload/payloads/payload-store.ts";
import { checkStoreName } from "../../src/offload/payloads/store-options.ts";
import { checkOptions, demandObject, type Names } from "../../src/options.ts";

/** What is used of the binding of a KV namespace. */
export interface KvNamespace {
  /** Keeps a value. */
  put(
    key: string,
    value: ArrayBuffer | ArrayBufferView,
    options?: { expirationTtl?: number },
  ): Promise<void>;
  /** Gives a value; null if there is none. */
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  /** Deletes a value. */
  delete(key: string): Promise<void>;
}

/** Where payloads lie. */
export interface KvStoreOptions {
  /** The binding. */
  readonly namespace: KvNamespace;
  /**
   * What all keys begin with.
   *
   * @default {"millrace/payloads/"}
   */
  readonly prefix?: string | undefined;
  /**
   * The name that stands in references.
   *
   * @default {"kv"}
   */
  readonly name?: string | undefined;
}

const names: Names<KvStoreOptions> = { namespace: 1, prefix: 1, name: 1 };

/** What KV takes for one key. */
const maxBytes = 25 * 1024 * 1024;

/** KV refuses shorter lives. */
const leastLifeSeconds = 60;

/**
 * Creates a payload store in Workers KV. It forgets by itself when the time of a payload is over, and takes 25 MiB at most.
 *
 * KV is the same everywhere only after some time, up to a minute: who reads elsewhere at once may be told that there is
 * nothing. That is a failed try of a job, no loss; `createR2Store` has no such delay.
 *
 * @param options Where.
 * @returns The store. It needs no close.
 * @throws {TypeError} If an option is unknown or missing.
 *
 * @example
 * ```ts
 * import { createKvStore, type KvNamespace } from "@millrace/millrace/cloudflare";
 * import { createPayloads } from "@millrace/millrace/offload";
 *
 * const toPayloads = (env: { PAYLOADS: KvNamespace }) =>
 *   createPayloads({ stores: [createKvStore({ namespace: env.PAYLOADS })] });
 * console.log(typeof toPayloads); // function
 * ```
 */
export function createKvStore(options: KvStoreOptions): PayloadStore {
  checkOptions("createKvStore", options, names);
  const { namespace, prefix = "millrace/payloads/" } = options;
  demandObject("createKvStore", namespace, "'namespace'");
  const name = checkStoreName(options.name ?? "kv");
  const toKey = (key: string) => {
    checkPayloadKey(key);
    return prefix + key;
  };
  return {
    name,
    async put(key, given, { ttlMs, signal } = {}) {
      const at = toKey(key);
      signal?.throwIfAborted();
      // A stream that fails would be a value that ends early.
      const bytes = given instanceof Uint8Array
        ? given
        : await collectBytes(given, maxBytes, signal);
      if (bytes.length > maxBytes) {
        throw new RangeError(
          `Cannot put ${bytes.length} bytes into KV: expected at most ${maxBytes}`,
        );
      }
      const seconds = ttlMs && Math.max(leastLifeSeconds, Math.ceil(ttlMs / 1000));
      await namespace.put(at, bytes, seconds ? { expirationTtl: seconds } : {});
    },
    async get(key, { signal } = {}) {
      const at = toKey(key);
      signal?.throwIfAborted();
      const bytes = await namespace.get(at, "arrayBuffer");
      return bytes === null ? undefined : new Uint8Array(bytes);
    },
    async delete(key) {
      await namespace.delete(toKey(key));
    },
  };
}
