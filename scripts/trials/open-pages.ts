/**
 * What open pages of a dashboard cost: a broker with a dashboard in one process, pages that listen and look as the real page does, and
 * jobs that come and go meanwhile.
 *
 * ```sh
 * deno run -A scripts/trials/open-pages.ts --pages 0,1,50,300 --seconds 20 --rate 200
 * ```
 *
 * Each row is a run of its own; `--shared false` has each page ask for itself.
 *
 * @module
 */

import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { createWorker } from "../../src/worker/mod.ts";
import { openSqlite, serve } from "../../adapters/deno/mod.ts";

/** What the overview looks at. */
const paths = [
  "/queues?detail=true&limit=200",
  "/workers?limit=200",
  "/jobs/count?status=dead",
];

/** What the server's process used. */
interface Used {
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** Calls that reached the broker, of pages only. */
  readonly calls: number;
}

function readFlags(): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let at = 0; at < Deno.args.length; at += 2) {
    flags[Deno.args[at]!.replace(/^--/, "")] = Deno.args[at + 1]!;
  }
  return flags;
}

/** The process with broker and dashboard: says what it used when it is asked. */
async function serveBoth(shared: boolean, rate: number): Promise<void> {
  const broker = createBroker({ store: openSqlite(":memory:"), logger: false });
  let calls = 0;
  const dashboard = createDashboard({
    access: "anyone",
    basePath: "/jobs/",
    shared,
    fetch(request) {
      calls++;
      return broker.fetch(request);
    },
  });
  const client = createClient({ fetch: broker.fetch });
  const worker = createWorker({
    client,
    queues: "all",
    concurrency: 10,
    logger: false,
    fallback: () => {},
  });
  await worker.start();
  // A job of each queue stays, so that there are as many rows to look at.
  const delayMs = 3_600_000;
  for (let at = 0; at < 200; at++) {
    await client.enqueue({ type: "a", queue: `q${at}`, payload: at, delayMs });
  }
  setInterval(() => {
    const jobs = Array.from({ length: rate / 20 }, (_, n) => ({
      type: "a",
      queue: `q${n % 200}`,
      payload: n,
      // Some stay, so that what pages look at is never what it was.
      ...n === 0 ? { delayMs } : {},
    }));
    if (jobs.length > 0) client.enqueueMany(jobs).catch(console.error);
  }, 50);
  const server = await serve((request) => {
    if (new URL(request.url).pathname !== "/used") return dashboard.fetch(request);
    const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1]!.split(" ");
    const used: Used = {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
      rssMiB: Deno.memoryUsage().rss / 2 ** 20,
      calls,
    };
    return Promise.resolve(Response.json(used));
  }, { port: 0, logger: false });
  console.log(server.url);
}

/** A page: it looks when it is told to, one call for each path at a time, and keeps what it has. */
async function openPage(url: string, signal: AbortSignal, seen: { looks: number; bytes: number }) {
  const tags = new Map<string, string>();
  const underWay = new Set<string>();
  const look = async (path: string) => {
    if (underWay.has(path)) return;
    underWay.add(path);
    try {
      const tag = tags.get(path);
      const headers: Record<string, string> = tag === undefined ? {} : { "if-none-match": tag };
      const answer = await fetch(`${url}jobs/api${path}`, { headers, signal });
      seen.bytes += (await answer.arrayBuffer()).byteLength;
      seen.looks++;
      const next = answer.headers.get("etag");
      if (next !== null) tags.set(path, next);
    } catch {
      // The end.
    } finally {
      underWay.delete(path);
    }
  };
  const answer = await fetch(`${url}jobs/live`, { signal });
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    if (text.includes("data:")) { for (const path of paths) void look(path); }
  }
}

/** Runs one server with so many pages, and tells what they cost. */
async function measure(pages: number, flags: Record<string, string>): Promise<void> {
  const { seconds = "20", rate = "200", shared = "true" } = flags;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.filename!, "--serve", shared, "--rate", rate],
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await lines.read();
    if (done) throw new Error("The server did not start");
    text += value;
  }
  const url = `${text.trim().replace(/\/$/, "")}/`;
  const leaving = new AbortController();
  const seen = { looks: 0, bytes: 0 };
  for (let at = 0; at < pages; at++) openPage(url, leaving.signal, seen).catch(() => {});
  const used = async (): Promise<Used> => await (await fetch(`${url}used`)).json();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const [before, looks, bytes] = [await used(), seen.looks, seen.bytes];
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  const after = await used();
  const each = (value: number) => (value / Number(seconds)).toFixed(1).padStart(9);
  console.log(
    `${String(pages).padStart(6)} ${each((after.cpuMs - before.cpuMs) / 10)} ${
      after.rssMiB.toFixed(0).padStart(7)
    } ${each(after.calls - before.calls)} ${each(seen.looks - looks)} ${
      each((seen.bytes - bytes) / 1024)
    }`,
  );
  leaving.abort();
  child.kill("SIGKILL");
  await child.status;
}

const flags = readFlags();
if (flags["serve"] !== undefined) {
  await serveBoth(flags["serve"] === "true", Number(flags["rate"]));
} else {
  console.log(" pages     CPU %  RSS MiB   calls/s   looks/s     KiB/s");
  for (const pages of (flags["pages"] ?? "0,1,50,300").split(",")) {
    await measure(Number(pages), flags);
  }
  Deno.exit(0);
}
