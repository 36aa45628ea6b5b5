/** Mistakes of who handles jobs. See scripts/gate/mistakes.ts. */

import { defineJob, defineStep } from "../../../src/client/mod.ts";
import { cancel, handle, handleStep, result, snooze } from "../../../src/worker/mod.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });
const count = defineStep<string, { words: number[] }>({ type: "count", queue: "words" });
declare const isBusy: () => boolean;

handle(mail, ({ too }) => console.log(too));
//              ^ Property 'too' does not exist on type '{ to: string; }'
handle(mail, ({ to }, { attemps }) => console.log(to, attemps));
//                      ^ Property 'attemps' does not exist on type 'JobContext'
handle(mail, (to: string) => console.log(to));
//           ^ Type '{ to: string; }' is not assignable to type 'string'
handle(mail, () => {}, { timeOut: "5s" });
//                       ^ but 'timeOut' does not exist in type 'HandleOptions'. Did you mean to write 'timeout'?
void handle(mail);
//   ^ Expected 2-3 arguments, but got 1
handle(mail, () => ({ kind: "snoozed" }));
//                 ^ an outcome is made by cancel, snooze, retryAt, complete, finish or advance
handle(mail, async () => {
//           ^ an outcome is made by cancel, snooze, retryAt, complete, finish or advance
  await 0;
  return { kind: "cancelled", message: "no", cause: undefined };
});
handle(mail, () => ({ at: new Date() }));
//                    ^ a Date does not survive JSON, send a number or a string
handle(mail, async () => new Map([["a", 1]]));
//                       ^ a Map does not survive JSON, send an object or a list
handle(count, () => ({ words: ["a"] }));
//                             ^ Type 'string' is not assignable to type 'number'
handle(count, async () => {});
//            ^ Type 'void' is not assignable to type '{ readonly words: readonly number[]; }'
handleStep(count, () => ({ words: ["a"] }));
//                                 ^ Type 'string' is not assignable to type 'number'

// None of these is a mistake.
handle(mail, async ({ to }) => {
  if (isBusy()) throw cancel(`No such user: ${to}`);
  await 0;
});
handle(mail, () => isBusy() ? snooze("5s") : undefined);
handle(mail, () => isBusy() ? snooze("5s") : { words: [1, 2], kind: "words" });
handle(mail, ({ to }) => console.log(to));
handle(mail, ({ to }) => result(to));
handle(mail, () => new Promise<void>(() => {}));
handle(mail, () => JSON.parse("1"));
handle(count, async () => {
  await 0;
  if (isBusy()) return snooze("5s");
  return { words: [1, 2] };
});
