/** Random lives of jobs at three brokers on a real PostgreSQL, each call at the next of them, with restarts. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { GroupHost } from "../broker/lives-group.ts";
import { live, shrink, tell, toSteps } from "../broker/lives.ts";
import { describePostgres } from "./server.ts";

describePostgres("jobs under random calls to three brokers in turn", () => {
  const createHost = () => new GroupHost(3);
  it("live as a model says", { timeout: 120_000 }, async () => {
    const failure = await live(toSteps(1, 80), createHost);
    if (failure !== undefined) {
      assert.fail(tell(await shrink(failure, { most: 500, createHost })));
    }
  });
});
