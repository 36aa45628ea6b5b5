/**
 * What workers say of themselves.
 *
 * @module
 */

import { readStatement } from "../../protocol/request-body.ts";
import { answerValue } from "./answer.ts";
import type { Context, Endpoint } from "./call.ts";
import { readMessage } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** A worker that says anything lives, also if what it says is refused. */
export function noticeTell({ engine }: Context, params: readonly string[]): void {
  engine.noticeWorker(params[0]!);
}

/** `PUT /workers/{run}` */
export const tell: Endpoint = async (call) => {
  const [run] = call.params as [string];
  const statement = await readMessage(call, readStatement);
  const { maxItemsPerCall } = call.settings;
  if (statement.holds.length > maxItemsPerCall) {
    throw new Refusal(413, `'ids' has more than ${maxItemsPerCall} items`);
  }
  const gone = call.engine.tell(run, statement);
  if (gone === undefined) throw new Refusal(404, "no take stream of this run is open");
  return answerValue(call.format, 200, { gone: await gone });
};
