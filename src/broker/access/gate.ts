/**
 * The gate of a broker: who comes in, and to what.
 *
 * | What is asked                            | Answer                                                                    |
 * | ---------------------------------------- | ------------------------------------------------------------------------- |
 * | `/health`, `/version`                    | open to all                                                               |
 * | anything, by nobody that is known        | 401                                                                       |
 * | anything, when nobody could say who asks | 503                                                                       |
 * | more calls than the caller may make      | 429                                                                       |
 * | what its scopes do not allow             | 403                                                                       |
 * | a job, a queue that is not its own       | 404, 403, see `reach.ts`                                                  |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { Access } from "../../protocol/routes.ts";
import { type Authenticate, bearerToken, demandScope, type Grant } from "./grant.ts";
import { createRates } from "./rates.ts";
import { type AskedCall, demandReach, type Place, type Reach, toReach } from "./reach.ts";
import { AccessError } from "./refused.ts";

/** What a gate goes by. */
export interface GateOptions {
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The place of a job; undefined if there is no such job. */
  find(id: string): Promise<Place | undefined>;
}

/** Lets callers in, or not. */
export interface Gate {
  /**
   * Lets the caller of a request do what it asks for.
   *
   * @param asked The call; undefined for one of the admin listener.
   * @returns What it may touch.
   * @throws {AccessError} If it may not.
   */
  admit(request: Request, access: Access, asked?: AskedCall): Promise<Reach>;
}

/** So many seconds' worth of calls may come at once. */
const burstOfCalls = 2;

/** Creates a gate. */
export function createGate({ authenticate, clock, logger, find }: GateOptions): Gate {
  const rates = createRates(clock);

  const identify = async (request: Request): Promise<Grant> => {
    let grant: Grant | undefined;
    try {
      grant = await authenticate(request);
    } catch (error) {
      logger.error("Cannot authenticate a caller", { error });
      throw new AccessError(503, "callers cannot be authenticated at the moment", {
        "retry-after": "5",
      });
    }
    if (grant !== undefined) return grant;
    const isUnknown = bearerToken(request) !== undefined;
    throw new AccessError(401, isUnknown ? "token is not known" : "a token is needed", {
      "www-authenticate": `Bearer realm="millrace"${isUnknown ? ', error="invalid_token"' : ""}`,
    });
  };

  return {
    async admit(request, access, asked) {
      const grant = await identify(request);
      const { name, callsPerSecond } = grant;
      if (callsPerSecond !== undefined) {
        rates.demand(`calls\n${name}`, 1, { perSecond: callsPerSecond, burst: burstOfCalls });
      }
      if (access !== "open" && access !== "known") demandScope(grant, access);
      if (asked !== undefined) await demandReach(grant, asked, { find });
      return toReach(grant, { rates, find });
    },
  };
}
