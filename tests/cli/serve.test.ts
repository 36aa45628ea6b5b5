/**
 * `millrace serve` as an operator sees it: ready line, signals, errors at the start, kill -9.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { http1, http2, readText } from "../adapters/http-calls.ts";
import { assertOneLine, runCli, startCli } from "./spawn-cli.ts";

const limit = { timeout: 60_000 };

describe("millrace serve", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-serve-"))));
  after(() => rmSync(folder, { recursive: true }));

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`prints its URL, serves, and exits with 0 on ${signal}`, limit, async () => {
      const cli = startCli(["serve", "--port", "0", "--data", ":memory:", "--log-format", "json"]);
      const url = await cli.url;
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: "ok" });
      cli.kill(signal);
      const { code, stdout, stderr } = await cli.outcome;
      assert.equal(code, 0, stderr);
      assert.equal(stdout, `millrace listening on ${url}\n`);
      const lines = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(lines.map(({ level }) => level), ["info", "info", "info"]);
      assert.equal(lines.at(-1).message, "Stopped");
    });
  }

  it("takes a signal that comes twice for one wish, as wrappers pass it on", limit, async () => {
    const cli = startCli(["serve", "--port", "0", "--data", ":memory:"]);
    const response = await fetch(`${await cli.url}/jobs/take`);
    cli.kill("SIGINT");
    cli.kill("SIGINT");
    assert.equal((await response.text()).trim(), ""); // Ended, not cut.
    cli.kill("SIGINT");
    assert.equal((await cli.outcome).code, 0);
  });

  it(
    "shows a dashboard beside the broker, to whom knows a token if there are some",
    limit,
    async () => {
      const args = ["serve", "--port", "0", "--data", ":memory:", "--dashboard", "true"];
      const open = startCli([...args, "--base-path", "/own"]);
      const url = await open.url;
      const page = await fetch(`${url}/own/dashboard/`);
      assert.match(await page.text(), /data-base="\/own\/dashboard\/"/);
      const count = await fetch(`${url}/own/dashboard/api/jobs/count`);
      assert.deepEqual(await count.json(), { count: 0 });
      assert.deepEqual(await (await fetch(`${url}/own/jobs/count`)).json(), { count: 0 });
      open.kill("SIGTERM");
      assert.match(
        (await open.outcome).stdout,
        /^millrace dashboard on http\S+\/own\/dashboard\/$/m,
      );

      writeFileSync(file("dashboard-tokens.json"), '{"tokens":[]}');
      const guarded = startCli([...args, "--auth-file", file("dashboard-tokens.json")]);
      const session = await fetch(`${await guarded.url}/dashboard/session`);
      const { may, signIn } = await session.json();
      assert.deepEqual([may, signIn], [null, true]);
      guarded.kill("SIGTERM");
      await guarded.outcome;
    },
  );

  it("ends an open take stream when it stops", limit, async () => {
    const cli = startCli(["serve", "--port", "0", "--data", ":memory:"]);
    const response = await fetch(`${await cli.url}/jobs/take`);
    assert.equal(response.status, 200);
    cli.kill("SIGTERM");
    assert.equal((await response.text()).trim(), "");
    assert.equal((await cli.outcome).code, 0);
  });

  for (const [version, send] of [["HTTP/1.1", http1], ["HTTP/2", http2]] as const) {
    it(`makes a job ready at once when its worker is gone, over ${version}`, limit, async () => {
      // No heartbeat comes in time, so no failed write can show it.
      const args = ["serve", "--port", "0", "--data", ":memory:", "--heartbeat-interval", "1h"];
      const cli = startCli(args);
      const url = await cli.url;
      const headers = { "content-type": "application/json" };
      const body = new TextEncoder().encode('{"type":"a","queue":"b","payload":1}');
      const { id } = JSON.parse(
        await readText(await send(url, { method: "POST", path: "/jobs", headers, body })),
      );
      const statusOf = async () => (await (await fetch(`${url}/jobs/${id}`)).json()).status;

      const stream = await send(url, { path: "/jobs/take" });
      for (let text = ""; !text.includes(id);) {
        text += new TextDecoder().decode((await stream.chunks.next()).value);
      }
      assert.equal(await statusOf(), "in_flight");
      stream.abort();
      while (await statusOf() !== "ready");
      cli.kill("SIGTERM");
      assert.equal((await cli.outcome).code, 0);
    });
  }

  it("reads its settings from flags and environment variables", limit, async () => {
    const args = ["serve", "--port", "0", "--data", ":memory:", "--max-body-bytes", "64"];
    const cli = startCli(args, { MILLRACE_DEFAULT_COMPLETED_JOB_RETENTION: "1h" });
    const url = await cli.url;
    const post = (path: string, body?: unknown) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      });
    const tooLarge = await post("/jobs", { type: "a", queue: "b", payload: "x".repeat(64) });
    assert.equal(tooLarge.status, 413);
    const { id } = await (await post("/jobs", { type: "a", queue: "b", payload: 1 })).json();
    const take = new AbortController();
    const stream = await fetch(`${url}/jobs/take`, { signal: take.signal });
    const reader = stream.body!.getReader();
    for (let text = ""; !text.includes(id);) {
      text += new TextDecoder().decode((await reader.read()).value);
    }
    assert.equal((await post(`/jobs/${id}/success`)).status, 204);
    const job = await (await fetch(`${url}/jobs/${id}`)).json();
    assert.equal(job.status, "completed");
    assert.equal(job.purge_at - job.completed_at, 3_600_000);
    take.abort();
    cli.kill("SIGTERM");
    assert.equal((await cli.outcome).code, 0);
  });

  it("fails with one line when its port is in use", limit, async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const outcome = await runCli(["serve", "--port", String(port), "--data", ":memory:"]);
    other.close();
    assertOneLine(
      outcome,
      1,
      new RegExp(`^millrace: Cannot listen on 127.0.0.1:${port}: the port is in use$`, "m"),
    );
  });

  it(
    "fails with one line when the folder of its database does not exist or cannot be written",
    limit,
    async () => {
      const missing = await runCli(["serve", "--port", "0", "--data", file("no/jobs.db")]);
      assertOneLine(
        missing,
        1,
        /^millrace: Cannot open database '.*': folder '.*no' does not exist$/m,
      );
      const readOnly = await runCli(["serve", "--port", "0", "--data", "/proc/jobs.db"]);
      assertOneLine(readOnly, 1, /^millrace: Cannot open database '\/proc\/jobs\.db': .+$/m);
    },
  );

  it("fails with one line when its database is corrupt", limit, async () => {
    const path = file("corrupt.db");
    writeFileSync(path, "not a database ".repeat(1000));
    const outcome = await runCli(["serve", "--port", "0", "--data", path]);
    assertOneLine(outcome, 1, /^millrace: Cannot open database '.*': file is not a database$/m);
  });

  it("fails with one line when its database is in use", limit, async () => {
    const path = file("shared.db");
    const first = startCli(["serve", "--port", "0", "--data", path]);
    await first.url;
    const second = await runCli(["serve", "--port", "0", "--data", path]);
    assertOneLine(second, 1, /^millrace: Database 'shared\.db' is in use by another broker$/m);
    first.kill("SIGTERM");
    assert.equal((await first.outcome).code, 0);
  });

  it("exits with 130 on a second signal", limit, async () => {
    // A client that never finishes sending its body keeps the first stop waiting.
    const cli = startCli(["serve", "--port", "0", "--data", ":memory:"]);
    const url = await cli.url;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"type":')),
    });
    const leave = new AbortController();
    const call = fetch(`${url}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      duplex: "half",
      signal: leave.signal,
    } as RequestInit);
    call.catch(() => {});
    await (await fetch(`${url}/health`)).text();
    cli.kill("SIGTERM");
    await new Promise<void>((resolve) => {
      cli.child.stderr!.on("data", (text) => String(text).includes("Stopping") && resolve());
    });
    cli.kill("SIGINT");
    assert.equal((await cli.outcome).code, 130);
    leave.abort();
  });

  it(
    "loses no job and no acknowledgement that it answered when it is killed under load",
    limit,
    async () => {
      const path = file("killed.db");
      const first = startCli(["serve", "--port", "0", "--data", path]);
      const url = await first.url;
      const stored = new Set<string>();
      const asked = new Set<string>(); // An acknowledgement was sent, and perhaps not answered.
      const done = new Set<string>();
      const post = (target: string, body: unknown) =>
        fetch(url + target, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const enough = Promise.withResolvers<void>();

      const enqueue = async () => {
        const jobs = Array.from(
          { length: 20 },
          (_, payload) => ({ type: "a", queue: "b", payload }),
        );
        for (;;) {
          const answer = await (await post("/jobs/bulk", { jobs })).json();
          for (const { id } of answer.jobs) stored.add(id);
          if (stored.size >= 4000 && done.size >= 500) enough.resolve();
        }
      };
      const work = async () => {
        const stream = await fetch(`${url}/jobs/take?prefetch=50`);
        let text = "";
        for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
          const lines = (text += chunk).split("\n");
          text = lines.pop()!;
          const ids = lines.filter((line) => line !== "").map((line) => JSON.parse(line).id);
          if (ids.length === 0) continue;
          for (const id of ids) asked.add(id);
          if ((await post("/jobs/success", { ids })).ok) { for (const id of ids) done.add(id); }
        }
      };
      const load = Promise.allSettled([enqueue(), enqueue(), enqueue(), work()]);
      await enough.promise;
      first.kill("SIGKILL");
      await first.outcome;
      await load;

      const second = startCli(["serve", "--port", "0", "--data", path]);
      const origin = await second.url;
      const found = new Map<string, string>();
      for (let next: string | null = "/jobs?limit=2000"; next !== null;) {
        const answer: Response = await fetch(origin + next);
        const page = await answer.json();
        for (const { id, status } of page.jobs) found.set(id, status);
        next = page.pages.next;
      }
      assert.deepEqual([...stored].filter((id) => !found.has(id) && !asked.has(id)), []);
      assert.deepEqual([...done].filter((id) => found.has(id)), []);
      assert.deepEqual([...new Set(found.values())], ["ready"]);
      second.kill("SIGTERM");
      assert.equal((await second.outcome).code, 0);
    },
  );
});
