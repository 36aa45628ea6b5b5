/**
 * A payload store in memory: for tests, and for programs whose broker is in memory too.
 *
 * @module
 */

import { type Clock, systemClock, toClock } from "../../async/clock.ts";
import { checkOptions, type Names } from "../../options.ts";
import { checkPayloadKey, type PayloadStore } from "./payload-store.ts";
import { checkBytesOption, checkStoreName } from "./store-options.ts";
import { collectBytes } from "./collect-bytes.ts";

/** How a payload store in memory is made. */
export interface MemoryStoreOptions {
  /**
   * The name that stands in references.
   *
   * @default {"memory"}
   */
  readonly name?: string | undefined;
  /**
   * How many bytes it keeps at most, in all. It refuses more.
   *
   * @default {268435456} 256 MiB
   */
  readonly maxBytes?: number | undefined;
  /**
   * Tells when the time of a payload is over.
   *
   * @default {the clock of the platform}
   */
  readonly clock?: Clock | undefined;
}

/** A payload store in memory, and what it has. */
export interface MemoryStore extends PayloadStore {
  /** How many payloads it has, those that nobody will get any more among them until they are swept. */
  readonly count: number;
  /** How many bytes these are. */
  readonly bytes: number;
  /**
   * Deletes what has expired, and what is older.
   *
   * @param olderThanMs What was put longer ago than this goes, in ms.
   * @returns How many were deleted.
   */
  sweep(olderThanMs: number): Promise<number>;
}

const names: Names<MemoryStoreOptions> = { name: 1, maxBytes: 1, clock: 1 };

interface Kept {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly putAt: number;
  readonly endsAt: number;
}

/**
 * Creates a payload store in memory. What it has is gone with the process.
 *
 * @param options How.
 * @returns The store.
 * @throws {TypeError} If an option is unknown or no text or number.
 * @throws {RangeError} If `maxBytes` is below 1.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "@millrace/millrace/offload";
 *
 * const store = createMemoryStore();
 * await store.put("a", new TextEncoder().encode("Hello"));
 * console.log(store.count, store.bytes); // 1 5
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  checkOptions("createMemoryStore", options, names);
  const name = checkStoreName(options.name ?? "memory");
  const maxBytes = checkBytesOption("maxBytes", options.maxBytes ?? 256 * 1024 * 1024);
  const clock = options.clock === undefined ? systemClock : toClock(options.clock);
  const kept = new Map<string, Kept>();
  let total = 0;

  const remove = (key: string): boolean => {
    total -= kept.get(key)?.bytes.length ?? 0;
    return kept.delete(key);
  };
  /** Deletes what fits. */
  const removeWhere = (fits: (one: Kept) => boolean): number => {
    let count = 0;
    for (const [key, one] of kept) if (fits(one)) count += Number(remove(key));
    return count;
  };

  return {
    name,
    get count() {
      return kept.size;
    },
    get bytes() {
      return total;
    },
    async put(key, given, { ttlMs = Infinity, signal } = {}) {
      checkPayloadKey(key);
      signal?.throwIfAborted();
      const bytes = given instanceof Uint8Array
        ? Uint8Array.from(given)
        : await collectBytes(given, maxBytes, signal);
      const now = clock.now();
      const size = () => total - (kept.get(key)?.bytes.length ?? 0) + bytes.length;
      if (size() > maxBytes) removeWhere(({ endsAt }) => endsAt <= now);
      if (size() > maxBytes) {
        throw new RangeError(
          `Cannot keep ${bytes.length} bytes in payload store '${name}', which has ${total}: expected at most ${maxBytes} in all`,
        );
      }
      remove(key);
      kept.set(key, { bytes, putAt: now, endsAt: now + ttlMs });
      total += bytes.length;
    },
    // deno-lint-ignore require-await -- what is wrong with a key rejects
    async get(key, { signal } = {}) {
      checkPayloadKey(key);
      signal?.throwIfAborted();
      const one = kept.get(key);
      if (one === undefined) return undefined;
      if (one.endsAt > clock.now()) return Uint8Array.from(one.bytes);
      remove(key);
      return undefined;
    },
    // deno-lint-ignore require-await -- as above
    async delete(key) {
      checkPayloadKey(key);
      remove(key);
    },
    sweep(olderThanMs) {
      const now = clock.now();
      return Promise.resolve(
        removeWhere(({ putAt, endsAt }) => endsAt <= now || now - putAt > olderThanMs),
      );
    },
  };
}
