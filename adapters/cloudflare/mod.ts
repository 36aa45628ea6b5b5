/**
 * Millrace on Cloudflare: a broker in a Durable Object, and the way to it.
 *
 * @module
 */

export { BrokerObject, type BrokerObjectOptions, type DurableState } from "./broker-object.ts";
export type { SqlRow, SqlValue, SyncDatabase } from "../../src/store/database.ts";
export { type DurableCursor, type DurableStorage, openDurableSqlite } from "./durable-sqlite.ts";
export {
  objectFetch,
  type ObjectId,
  type ObjectNamespace,
  routeToObjects,
  type RouteToObjectsOptions,
} from "./objects.ts";
