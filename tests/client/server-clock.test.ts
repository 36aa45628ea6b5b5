/** What time it is at a server that knows instants only, and that a failure is not reported twice to it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";

const start = Date.UTC(2026, 0, 1, 12);

/** A server that shows its clock, and remembers what it was told. */
function createServer(aheadMs: () => number, tripMs = 0) {
  const clock = createTestClock(start);
  const bodies: Record<string, unknown>[] = [];
  const client = createClient({
    clock,
    retry: { limit: 0 },
    async fetch(request) {
      if (tripMs > 0) await new Promise<void>((resolve) => clock.setTimer(resolve, tripMs));
      const date = new Date(clock.now() + aheadMs()).toUTCString();
      if (request.method === "GET") return Response.json({ count: 0 }, { headers: { date } });
      bodies.push(await request.json());
      return Response.json({
        id: "0".repeat(25),
        type: "t",
        queue: "q",
        priority: 0,
        status: "ready",
        ready_at: 0,
        attempts: 0,
      }, { headers: { date } });
    },
  });
  return { clock, client, bodies };
}

const job = { type: "t", queue: "q", payload: 1 };

describe("the clock of a server", () => {
  for (
    const [aheadMs, shiftMs] of [
      [0, 0],
      [900, 0],
      [-900, 0],
      [3_600_000, 3_600_000],
      [-7_200_000, -7_200_000],
    ] as const
  ) {
    it(`is that of its answers, if that is ${aheadMs} ms off`, async () => {
      const { client, clock, bodies } = createServer(() => aheadMs);
      await client.count();
      await client.enqueue({ ...job, delayMs: 60_000 });
      const off = bodies[0]!["ready_at"] as number - (clock.now() + 60_000) - shiftMs;
      assert.ok(Math.abs(off) <= 500, `${off} ms off`);
      await client.failure("0".repeat(25), { message: "m", delayMs: 5000 });
      const retryOff = bodies[1]!["retry_at"] as number - (clock.now() + 5000) - shiftMs;
      assert.ok(Math.abs(retryOff) <= 500, `${retryOff} ms off`);
    });
  }

  it("is not mistaken because answers take long", async () => {
    const { client, clock, bodies } = createServer(() => 0, 8000);
    const counted = client.count();
    await clock.advance(8000);
    await counted;
    const stored = client.enqueue({ ...job, delayMs: 1000 });
    const now = clock.now();
    await clock.advance(8000);
    await stored;
    assert.ok(Math.abs(bodies[0]!["ready_at"] as number - now - 1000) <= 4500);
  });

  it("is looked at again after a minute, and not before", async () => {
    let aheadMs = 0;
    const { client, clock, bodies } = createServer(() => aheadMs);
    const askedFor = async () => {
      await client.count();
      await client.enqueue({ ...job, delayMs: 0 });
      return Math.floor((bodies.at(-1)!["ready_at"] as number - clock.now()) / 1000);
    };
    assert.equal(await askedFor(), 0);
    aheadMs = 3_600_000;
    assert.equal(await askedFor(), 0);
    await clock.advance(60_000);
    assert.equal(await askedFor(), 3600);
  });
});

describe("a failure that is reported to a server without deliveries", () => {
  const taken = {
    id: "0".repeat(25),
    type: "t",
    queue: "q",
    priority: 0,
    status: "in_flight",
    ready_at: 0,
    attempts: 1,
    dequeued_at: 5,
  };
  /** The job as the server shows it when the client looks; what was asked, in order. */
  const report = async (now: object | undefined, reference: unknown) => {
    const clock = createTestClock(start);
    const asked: string[] = [];
    const client = createClient({
      clock,
      random: () => 0,
      fetch: (request) => {
        asked.push(request.method);
        if (request.method === "GET") {
          return Promise.resolve(
            now === undefined
              ? Response.json({ error: "job not found" }, { status: 404 })
              : Response.json({ ...taken, payload: 1, ...now }),
          );
        }
        // The first answer is lost.
        return asked.length === 1
          ? Promise.reject(new TypeError("cut"))
          : Promise.resolve(Response.json({ ...taken, status: "scheduled", attempts: 2 }));
      },
    });
    const reported = client.failure(reference as string, { message: "m" })
      .then(
        ({ status, attempts, payload }) => [status, attempts, payload],
        (error) => error.message,
      );
    await clock.advance(10_000);
    return { asked, result: await reported };
  };
  const job = { id: taken.id, attempts: 1, dequeuedAt: 5 };

  it("is sent again if the job is still in the same run", async () => {
    for (const reference of [job, taken.id]) {
      const { asked, result } = await report({}, reference);
      assert.deepEqual([asked, result], [["POST", "GET", "POST"], ["scheduled", 2, undefined]]);
    }
  });

  it("is taken for received if the job has moved on", async () => {
    for (const reference of [job, taken.id]) {
      const { asked, result } = await report({ status: "dead", attempts: 2 }, reference);
      assert.deepEqual([asked, result], [["POST", "GET"], ["dead", 2, undefined]]);
    }
  });

  it("is not sent again if the job is in another run, or gone", async () => {
    for (const now of [{ attempts: 2, dequeued_at: 9 }, { dequeued_at: 9 }]) {
      const { asked, result } = await report(now, job);
      assert.deepEqual(asked, ["POST", "GET"]);
      assert.match(result, /has been delivered again since/);
    }
    const { asked, result } = await report(undefined, job);
    assert.deepEqual([asked, result], [
      ["POST", "GET"],
      "job '0000000000000000000000000' not found",
    ]);
  });
});
