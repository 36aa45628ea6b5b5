/**
 * What the caller may do (docs/protocol.md, section 17.5).
 *
 * @module
 */

import { toCallerWire } from "../../protocol/whoami.ts";
import { scopes } from "../access/grant.ts";
import { answerValue } from "./answer.ts";
import type { Endpoint } from "./call.ts";

/** `GET /whoami`: of a broker that lets in everybody, everybody may do everything. */
export const whoAmI: Endpoint = ({ reach: { grant }, format }) =>
  answerValue(format, 200, toCallerWire(grant ?? { scopes }));
