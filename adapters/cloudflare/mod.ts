/**
 * Millrace on Cloudflare: a broker in a Durable Object, and the way to it.
 *
 * @module
 */

export { BrokerObject, type BrokerObjectOptions, type DurableState } from "./broker-object.ts";
export type { SqlRow, SqlValue, SyncDatabase } from "../../src/store/database.ts";
export { type DurableCursor, type DurableStorage, openDurableSqlite } from "./durable-sqlite.ts";
export { createKvStore, type KvNamespace, type KvStoreOptions } from "./kv-store.ts";
export {
  createR2Store,
  type R2Bucket,
  type R2Page,
  type R2Part,
  type R2PutOptions,
  type R2StoreOptions,
  type R2Upload,
} from "./r2-store.ts";
export {
  objectFetch,
  type ObjectId,
  type ObjectNamespace,
  routeToObjects,
  type RouteToObjectsOptions,
} from "./objects.ts";
