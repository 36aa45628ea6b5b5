/** The pause between a signal and the stop of a broker. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDrain } from "../../adapters/cli/drain.ts";
import type { StopTarget } from "../../adapters/signals.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { startCli } from "./spawn-cli.ts";

const answer = () => new Response("answered");
const health = (path: string, method = "GET") => new Request(`http://a${path}`, { method });

function watchTarget(): StopTarget & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    stop: ({ timeoutMs }) => Promise.resolve(void calls.push(`stop ${timeoutMs}`)),
    kill: () => void calls.push("kill"),
  };
}

describe("createDrain()", () => {
  it("lets health checks fail for a time, and stops only then", async () => {
    const clock = createTestClock();
    const drain = createDrain({ delayMs: 5000, basePath: "/own", clock });
    const front = drain.before(answer);
    const [server, broker] = [watchTarget(), watchTarget()];
    const targets = drain.delay([server, broker]);
    assert.equal((await front(health("/health"))).status, 200);

    const stopped = Promise.all(targets.map((target) => target.stop({ timeoutMs: 70 })));
    for (const path of ["/health", "/own/health", "/health?deep=1"]) {
      const refusal = await front(health(path));
      assert.deepEqual([refusal.status, await refusal.json()], [503, { error: "stopping" }], path);
      assert.equal(refusal.headers.get("retry-after"), "1");
    }
    for (const request of [health("/jobs"), health("/healthy"), health("/health", "POST")]) {
      assert.equal(await (await front(request)).text(), "answered");
    }
    await clock.advance(4999);
    assert.deepEqual([...server.calls, ...broker.calls], []);
    await clock.advance(1);
    await stopped;
    assert.deepEqual([server.calls, broker.calls], [["stop 70"], ["stop 70"]]);
  });

  it("tells of a target that cannot be stopped, and kills without a pause", async () => {
    const clock = createTestClock();
    const drain = createDrain({ delayMs: 5000, basePath: "", clock });
    const good = watchTarget();
    const bad = { stop: () => Promise.reject(new Error("stuck")) };
    const [first, second] = drain.delay([good, bad]);
    second!.kill!();
    first!.kill!();
    assert.deepEqual(good.calls, ["kill"]);
    const outcome = assert.rejects(second!.stop({}), /stuck/);
    await clock.advance(5000);
    await outcome;
  });
});

describe("millrace serve --drain-delay", () => {
  it("answers for a time after a signal, and says that it stops", { timeout: 60_000 }, async () => {
    const args = ["serve", "--port", "0", "--data", ":memory:", "--drain-delay", "1m"];
    const cli = startCli(args);
    const url = await cli.url;
    const ask = async (path: string) => {
      const response = await fetch(url + path);
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask("/health"), 200);
    cli.kill("SIGTERM");
    while (await ask("/health") !== 503);
    assert.equal(await ask("/jobs"), 200);
    cli.kill("SIGINT"); // A second wish: the minute is not waited for.
    assert.equal((await cli.outcome).code, 130);
  });
});
