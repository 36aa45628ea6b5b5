/**
 * Does what a job says.
 *
 * @module
 */

import process from "node:process";
import { cancel, finish, type JobContext, snooze } from "../../../src/worker/mod.ts";
import { after, type Deed } from "./work.ts";

/** Does it; some never come to an end. */
export function perform(deed: Deed, context: JobContext): unknown {
  switch (deed) {
    case "return":
      return undefined;
    case "beat":
      return context.heartbeat({ progress: 0.5 });
    case "throw":
      throw new RangeError("out of range", { cause: new Error("no room") });
    case "snooze":
      return snooze("1h", { cause: new Error("busy") });
    case "cancel":
      return cancel("Nobody wants it");
    case "finish":
      return finish({ enqueue: [after.of(deed)], result: 7 });
    case "hang":
      return new Promise(() => setInterval(() => {}, 1000));
    case "block":
      return block();
    case "exit":
      process.exit(9);
  }
}

function block(): never {
  while (true);
}
