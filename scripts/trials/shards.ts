/**
 * A million jobs a second over many databases, reckoned: how many shards, how even they are, what a change moves, what the loss of one means,
 * what a limit over shards is worth, and how many shards a worker has to look at.
 *
 * ```sh
 * deno run -A scripts/trials/shards.ts                        # the tables of docs/scale.md, in some 20 s
 * deno run -A scripts/trials/shards.ts --shards 40 --rate 500000 --seed 2
 * ```
 *
 * Nothing is stored: the rates of a database are those that `scripts/trials/shards-rates.ts` and `docs/performance.md` measured, and
 * everything else is simulated, by `--seed`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { simulateFanIn } from "./shards-fan-in.ts";
import {
  byJump,
  byModulo,
  byRendezvous,
  createChance,
  createSlotRoute,
  type Route,
  slotCount,
} from "./shards-routing.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    shards: { type: "string", default: "80" },
    rate: { type: "string", default: "1000000" },
    tenants: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const count = Number(values.shards);
const rate = Number(values.rate);
const tenants = Number(values.tenants);
const random = createChance(Number(values.seed));

const number = (value: number, digits = 0) =>
  value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const percent = (value: number) => `${number(value * 100, 1)} %`;

function print(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  const widths = head.map((cell, at) =>
    Math.max(cell.length, ...rows.map((row) => row[at]!.length))
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  console.log(line(head));
  console.log(line(widths.map((width) => "-".repeat(width))));
  for (const row of rows) console.log(line(row));
}

/** What each tenant has of all jobs: all the same, or as 1, 1/2, 1/3 … */
const uniform = Array.from({ length: tenants }, () => 1 / tenants);
const harmonic = Array.from({ length: tenants }, (_, at) => 1 / (at + 1));
const harmonicSum = harmonic.reduce((sum, weight) => sum + weight, 0);
const skewed = harmonic.map((weight) => weight / harmonicSum);
const range = (length: number) => Array.from({ length }, (_, at) => at);

/** Shares of shards, when each tenant goes where its key says; those with more than `most` are split into parts that go each for themselves. */
function loadsOf(route: Route, shards: readonly number[], weights: readonly number[], most = 1) {
  const loads = new Float64Array(Math.max(...shards) + 1);
  weights.forEach((weight, tenant) => {
    const parts = Math.max(1, Math.ceil(weight / most));
    for (let part = 0; part < parts; part++) {
      const key = part === 0 ? tenant : tenants + tenant * 1009 + part;
      loads[route(key, shards)]! += weight / parts;
    }
  });
  return shards.map((shard) => loads[shard]!);
}

const shards = range(count);
const fullest = (loads: readonly number[]) => Math.max(...loads) * loads.length;

function sizing(): void {
  // CPU time of a job, in µs: enqueued, taken and reported. Of a broker that serves on Node, from docs/performance.md, and of PostgreSQL with
  // four brokers, from shards-rates.ts; a broker on PostgreSQL costs what one on a file does, and the difference that shards-rates.ts has.
  const ways = [
    ["files, in bulk", 25, undefined],
    ["files, one by one", 48, undefined],
    ["PostgreSQL, in bulk", 34, 37],
    ["PostgreSQL, one by one", 91, 82],
  ] as const;
  const toCores = (micros: number) => Math.ceil(rate * micros / 1e6 / 0.6);
  print(
    `How many cores ${number(rate)} jobs a second take, each 60 % busy`,
    [
      "Kept in",
      "broker, µs a job",
      "server, µs a job",
      "brokers of 1 core",
      "cores of servers",
      "shards",
    ],
    ways.map(([name, broker, server]) => [
      name,
      String(broker),
      server === undefined ? "" : String(server),
      number(toCores(broker)),
      server === undefined ? "" : number(toCores(server)),
      server === undefined
        ? `${number(toCores(broker))}, each a broker`
        : `${number(Math.ceil(toCores(server) / 4))}, each of 4 cores`,
    ]),
  );
}

function routing(): void {
  const grown = range(count + 1);
  const lost = shards.filter((shard) => shard !== Math.floor(count / 2));
  const keys = range(tenants);
  const ways: readonly (readonly [string, () => Route])[] = [
    ["modulo", () => byModulo],
    ["jump", () => byJump],
    ["rendezvous", () => byRendezvous],
    [`${number(slotCount)} slots`, createSlotRoute],
  ];
  print(
    `${number(tenants)} tenants on ${count} shards: how full is the fullest, and what moves`,
    ["Routing", "tenants alike", "as 1, 1/2, 1/3 …", "one shard more", "one shard lost"],
    ways.map(([name, create]) => {
      const route = create();
      const before = keys.map((key) => route(key, shards));
      const moved = (others: readonly number[]) => {
        keys.forEach((key) => route(key, shards)); // A table of slots goes on from here.
        return keys.filter((key) => route(key, others) !== before[key]).length / tenants;
      };
      return [
        name,
        `${number(fullest(loadsOf(route, shards, uniform)), 2)} of the mean`,
        `${number(fullest(loadsOf(route, shards, skewed)), 2)} of the mean`,
        `${percent(moved(grown))} move`,
        `${percent(moved(lost))} move`,
      ];
    }),
  );
}

