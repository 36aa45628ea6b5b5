/** Mistakes of who enqueues. See scripts/gate/mistakes.ts. */

import * as v from "valibot";
import { type Client, defineJob } from "../../../src/client/mod.ts";

declare const client: Client;

const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });
const tick = defineJob<void>({ type: "tick", queue: "clock" });
const pick = defineJob({
  type: "pick",
  queue: "store",
  payload: v.object({ kind: v.picklist(["a", "b"]), count: v.optional(v.number()) }),
});

client.enqueue(mail, { to: 3 });
//                     ^ Type 'number' is not assignable to type 'string'
client.enqueue(pick, { kind: "c" });
//                     ^ Type '"c"' is not assignable to type '"a" | "b"'
client.enqueue(mail, { to: "x", cc: "y" });
//                              ^ 'cc' does not exist in type '{ to: string; }'
client.enqueue(mail, {});
//                   ^ Property 'to' is missing in type '{}' but required in type '{ to: string; }'
client.enqueue(mail);
//     ^ Expected 2-3 arguments, but got 1
client.enqueue(tick, 5);
//                   ^ Argument of type 'number' is not assignable to parameter of type 'void'
client.enqueue(mail, { to: "x" }, { prio: 1 });
//                                  ^ 'prio' does not exist in type
client.enqueue(mail, { to: "x" }, { priority: "high" });
//                                  ^ Type 'string' is not assignable to type 'number'
client.enqueueMany(mail, [{ to: "x" }, { to: 3 }]);
//                                       ^ Type 'number' is not assignable to type 'string'
client.enqueueMany(mail, { to: "x" });
//                         ^ 'to' does not exist in type 'readonly
client.enqueue({ type: "mail", payload: 1 });
//             ^ Property 'queue' is missing in type '{ type: string; payload: number; }'
client.enqueue({ type: "mail", queue: "mail", payload: 1, prio: 1 });
//                                                        ^ 'prio' does not exist in type '
client.enqueue({ type: "mail", queue: "mail", payload: 1, priority: "high" });
//                                                        ^ Type 'string' is not assignable to type 'number'
client.enqueueMany([{ type: "mail", payload: 1 }]);
//                  ^ Property 'queue' is missing in type '{ type: string; payload: number; }'
client.enqueue("mail", { to: "x" });
//             ^ Argument of type 'string' is not assignable to parameter of type '
client.enqueue(mail, { to: "x" }, { delay: "5 minutes" });
//                                  ^ Type '"5 minutes"' is not assignable to type 'Duration | undefined'
