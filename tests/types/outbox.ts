/** Compiled by the gate and never run: what can be enqueued within a transaction. */

import * as v from "valibot";
import { type Client, defineJob, withMiddleware } from "../../src/client/mod.ts";
import { type Outbox, type OutboxReceipt, withOutbox } from "../../src/outbox/mod.ts";
import { type Equal, expectType } from "./equal.ts";

declare const client: Client;
declare const outbox: Outbox;
declare const sql: (text: string, values: readonly string[]) => Promise<object[]>;
const mail = defineJob({ type: "t", queue: "q", payload: v.object({ to: v.string() }) });
const plain = defineJob({ type: "t", queue: "q" });

const within = withOutbox(client).within(sql);
const one = within.enqueue(mail, { to: "a" }, { delay: "1h", priority: 3 });
expectType<Equal<typeof one, Promise<OutboxReceipt>>>();
within.enqueue(mail.of({ to: "a" }));
within.enqueue({ type: "t", queue: "q", payload: 1 });
within.enqueue(plain);
within.enqueueMany(mail, [{ to: "a" }], { priority: 3 });
within.enqueueMany([mail.of({ to: "a" }), { type: "t", queue: "q", payload: 1 }]);
// @ts-expect-error A payload that does not fit.
within.enqueue(mail, { to: 5 });
// @ts-expect-error No payload, though the definition has one.
within.enqueue(mail);
// @ts-expect-error The transaction bounds the call.
within.enqueue(mail, { to: "a" }, { signal: AbortSignal.timeout(5) });
// @ts-expect-error It happens once anyway.
within.enqueueMany(mail, [{ to: "a" }], { idempotencyKey: "k" });
// @ts-expect-error One payload where there are to be many.
within.enqueueMany(mail, { to: "a" });
// @ts-expect-error Nothing is known of the stored job but its id.
one.then(({ status }) => status);

declare const db: { prepare(text: string): { run(): void; all(): unknown[] } };
const receipt = outbox.withinSync(db).enqueue(mail, { to: "a" });
expectType<Equal<typeof receipt, OutboxReceipt>>();
// @ts-expect-error A payload that does not fit.
outbox.withinSync(db).enqueue(mail, { to: 5 });

// The client is as it was, also with layers.
expectType<Equal<ReturnType<typeof client.count>, Promise<number>>>();
withOutbox(withMiddleware(client, []), outbox).enqueue(mail, { to: "a" }, { timeoutMs: 5 });
// @ts-expect-error Nothing that runs statements.
outbox.within({ begin() {} });