function splitting(): void {
  print(
    `The largest tenants split into parts of at most so much of a mean shard (rendezvous, tenants as 1, 1/2, 1/3 …)`,
    ["A part has at most", "fullest shard", "tenants that are split", "parts of the largest"],
    [Infinity, 1, 0.5, 0.2, 0.1].map((most) => {
      const share = most / count;
      return [
        most === Infinity ? "no split" : `${most} of a mean shard`,
        `${
          number(fullest(loadsOf(byRendezvous, shards, skewed, Math.min(1, share))), 2)
        } of the mean`,
        number(skewed.filter((weight) => weight > share).length),
        number(Math.max(1, Math.ceil(skewed[0]! / share))),
      ];
    }),
  );
}

function budgets(): void {
  // Demand twice the budget, on as many shards, in shares that chance has made.
  print(
    "A budget of 100 a second that was divided among shards, with a demand of 200 a second: how much of it is used",
    ["Divided among", "demand even", "demand by chance", "demand as 1, 1/2, 1/3 …"],
    [1, 2, 4, 8, 16, count].map((parts) => {
      const used = (demands: readonly number[]) => {
        const sum = demands.reduce((total, demand) => total + demand, 0);
        const budget = 100 / parts;
        return demands.reduce((total, demand) => total + Math.min(budget, 200 * demand / sum), 0);
      };
      const byChance = range(1000).reduce(
        (total) => total + used(range(parts).map(() => -Math.log(1 - random()))),
        0,
      ) / 1000;
      return [
        parts === 1 ? "1 shard" : `${parts} shards`,
        `${number(used(range(parts).map(() => 1)))} %`,
        `${number(byChance)} %`,
        `${number(used(range(parts).map((at) => 1 / (at + 1))))} %`,
      ];
    }),
  );
}

function losses(): void {
  print(
    `One of ${count} shards is away, and enqueues wait for it`,
    ["Away for", "busy before", "jobs that wait then", "caught up after"],
    [[5, 0.6], [60, 0.6], [60, 0.8], [600, 0.6]].map(([seconds, busy]) => [
      `${seconds} s`,
      `${number(busy! * 100)} %`,
      number(rate / count * seconds!),
      `${number(seconds! * busy! / (1 - busy!))} s`,
    ]),
  );
  print(
    `One of ${count} shards is away, and its enqueues go to the second choice of each key`,
    ["How", "fullest of the others", "tenants with jobs on two shards"],
    [
      ["second choice by rendezvous", byRendezvous] as const,
      [
        "the next shard in number",
        ((key, all) => {
          const own = byRendezvous(key, shards);
          return all.includes(own) ? own : (own + 1) % count;
        }) as Route,
      ] as const,
    ].map(([name, route]) => {
      const others = shards.filter((shard) => shard !== 7);
      const loads = loadsOf(route, others, uniform);
      return [name, `${number(fullest(loads), 2)} of the mean`, percent(1 / count)];
    }),
  );
}

function fanIn(): void {
  const shardCount = 16;
  const weights = loadsOf(byRendezvous, range(shardCount), skewed, 0.5 / shardCount);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const shares = weights.map((weight) => weight / sum);
  const even = range(shardCount).map(() => 1 / shardCount);
  const rows: string[][] = [];
  for (const looksAt of [1, 2, 3, 4, 8, 16]) {
    const given = { workers: 64, places: 10, looksAt, load: 0.8, jobs: 300_000, random };
    const plain = simulateFanIn({ ...given, shares: even });
    const uneven = simulateFanIn({ ...given, shares });
    rows.push([
      String(looksAt),
      number(plain.streams),
      `${number(plain.p50, 2)} / ${number(plain.p99, 2)}`,
      `${number(uneven.p50, 2)} / ${number(uneven.p99, 2)}`,
      number(uneven.worstP99, 2),
    ]);
  }
  print(
    `64 workers of 10 places, 80 % busy, on ${shardCount} shards (the fullest has ${
      number(fullest(shares), 2)
    } of the mean): waits p50 / p99, in mean durations of a job`,
    ["A worker looks at", "streams", "shards alike", "shards uneven", "p99 of the worst shard"],
    rows,
  );
}

sizing();
routing();
splitting();
budgets();
losses();
fanIn();
