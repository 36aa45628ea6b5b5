/**
 * Answers that nobody reads, over real connections.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";
import { openUnread, until, withServed } from "./served.ts";

/** More than a connection holds by itself. */
const payload = "x".repeat(16 * 1024 * 1024);

for (const [version, open] of Object.entries(openUnread)) {
  describe(`an answer of ${version} that nobody reads`, () => {
    it(
      "counts as held until it was given up, or its client is gone",
      { timeout: 30_000 },
      async () => {
        const clock = createTestClock();
        await withServed(async (served) => {
          const { id } = await served.client.enqueue({ type: "t", queue: "q", payload });
          const url = `${served.url}/jobs/${id}`;
          const statusOf = async () => {
            const response = await fetch(url);
            await response.arrayBuffer();
            return response.status;
          };
          /** Asks for it and reads nothing, again where another call was first. */
          const holdIt = async () => {
            for (;;) {
              const leave = open(served, `/jobs/${id}`);
              await new Promise((resolve) => setTimeout(resolve, 100));
              if (await statusOf() === 503) return leave;
              leave();
            }
          };
          const leave = await holdIt();
          assert.equal((await fetch(`${served.url}/health`)).status, 200);
          await clock.advance(30_000);
          assert.equal(await statusOf(), 200);
          leave();
          (await holdIt())();
          await until(async () => await statusOf() === 200);
        }, { clock, maxHeldBytes: 20 * 1024 * 1024 });
      },
    );
  });
}
