/**
 * Brokers on one PostgreSQL are started anew, one after the other, behind a load balancer: does a caller notice?
 *
 * ```sh
 * deno run -A scripts/trials/rolling-restart.ts                      # with a drain of 6 s, as docs/deploy.md says
 * deno run -A scripts/trials/rolling-restart.ts --drain-delay 0      # without
 * deno run -A scripts/trials/rolling-restart.ts --leases true        # workers whose jobs survive a restart
 * ```
 *
 * The load balancer is HAProxy (`apt-get install haproxy`) with `docs/deploy/haproxy.cfg`, whose addresses alone are changed.
 * Half of the calls are plain `fetch`, tried once; the others are those of a worker.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createClient, createLeases, defineJob } from "../../src/client/mod.ts";
import { silentLogger } from "../../src/log.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { startPostgres } from "../gate/postgres-server.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    "drain-delay": { type: "string", default: "6s" },
    rounds: { type: "string", default: "2" },
    rate: { type: "string", default: "50" },
    "job-ms": { type: "string", default: "200" },
    leases: { type: "string", default: "false" },
  },
});
const rate = Number(values.rate);
const jobMs = Number(values["job-ms"]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const postgres = await startPostgres();
if ("missing" in postgres) {
  console.log(postgres.missing);
  process.exit(0);
}

const main = new URL("../../adapters/cli/main.ts", import.meta.url).pathname;
const startBroker = async (port: number): Promise<ChildProcess> => {
  const words = ["run", "-A", main, "serve", "--port", String(port), "--data", postgres.url];
  const child = spawn(process.execPath, [...words, "--drain-delay", values["drain-delay"]], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, MILLRACE_LOG_FORMAT: "text" },
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.startsWith("millrace listening")) return child;
  }
  throw new Error("A broker did not start");
};
const ports = [await freePort(), await freePort()];
const brokers = await Promise.all(ports.map(startBroker));

const front = await freePort();
const config = new URL("../../docs/deploy/haproxy.cfg", import.meta.url);
const text = (await Deno.readTextFile(config))
  .replace("bind :7890", `bind 127.0.0.1:${front}`)
  .replace("broker1:7890", `127.0.0.1:${ports[0]}`)
  .replace("broker2:7890", `127.0.0.1:${ports[1]}`);
const file = await Deno.makeTempFile({ suffix: ".cfg" });
await Deno.writeTextFile(file, text);
const balancer = spawn("haproxy", ["-f", file], { stdio: "inherit" });
balancer.on("error", () => {
  console.log("HAProxy is missing: apt-get install haproxy");
  process.exit(1);
});
balancer.on("exit", (code) => {
  if (code === 0 || code === null) return;
  console.log(`HAProxy ended with ${code}`);
  process.exit(1);
});
const url = `http://127.0.0.1:${front}`;
const client = createClient({ url });
while (!await client.health().then(() => true, () => false)) await pause(200);
await pause(4000); // Until both are in.

const job = defineJob<number>({ type: "work", queue: "work" });
const runs = new Map<number, number>();
const workers = Array.from({ length: 4 }, () =>
  createWorker({
    client: createClient({ url }),
    leases: values.leases === "true" ? createLeases({ url }) : undefined,
    queues: ["work"],
    logger: silentLogger,
    concurrency: 10,
    handlers: [
      handle(job, async (number) => {
        runs.set(number, (runs.get(number) ?? 0) + 1);
        await pause(jobMs);
      }),
    ],
  }));
await Promise.all(workers.map((worker) => worker.start()));

const failures: Record<string, number> = {};
const stored: number[] = [];
let calls = 0;
const call = async () => {
  const number = calls++;
  try {
    const response = await fetch(`${url}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type: "work", queue: "work", payload: number }),
    });
    await response.body?.cancel();
    if (response.ok) stored.push(number);
    else failures[response.status] = (failures[response.status] ?? 0) + 1;
  } catch {
    failures["connection"] = (failures["connection"] ?? 0) + 1;
  }
};
const calling = setInterval(() => void call(), 1000 / rate);

for (let round = 0; round < Number(values.rounds); round++) {
  for (const [at, port] of ports.entries()) {
    await pause(3000);
    const ended = once(brokers[at]!, "exit");
    brokers[at]!.kill("SIGTERM");
    await ended;
    brokers[at] = await startBroker(port);
    await pause(6000); // Until the balancer sends calls there again.
  }
}
clearInterval(calling);
await pause(2000);
while (await client.count({ status: ["ready", "in_flight", "scheduled"] }) > 0) await pause(200);
await Promise.all(workers.map((worker) => worker.stop()));

const lost = stored.filter((number) => !runs.has(number)).length;
const again = [...runs.values()].filter((times) => times > 1).length;
console.log(`${2 * Number(values.rounds)} restarts, drain ${values["drain-delay"]}`);
console.log(`${calls} plain calls, tried once: ${calls - stored.length} failed`, failures);
console.log(`${stored.length} jobs of ${jobMs} ms stored: ${lost} lost, ${again} begun twice`);

balancer.kill("SIGTERM");
await Promise.all(brokers.map((broker) => {
  const ended = once(broker, "exit");
  broker.kill("SIGTERM");
  return ended;
}));
await postgres.stop();
await Deno.remove(file);
process.exit(lost === 0 ? 0 : 1);
