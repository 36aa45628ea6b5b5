/**
 * The commands of operators on a broker that is served.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, beforeEach, describe, it } from "node:test";
import { runBudget } from "../../adapters/cli/operator/budget.ts";
import {
  cancelFlags,
  type ChangeConfig,
  retryFlags,
  rmFlags,
  runChange,
  toCancel,
  toRetry,
  toRm,
} from "../../adapters/cli/operator/change.ts";
import type { Person } from "../../adapters/cli/operator/confirm.ts";
import { runCron } from "../../adapters/cli/operator/cron.ts";
import { enqueueFlags, runEnqueue } from "../../adapters/cli/operator/enqueue.ts";
import { lsFlags, runLs } from "../../adapters/cli/operator/ls.ts";
import { runQueues } from "../../adapters/cli/operator/queues.ts";
import { runShow } from "../../adapters/cli/operator/show.ts";
import { widthOf } from "../../adapters/cli/operator/table.ts";
import { runTail, tailFlags } from "../../adapters/cli/operator/tail.ts";
import type { Flags } from "../../adapters/cli/options.ts";
import { type Client, createCrons } from "../../src/client/mod.ts";
import { assertOneLine, runCli } from "./spawn-cli.ts";
import { job, record, serveBroker, type Served } from "./operator-parts.ts";

const limit = { timeout: 60_000 };
const nobody: Person = { ask: undefined };

describe("the commands of operators", limit, () => {
  let served: Served;
  let url: string;
  let client: Client;
  before(async () => {
    served = await serveBroker();
    ({ url, client } = served);
  });
  after(() => served.stop());
  beforeEach(() => client.reset());
  const kill = (queue: string) => served.kill(queue);
  const read: Served["read"] = (flags, ...args) => served.read(flags, ...args);

  describe("ls", () => {
    const ls = async (args: string[], output = record()) => {
      await runLs(read(lsFlags, ...args).config, output);
      return output;
    };

    it("lists jobs as lines of JSON, by all filters together", async () => {
      await client.enqueueMany([
        { ...job("a", { n: 1 }), tags: ["x"] },
        { ...job("a", { n: 2 }), tags: ["x"] },
        job("b", { n: 3 }),
        { type: "other", queue: "a", payload: { n: 4 } },
      ]);
      const payloads = async (...args: string[]) =>
        (await ls(args)).lines().map((line) => JSON.parse(line).payload.n);
      assert.deepEqual(await payloads(), [4, 3, 2, 1]);
      assert.deepEqual(await payloads("--order", "oldest", "--limit", "3"), [1, 2, 3]);
      assert.deepEqual(await payloads("--queue", "a,b", "--type", "mail"), [3, 2, 1]);
      assert.deepEqual(await payloads("--queue", "a", "--queue", "b", "--jq", ".n > 3"), [4]);
      assert.deepEqual(await payloads("--tag", "x", "--jq", ".n == 2", "--status", "ready"), [2]);
      assert.deepEqual((await ls(["--count", "--queue", "a"])).lines(), ["3"]);
      const { id } = (await client.page({ queue: "b" })).jobs[0]!;
      assert.deepEqual(await payloads("--id", id), [3]);
    });

    it("shows a table that fits the terminal, and in it no control character", async () => {
      const hostile = { text: `\u001b]0;owned\u0007${"x".repeat(500)}` };
      await client.enqueue(job("queue-with-a-long-name-that-nobody-needs", hostile));
      await client.enqueue({ ...job("a"), delayMs: 600_000 });
      const output = await ls([], record(true, 90));
      const lines = output.lines();
      assert.match(lines[0]!, /^ID +TYPE +QUEUE +STATUS +FAILED +WHEN +PAYLOAD$/);
      assert.match(lines[1]!, / a .* scheduled +0 {2}in 10 min +1$/);
      assert.match(lines[2]!, / queue.*… +ready +0 {2}for \d+ ms +\{"te.*…$/);
      for (const line of lines) assert.ok(widthOf(line) <= 90, line);
      assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
    });

    it("says in a table that there are more", async () => {
      await client.enqueueMany(Array.from({ length: 60 }, () => job("a")));
      const output = await ls([], record(true));
      assert.equal(output.lines().length, 51);
      assert.deepEqual(output.notes, ["There are more: '--limit' says how many are shown"]);
      assert.equal((await ls(["--table", "--limit", "60"])).lines().length, 61);
      assert.equal((await ls(["--json"], record(true))).lines().length, 60);
    });

    it("refuses a status that there is not", () => {
      assert.throws(() => read(lsFlags, "--status", "ded"), {
        name: "UsageError",
        message: /^Flag '--status' is 'ded', expected some of .*, did you mean 'dead'\?$/,
      });
    });
  });

  it("show shows a job with its failures", async () => {
    const { id } = await client.enqueue(job("a", { to: "Ada" }));
    await kill("a");
    const json = record();
    const config = { url: new URL(url), token: undefined, json: false, table: false };
    await runShow([id], config, json);
    const { errors, payload } = JSON.parse(json.lines().join(""));
    assert.deepEqual([payload, errors[0].message], [{ to: "Ada" }, "no\u001b[31m route"]);
    const text = record(true);
    await runShow([id], config, text);
    const lines = text.lines();
    for (const line of [`id          ${id}`, "status      dead", '    "to": "Ada"']) {
      assert.ok(lines.some((one) => one.startsWith(line)), `${line} is not in ${lines}`);
    }
    assert.match(lines.at(-2)!, /^attempt 1, \d{4}-.*: E: no\\u001b\[31m route$/);
    assert.equal(lines.at(-1), "  at f (a.ts:1)");
    await assert.rejects(runShow(["none"], config, text), { message: "job 'none' not found" });
  });

  describe("rm, retry and cancel", () => {
    const change = async (
      kind: "rm" | "retry" | "cancel",
      args: string[],
      person: Person = nobody,
    ) => {
      const output = record();
      const run = async <Config extends ChangeConfig>(
        flags: Flags<Config>,
        to: (config: Config) => Parameters<typeof runChange>[1]["toChange"],
      ) => {
        const { config, positionals } = read(flags, ...args);
        await runChange(positionals, { config, output, person, toChange: to(config) });
      };
      if (kind === "rm") await run(rmFlags, toRm);
      else if (kind === "retry") await run(retryFlags, toRetry);
      else await run(cancelFlags, toCancel);
      return [...output.lines(), ...output.notes];
    };

    it("change jobs by their ids", async () => {
      const { id } = await client.enqueue(job("a"));
      await assert.rejects(change("retry", [id]), { status: 409 });
      await kill("a");
      assert.deepEqual(await change("retry", [id]), [`Retried ${id}`]);
      const { status, attempts } = await client.get(id);
      assert.deepEqual([status, attempts], ["ready", 0]);
      assert.deepEqual(await change("rm", [id]), [`Deleted ${id}`]);
      assert.equal(await client.count(), 0);
    });

    it("ask before they change many, and say how many", async () => {
      await client.enqueueMany([job("a"), job("a"), job("b")]);
      const asked: string[] = [];
      const say = (answer: string): Person => ({
        ask(question) {
          asked.push(question);
          return Promise.resolve(answer);
        },
      });
      assert.deepEqual(await change("rm", ["--queue", "a"], say("")), ["Nothing is changed"]);
      assert.deepEqual(await change("rm", ["--queue", "a"], say("y")), ["Deleted 2"]);
      assert.deepEqual(asked, Array(2).fill("Delete 2 jobs (queue a)? [y/N] "));
      await assert.rejects(change("rm", ["--all"]), {
        name: "UsageError",
        message: "Delete 1 job (all)? Nobody can be asked here: say so with '--yes'",
      });
      assert.equal(await client.count(), 1);
      assert.deepEqual(await change("rm", ["--all", "--yes"]), ["Deleted 1"]);
      assert.deepEqual(await change("rm", ["--queue", "a"]), ["Deleted 0"]);
    });

    it("cancel what waits, and say if a worker goes on", async () => {
      const jobs = await client.enqueueMany([job("a"), job("a"), job("b")]);
      const [first, , running] = jobs.map(({ id }) => id);
      assert.deepEqual(await change("cancel", [first!, "--reason", "twice"]), [
        `Cancelled ${first}`,
      ]);
      assert.equal((await client.error(first!, 1)).message, "twice");
      assert.deepEqual(await change("cancel", ["--queue", "a", "--yes"]), ["Cancelled 1"]);
      const stream = await client.take({ queues: ["b"], prefetch: 1 });
      for await (const _ of stream) {
        const [line] = await change("cancel", [running!, "--wait", "0"]);
        assert.equal(line, `Cancelled ${running}: its worker is told, and has not answered yet`);
        break;
      }
      await stream.close();
    });

    it("let only the dead of a filter run again", async () => {
      await client.enqueueMany([job("a"), job("a"), job("a")]);
      await kill("a");
      await kill("a");
      assert.deepEqual(await change("retry", ["--queue", "a", "--yes"]), ["Retried 2"]);
      assert.equal(await client.count({ status: "ready" }), 3);
    });

    it("refuse to guess which jobs are meant", async () => {
      await assert.rejects(change("rm", []), { message: /^No job is named, expected an id/ });
      await assert.rejects(change("rm", ["x", "--all"]), {
        message: /^Ids and a filter are given/,
      });
      await assert.rejects(change("rm", Array.from({ length: 10 }, (_, at) => `j${at}`)), {
        message: /^Delete 10 jobs\? Nobody/,
      });
    });
  });

  it("enqueue stores a job, and prints its id", async () => {
    const output = record();
    const run = (...args: string[]) => {
      const { config, positionals } = read(enqueueFlags, ...args);
      return runEnqueue(positionals, config, output);
    };
    await run("mail", '{"to":"Ada"}', "--queue", "a", "--delay", "10m", "--tag", "x,y");
    const [id] = output.lines();
    const { payload, queue, status, tags } = await client.get(id!);
    assert.deepEqual([payload, queue, status, tags], [{ to: "Ada" }, "a", "scheduled", ["x", "y"]]);
    const file = `${await mkdtemp(`${tmpdir()}/millrace-`)}/payload.json`;
    await writeFile(file, "[1]");
    await run("mail", `@${file}`);
    await run("mail");
    const payloads = await Array.fromAsync(client.list({ queue: "default" }), (job) => job.payload);
    assert.deepEqual(payloads, [[1], null]);
    await assert.rejects(run("mail", "{to}"), { name: "UsageError", message: /is no JSON/ });
    await assert.rejects(run("mail", "@none"), { message: /'none' cannot be read/ });
  });

  it("queues shows how many jobs stand where", async () => {
    await client.enqueueMany([job("a"), job("a"), { ...job("b"), delayMs: 60_000 }]);
    const config = { url: new URL(url), token: undefined, json: false, table: false };
    const output = record(true);
    await runQueues(config, output);
    assert.deepEqual(output.lines(), [
      "QUEUE  READY  IN FLIGHT  SCHEDULED  BLOCKED  DEAD",
      "a          2          0          0        0     0",
      "b          0          0          1        0     0",
    ]);
    const json = record();
    await runQueues(config, json);
    assert.deepEqual(json.lines().map((line) => JSON.parse(line).queue), ["a", "b"]);
  });

  it("cron lists, runs, pauses and resumes", async () => {
    const entry = { name: "daily", expression: "0 4 * * *", job: job("a", { full: true }) };
    await createCrons({ url }).put("reports", { entries: [entry] });
    const config = { url: new URL(url), token: undefined, json: false, table: true };
    const cron = async (...args: string[]) => {
      const output = record();
      await runCron(args, config, output);
      return output.lines();
    };
    assert.match(
      (await cron("ls"))[1]!,
      /^reports +daily +mail +a +0 4 \* \* \* +in [\d.]+ (h|min|s)$/,
    );
    const [id] = await cron("run", "reports", "daily");
    assert.deepEqual((await client.get(id!)).payload, { full: true });
    assert.deepEqual(await cron("pause", "reports", "daily"), ["Paused reports daily"]);
    assert.match((await cron("ls"))[1]!, /\* {2}paused/);
    assert.deepEqual(await cron("resume", "reports", "daily"), ["Resumed reports daily"]);
    assert.deepEqual(await cron("pause", "reports"), ["Paused reports"]);
    assert.match((await cron("ls"))[1]!, /\* {2}group paused/);
    await assert.rejects(cron("puase"), {
      message: "Unknown action 'puase', did you mean 'pause'?",
    });
    await assert.rejects(cron("run", "reports"), {
      message: /^No ENTRY is given, expected 'run G/,
    });
  });

  it("budget lists, sets and deletes", async () => {
    const config = { url: new URL(url), token: undefined, json: false, table: true };
    const budget = async (args: string[], more = {}) => {
      const output = record();
      await runBudget(args, { ...config, per: undefined, burst: undefined, ...more }, output);
      return output.lines();
    };
    assert.deepEqual(await budget(["set", "api", "5"]), ["api: 5 in flight"]);
    const rate = { per: 3_600_000, burst: 10 };
    assert.deepEqual(await budget(["set", "api", "5000"], rate), [
      "api: 5000 in 60 min, 10 at once",
    ]);
    assert.match((await budget(["ls"]))[1]!, /^api +5000 in 60 min, 10 at once +\d+ ms ago$/);
    assert.deepEqual(await budget(["rm", "api"]), ["Deleted api"]);
    await assert.rejects(budget(["set", "api", "0"]), {
      message: /^N is '0', expected an integer/,
    });
    await assert.rejects(budget(["ls"], { per: 5 }), { message: /are for 'set'/ });
  });

  it("tail shows what happens, until it has shown enough", async () => {
    const output = record(true);
    const { config } = read(tailFlags, "--queue", "a", "--count", "2");
    const done = runTail(config, output);
    let isDone = false;
    void done.finally(() => isDone = true);
    // It listens from some moment on; what is enqueued before is not shown.
    while (!isDone) await client.enqueue(job("a"));
    const lines = output.lines();
    assert.equal(lines.length, 2);
    assert.match(lines[0]!, /^\d\d:\d\d:\d\d {2}\w+ +\w{25} {2}mail {2}a$/);
  });

  it("run as processes, with the exit codes that are promised", async () => {
    const variables = { MILLRACE_URL: url };
    const enqueued = await runCli(["enqueue", "mail", "1", "--queue", "a"], variables);
    assert.deepEqual([enqueued.code, enqueued.stderr], [0, ""]);
    const listed = await runCli(["ls", "--queue", "a"], variables);
    assert.equal(JSON.parse(listed.stdout).id, enqueued.stdout.trim());
    assertOneLine(await runCli(["rm", "--queue", "a"], variables), 2, /Delete 1 job \(queue a\)\?/);
    assertOneLine(await runCli(["show", "none"], variables), 1, /job 'none' not found/);
    const away = await runCli(["queues", "--url", "http://127.0.0.1:1"]);
    assertOneLine(away, 1, /^millrace: No answer to GET http:\/\/127\.0\.0\.1:1\/queues/m);
  });
});
