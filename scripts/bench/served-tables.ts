/**
 * The tables of a served broker.
 *
 * @module
 */

import { toNumber, toTable } from "./markdown.ts";
import type { Latency } from "./open-loop.ts";
import { median } from "./ratios.ts";
import type { RuntimeName } from "./runtimes.ts";
import type { Figure } from "./workloads.ts";

/** Our client and worker, or the least code that speaks the protocol. */
export type ServedClient = "own" | "lean";

/** Who measured, where, and in which turn. */
interface Turn {
  readonly runtime: RuntimeName;
  readonly client: ServedClient;
  readonly round: number;
  /** CPU time of the server meanwhile. */
  readonly serverCpuMs: number;
}

/** One workload, once. `cpuMs` is that of the client. */
export interface ServedSample extends Turn, Figure {
  readonly pass: number;
}

/** One open loop. */
export interface ServedLatency extends Turn, Latency {}

/** All that was measured. */
export interface ServedResults {
  /** What our client spoke. The lean one speaks JSON. */
  readonly format: "json" | "msgpack";
  /** Jobs a second of the open loop. */
  readonly rate: number;
  readonly seconds: number;
  /** What the lean client asked with on Node. */
  readonly nodeTransport: string;
  readonly samples: readonly ServedSample[];
  readonly latencies: readonly ServedLatency[];
}

/** Rates and CPU time, and the time from the call to the handler. */
export function toServedTables(results: ServedResults): string {
  const { format, rate, seconds, nodeTransport } = results;
  return [
    `Our client speaks ${format}, the lean one JSON (on Node by ${nodeTransport}). CPU time is in µs a job.`,
    toRateTable(results.samples),
    `${rate} enqueues a second for ${seconds} s, ms from the call to the handler:`,
    toLatencyTable(results.latencies),
  ].join("\n\n");
}

/** A line for each runtime and workload. A ratio is the median of those of neighbouring turns. */
function toRateTable(samples: readonly ServedSample[]): string {
  const rows = groupBy(samples, ({ runtime, name }) => `${runtime} ${name}`).map((group) => {
    const of = (client: ServedClient) => group.filter((sample) => sample.client === client);
    const [own, lean] = [of("own"), of("lean")];
    const rateOf = ({ jobs, ms }: Figure) => jobs / ms * 1000;
    const ratios = own.map((sample) => {
      const turn = lean.find(({ round, pass }) => round === sample.round && pass === sample.pass);
      if (turn === undefined) throw new Error(`No turn of the lean client for ${sample.name}`);
      return rateOf(sample) / rateOf(turn);
    });
    const each = (read: (sample: ServedSample) => number) =>
      [own, lean].map((side) => toNumber(median(side.map(read))));
    return [
      group[0]!.runtime,
      group[0]!.name,
      ...each(rateOf),
      median(ratios).toFixed(2),
      ...each(({ cpuMs, jobs }) => cpuMs / jobs * 1000),
      ...each(({ serverCpuMs, jobs }) => serverCpuMs / jobs * 1000),
    ];
  });
  return toTable(
    [
      "Runtime",
      "Workload",
      { number: "our client, jobs/s" },
      { number: "lean, jobs/s" },
      { number: "ratio" },
      { number: "our client, CPU" },
      { number: "lean, CPU" },
      { number: "server for ours, CPU" },
      { number: "server for lean, CPU" },
    ],
    rows,
  );
}

function toLatencyTable(latencies: readonly ServedLatency[]): string {
  const rows = groupBy(latencies, ({ runtime, client }) => `${runtime} ${client}`).map((group) => {
    const of = (read: (latency: ServedLatency) => number) => toNumber(median(group.map(read)));
    return [
      group[0]!.runtime,
      group[0]!.client === "own" ? "ours" : "lean",
      of(({ p50 }) => p50),
      of(({ p99 }) => p99),
      of(({ longest }) => longest),
      of(({ latestCall }) => latestCall),
      of(({ cpuMs, jobs }) => cpuMs / jobs * 1000),
      of(({ serverCpuMs, jobs }) => serverCpuMs / jobs * 1000),
    ];
  });
  return toTable(
    [
      "Runtime",
      "Client",
      { number: "p50" },
      { number: "p99" },
      { number: "longest" },
      { number: "latest call" },
      { number: "client, CPU" },
      { number: "server, CPU" },
    ],
    rows,
  );
}

/** Groups by a key, in the order in which the keys first come. */
function groupBy<Item>(items: readonly Item[], toKey: (item: Item) => string): Item[][] {
  return [...Map.groupBy(items, toKey).values()];
}
