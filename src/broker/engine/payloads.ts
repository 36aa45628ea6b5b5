/**
 * Payloads that the broker keeps for others, beside jobs.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { addSaturating } from "../../store/add-saturating.ts";
import {
  deletePayload,
  expirePayloads,
  getPayload,
  nextPayloadExpiry,
  putPayload,
  removePayloads,
} from "../../store/payloads.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** The operations; each resolves when its change is durable. */
export interface PayloadOperations {
  put(key: string, bytes: Uint8Array<ArrayBuffer>, ttlMs: number): Promise<void>;
  /** Its pieces, in their order; none if there is no such payload. */
  get(key: string): Promise<readonly Uint8Array<ArrayBuffer>[]>;
  delete(key: string): Promise<void>;
  removeAll(): Promise<void>;
  /** Deletes those whose time is over, which gather for `reaperIntervalMs` first. */
  readonly source: DueSource;
}

/** Creates the operations; `expect` hears when the time of one is over. */
export function createPayloadOperations(
  { store, clock, settings, expect }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Pick<Settings, "reaperIntervalMs">;
    expect(at: number): void;
  },
): PayloadOperations {
  let hasMore = false;
  const later = (at: number) => addSaturating(at, settings.reaperIntervalMs);
  return {
    async put(key, bytes, ttlMs) {
      const expiresAt = addSaturating(clock.now(), ttlMs);
      await store.write(() => putPayload({ key, bytes, expiresAt }));
      expect(later(expiresAt));
    },
    get: (key) => store.read(getPayload(key, clock.now())),
    delete: (key) => store.write(() => deletePayload(key)),
    removeAll: () => store.write(removePayloads),
    source: {
      name: "delete expired payloads",
      async nextDueAt() {
        if (hasMore) return 0;
        const at = await store.read(nextPayloadExpiry());
        return at === undefined ? undefined : later(at);
      },
      async run(now) {
        hasMore = false;
        hasMore = await store.write(() => expirePayloads(now));
      },
    },
  };
}
