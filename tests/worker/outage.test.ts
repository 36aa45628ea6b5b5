/**
 * What a worker tells of a broker that is away.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Logger } from "../../src/log.ts";
import { NetworkError, RefusedError, TimeoutError } from "../../src/errors.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createOutage } from "../../src/worker/outage.ts";

const refused = new NetworkError("No answer to GET http://b:1/jobs/take: connect", {
  cause: Object.assign(new Error(""), { code: "ECONNREFUSED" }),
});

function setUp({ url }: { readonly url?: string | undefined } = { url: "http://b:1" }) {
  const clock = createTestClock();
  const lines: string[] = [];
  const at = (level: string) => (message: string, fields?: unknown) => {
    assert.equal(JSON.stringify(fields ?? {}).includes("stack"), false);
    lines.push(`${level}: ${message}`);
  };
  const logger: Logger = { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
  const outage = createOutage({ clock, logger, url });
  const fail = (more: { error?: unknown; retryInMs?: number; isRefusal?: boolean } = {}) =>
    outage.disconnected({ error: refused, retryInMs: 4000, isRefusal: false, ...more });
  /** The lines since the last look. */
  const take = () => lines.splice(0);
  return { clock, outage, fail, take };
}

describe("a broker that is away", () => {
  it("is one line at once, and one when it is back", async () => {
    const { clock, outage, fail, take } = setUp();
    outage.connected({});
    assert.deepEqual(take(), ["info: Connected to http://b:1"]);
    fail();
    assert.deepEqual(take(), ["warn: Broker http://b:1 refuses connections, again in 4 s"]);
    fail();
    await clock.advance(4000);
    fail();
    assert.deepEqual(take(), []);
    outage.connected({});
    outage.connected({});
    assert.deepEqual(take(), [
      "warn: Connected again to http://b:1, after 4 s",
      "info: Connected to http://b:1",
    ]);
  });

  it("is told again at intervals that grow", async () => {
    const { clock, fail, take } = setUp();
    let lines = 0;
    const told: number[] = [];
    for (let second = 0; second <= 3600; second++) {
      fail();
      lines += take().length;
      if (lines > told.length) told.push(second);
      await clock.advance(1000);
    }
    assert.deepEqual(told, [0, 5, 20, 65, 200, 605, 1505, 2405, 3305]);
  });

  it("says for how long by then, and that it was never there before", async () => {
    const { clock, outage, fail, take } = setUp();
    fail();
    await clock.advance(6000);
    fail();
    outage.connected({});
    assert.deepEqual(take().slice(1), [
      "warn: Broker http://b:1 refuses connections, for 6 s now, again in 4 s",
      "warn: Connected to http://b:1, after 6 s",
    ]);
  });

  it("is told of as seldom when it comes and goes", async () => {
    const { clock, outage, fail, take } = setUp();
    for (let second = 0; second < 60; second++) {
      fail({ error: undefined });
      outage.connected({});
      await clock.advance(1000);
    }
    assert.equal(take().filter((line) => line.startsWith("warn: Broker")).length, 3);
    await clock.advance(60_000);
    fail();
    assert.equal(take().length, 1);
  });

  it("and refuses the worker is an error at once, once", async () => {
    const { clock, fail, take } = setUp({});
    fail();
    await clock.advance(1000);
    const refusal = new RefusedError("token is unknown", 401);
    fail({ error: refusal, retryInMs: 30_000, isRefusal: true });
    fail({ error: refusal, retryInMs: 30_000, isRefusal: true });
    assert.deepEqual(take().slice(1), [
      "error: Broker refuses this worker with 401 (token is unknown), again in 30 s",
    ]);
  });

  it("does what its error says", () => {
    const cases: [error: unknown, fault: string][] = [
      [undefined, "ended the connection"],
      [new NetworkError("x", { cause: new Error("Unable to connect.") }), "refuses connections"],
      [
        new NetworkError("x", { cause: new Error("tcp connect error: Connection refused") }),
        "refuses connections",
      ],
      [
        new NetworkError("x", { cause: new Error("getaddrinfo ENOTFOUND nohost") }),
        "has a name that is not known",
      ],
      [new NetworkError("Take stream broke off"), "broke the connection off"],
      [new NetworkError("odd"), "cannot be reached (odd)"],
      [new TimeoutError("Heard nothing for 30000 ms"), "does not answer (Heard nothing for"],
    ];
    for (const [error, fault] of cases) {
      const { outage, fail } = setUp();
      fail({ error });
      assert.ok(outage.reason?.startsWith(`Broker http://b:1 ${fault}`), outage.reason);
    }
  });
});

describe("reports that cannot be sent", () => {
  it("are no line of their own while the broker is away, or for a moment", () => {
    const { outage, fail, take } = setUp();
    outage.failed(refused, "reports wait");
    fail();
    take();
    for (let time = 0; time < 5; time++) outage.failed(refused, "reports wait");
    assert.deepEqual(take(), []);
  });

  it("are a line where the connection stands, and one when they are taken again", () => {
    const { outage, take } = setUp();
    outage.connected({});
    take();
    outage.failed(new RefusedError("denied", 403), "reports wait");
    outage.failed(new RefusedError("denied", 403), "reports wait");
    outage.over();
    outage.over();
    assert.deepEqual(take(), [
      "warn: Broker http://b:1 refuses this worker with 403 (denied): reports wait",
      "warn: Broker http://b:1 does what it is asked for again",
    ]);
  });
});
