/**
 * `millrace queue`, `millrace config` and `millrace stats` on a broker that is served.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { runConfig } from "../../adapters/cli/config.ts";
import { runQueue } from "../../adapters/cli/queue.ts";
import { exportStats, runStats } from "../../adapters/cli/statsd.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, createInsight } from "../../src/client/mod.ts";
import { NetworkError } from "../../src/errors.ts";
import { assertOneLine, runCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };

interface Served {
  readonly url: URL;
  readonly client: Client;
  stop(): Promise<void>;
}

async function serveBroker(): Promise<Served> {
  const { openSqlite, serve } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(":memory:") });
  const server = await serve(broker.fetch, { port: 0 });
  const url = new URL(server.url);
  return {
    url,
    client: createClient({ url: url.href }),
    async stop() {
      await server.stop();
      await broker.stop();
    },
  };
}

describe("the command line on a broker", limit, () => {
  let served: Served;
  before(async () => void (served = await serveBroker()));
  after(() => served.stop());

  const queue = (args: string, stopRunning = false) =>
    runQueue(args.split(" ").filter((arg) => arg !== ""), { url: served.url, stopRunning });
  const config = (args: readonly string[], clear = false) =>
    runConfig(args, { url: served.url, clear });

  it("pauses, limits, resumes and forgets a queue", async () => {
    assert.equal(await queue("pause mail", true), "mail: paused, no limit");
    assert.equal(await queue("limit mail 5"), "mail: paused, at most 5 in flight");
    assert.equal(await queue("resume mail"), "mail: not paused, at most 5 in flight");
    await served.client.enqueue({ type: "t", queue: "mail", payload: 1 });
    await assert.rejects(queue("forget mail"), {
      status: 409,
      message: "queue 'mail' is not empty: it has 1 ready",
    });
    await served.client.deleteMany({ queue: "mail" });
    assert.equal(await queue("limit mail none"), "mail: not paused, no limit");
    assert.equal(await queue("forget mail"), "Forgot mail");
    await assert.rejects(queue("forget mail"), { code: "not_found" });
  });

  it("shows, changes, dumps and loads settings", async () => {
    const file = `${await mkdtemp(`${tmpdir()}/millrace-`)}/config.json`;
    assert.match(await config(["list"]), /^lease_ms +60000 ms \(default\)$/m);
    assert.equal(await config(["set", "lease_ms", "5000"]), "lease_ms is 5000");
    const backoff = '{"exponent":2,"base_ms":3,"jitter_ms":4}';
    assert.equal(
      await config(["set", "default_backoff", backoff]),
      `default_backoff is ${backoff}`,
    );
    assert.equal(await config(["get", "default_backoff"]), backoff);
    assert.match(await config(["list"]), /^lease_ms +5000 ms \(set, default 60000\)$/m);
    await writeFile(file, await config(["dump"]));
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), {
      default_backoff: JSON.parse(backoff),
      lease_ms: 5000,
    });
    assert.equal(await config(["unset", "lease_ms"]), "lease_ms is 60000");
    await config(["set", "grace_ms", "1"]);
    assert.equal(await config(["load", file]), "Set 2, unset 0");
    assert.equal(await config(["get", "grace_ms"]), "1");
    assert.equal(await config(["load", file], true), "Set 2, unset 1");
    assert.equal(await config(["get", "grace_ms"]), "10000");
    assert.equal(await config(["get", "lease_ms"]), "5000");
  });

  it("changes nothing by a file with what it cannot set", async () => {
    const file = `${await mkdtemp(`${tmpdir()}/millrace-`)}/config.json`;
    for (
      const [content, message] of [
        ['{"max_budgets":5,"none":1}', /has the key 'none', expected one that 'list' prints/],
        [
          '{"max_budgets":5,"lease_ms":"x"}',
          /^Value of 'lease_ms' cannot be sent: expected a number/,
        ],
        ["[]", /has no object, expected what 'dump' prints/],
        ["{", /is no JSON/],
      ] as const
    ) {
      await writeFile(file, content);
      await assert.rejects(config(["load", file]), { name: "UsageError", message });
    }
    assert.equal(await config(["get", "max_budgets"]), "8192");
    await assert.rejects(config(["load", `${file}.none`]), /cannot be read/);
  });

  it("says what is wrong with what it is told", async () => {
    const mistakes: [run: Promise<unknown>, message: RegExp][] = [
      [queue(""), /^No action is given, expected 'pause'/],
      [queue("stop q"), /^Action 'stop' is unknown, expected 'pause', 'resume', 'limit' or/],
      [queue("pause"), /^No queue is given, expected its name/],
      [queue("pause q 5"), /^Argument '5' is one too many/],
      [queue("resume q", true), /^Flag '--stop-running' is for 'pause', and not for 'resume'/],
      [queue("limit q"), /^No limit is given, expected a number or 'none'/],
      [queue("limit q 0"), /^Limit is '0', expected an integer from 1 to 4294967295 or 'none'/],
      [config([]), /^No action is given, expected 'list'/],
      [config(["toString"]), /^Action 'toString' is unknown/],
      [config(["set", "lease_ms"]), /^No VALUE is given, expected 'set KEY VALUE'/],
      [config(["set", "lease_ms", "5s"]), /^Value '5s' is no JSON, expected such as 5000/],
      [config(["get", "a", "b"]), /^Argument 'b' is one too many/],
      [config(["list"], true), /^Flag '--clear' is for 'load', and not for 'list'/],
    ];
    for (const [run, message] of mistakes) {
      await assert.rejects(run, { name: "UsageError", message });
    }
    await assert.rejects(config(["set", "lease_ms", "0"]), {
      status: 422,
      message: "config 'lease_ms' is 0, must be an integer from 1 to 4294967295",
    });
  });

  it("sends the numbers of a broker to statsd", async () => {
    const { client, url } = served;
    const job = { type: "t", queue: "a b/c", payload: 1 };
    await client.enqueue(job);
    const stream = await client.take({ queues: ["a b/c"], prefetch: 1 });
    for await (const frame of stream.frames()) {
      if (frame.kind !== "jobs") continue;
      await client.failure(frame.jobs[0]!, { message: "m", errorType: "E", kill: true });
      break;
    }
    await stream.close();
    await client.enqueue({ ...job, delayMs: 1e9 });
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    let text = "";
    socket.on("message", (message) => void (text += `${message}\n`));
    await runStats(["statsd"], {
      url,
      statsdHost: "127.0.0.1",
      statsdPort: socket.address().port,
      prefix: "jobs",
      interval: 100,
      count: 1,
    });
    while (!text.includes("jobs.workers:")) await once(socket, "message");
    socket.close();
    assert.match(text, /^jobs\.queues\.a_b_c\.scheduled:1\|g$/m);
    assert.match(text, /^jobs\.queues\.a_b_c\.dead:1\|g$/m);
    assert.match(text, /^jobs\.queues\.a_b_c\.paused:0\|g$/m);
    assert.match(text, /^jobs\.queues\.a_b_c\.wait\.count:1\|g$/m);
    assert.match(text, /^jobs\.failures\.E:1\|g$/m);
    assert.match(text, /^jobs\.failed:1\|g$/m);
    await client.deleteMany({ queue: "a b/c" });
  });

  it("prints one line on a mistake, and what was done, from a process", async () => {
    const flags = ["--url", served.url.href];
    const done = await runCli(["queue", "pause", "q", "--stop-running", ...flags]);
    assert.deepEqual(done, { code: 0, stdout: "q: paused, no limit\n", stderr: "" });
    assert.equal((await runCli(["config", "get", "max_budgets", ...flags])).stdout, "8192\n");
    assertOneLine(await runCli(["queue", "stop", "q"]), 2, /Action 'stop' is unknown/);
    assertOneLine(await runCli(["stats", "graphite"]), 2, /Target 'graphite' is unknown/);
    assertOneLine(await runCli(["config", "get", "none", ...flags]), 1, /config 'none' not found/);
    for (const command of ["queue", "config", "stats"]) {
      const help = await runCli([command, "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^Usage: millrace ${command} \\[flags\\]`));
      assert.match(help.stdout, /--url URL +the address of the broker \[http:\/\/127.0.0.1:7890\]/);
    }
  });
});

describe("exportStats", () => {
  it("keeps its rate, goes on after a failure, and ends when it is told to", async () => {
    const failing = createInsight({
      fetch: () => Promise.reject(new TypeError("refused")),
      retry: { limit: 0 },
    });
    const waits: number[] = [];
    const failures: Error[] = [];
    let now = 0;
    await exportStats(failing, { prefix: undefined, interval: 1000, count: 0 }, {
      send: () => assert.fail("nothing to send"),
      wait(ms) {
        waits.push(ms);
        now += ms + 300; // Each export takes so long.
        return Promise.resolve(waits.length < 3);
      },
      now: () => now,
      failed: (error) => void failures.push(error),
    });
    assert.deepEqual(waits, [1000, 700, 700]);
    assert.ok(failures.length === 3 && failures.every((error) => error instanceof NetworkError));
  });
});
