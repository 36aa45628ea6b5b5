/** Mistakes of who looks at jobs and at errors. See scripts/gate/mistakes.ts. */

import { type Client, defineJob, isMillraceError, type Job } from "../../../src/client/mod.ts";

declare const client: Client;
declare const job: Job;
declare const caught: unknown;
const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });

client.list({ status: "running" });
//            ^ Type '"running"' is not assignable to type
client.list({ state: "dead" });
//            ^ 'state' does not exist in type
client.list(mail, { type: "other" });
//                  ^ 'type' does not exist in type 'Omit<JobQuery, "type">'
client.get(mail);
//     ^ Expected 2-3 arguments, but got 1
(await client.get(mail, "id")).payload.too;
//                                     ^ Property 'too' does not exist on type '{ to: string; }'
if (job.status === "ready") job.completedAt.toFixed();
//                          ^ 'job.completedAt' is possibly 'undefined'
if (job.status === "done") console.log(job);
//  ^ This comparison appears to be unintentional
if (isMillraceError(caught, "notfound")) console.log(caught);
//                          ^ Argument of type '"notfound"' is not assignable to parameter of type 'MillraceErrorCode
if (isMillraceError(caught) && caught.code === "payload") console.log(caught.status);
//                                                                           ^ Property 'status' does not exist on type 'PayloadError'
