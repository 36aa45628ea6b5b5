/**
 * Workers that listen to nothing and hang up, over real connections. That a stream has come to rest only real time
 * shows, so this takes some seconds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDeaf, openRaw, type Served, until, withServed } from "./served.ts";

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

for (const [version, open] of Object.entries(openDeaf)) {
  describe(`a take stream of ${version} that nobody reads`, () => {
    it(
      "holds a few MiB of jobs at most, and they go back when it is gone",
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
  it("leave nothing behind, whenever they are dropped", limit, () =>
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
    }, { globalInFlightLimit: 0 }));
});
