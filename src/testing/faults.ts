/**
 * Faults between a client or worker and its broker, made on purpose: the same ones in every run of a test.
 *
 * @module
 */

import { type Duration, toMs } from "../async/duration.ts";
import type { Fetch } from "../client/options.ts";
import { checkOptions, type Names } from "../options.ts";
import type { KitTime } from "./kit-time.ts";
import { demandRoute } from "./route-of.ts";

/** What goes wrong with which calls. */
export interface Fault {
  /**
   * Calls of this endpoint, as the protocol spells it: `"POST /jobs"`, `"GET /jobs/{id}"`.
   *
   * @default {any}
   */
  readonly route?: string | undefined;
  /**
   * How many calls it happens to.
   *
   * @default {1}
   */
  readonly times?: number | undefined;
  /**
   * How many calls go well before.
   *
   * @default {0}
   */
  readonly skip?: number | undefined;
  /** The broker answers with this status, and has done nothing. */
  readonly status?: number | undefined;
  /** The connection breaks: before the call arrives (`"call"`), or when it is done and its answer under way (`"answer"`). */
  readonly lose?: "call" | "answer" | undefined;
  /** The answer breaks off behind so many bytes: a stream of jobs or of events in its middle. */
  readonly cutAfterBytes?: number | undefined;
  /** The call arrives so much later, by the clock of the kit: let that time pass, unless a handler or the worker calls. */
  readonly delay?: Duration | undefined;
}

/** Makes faults. */
export interface KitFaults {
  /** How many calls there are to which faults will still happen. */
  readonly left: number;
  /**
   * Makes the next calls go wrong, of the client and of the worker. The faults of one call are taken in the order in which they
   * were given, one for each call.
   *
   * @param fault What goes wrong, and with which calls.
   * @throws {TypeError} If it says not exactly one of `status`, `lose`, `cutAfterBytes` and `delay`, or no such endpoint exists.
   * @throws {RangeError} If a number is out of range.
   */
  next(fault: Fault): void;
  /** Lets all go well from now on. */
  clear(): void;
}

/** A fault that waits for its calls. */
interface Planned {
  readonly fault: Fault;
  skip: number;
  times: number;
}

/** The faults of a kit. */
export interface FaultPlan extends KitFaults {
  /**
   * Takes the fault of a call, if one is to happen to it.
   *
   * @param route The endpoint that is called.
   */
  take(route: string): Fault | undefined;
}

/** Creates a plan without faults. */
export function createFaultPlan(): FaultPlan {
  let planned: Planned[] = [];
  return {
    get left() {
      return planned.reduce((sum, { times }) => sum + times, 0);
    },
    next(fault) {
      checkFault(fault);
      planned.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 });
    },
    clear() {
      planned = [];
    },
    take(route) {
      for (const plan of planned) {
        if (plan.fault.route !== undefined && plan.fault.route !== route) continue;
        if (plan.skip > 0) {
          plan.skip--;
          continue;
        }
        if (--plan.times === 0) planned = planned.filter((other) => other !== plan);
        return plan.fault;
      }
      return undefined;
    },
  };
}

/** Lets a fault happen to a call. */
export async function suffer(
  fault: Fault,
  request: Request,
  { time, fetch }: { readonly time: Pick<KitTime, "sleep">; readonly fetch: Fetch },
): Promise<Response> {
  const { status, lose, cutAfterBytes, delay } = fault;
  if (status !== undefined) {
    return Response.json({ error: `fault of the test: status ${status}` }, { status });
  }
  if (delay !== undefined) await time.sleep(delay, request.signal);
  if (lose === "call") throw new TypeError("fault of the test: connection refused");
  const answer = await fetch(request);
  if (cutAfterBytes !== undefined) return cut(answer, cutAfterBytes);
  if (lose === undefined) return answer;
  await answer.body?.cancel();
  throw new TypeError("fault of the test: connection lost");
}

/** A fault in words, for a transcript. */
export function describeFault({ status, lose, cutAfterBytes, delay }: Fault): string {
  if (status !== undefined) return `status ${status}`;
  if (lose !== undefined) return `${lose} lost`;
  return delay !== undefined ? `delayed by ${delay}` : `cut after ${cutAfterBytes} bytes`;
}

function cut(answer: Response, bytes: number): Response {
  if (answer.body === null) return answer;
  const reader = answer.body.getReader();
  let left = bytes;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if (value.length < left) {
        left -= value.length;
        return controller.enqueue(value);
      }
      if (left > 0) controller.enqueue(value.subarray(0, left));
      await reader.cancel().catch(() => {});
      // In a turn of its own: an error would take back what was enqueued before it is read.
      left = 0;
      queueMicrotask(() => controller.error(new TypeError("fault of the test: connection lost")));
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  const { status, headers } = answer;
  return new Response(body, { status, headers });
}

const faultNames: Names<Fault> = {
  route: 1,
  times: 1,
  skip: 1,
  status: 1,
  lose: 1,
  cutAfterBytes: 1,
  delay: 1,
};

function checkFault(fault: Fault): void {
  checkOptions("faults.next", fault, faultNames);
  const { route, times, skip, status, lose, cutAfterBytes, delay } = fault;
  if (route !== undefined) demandRoute(route);
  const given = Object.entries({ status, lose, cutAfterBytes, delay })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `'${name}'`);
  if (given.length !== 1) {
    throw new TypeError(
      `Cannot use a fault with ${given.join(" and ") || "nothing that goes wrong"}: ` +
        "expected one of 'status', 'lose', 'cutAfterBytes' and 'delay'",
    );
  }
  if (lose !== undefined && lose !== "call" && lose !== "answer") {
    throw new TypeError(
      `Cannot use 'lose' ${JSON.stringify(lose)}: expected 'call' or 'answer'`,
    );
  }
  if (delay !== undefined) toMs(delay, "delay");
  demandWhole("times", times, 1);
  demandWhole("skip", skip, 0);
  demandWhole("cutAfterBytes", cutAfterBytes, 0);
  if (status === undefined || Number.isInteger(status) && status >= 400 && status <= 599) return;
  throw new RangeError(`Cannot use 'status' ${status}: expected an integer from 400 to 599`);
}

function demandWhole(name: string, value: number | undefined, min: number): void {
  if (value === undefined || Number.isInteger(value) && value >= min) return;
  throw new RangeError(`Cannot use '${name}' ${value}: expected an integer of ${min} or more`);
}
