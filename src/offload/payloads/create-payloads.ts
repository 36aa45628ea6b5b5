/**
 * Bodies in jobs: small ones stand in the job, large ones lie in a store and the job has a reference.
 *
 * | Bytes                         | In the job                                          |
 * | ----------------------------- | --------------------------------------------------- |
 * | text, up to the threshold     | `{ text }`                                          |
 * | other, up to the threshold    | `{ base64 }`                                        |
 * | encrypted, up to the threshold | `{ base64, encrypted: true }`                      |
 * | more, if there is a store     | `{ ref }`; the store has them, encrypted if need be |
 *
 * A payload is put under a key of its own each time, so a worker that has lost its job overwrites nothing of the next one's.
 * What it leaves behind is swept.
 *
 * @module
 */

import { PayloadError } from "../../errors.ts";
import { checkOptions, demandObject, type Names, show } from "../../options.ts";
import type { Encryptor } from "../encryption/encryptor.ts";
import { decryptSegments, toSegment } from "../encryption/segments.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { type BodySink, createBodySink } from "./body-sink.ts";
import type { PayloadRef, PayloadStore } from "./payload-store.ts";
import { sha256Hex } from "./sha256.ts";
import { checkBytesOption, checkStoreName } from "./store-options.ts";

/** How bodies are kept. */
export interface PayloadsOptions {
  /**
   * The stores. The first one is written to, all are read and deleted from: to move to another one, put it in front. Without
   * one, all bodies stand in their jobs.
   *
   * @default {[]}
   */
  readonly stores?: readonly PayloadStore[] | undefined;
  /**
   * Bodies of more bytes than this lie in the store; encrypted ones count as they are then.
   *
   * @default {65536}
   */
  readonly thresholdBytes?: number | undefined;
  /**
   * Encrypts all bodies, in jobs and in stores.
   *
   * @default {undefined} they are readable
   */
  readonly encryptor?: Encryptor | undefined;
  /**
   * Refuses to read bodies that are not encrypted. Without it, those that were written before there was an encryptor can be
   * read; with it, nobody can put readable ones in the place of encrypted ones.
   *
   * @default {false}
   */
  readonly onlyEncrypted?: boolean | undefined;
  /**
   * How long a body is of use at most, in ms: longer than a job waits, is tried again and is kept. What a job that ended
   * failed to delete goes after it.
   *
   * @default {2592000000} 30 days
   */
  readonly ttlMs?: number | undefined;
}

/** A body as it stands in a job. */
export type PackedPayload =
  | { readonly text: string }
  | { readonly base64: string; readonly encrypted?: true }
  | { readonly ref: PayloadRef };

