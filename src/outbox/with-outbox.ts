/**
 * A client that also enqueues within transactions.
 *
 * @module
 */

import type { Enqueuer } from "../client/create-enqueuer.ts";
import { createOutbox, type Outbox } from "./create-outbox.ts";

/**
 * Gives a client the `within` of an outbox; all else is as it was. It is apart from the client, so that a program that has no
 * transactions does not load it.
 *
 * @param client The client; it stays as it is.
 * @param outbox The outbox. Left out, it is that of the brokers of `openPostgres`.
 * @returns The client with `within` and `withinSync`.
 *
 * @example
 * ```ts ignore
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { withOutbox } from "@millrace/millrace/outbox";
 * import postgres from "postgres";
 *
 * const welcome = defineJob<{ user: number }>({ type: "welcome", queue: "mail" });
 * const client = withOutbox(createClient({ url: "http://127.0.0.1:7890" }));
 * const sql = postgres("postgres://localhost/shop");
 *
 * await sql.begin(async (tx) => {
 *   const [user] = await tx`INSERT INTO users DEFAULT VALUES RETURNING id`;
 *   await client.within(tx).enqueue(welcome, { user: user.id });
 * });
 * ```
 */
export function withOutbox<Given extends Pick<Enqueuer, "enqueue">>(
  client: Given,
  outbox: Pick<Outbox, "within" | "withinSync"> = createOutbox(),
): Given & Pick<Outbox, "within" | "withinSync"> {
  return { ...client, within: outbox.within, withinSync: outbox.withinSync };
}
