/**
 * What several systems took for the same work, as tables.
 *
 * @module
 */

import { toNumber, toTable } from "../markdown.ts";
import { median } from "../ratios.ts";
import type { RuntimeName } from "../runtimes.ts";
import type { PeerName } from "./names.ts";
import type { PeerFigure } from "./workloads.ts";

/** One figure of one system in one round. */
export interface PeerSample {
  readonly name: PeerName;
  /** What ran ours. */
  readonly runtime: RuntimeName;
  readonly round: number;
  readonly figure: PeerFigure;
  /** CPU time of PostgreSQL meanwhile. */
  readonly databaseMs: number;
  /** CPU time of the server of ours, where it is one. */
  readonly serverMs: number;
}

/** The system that others are compared with. */
const ours: PeerName = "millrace";

/** A table of rates and costs for each runtime, and one of the open loop. */
export function toPeerTables(samples: readonly PeerSample[]): string {
  const isOpen = ({ figure }: PeerSample) => figure.latency !== undefined;
  const tables: string[] = [];
  const rates = samples.filter((sample) => !isOpen(sample));
  if (rates.length > 0) {
    tables.push(toTable(
      [
        "Workload",
        "System",
        { number: "jobs/s" },
        { number: "of it, Millrace has" },
        { number: "CPU µs a job, program" },
        { number: "PostgreSQL" },
      ],
      groupsOf(rates).map((group) => [
        ...toNames(group),
        toNumber(median(group.map(rateOf))),
        toRatio(group, rates, (our, their) => rateOf(our) / rateOf(their)),
        ...toCosts(group),
      ]),
    ));
  }
  const open = samples.filter(isOpen);
  if (open.length > 0) {
    const p99Of = ({ figure }: PeerSample) => figure.latency!.p99;
    tables.push(toTable(
      [
        "Workload",
        "System",
        { number: "p50, ms" },
        { number: "p99, ms" },
        { number: "of it, Millrace has" },
        { number: "latest call, ms" },
        { number: "CPU µs a job, program" },
        { number: "PostgreSQL" },
      ],
      groupsOf(open).map((group) => [
        ...toNames(group),
        toNumber(median(group.map(({ figure }) => figure.latency!.p50))),
        toNumber(median(group.map(p99Of))),
        toRatio(group, open, (our, their) => p99Of(our) / p99Of(their)),
        toNumber(median(group.map(({ figure }) => figure.latency!.latestCall))),
        ...toCosts(group),
      ]),
    ));
  }
  return tables.join("\n\n");
}

const rateOf = ({ figure: { jobs, ms } }: PeerSample) => jobs / ms * 1000;

/** Samples of the same figure, system and runtime. */
function groupsOf(samples: readonly PeerSample[]): PeerSample[][] {
  const groups = Map.groupBy(
    samples,
    ({ figure, name, runtime }) => JSON.stringify([figure.name, runtime, name]),
  );
  const order = [...new Set(samples.map(({ figure }) => figure.name))];
  return [...groups.values()].sort(([a], [b]) =>
    order.indexOf(a!.figure.name) - order.indexOf(b!.figure.name)
  );
}

function toNames([sample]: readonly PeerSample[]): [string, string] {
  const { figure, name, runtime } = sample!;
  return [figure.name, name.startsWith(ours) ? `${name}, ${runtime}` : name];
}

/** The median of the ratios of ours to these, each of one round. */
function toRatio(
  group: readonly PeerSample[],
  all: readonly PeerSample[],
  divide: (our: PeerSample, their: PeerSample) => number,
): string {
  const ratios = group.flatMap((their) => {
    const our = all.find((sample) =>
      sample.name === ours && sample.round === their.round && sample.runtime === their.runtime &&
      sample.figure.name === their.figure.name
    );
    return our === undefined || our === their ? [] : [divide(our, their)];
  });
  return ratios.length === 0 ? "–" : median(ratios).toFixed(2);
}

/** CPU time a job, in µs: of the programs, and of PostgreSQL. */
function toCosts(group: readonly PeerSample[]): string[] {
  const ofPrograms = group.map(({ figure, serverMs }) => (figure.cpuMs + serverMs) / figure.jobs);
  const ofDatabase = group.map(({ figure, databaseMs }) => databaseMs / figure.jobs);
  return [ofPrograms, ofDatabase].map((costs) => toNumber(median(costs) * 1000));
}