/** How a body is packed or unpacked. */
export interface PackOptions {
  /** The media type, for stores that show it. It is not told of encrypted bodies. */
  readonly contentType?: string | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** Packs bodies into jobs, and unpacks them. */
export interface Payloads {
  /**
   * Packs bytes: puts them into the store if they are too many for a job.
   *
   * @param bytes The bytes.
   * @param aad What they belong to, such as the id of the job. With an encryptor, only who says the same can read them.
   * @param options How.
   */
  pack(bytes: Uint8Array, aad: string, options?: PackOptions): Promise<PackedPayload>;
  /**
   * Unpacks bytes.
   *
   * @param packed What stands in the job.
   * @param aad What was given to `pack`.
   * @param options How.
   * @throws {PayloadError} If they are not there any more, or not what was packed. What a store throws is passed on as it is.
   */
  unpack(packed: PackedPayload, aad: string, options?: PackOptions): Promise<Uint8Array>;
  /**
   * Deletes what lies in a store, once the job has ended for good. Nothing happens if nothing lies there, or in a store that
   * is not known here.
   *
   * @param packed What stands in the job.
   */
  discard(packed: PackedPayload): Promise<void>;
  /**
   * Takes the body of an answer while it comes: one that is longer than the threshold goes straight into the store.
   *
   * @param aad What it belongs to.
   * @returns What takes it; undefined if there is no store.
   */
  sink(aad: string): BodySink | undefined;
  /**
   * Deletes what is left of jobs that ended without deleting it: all that is older than `ttlMs`, in each store that does not
   * forget by itself. Call it now and then, from one program or several.
   *
   * @returns How many were deleted.
   */
  sweep(): Promise<number>;
}

const names: Names<PayloadsOptions> = {
  stores: 1,
  thresholdBytes: 1,
  encryptor: 1,
  onlyEncrypted: 1,
  ttlMs: 1,
};

/** What cannot be text of a job everywhere: databases and terminals trip over it. */
// deno-lint-ignore no-control-regex
const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/**
 * Creates what packs bodies into jobs.
 *
 * @param options Where large ones go, and how they are encrypted.
 * @returns What packs and unpacks. It needs no close.
 * @throws {TypeError} If an option is unknown, a store is none, or two have one name.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createPayloads } from "@millrace/millrace/offload";
 *
 * const payloads = createPayloads({ stores: [createMemoryStore()], thresholdBytes: 1024 });
 * const packed = await payloads.pack(new Uint8Array(5000), "job 1");
 * console.log((await payloads.unpack(packed, "job 1")).length); // 5000
 * await payloads.discard(packed);
 * ```
 */
export function createPayloads(options: PayloadsOptions = {}): Payloads {
  checkOptions("createPayloads", options, names);
  const { encryptor, onlyEncrypted = false } = options;
  const thresholdBytes = checkBytesOption("thresholdBytes", options.thresholdBytes ?? 65_536, 0);
  const ttlMs = checkBytesOption("ttlMs", options.ttlMs ?? 30 * 86_400_000);
  const stores = toStores(options.stores ?? []);
  const [writable] = stores.values();
  if (encryptor !== undefined) demandObject("createPayloads", encryptor, "'encryptor'");
  if (onlyEncrypted && encryptor === undefined) {
    throw new TypeError("Cannot use 'onlyEncrypted' without 'encryptor'");
  }

  const demandEncryptor = (): Encryptor => {
    if (encryptor !== undefined) return encryptor;
    throw new PayloadError("Cannot read an encrypted payload: expected an 'encryptor'");
  };

  return {
    async pack(bytes, aad, { contentType, signal } = {}) {
      const stored = encryptor === undefined ? bytes : await toSegment(encryptor, bytes, aad);
      if (stored.length <= thresholdBytes || writable === undefined) {
        if (encryptor !== undefined) return { base64: toBase64(stored), encrypted: true };
        const text = readText(bytes);
        return text === undefined ? { base64: toBase64(bytes) } : { text };
      }
      const key = crypto.randomUUID();
      const sha256 = await sha256Hex(stored);
      const told = encryptor === undefined ? contentType : undefined;
      await writable.put(key, stored, { ttlMs, contentType: told, signal });
      const ref: PayloadRef = { store: writable.name, key, size: stored.length, sha256 };
      return { ref: encryptor === undefined ? ref : { ...ref, encrypted: true } };
    },
    async unpack(packed, aad, { signal } = {}) {
      const isEncrypted = ("ref" in packed ? packed.ref : packed as { encrypted?: true })
        .encrypted === true;
      if (onlyEncrypted && !isEncrypted) {
        throw new PayloadError("Cannot read a payload: expected an encrypted one");
      }
      if ("text" in packed) return new TextEncoder().encode(packed.text);
      const bytes = "ref" in packed
        ? await fetchStored(packed.ref, stores, signal)
        : fromBase64(packed.base64);
      return isEncrypted ? await decryptSegments(demandEncryptor(), bytes, aad) : bytes;
    },
    async discard(packed) {
      if ("ref" in packed) await stores.get(packed.ref.store)?.delete(packed.ref.key);
    },
    sink: (aad) =>
      writable && createBodySink({ store: writable, thresholdBytes, ttlMs, encryptor, aad }),
    async sweep() {
      let count = 0;
      for (const store of stores.values()) count += await store.sweep?.(ttlMs) ?? 0;
      return count;
    },
  };
}

/** Gets what a reference names, and makes sure that it is that. */
async function fetchStored(
  { store: name, key, size, sha256 }: PayloadRef,
  stores: ReadonlyMap<string, PayloadStore>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const store = stores.get(name);
  if (store === undefined) {
    const known = [...stores.keys()].join(", ") || "none";
    throw new PayloadError(`Unknown payload store '${name}', expected one of ${known}`);
  }
  const bytes = await store.get(key, { signal });
  if (bytes === undefined) {
    throw new PayloadError(
      `Payload '${key}' is not in store '${name}': it was deleted, or expired`,
    );
  }
  if (bytes.length !== size) {
    throw new PayloadError(
      `Payload '${key}' of store '${name}' has ${bytes.length} bytes, expected ${size}`,
    );
  }
  if (await sha256Hex(bytes) !== sha256) {
    throw new PayloadError(`Payload '${key}' of store '${name}' was changed`);
  }
  return bytes;
}

function toStores(given: readonly PayloadStore[]): Map<string, PayloadStore> {
  if (!Array.isArray(given)) {
    throw new TypeError(`Cannot use ${show(given)} as 'stores': expected a list`);
  }
  const stores = new Map<string, PayloadStore>();
  for (const store of given as readonly PayloadStore[]) {
    demandObject("createPayloads", store, "a payload store");
    checkStoreName(store.name);
    for (const method of ["put", "get", "delete"] as const) {
      if (typeof store[method] === "function") continue;
      throw new TypeError(`Payload store '${store.name}' has no '${method}'`);
    }
    if (stores.has(store.name)) {
      throw new TypeError(`Two payload stores are named '${store.name}', expected a name for each`);
    }
    stores.set(store.name, store);
  }
  return stores;
}

/** Bytes as the text that they are; undefined if they are none that gives the same bytes again everywhere. */
function readText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return control.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
