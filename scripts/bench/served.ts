/**
 * What it costs to reach a broker over HTTP, and what our client adds to that:
 *
 *     deno task bench:served --runtimes deno,node,bun --jobs 10000 --rounds 3 --format json --rate 500 --seconds 10
 *         --quick --json FILE
 *
 * In each round a server is started on a runtime, and called in turn by our client and worker and by the lean client
 * (`lean-subject.ts`), each in a process of that runtime. Then jobs come at a steady rate, and it is measured how long each
 * takes from the call to its handler.
 *
 * @module
 */

import { join } from "node:path";
import { type Bench, openFolder, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { type Measurement, openMeasurement, ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { runtimeNames } from "./runtimes.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import {
  type ServedClient,
  type ServedLatency,
  type ServedResults,
  type ServedSample,
  toServedTables,
} from "./served-tables.ts";
import { sizesFor } from "./settings.ts";
import type { Figure } from "./workloads.ts";
import type { Latency } from "./open-loop.ts";

const passes = 3;

/** A client that waits to be told to go on. */
interface Turn {
  readonly client: ServedClient;
  readonly measurement: Measurement;
}

/** What a client did next, and the CPU time of the server meanwhile. */
interface Measured {
  readonly figure?: Figure;
  readonly latency?: Latency;
  readonly serverCpuMs: number;
}

export const servedBench: Bench<ServedResults> = {
  name: "served",
  flags: ["runtimes", "jobs", "rounds", "format", "rate", "seconds"],

  async measure({ flags, quick, signal, tell }) {
    const jobs = readCount("jobs", flags["jobs"] ?? (quick ? "2000" : "10000"));
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "3"));
    const [format] = readChoices("format", flags["format"] ?? "json", ["json", "msgpack"]);
    const openLoop = {
      rate: readCount("rate", flags["rate"] ?? "500"),
      seconds: readCount("seconds", flags["seconds"] ?? (quick ? "3" : "10")),
    };
    const sizes = sizesFor(jobs);
    const figures = Object.keys(sizes).length;
    const samples: ServedSample[] = [];
    const latencies: ServedLatency[] = [];
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    for (let round = 0; round < rounds; round++) {
      for (const runtime of runtimes) {
        tell(`served: round ${round + 1} of ${rounds}, ${runtime.name}`);
        await using folder = await openFolder();
        const server = await startServer(ownFolder, runtime, join(folder.path, "jobs.db"));
        const open = async (client: ServedClient): Promise<Turn & AsyncDisposable> => {
          const setting = `served-${client}` as const;
          const { url } = server;
          const measurement = await openMeasurement(
            { checkout: ownFolder, setting, sizes, runtime, passes, url, format, openLoop },
            { signal },
          );
          const close = () => measurement[Symbol.asyncDispose]();
          return { client, measurement, [Symbol.asyncDispose]: close };
        };
        try {
          await using own = await open("own");
          await using lean = await open("lean");
          const turns = round % 2 === 0 ? [own, lean] : [lean, own];
          for (let pass = 0; pass < passes; pass++) {
            for (const { client, measurement } of turns) {
              for (let at = 0; at < figures; at++) {
                const { figure, serverCpuMs } = await measureNext(measurement, server);
                samples.push({
                  runtime: runtime.name,
                  client,
                  round,
                  pass,
                  ...figure!,
                  serverCpuMs,
                });
              }
            }
          }
          for (const { client, measurement } of turns) {
            const { latency, serverCpuMs } = await measureNext(measurement, server);
            latencies.push({ runtime: runtime.name, client, round, ...latency!, serverCpuMs });
          }
        } finally {
          await server.stop();
        }
      }
    }
    return {
      format: format!,
      ...openLoop,
      nodeTransport: await findNodeTransport(),
      samples,
      latencies,
    };
  },

  toMarkdown: toServedTables,
};

/** The first step of a client prepares, the second is measured. */
async function measureNext(measurement: Measurement, server: ServerProcess): Promise<Measured> {
  await measurement.next();
  const before = await server.cpuMs();
  const step = await measurement.next();
  return { ...step, serverCpuMs: await server.cpuMs() - before };
}

/** What the lean client asks with on Node. */
async function findNodeTransport(): Promise<"undici" | "node:http"> {
  const found = await Deno.stat(join(ownFolder, "node_modules/undici")).catch(() => undefined);
  return found === undefined ? "node:http" : "undici";
}

if (import.meta.main) await runCommand(servedBench);
