/**
 * What the tables of a served broker make of its samples.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ServedClient, toServedTables } from "./served-tables.ts";

const sample = (client: ServedClient, pass: number, ms: number) => ({
  runtime: "deno" as const,
  client,
  round: 0,
  pass,
  name: "drain",
  jobs: 1000,
  ms,
  cpuMs: 10,
  serverCpuMs: 20,
});

const latency = (client: ServedClient, p50: number) => ({
  runtime: "deno" as const,
  client,
  round: 0,
  jobs: 100,
  p50,
  p99: 5,
  longest: 9,
  latestCall: 1,
  cpuMs: 10,
  serverCpuMs: 20,
});

const results = {
  format: "json" as const,
  rate: 500,
  seconds: 10,
  nodeTransport: "node:http",
  latencies: [latency("own", 1), latency("lean", 2)],
};

describe("toServedTables()", () => {
  it("takes ratios between neighbours, and their median", () => {
    const samples = [
      sample("own", 0, 100),
      sample("lean", 0, 50), // 0.5
      sample("own", 1, 400),
      sample("lean", 1, 400), // 1
      sample("own", 2, 100),
      sample("lean", 2, 80), // 0.8
    ];
    const line = toServedTables({ ...results, samples }).split("\n").find((line) =>
      line.includes("drain")
    )!;
    const cells = line.split("|").map((cell) => cell.trim()).slice(1, -1);
    assert.deepEqual(cells, [
      "deno",
      "drain",
      "10,000",
      "12,500",
      "0.80",
      ...[10, 10, 20, 20].map(
        (value) => value.toFixed(1),
      ),
    ]);
  });

  it("refuses a turn that has no neighbour", () => {
    const samples = [sample("own", 0, 100)];
    assert.throws(() => toServedTables({ ...results, samples }), /No turn of the lean client/);
  });
});
