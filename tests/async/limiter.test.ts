/** Of work that is limited, little is under way at once. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLimiter } from "../../src/async/limiter.ts";
import { createTestClock } from "../../src/testing/mod.ts";

describe("a limiter", () => {
  it("lets so many through at once, in their order, also when one fails", async () => {
    const clock = createTestClock();
    const limit = createLimiter(clock, 2);
    const order: string[] = [];
    const ends = new Map<string, PromiseWithResolvers<string>>();
    const enter = (name: string) => {
      ends.set(name, Promise.withResolvers<string>());
      return limit(() => {
        order.push(name);
        return ends.get(name)!.promise;
      });
    };
    const results = Promise.allSettled(["a", "b", "c", "d"].map(enter));
    await clock.settle();
    assert.deepEqual(order, ["a", "b"]);
    ends.get("b")!.reject(new Error("no"));
    await clock.settle();
    assert.deepEqual(order, ["a", "b", "c"]);
    for (const { resolve } of ends.values()) resolve("yes");
    assert.deepEqual((await results).map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
  });

  it("gives others a turn when its own are over", async () => {
    const clock = createTestClock();
    const limit = createLimiter(clock, 1);
    const order: string[] = [];
    const late = limit(async () => {
      order.push("one");
      await clock.advance(20); // As work does that holds the event loop.
      clock.setTimer(() => order.push("another's"), 0);
    });
    const next = limit(() => Promise.resolve(void order.push("two")));
    await late;
    await clock.settle();
    await next;
    assert.deepEqual(order, ["one", "another's", "two"]);
  });
});
