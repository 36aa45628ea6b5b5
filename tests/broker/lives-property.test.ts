/** Random lives of jobs: leases, dependencies, movement, cancellation and queues under control, with restarts. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { live, shrink, tell, toSteps } from "./lives.ts";

describe("jobs under random calls, with restarts", () => {
  for (const seed of [1, 2]) {
    it(`live as a model says (seed ${seed})`, { timeout: 120_000 }, async () => {
      const failure = await live(toSteps(seed, 1000));
      if (failure !== undefined) assert.fail(`seed ${seed}: ${tell(await shrink(failure))}`);
    });
  }
});
