/**
 * Measures our client and the lean one over a function that stands for the network and the server. Started by `client.ts`.
 *
 * @module
 */

import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { createFetchCalls } from "./lean-calls.ts";
import { createLeanOver } from "./lean-subject.ts";
import { ownFolder } from "./measurement.ts";
import { createOwn } from "./own-subject.ts";
import { jobType, ownCpuMs, payload, queue, type Subject } from "./subject.ts";

/** What to measure. */
export interface ClientTask {
  readonly rounds: number;
}

/** CPU time in µs a job. */
export interface ClientFigures {
  readonly workloads: readonly {
    readonly name: string;
    readonly own: number;
    readonly lean: number;
  }[];
}

/** Jobs of a call, and of a piece of a stream. */
const jobsOfCall = 1000;
const jobsOfPiece = 100;

/** Jobs of one measurement. */
const count = 10_000;

/** Rounds before the first that counts: code is compiled meanwhile. */
const warmUp = 10;

const toId = (at: number) => `03hb5iqms3004vgtb8${1_000_000 + at}`;
const stored = { type: jobType, queue, priority: 32_768, ready_at: 1_764_191_234_567, attempts: 0 };
const taken = { ...stored, status: "in_flight", payload, dequeued_at: stored.ready_at + 9 };

const encoder = new TextEncoder();
const bulkAnswer = encoder.encode(JSON.stringify({
  jobs: Array.from({ length: jobsOfCall }, (_, at) => {
    return { id: toId(at), ...stored, status: "ready", duplicate: false };
  }),
}));
const pieces = Array.from({ length: count / jobsOfPiece }, (_, piece) => {
  const lines = Array.from({ length: jobsOfPiece }, (_, at) => {
    return `${JSON.stringify({ id: toId(piece * jobsOfPiece + at), ...taken, deliveries: 1 })}\n`;
  });
  return encoder.encode(lines.join(""));
});

const json = { "content-type": "application/json" };

/**
 * Answers what a client asks in these workloads. A stream has as many jobs ahead as are asked for. An answer comes in a later
 * turn of the event loop, as from a network: what is done meanwhile is acknowledged together.
 */
function createStandIn(): (request: Request) => Promise<Response> {
  let acknowledged = () => {};
  let outstanding = 0;
  const openStream = (prefetch: number) => {
    let at = 0;
    outstanding = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        acknowledged = () => {
          while (at < pieces.length && outstanding + jobsOfPiece <= prefetch) {
            outstanding += jobsOfPiece;
            controller.enqueue(pieces[at++]!.slice());
          }
        };
        acknowledged();
      },
      cancel: () => void (acknowledged = () => {}),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  };
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/jobs/take") return openStream(Number(searchParams.get("prefetch")));
    const body = await request.text();
    await setImmediate();
    if (pathname === "/jobs/bulk") {
      return new Response(bulkAnswer.slice(), { status: 201, headers: json });
    }
    outstanding -= JSON.parse(body).ids.length;
    acknowledged();
    return new Response(null, { status: 204 });
  };
}

const workloads: readonly { name: string; run(subject: Subject): Promise<void> }[] = [
  {
    name: "enqueue, 1,000 a call",
    async run(subject) {
      for (let jobs = 0; jobs < count; jobs += jobsOfCall) {
        const ids = await subject.enqueueMany(jobsOfCall);
        if (ids.length !== jobsOfCall) throw new Error(`${ids.length} jobs were stored`);
      }
    },
  },
  {
    name: "drain, concurrency 100",
    async run(subject) {
      let handled = 0;
      await subject.drain(count, jobsOfPiece, () => handled++);
      if (handled !== count) throw new Error(`${handled} jobs were handled`);
    },
  },
];

const { rounds } = JSON.parse(process.argv[2]!) as ClientTask;
const answer = createStandIn();
const url = "http://stand-in";
const own = await createOwn(ownFolder, { url, fetch: answer });
const lean = createLeanOver(
  createFetchCalls(url, (address, init) => answer(new Request(address, init))),
);

const figures: ClientFigures["workloads"][number][] = [];
for (const { name, run } of workloads) {
  const samples = { own: [] as number[], lean: [] as number[] };
  const measure = async (which: "own" | "lean") => {
    const before = ownCpuMs();
    await run(which === "own" ? own : lean);
    samples[which].push((ownCpuMs() - before) / count * 1000);
  };
  for (let round = 0; round < warmUp + rounds; round++) {
    if (round === warmUp) samples.own.length = samples.lean.length = 0;
    for (const which of round % 2 === 0 ? ["own", "lean"] as const : ["lean", "own"] as const) {
      await measure(which);
    }
  }
  const quartile = (found: number[]) => found.sort((a, b) => a - b)[Math.floor(found.length / 4)]!;
  figures.push({ name, own: quartile(samples.own), lean: quartile(samples.lean) });
}
console.log(JSON.stringify({ workloads: figures }));
process.exit();
