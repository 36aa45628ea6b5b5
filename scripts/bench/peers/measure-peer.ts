/**
 * Measures one system in this process, step by step. Started by `open-peer.ts`: a line on the standard input asks for the next step,
 * a line on the standard output says what came of it. It ends when the input does.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { openGraphile } from "./graphile-worker.ts";
import { openMillrace } from "./millrace.ts";
import type { PeerName } from "./names.ts";
import type { Peer } from "./peer.ts";
import { openBoss } from "./pg-boss.ts";
import { type Load, measureAll, type PeerFigure } from "./workloads.ts";

/** What to measure. */
export interface PeerTask {
  readonly name: PeerName;
  /** Absolute path of the checkout, where the system is ours. */
  readonly checkout: string;
  /** Its database, which is empty. */
  readonly database: string;
  /** Its server, where it is served. */
  readonly server?: string | undefined;
  /** The folder that the others are installed in. */
  readonly packages: string;
  readonly load: Load;
  /** How often all is measured, after the first time, which does not count. */
  readonly passes: number;
}

/** What came of a step: a figure, or a workload that is ready to start. */
export interface PeerStep {
  readonly figure?: PeerFigure;
  readonly done?: true;
}

function openPeer({ name, checkout, database, server, packages }: PeerTask): Promise<Peer> {
  if (name === "pg-boss") return openBoss(packages, database);
  if (name === "graphile-worker") return openGraphile(packages, { database, isTuned: false });
  if (name === "graphile-tuned") return openGraphile(packages, { database, isTuned: true });
  const place = server === undefined ? { database } : { server };
  return openMillrace(checkout, { place, isTuned: name === "millrace-tuned" });
}

async function* steps({ load, passes }: PeerTask, peer: Peer): AsyncGenerator<PeerStep> {
  const { jobs, rate } = load;
  // What runs first is slow for a while, as it is compiled meanwhile.
  const warmUp = { jobs: Math.min(jobs, 2000), rate, seconds: 1 };
  for await (const _ of measureAll(peer, warmUp));
  for (let pass = 0; pass < passes; pass++) {
    for await (const figure of measureAll(peer, load)) {
      yield figure === undefined ? {} : { figure };
    }
  }
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2]!) as PeerTask;
  const peer = await openPeer(task);
  const all = steps(task, peer);
  for await (const _ of createInterface({ input: process.stdin })) {
    const { value, done } = await all.next();
    console.log(JSON.stringify(done ? { done } : value));
  }
  await peer.close();
  process.exit();
}

await main();
