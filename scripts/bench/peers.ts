/**
 * Millrace on PostgreSQL, next to other job systems on the same server and at the same durability:
 *
 *     deno task bench:peers --runtimes node --jobs 5000 --rounds 3 --quick --json FILE
 *         --systems millrace,millrace-tuned,millrace-served,graphile-worker,graphile-tuned,pg-boss
 *         --rate 500 --seconds 10           # of the open loop
 *         --commits on                      # or off: synchronous_commit, for all of them
 *         --folder PATH                     # measures the Millrace of another checkout
 *
 * All systems are there at the same time, each with a database and processes of its own, but only one works: each workload is run by
 * one after the other, and who is first changes. The others run on Node, whatever ours runs on. A ratio is that of two in one
 * round of turns.
 *
 * @module
 */

import { resolve } from "node:path";
import { type Bench, runCommand } from "./bench.ts";
import { readChoices, readCount } from "./flags.ts";
import { ownFolder } from "./measurement.ts";
import { openRuntimes } from "./open-runtimes.ts";
import { startBenchPostgres } from "./peers/database.ts";
import { installPeers } from "./peers/install-peers.ts";
import { type PeerName, peerNames } from "./peers/names.ts";
import { type OpenPeer, openPeer } from "./peers/open-peer.ts";
import { type PeerSample, toPeerTables } from "./peers/tables.ts";
import { runtimeNames } from "./runtimes.ts";

/** What was measured. */
export interface PeerResults {
  readonly postgres: string;
  /** The value of `synchronous_commit`. */
  readonly commits: string;
  readonly samples: readonly PeerSample[];
}

export const peersBench: Bench<PeerResults> = {
  name: "peers",
  flags: ["runtimes", "systems", "jobs", "rounds", "rate", "seconds", "commits", "folder"],

  async measure({ flags, quick, signal, tell }) {
    const load = {
      jobs: readCount("jobs", flags["jobs"] ?? (quick ? "2000" : "5000")),
      rate: readCount("rate", flags["rate"] ?? "500"),
      seconds: readCount("seconds", flags["seconds"] ?? (quick ? "4" : "10")),
    };
    const rounds = readCount("rounds", flags["rounds"] ?? (quick ? "1" : "3"));
    const commits = readChoices("commits", flags["commits"] ?? "on", ["on", "off"])[0]!;
    const names = readChoices("systems", flags["systems"], peerNames);
    const checkout = flags["folder"] === undefined ? ownFolder : resolve(flags["folder"]);
    const runtimes = await openRuntimes(
      readChoices("runtimes", flags["runtimes"] ?? "node", runtimeNames),
    );
    const [node] = await openRuntimes(["node"]);
    const packages = await installPeers();
    await using postgres = await startBenchPostgres({ synchronous_commit: commits });
    const samples: PeerSample[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const runtime of runtimes) {
        await using open = new AsyncDisposableStack();
        const peers: { readonly name: PeerName; readonly peer: OpenPeer }[] = [];
        for (const [at, name] of names.entries()) {
          const database = await postgres.makeDatabase(`bench_${at}`);
          const options = { runtime: name.startsWith("millrace") ? runtime : node!, signal };
          const task = { name, checkout, database, packages, load, passes: 1 };
          peers.push({ name, peer: open.use(await openPeer(task, options)) });
        }
        for (let step = 0, ended = false; !ended; step++) {
          const first = (round + Math.floor(step / 2)) % peers.length;
          for (const { name, peer } of [...peers.slice(first), ...peers.slice(0, first)]) {
            const [databaseBefore, serverBefore] = [
              await postgres.cpuMs(),
              await peer.serverCpuMs(),
            ];
            const { figure, done } = await peer.next();
            if (done) ended = true;
            if (figure === undefined) continue;
            const databaseMs = await postgres.cpuMs() - databaseBefore;
            const serverMs = await peer.serverCpuMs() - serverBefore;
            samples.push({ name, runtime: runtime.name, round, figure, databaseMs, serverMs });
            tell(
              `peers: round ${round + 1} of ${rounds}, ${runtime.name}, ${name}: ${figure.name}, ${
                Math.round(figure.jobs / figure.ms * 1000)
              } /s${figure.latency ? `, p99 ${figure.latency.p99.toFixed(1)} ms` : ""}`,
            );
          }
        }
      }
    }
    return { postgres: postgres.version, commits, samples };
  },

  toMarkdown: ({ postgres, commits, samples }) =>
    `PostgreSQL ${postgres}, synchronous_commit = ${commits}.\n\n${toPeerTables(samples)}`,
};

if (import.meta.main) await runCommand(peersBench);
