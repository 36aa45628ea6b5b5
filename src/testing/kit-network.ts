/**
 * The ways to the broker of a test kit: calls go to it in the same process, as requests of the protocol, unless a fault
 * happens to them. All are written down.
 *
 * @module
 */

import type { Broker } from "../broker/broker.ts";
import type { Fetch } from "../client/options.ts";
import { describeFault, type FaultPlan, suffer } from "./faults.ts";
import type { KitTime } from "./kit-time.ts";
import { routeOf } from "./route-of.ts";
import type { TestClock } from "./test-clock.ts";
import type { TranscriptWriter } from "./transcript.ts";

/** The ways to a broker. */
export interface KitNetwork {
  /** That of the user's clients. */
  readonly client: Fetch;
  /** That of the worker. */
  readonly worker: Fetch;
  /** That of the kit itself: nothing happens to its calls, and nobody sees them. */
  readonly own: Fetch;
}

/** What the ways are made from. */
export interface KitNetworkOptions {
  readonly broker: Pick<Broker, "fetch">;
  readonly clock: Pick<TestClock, "settle">;
  readonly time: KitTime;
  readonly faults: FaultPlan;
  readonly transcript: TranscriptWriter;
  /** A client has changed something, perhaps. */
  changed(): Promise<unknown>;
  /** A client may have taken the job away that runs. */
  tellWorker(): Promise<unknown>;
}

/** Calls that may be answered only when something else has happened. */
const waiting: ReadonlySet<string> = new Set([
  "GET /jobs/take",
  "POST /jobs/take",
  "GET /events",
  "POST /jobs/wait",
  "POST /jobs/cancel",
  "POST /jobs/{id}/cancel",
]);

/** Calls that enqueue: of a handler they come by way of the worker. */
const enqueues: ReadonlySet<string> = new Set(["POST /jobs", "POST /jobs/bulk"]);

/** Creates the ways. */
export function createKitNetwork(options: KitNetworkOptions): KitNetwork {
  const { broker, clock, time, faults, transcript, changed, tellWorker } = options;
  const own: Fetch = (request) => time.during(broker.fetch(request));

  const from = (who: "client" | "worker"): Fetch => async (request) => {
    const route = routeOf(request.method, request.url);
    const isOfClient = who === "client";
    const fetch = isOfClient && waiting.has(route) ? broker.fetch : own;
    const isEnqueue = enqueues.has(route);
    const isChange = isOfClient && request.method !== "GET";
    // A real worker is told by its stream, at once. That of the kit asks: before the answer, which may wait for it.
    if (isChange && !isEnqueue && time.isRunning) {
      void clock.settle().then(tellWorker).catch(() => {});
    }
    const fault = faults.take(route);
    const note = fault === undefined ? "" : ` (fault: ${describeFault(fault)})`;
    let answer: Response;
    try {
      answer =
        await (fault === undefined ? fetch(request) : suffer(fault, request, { time, fetch }));
    } catch (error) {
      transcript.called(who, route, `no answer${note}`);
      throw error;
    }
    transcript.called(who, route, `${answer.status}${note}`);
    // Whoever reads what was stored is not kept from it by a broker that is closed.
    if (isChange || isEnqueue) await changed().catch(() => {});
    return answer;
  };

  return { client: from("client"), worker: from("worker"), own };
}
