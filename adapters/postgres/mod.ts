/**
 * What Millrace needs on PostgreSQL: a database for one broker or several.
 *
 * @example A broker on PostgreSQL
 * ```ts ignore
 * import { createBroker } from "@millrace/millrace/broker";
 * import { serve } from "@millrace/millrace/node";
 * import { openPostgres } from "@millrace/millrace/postgres";
 *
 * const broker = createBroker({ store: openPostgres({ url: "postgres://localhost/jobs" }) });
 * const server = await serve(broker, { port: 7890 });
 * console.log(`listening on ${server.url}`);
 * ```
 *
 * @module
 */

export {
  isMillraceError,
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  StoreError,
} from "../../src/errors.ts";
export type {
  AsyncConnection,
  AsyncDatabase,
  DatabaseNews,
  SqlRow,
  SqlValue,
} from "../../src/store/database.ts";
export { openPostgres, type OpenPostgresOptions } from "./open-postgres.ts";
export type { PgClient, PgNotification, PgPool, PgQuery, PgResult } from "./pool.ts";
