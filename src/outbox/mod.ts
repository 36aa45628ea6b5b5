/**
 * Transactional enqueue: jobs that are stored if and only if a transaction of your own database commits.
 *
 * ```ts ignore
 * import { createOutbox } from "@millrace/millrace/outbox";
 *
 * const outbox = createOutbox();
 * await db.transaction(async (tx) => {
 *   const [order] = await tx.insert(orders).values({ total }).returning();
 *   await outbox.within(tx).enqueue(invoice, { order: order.id });
 * });
 * ```
 *
 * @module
 */

export {
  createOutbox,
  type Outbox,
  type OutboxOptions,
  type OutboxReceipt,
  type Within,
  type WithinManyRest,
  type WithinRest,
  type WithinSync,
} from "./create-outbox.ts";
export {
  createOutboxRelay,
  type OutboxRelay,
  type OutboxRelayOptions,
} from "./create-outbox-relay.ts";
export type { Passed } from "./passing.ts";
export { withOutbox } from "./with-outbox.ts";
export type { OutboxPlace } from "./outbox-tables.ts";
export type { OutboxDialect } from "./statement.ts";
export type { Refused, RefusedJob, RefusedListing, RefusedSelection } from "./refused.ts";
export type {
  DrizzleSqliteTransaction,
  DrizzleTransaction,
  KnexTransaction,
  KyselyTransaction,
  PgTransaction,
  PostgresJsTransaction,
  PrismaTransaction,
  RunSql,
  SqliteConnection,
  SqliteStatement,
  TransactionLike,
} from "./transaction-like.ts";
