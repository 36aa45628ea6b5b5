/**
 * Workers that read nothing and disconnect, over real connections. Only real time shows that a stream sends no more, so
 * this takes some seconds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openRaw, openUnread, type Served, until, withServed } from "./served.ts";

const limit = { timeout: 60_000 };
const payload = "x".repeat(16 * 1024);

/** Stores jobs of 16 KiB each. */
async function fill({ client }: Served, hundreds: number): Promise<void> {
  for (let i = 0; i < hundreds; i++) {
    await client.enqueueMany(
      Array.from({ length: 100 }, () => ({ type: "t", queue: "q", payload })),
    );
  }
}

for (const [version, open] of Object.entries(openUnread)) {
  describe(`a take stream of ${version} that nobody reads`, () => {
    it(
      "is sent 1,000 jobs of 16 KiB at most, which are ready again when it is closed",
      limit,
      () =>
        withServed(async (served) => {
          await fill(served, 20);
          const inFlight = () => served.client.count({ status: "in_flight" });
          const leave = open(served, "/jobs/take?prefetch=0");
          let held = -1;
          for (let now = 0; now !== held || held === 0; now = await inFlight()) {
            held = now;
            await sleep(200);
          }
          assert.ok(held <= 1000, `${held} of 2000 jobs were taken`);
          leave();
          await until(async () => await inFlight() === 0);
        }, { globalInFlightLimit: 0 }),
    );
  });
}

describe("a thousand take streams", () => {
  it(
    "leave no job in flight, whenever their connections are closed",
    limit,
    () =>
      withServed(async (served) => {
        await fill(served, 1);
        for (let round = 0; round < 20; round++) {
          const streams = Array.from(
            { length: 50 },
            () => openRaw(served.port, "GET /jobs/take?prefetch=3 HTTP/1.1\r\nHost: x\r\n\r\n"),
          );
          // Some before they are answered, some in the middle of a job.
          if (round % 2 === 0) await until(() => streams.every(({ answer }) => answer() !== ""));
          for (const { socket } of streams) socket.destroy();
        }
        await until(async () => await served.client.count({ status: "in_flight" }) === 0);
        assert.equal(await served.client.count({ status: "ready" }), 100);
      }, { globalInFlightLimit: 0 }),
  );
});
