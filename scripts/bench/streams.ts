/**
 * What idle take streams cost a server: memory and CPU time, with thousands of them.
 *
 *     deno task bench:streams --runtimes deno,node,bun --ways http1,http2,tls --streams 1000,5000 --quick --json FILE
 *
 * A process may need to open as many files: `ulimit -n 12000`.
 *
 * @module
 */

import { join } from "node:path";
import { createAuthority } from "../../tests/support/certificates.ts";
import { readMemory } from "../trials/memory.ts";
import { type Bench, openFolder, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { toNumber, toTable } from "./markdown.ts";
import { ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { type Runtime, type RuntimeName, runtimeNames } from "./runtimes.ts";
import { startServer } from "./server-process.ts";
import { createHolder, type Way, ways } from "./stream-holder.ts";

/** What so many streams took. */
interface StreamsSample {
  readonly runtime: RuntimeName;
  readonly way: Way;
  readonly streams: number;
  /** Memory of the server (its resident set), before and with them, in bytes. */
  readonly before: number;
  readonly during: number;
  /** CPU time of the server while nothing happened but heartbeats, in ms a second. */
  readonly idleCpu: number;
  /** The memory some seconds after all had gone. */
  readonly after: number;
}

/** How long the server is left alone before its memory is read, and how long its CPU time is watched, in ms. */
const settleMs = 4000;
const watchMs = 9000;

export const streamsBench: Bench<readonly StreamsSample[]> = {
  name: "streams",
  flags: ["runtimes", "ways", "streams"],

  async measure({ flags, quick, signal, tell }) {
    const counts = (flags["streams"] ?? (quick ? "1000" : "1000,5000")).split(",").map((text) =>
      readCount("streams", text)
    );
    const chosen = readChoices("ways", flags["ways"], ways);
    const runtimes = await openRuntimes(readChoices("runtimes", flags["runtimes"], runtimeNames));
    const samples: StreamsSample[] = [];
    for (const runtime of runtimes) {
      for (const way of chosen) {
        for (const streams of counts) {
          signal.throwIfAborted();
          tell(`streams: ${streams} by ${way} on ${runtime.name}`);
          samples.push(await measureStreams(runtime, way, streams));
        }
      }
    }
    return samples;
  },

  toMarkdown(samples) {
    const mebi = (bytes: number) => toNumber(bytes / 2 ** 20);
    const rows = samples.map((sample) => [
      sample.runtime,
      titles[sample.way],
      sample.streams.toLocaleString("en"),
      mebi(sample.before),
      mebi(sample.during),
      toNumber((sample.during - sample.before) / sample.streams / 1024),
      mebi(sample.after),
      toNumber(sample.idleCpu / 10),
    ]);
    return toTable([
      "Runtime",
      "Over",
      ...["streams", "MiB before", "MiB with them", "KiB a stream", "MiB after", "CPU, % of a core"]
        .map((number) => ({ number })),
    ], rows);
  },
};

const titles: Readonly<Record<Way, string>> = {
  http1: "HTTP/1.1",
  http2: "HTTP/2, 100 a connection",
  tls: "TLS and HTTP/1.1",
};

async function measureStreams(
  runtime: Runtime,
  way: Way,
  streams: number,
): Promise<StreamsSample> {
  await using folder = await openFolder();
  const authority = createAuthority("Bench");
  const more: string[] = [];
  if (way === "tls") {
    const { cert, key } = authority.issue({ name: "broker", addresses: [[127, 0, 0, 1]] });
    const [certFile, keyFile] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    await Deno.writeTextFile(certFile, cert);
    await Deno.writeTextFile(keyFile, key);
    more.push("--tls-cert", certFile, "--tls-key", keyFile);
  }
  const server = await startServer(ownFolder, runtime, join(folder.path, "jobs.db"), more);
  try {
    const memory = async () => {
      await sleep(settleMs);
      return readMemory(server.pid, "VmRSS") ?? NaN;
    };
    const holder = createHolder(new URL(server.url), way, authority.cert);
    // What only the first streams cost is the same for any number of them.
    await holder.open(50);
    holder.closeAll();
    const before = await memory();
    await holder.open(streams);
    const during = await memory();
    const cpuBefore = await server.cpuMs();
    await sleep(watchMs);
    const idleCpu = (await server.cpuMs() - cpuBefore) / (watchMs / 1000);
    holder.demandAllOpen(streams);
    holder.closeAll();
    return { runtime: runtime.name, way, streams, before, during, idleCpu, after: await memory() };
  } finally {
    await server.stop();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) await runCommand(streamsBench);
