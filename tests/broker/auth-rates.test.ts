/** How much callers may ask for, and how their tokens are written down. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTokens, type TokenRecord } from "../../src/broker/mod.ts";
import { json, withCallers } from "../support/callers.ts";

describe("rates and urgency", () => {
  it("answers a caller that asks too often with 429 and the time to wait", () =>
    withCallers({ edge: { scopes: ["enqueue", "read"], callsPerSecond: 2 } }, async (parts) => {
      const { as, clock } = parts;
      const statuses: number[] = [];
      for (let call = 0; call < 6; call++) statuses.push((await as("edge", "/queues")).status);
      assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
      assert.equal((await as("edge", "/queues")).headers.get("retry-after"), "1");
      await clock.advance(1000);
      assert.equal((await as("edge", "/queues")).status, 200);
    }));

  it("counts the jobs of a bulk", () =>
    withCallers({ edge: { scopes: ["enqueue"], jobsPerSecond: 5 } }, async ({ as, clock }) => {
      const bulk = (count: number) =>
        as("edge", "/jobs/bulk", {
          method: "POST",
          headers: json,
          body: JSON.stringify({ jobs: Array(count).fill({ type: "t", queue: "q", payload: 1 }) }),
        });
      assert.equal((await bulk(50)).status, 201);
      assert.equal((await bulk(1)).status, 429);
      await clock.advance(1000);
      assert.equal((await bulk(5)).status, 201);
      assert.equal((await bulk(1)).status, 429);
    }));

  it("lets nobody past others who may not", () =>
    withCallers({ edge: { scopes: ["enqueue"], leastPriority: 1000 } }, async ({ enqueue }) => {
      assert.equal((await enqueue("edge", { priority: 1000 })).status, 201);
      const answer = await enqueue("edge", { priority: 0 });
      assert.equal(answer.status, 403);
      assert.match((await answer.json()).error, /priority 0, only 1000 and above/);
    }));
});

describe("createTokens()", () => {
  it("refuses what a file may hold by mistake, and says where", () => {
    const good = { name: "n", sha256: "0".repeat(64), scopes: ["read"] };
    const cases: [object, RegExp][] = [
      [{ ...good, scope: ["read"] }, /tokens\[0\]: unknown member 'scope'/],
      [{ ...good, name: "" }, /'name' is "", expected a text/],
      [{ ...good, sha256: "12" }, /'sha256' must be 64/],
      [{ ...good, scopes: [] }, /'scopes' is \[\]/],
      [{ ...good, scopes: ["reed"] }, /scope 'reed' is none of read/],
      [{ ...good, queues: "mail" }, /'queues' is "mail"/],
      [{ ...good, types: ["a*b"] }, /'types' has "a\*b"/],
      [{ ...good, callsPerSecond: 0 }, /'callsPerSecond' is 0/],
      [{ ...good, expiresAt: "soon" }, /'expiresAt' is "soon"/],
    ];
    for (const [record, message] of cases) {
      assert.throws(() => createTokens([record as TokenRecord]), { name: "TypeError", message });
    }
    createTokens([good as TokenRecord, { ...good, types: ["*"], expiresAt: 0 } as TokenRecord]);
  });
});
