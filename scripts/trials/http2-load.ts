/**
 * `h2load` of nghttp2 enqueues over HTTP/2 while take streams over HTTP/2 hand the jobs out: without TLS, with TLS, and with
 * certificates of clients. Every job has to come exactly once, every call has to be answered 201, and every stream has to end with
 * the broker:
 *
 *     apt-get install nghttp2-client
 *     deno run -A scripts/trials/http2-load.ts --runtimes deno,node,bun --calls 20000
 *
 * @module
 */

import { spawn } from "node:child_process";
import { connect } from "node:http2";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createAuthority } from "../../tests/support/certificates.ts";
import { openFolder } from "../bench/bench.ts";
import { readChoices, readCount } from "../bench/flags.ts";
import { ownFolder } from "../bench/measurement.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, runtimeNames } from "../bench/runtimes.ts";
import { startServer } from "../bench/server-process.ts";

const ways = ["plain", "tls", "mutual"] as const;
type Way = typeof ways[number];

/** Streams on each of two connections. */
const streams = 8;

const { values } = parseArgs({
  options: {
    runtimes: { type: "string" },
    ways: { type: "string" },
    calls: { type: "string", default: "20000" },
  },
});
const calls = readCount("calls", values.calls);
for (const runtime of await openRuntimes(readChoices("runtimes", values.runtimes, runtimeNames))) {
  for (const way of readChoices("ways", values.ways, ways)) await load(runtime, way);
}

/** Runs one load, and throws if something was lost. */
async function load(runtime: Runtime, way: Way): Promise<void> {
  await using folder = await openFolder();
  const file = (name: string) => join(folder.path, name);
  const authority = createAuthority("Trial");
  const own = authority.issue({ name: "worker" });
  const flags: string[] = [];
  await Deno.writeTextFile(file("ca.pem"), authority.cert);
  if (way !== "plain") {
    const { cert, key } = authority.issue({ name: "broker", addresses: [[127, 0, 0, 1]] });
    await Deno.writeTextFile(file("cert.pem"), cert);
    await Deno.writeTextFile(file("key.pem"), key);
    flags.push("--tls-cert", file("cert.pem"), "--tls-key", file("key.pem"));
  }
  if (way === "mutual") flags.push("--client-ca", file("ca.pem"), "--client-names", "worker");
  const server = await startServer(ownFolder, runtime, file("jobs.db"), flags);
  const seen = new Set<string>();
  const sessions = [0, 1].map(() => connect(server.url, { ca: authority.cert, ...own }));
  const acker = connect(server.url, { ca: authority.cert, ...own });
  const endings: Promise<void>[] = [];
  let acked = 0;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const done = Promise.withResolvers<void>();
  const acknowledge = (ids: readonly string[]) => {
    const call = acker.request({
      ":method": "POST",
      ":path": "/jobs/success",
      "content-type": "application/json",
    });
    call.on("response", ({ ":status": status }) => {
      if (status !== 204) failed.reject(new Error(`Acknowledging was answered ${status}`));
      acked += ids.length;
      if (acked === calls) done.resolve();
    });
    call.on("error", failed.reject);
    call.resume().end(JSON.stringify({ ids }));
  };
  for (const session of sessions) {
    for (let at = 0; at < streams; at++) {
      const stream = session.request({ ":path": "/jobs/take?queue=trial&prefetch=50" });
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        const ids = lines.filter((line) => line !== "").map((line) =>
          JSON.parse(line).id as string
        );
        for (const id of ids) {
          if (seen.has(id)) failed.reject(new Error(`Job ${id} came twice`));
          seen.add(id);
        }
        if (ids.length > 0) acknowledge(ids);
      });
      stream.on("error", failed.reject);
      endings.push(new Promise((resolve) => stream.on("end", resolve)));
    }
  }
  const startedAt = performance.now();
  const told = await (way === "mutual" ? loadByOwn() : loadByH2load());
  await Promise.race([done.promise, failed.promise]);
  const ms = performance.now() - startedAt;
  const stopped = server.stop();
  await Promise.race([Promise.all(endings), failed.promise]);
  for (const session of [...sessions, acker]) session.destroy();
  await stopped;
  if (seen.size !== calls) throw new Error(`${seen.size} of ${calls} jobs came`);
  const rate = Math.round(calls / ms * 1000).toLocaleString("en");
  console.log(
    `${runtime.name.padEnd(5)} ${way.padEnd(7)} ${rate.padStart(7)} jobs/s through; ${told}`,
  );

  async function loadByH2load(): Promise<string> {
    await Deno.writeTextFile(file("body.json"), '{"type":"t","queue":"trial","payload":{"a":1}}');
    const words = ["-n", String(calls), "-c", "10", "-m", "20", "-d", file("body.json")];
    const child = spawn("h2load", [
      ...words,
      ...["-H", "content-type: application/json", `${server.url}/jobs`],
    ]);
    let text = "";
    child.stdout.on("data", (piece) => text += piece);
    await new Promise((resolve) => child.on("close", resolve));
    const { all, good } = /status codes: (?<good>\d+) 2xx, (?<all>.*)/.exec(text)?.groups ?? {};
    if (Number(good) !== calls) {
      throw new Error(`h2load: ${good} answers were good: ${all}\n${text}`);
    }
    return /finished in .*/.exec(text)![0].trim();
  }

  /** `h2load` has no certificate to show, so that a session of Deno's does its work there. */
  async function loadByOwn(): Promise<string> {
    const session = connect(server.url, { ca: authority.cert, ...own });
    let asked = 0;
    const ask = () =>
      new Promise<void>((resolve, reject) => {
        const call = session.request({
          ":method": "POST",
          ":path": "/jobs",
          "content-type": "application/json",
        });
        call.on("response", ({ ":status": status }) => {
          if (status === 201) resolve();
          else reject(new Error(`Enqueuing was answered ${status}`));
        });
        call.on("error", reject);
        call.resume().end('{"type":"t","queue":"trial","payload":{"a":1}}');
      });
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (asked++ < calls) await ask();
    }));
    session.destroy();
    return "enqueued by one session";
  }
}
