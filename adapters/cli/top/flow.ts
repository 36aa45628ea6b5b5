/**
 * How the jobs of queues fared in the last hour, where the broker tells it.
 *
 * @module
 */

import { isMillraceError } from "../../../src/errors.ts";
import type { ClientOptions } from "../../../src/client/mod.ts";
import { callOwn } from "../../../src/client/endpoint.ts";
import { toClientSettings } from "../../../src/client/options.ts";
import { createTransport } from "../../../src/client/transport.ts";
import { type QueueFlow, readQueueFlow } from "../../../src/protocol/flow-stats.ts";
import { routes } from "../../../src/protocol/routes.ts";

/** A broker writes what it gathered for who asks: not with every look. In ms. */
const restMs = 10_000;

/** So many queues can be named. Who is limited to some queues has to name them. */
const mostNamed = 100;

/** What is known, by the names of queues; undefined if the broker does not tell. */
export type Flows = ReadonlyMap<string, QueueFlow> | undefined;

/** Creates what asks for the last hour of queues. */
export function createFlowReader(options: ClientOptions): (
  queues: readonly string[],
) => Promise<Flows> {
  const call = callOwn(createTransport(toClientSettings(options)));
  let known: Flows;
  let askedAt = -Infinity;

  return async (queues) => {
    if (queues.length === 0 || performance.now() - askedAt < restMs) return known;
    askedAt = performance.now();
    const query = ["by=queue"];
    if (queues.length <= mostNamed) {
      query.push(`queue=${queues.map(encodeURIComponent).join()}`);
    }
    try {
      const found = await call({ route: routes.stats, query }, undefined, readQueueFlow);
      known = new Map(found.map((one) => [one.queue, one]));
    } catch (error) {
      // An older broker does not have it, not everybody may see it, and queues are shown without it.
      if (!isMillraceError(error)) throw error;
      known = undefined;
    }
    return known;
  };
}
