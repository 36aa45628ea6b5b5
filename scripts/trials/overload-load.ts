/**
 * Single enqueues, as fast as they are answered or at a rate that the broker cannot keep up with.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, openConnection } from "../bench/connection.ts";
import { quantile } from "../bench/ratios.ts";
import { toWrite } from "./holds-caller.ts";

/** More connections than this are not opened: a call that finds none free is not made. Twice the calls that are at work. */
const maxConnections = 2000;

const request = toWrite("POST /jobs", '{"type":"work","queue":"load","payload":{"n":1}}');

/** What became of the calls. Times in ms. */
export interface Load {
  readonly accepted: number;
  readonly refused: number;
  /** Calls that found no connection free. */
  readonly notMade: number;
  /** Answers that are neither, by status. */
  readonly others: Readonly<Record<string, number>>;
  readonly acceptedP50: number;
  readonly acceptedP99: number;
  readonly refusedP99: number;
  /** How much later than planned the latest call was made: what the machine did to the caller itself. */
  readonly latestCall: number;
  /** From the last call until all were answered. */
  readonly drainedMs: number;
}

/** Many connections, and the calls that are made on them. */
export interface Loader extends AsyncDisposable {
  /** Calls on a number of connections, each time the call before was answered. */
  closedLoop(connections: number, ms: number): Promise<number>;
  /** Calls at a steady rate a second, whatever became of the calls before. */
  openLoop(rate: number, ms: number, signal: AbortSignal): Promise<Load>;
  /** Makes one call. Gives its status. */
  once(): Promise<number>;
}

/** Prepares to call a broker. */
export function createLoader(url: URL): Loader {
  const idle: Connection[] = [];
  const all: Connection[] = [];
  let opening = 0;

  const open = async () => {
    opening++;
    try {
      const connection = await openConnection(url);
      all.push(connection);
      return connection;
    } finally {
      opening--;
    }
  };
  /** Makes a call; undefined if every connection is in use. */
  const tryOnce = async () => {
    const connection = idle.pop() ??
      (all.length + opening < maxConnections ? await open() : undefined);
    if (connection === undefined) return undefined;
    const { status } = await connection.send(request);
    idle.push(connection);
    return status;
  };
  const once = async () => {
    const status = await tryOnce();
    if (status === undefined) throw new Error("Every connection is in use");
    return status;
  };

  return {
    once,
    async closedLoop(connections, ms) {
      const until = performance.now() + ms;
      let accepted = 0;
      await Promise.all(Array.from({ length: connections }, async () => {
        while (performance.now() < until) if (await once() === 201) accepted++;
      }));
      return accepted;
    },
    async openLoop(rate, ms, signal) {
      const accepted: number[] = [];
      const refused: number[] = [];
      const others: Record<string, number> = {};
      const calls = new Set<Promise<void>>();
      const startedAt = performance.now();
      let latestCall = 0;
      let notMade = 0;
      const call = async (now: number) => {
        const status = await tryOnce();
        const took = performance.now() - now;
        if (status === undefined) notMade++;
        else if (status === 201) accepted.push(took);
        else if (status === 503) refused.push(took);
        else others[status] = (others[status] ?? 0) + 1;
      };
      const count = Math.round(rate * ms / 1000);
      for (let at = 0; at < count; at++) {
        const dueAt = startedAt + at * 1000 / rate;
        while (performance.now() < dueAt) await sleep(1);
        signal.throwIfAborted();
        const now = performance.now();
        latestCall = Math.max(latestCall, now - dueAt);
        const made = call(now).finally(() => calls.delete(made));
        calls.add(made);
      }
      const lastAt = performance.now();
      await Promise.all(calls);
      const drainedMs = performance.now() - lastAt;
      return {
        drainedMs,
        accepted: accepted.length,
        refused: refused.length,
        notMade,
        others,
        acceptedP50: quantileOf(accepted, 0.5),
        acceptedP99: quantileOf(accepted, 0.99),
        refusedP99: quantileOf(refused, 0.99),
        latestCall,
      };
    },
    [Symbol.asyncDispose]() {
      for (const connection of all) connection.close();
      return Promise.resolve();
    },
  };
}

function quantileOf(times: readonly number[], part: number): number {
  return times.length === 0 ? 0 : quantile(times, part);
}
