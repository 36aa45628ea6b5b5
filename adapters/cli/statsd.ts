/**
 * `millrace stats statsd`: what a broker knows of its queues, failures and workers, as gauges for statsd.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import process from "node:process";
import { createInsight, type DurationStats, type InsightClient } from "../../src/client/mod.ts";
import { isMillraceError } from "../../src/errors.ts";
import { toFetch } from "./connection.ts";
import type { StatsConfig } from "./control-flags.ts";
import { UsageError } from "./options.ts";

/** The most bytes of a datagram that pass any network. */
const datagramBytes = 1400;

/** Where exports go, and when the next is due. */
export interface ExportOptions {
  /** Sends some lines, together. */
  send(lines: string): Promise<void>;
  /** Waits for so many ms; false if the program is to end. */
  wait(ms: number): Promise<boolean>;
  /** Gives ms that pass evenly. */
  now(): number;
  /** Told why an export failed; the next is tried. */
  failed(error: Error): void;
}

/** Exports to statsd until a signal, or as often as is asked for. */
export async function runStats(
  [target, extra]: readonly string[],
  config: StatsConfig,
): Promise<void> {
  if (target !== "statsd") {
    throw new UsageError(
      target === undefined
        ? "No target is given, expected 'statsd'"
        : `Target '${target}' is unknown, expected 'statsd'`,
    );
  }
  if (extra !== undefined) throw new UsageError(`Argument '${extra}' is one too many`);
  const socket = createSocket("udp4");
  let end = () => {};
  let ended = false;
  const stop = () => {
    ended = true;
    end();
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, stop);
  try {
    await exportStats(
      createInsight({ url: config.url, token: config.token, fetch: toFetch(config) }),
      config,
      {
        send: (lines) =>
          new Promise((resolve, reject) =>
            socket.send(
              lines,
              config.statsdPort,
              config.statsdHost,
              (error) => error ? reject(error) : resolve(),
            )
          ),
        wait: (ms) =>
          new Promise((resolve) => {
            const timer = setTimeout(() => resolve(!ended), ms);
            end = () => {
              clearTimeout(timer);
              resolve(false);
            };
            if (ended) end();
          }),
        now: () => performance.now(),
        failed: (error) => void process.stderr.write(`millrace: ${error.message}\n`),
      },
    );
  } finally {
    for (const name of names) process.off(name, stop);
    socket.close();
  }
}

/** Exports at a fixed rate: an export that takes long does not move the next. */
export async function exportStats(
  insight: InsightClient,
  { prefix, interval, count }: Pick<StatsConfig, "prefix" | "interval" | "count">,
  { send, wait, now, failed }: ExportOptions,
): Promise<void> {
  const start = now();
  for (let done = 1;; done++) {
    try {
      for (const lines of toDatagrams(await gather(insight), prefix)) await send(lines);
    } catch (error) {
      if (!isMillraceError(error) && !("code" in (error as Error))) throw error;
      failed(error as Error);
    }
    if (done === count) return;
    if (!await wait(Math.max(0, start + done * interval - now()))) return;
  }
}

type Gauges = Map<string, number>;

async function gather(insight: InsightClient): Promise<Gauges> {
  const gauges: Gauges = new Map();
  for await (const details of insight.queues({ limit: 100 })) {
    const { queue, paused, inFlight, oldestReadyAt: _notAsked, ...counts } = details;
    const name = `queues.${toName(queue)}`;
    for (const [state, count] of Object.entries(counts)) gauges.set(`${name}.${state}`, count);
    gauges.set(`${name}.in_flight`, inFlight);
    gauges.set(`${name}.paused`, paused ? 1 : 0);
    const { wait, run, retries, failures, failed } = await insight.stats(queue);
    for (const [what, numbers] of [["wait", wait], ["run", run]] as const) {
      addDurations(gauges, `${name}.${what}`, numbers);
    }
    for (const [what, number] of Object.entries({ retries, failures, failed })) {
      gauges.set(`${name}.${what}`, number);
    }
  }
  let dead = 0;
  for await (const { group, count } of insight.failures({ limit: 100 })) {
    gauges.set(`failures.${toName(group)}`, count);
    dead += count;
  }
  gauges.set("failed", dead);
  let workers = 0;
  for await (const _ of insight.workers({ limit: 1000 })) workers++;
  gauges.set("workers", workers);
  return gauges;
}

function addDurations(gauges: Gauges, name: string, { count, meanMs, stdMs }: DurationStats): void {
  gauges.set(`${name}.count`, count);
  gauges.set(`${name}.mean_ms`, meanMs);
  gauges.set(`${name}.std_ms`, stdMs);
}

/** What a name may have in it: statsd and what lies behind it take others for their own. */
function toName(text: string): string {
  return text.replace(/[^\w-]+/g, "_");
}

function* toDatagrams(gauges: Gauges, prefix: string | undefined): Generator<string> {
  let lines = "";
  for (const [name, value] of gauges) {
    const line = `${prefix === undefined ? "" : `${prefix}.`}${name}:${value}|g`;
    if (lines !== "" && lines.length + line.length + 1 > datagramBytes) {
      yield lines;
      lines = "";
    }
    lines += lines === "" ? line : `\n${line}`;
  }
  if (lines !== "") yield lines;
}
