/**
 * A worker in the same process that aborts its request, after garbage collection. Node's `Request` may lose its signal
 * then.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Broker } from "../../../src/broker/mod.ts";
import { job, withBroker } from "../../support/broker.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

async function openTake(broker: Broker, signal: AbortSignal): Promise<ReadableStream> {
  return (await broker.fetch(new Request("http://broker/jobs/take", { signal }))).body!;
}

describe("a take stream in the same process", () => {
  it("ends when its signal is aborted, also after garbage collection", () =>
    withBroker(async ({ broker, client, clock }) => {
      const leaving = new AbortController();
      const body = await openTake(broker, leaving.signal);
      await client.enqueue(job());
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 1);
      for (let round = 0; round < 3; round++) {
        collectGarbage();
        await clock.settle();
      }
      leaving.abort();
      await clock.settle();
      assert.equal(await client.count({ status: "in_flight" }), 0);
      await assert.rejects(body.getReader().read());
    }));
});
