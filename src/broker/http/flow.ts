/**
 * The call on how jobs fare over an hour, a day or a month (docs/protocol.md, section 13.9).
 *
 * @module
 */

import { readFlowQuery, toFlowWire } from "../../protocol/flow-stats.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";

/** `GET /stats` */
export const stats: Endpoint = async ({ engine, settings, query, format }) => {
  const asked = readFlowQuery(query);
  const found = toFlowWire(await engine.insight.flow.read(asked), asked.by);
  return answerValue(format, 200, settings.statistics ? found : { ...found, kept: false });
};
