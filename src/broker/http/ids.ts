/**
 * Which ids a filter may name (docs/protocol.md, section 5.2).
 *
 * @module
 */

import { wantsExtensions } from "../../protocol/extensions.ts";
import { looksMade } from "../../protocol/job-id.ts";
import type { JobQuery } from "../../protocol/query.ts";
import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

/**
 * Refuses an id that only a client can have chosen where no client has chosen any, as the protocol demands; but not to who
 * asks for extensions. What can be no id at all was refused before.
 *
 * @throws {Refusal} With 400.
 */
export async function demandKnownIds(
  { id: ids = [] }: JobQuery,
  { engine, request }: Pick<EndpointCall, "engine" | "request">,
): Promise<void> {
  const chosen = ids.find((id) => !looksMade(id));
  if (chosen === undefined || wantsExtensions(request.headers)) return;
  if (!await engine.movement.knowsChosenIds()) {
    throw new Refusal(400, `invalid job ID: ${JSON.stringify(chosen)}`);
  }
}
