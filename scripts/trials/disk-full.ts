/**
 * A PostgreSQL whose disk is full: what is a broker on it good for, and is anything lost that was answered?
 *
 * ```sh
 * deno run -A scripts/trials/disk-full.ts   # as root: it mounts a small disk in memory
 * ```
 *
 * Jobs are enqueued until the disk is full. Then the disk gets room again, the server is started again if it gave up, and
 * the broker, which nobody touched, has to go on.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../../adapters/postgres/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { demand } from "../gate/command.ts";
import { startPostgres } from "../gate/postgres-server.ts";

const diskMiB = 192;
const ballastMiB = 32;

const disk = await Deno.makeTempDir({ prefix: "millrace-disk-" });
await demand("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m,mode=0777`, "tmpfs", disk]);
const ballast = `${disk}/ballast`;
await Deno.writeFile(ballast, new Uint8Array(ballastMiB * 1024 * 1024));
const settings = { max_wal_size: "48MB", min_wal_size: "32MB" };
const server = await startPostgres(settings, { dir: disk });
if ("missing" in server) {
  console.log(server.missing);
  process.exit(0);
}
const broker = createBroker({ store: openPostgres({ url: server.url }), logger: silentLogger });
await broker.start();

const call = (method: string, path: string, body?: unknown) =>
  broker.fetch(
    new Request(`http://broker${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
const answered = new Set<string>();
const answers = new Map<string, number>();
/** Bytes that the server cannot press together. */
const filler = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(15_000));
  return btoa(String.fromCharCode(...bytes));
};
const enqueue = async (): Promise<number> => {
  const answer = await call("POST", "/jobs", { type: "t", queue: "q", payload: filler() });
  const text = await answer.text();
  const what = answer.status === 201
    ? "201"
    : `${answer.status}, Retry-After ${answer.headers.get("retry-after")}: ${text.slice(0, 120)}`;
  answers.set(what, (answers.get(what) ?? 0) + 1);
  if (answer.status === 201) answered.add(JSON.parse(text).id);
  return answer.status;
};

for (let refused = 0; refused < 30;) {
  const statuses = await Promise.all(Array.from({ length: 10 }, enqueue));
  const bad = statuses.filter((status) => status !== 201).length;
  refused += bad;
  if (bad > 0) await sleep(200);
}
console.log("The disk is full:");
for (const [what, times] of answers) console.log(`${String(times).padStart(6)} × ${what}`);
const health = await call("GET", "/health");
console.log(`health ${health.status}, a read ${(await call("GET", "/jobs?limit=1")).status}`);

await Deno.remove(ballast);
let restarts = 0;
let tries = 1;
while (await enqueue() !== 201) {
  if (tries++ % 20 === 0) {
    restarts++; // It gave up when it could not write its log.
    await server.crash().catch(() => {});
  }
  await sleep(250);
}
console.log(`It has room again: taken at try ${tries}, ${restarts} restarts of the server`);
const { count } = await (await call("GET", "/jobs/count")).json();
let lost = 0;
for (const id of answered) if ((await call("GET", `/jobs/${id}`)).status !== 200) lost++;
console.log(`${answered.size} were answered, ${lost} of them are lost, ${count} are there`);
await broker.stop();
await server.stop();
await demand("umount", [disk]);
await Deno.remove(disk);
process.exit(lost === 0 ? 0 : 1);
