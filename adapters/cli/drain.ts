/**
 * The time between a signal and the stop of a broker, in which load balancers learn to look elsewhere.
 *
 * | State    | Event             | Next     | What happens                                            |
 * | -------- | ----------------- | -------- | ------------------------------------------------------- |
 * | serving  | a target's stop   | draining | `GET /health` is 503 from now on, all else is answered  |
 * | draining | another's stop    | draining | it waits for the same end                               |
 * | draining | the delay is over | stopping | the targets are stopped                                 |
 * | any      | a target's kill   | killed   | that target is killed, without any delay                |
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/async/clock.ts";
import type { FetchHandler } from "../server.ts";
import type { StopTarget } from "../signals.ts";

/** A pause before a stop. */
export interface Drain {
  /** Answers as `answer` does, but for `GET /health` once the pause has begun. */
  before(answer: FetchHandler): FetchHandler;
  /** The targets, each of which is stopped after the pause. */
  delay(targets: readonly StopTarget[]): readonly StopTarget[];
}

/** Creates a pause of `delayMs` before a stop of what is served below `basePath`. */
export function createDrain(
  { delayMs, basePath, clock = systemClock }: {
    readonly delayMs: number;
    readonly basePath: string;
    readonly clock?: Pick<Clock, "setTimer">;
  },
): Drain {
  let pause: Promise<void> | undefined;
  const isHealth = ({ method, url }: Request): boolean => {
    if (!URL.canParse(url)) return false;
    const { pathname } = new URL(url);
    const isItsPath = pathname === "/health" || pathname === `${basePath}/health`;
    return isItsPath && (method === "GET" || method === "HEAD");
  };

  return {
    before: (answer) => (request) =>
      pause !== undefined && isHealth(request)
        ? Response.json({ error: "stopping" }, { status: 503, headers: { "retry-after": "1" } })
        : answer(request),
    delay: (targets) =>
      targets.map((target) => ({
        async stop(options) {
          await (pause ??= new Promise<void>((resolve) => void clock.setTimer(resolve, delayMs)));
          await target.stop(options);
        },
        kill: () => target.kill?.(),
      })),
  };
}
