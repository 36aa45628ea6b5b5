/** Brokers that die one after another, none of which lives for as long as it takes to give another one up by itself. */

import assert from "node:assert/strict";
import { afterEach, it } from "node:test";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { job } from "../support/broker.ts";
import { withPatience } from "./patient-clock.ts";
import { endOpened, opened } from "./brokers-kit.ts";
import { describePostgres, openGroup, type PostgresDatabase } from "./server.ts";

const startedAt = 1_700_000_000_000;

/** Starts a broker at an instant, in ms after the first one; it is never seen again after `livesMs`. */
async function startAt(atMs: number, livesMs: number, database: PostgresDatabase) {
  const { now: _, ...timeless } = database; // The time is that of the test.
  const { databases, clock } = withPatience([timeless], startedAt + atMs);
  const broker = createBroker({ store: databases[0]!, clock, heartbeatIntervalMs: 2 ** 31 });
  opened.push(() => broker.stop());
  await broker.start();
  const client = createClient({ fetch: broker.fetch });
  await clock.advance(livesMs);
  return client;
}

async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (let turn = 0; turn < 60; turn++) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

/**
 * A job that a broker took along when it died, and brokers that live for `livesMs` each, in ms. Gives whether it came back.
 */
async function comesBack(instants: readonly number[], livesMs = 2000): Promise<boolean> {
  const [first, ...others] = openGroup(instants.length + 1);
  const client = await startAt(0, 0, first!);
  const { id } = await client.enqueue(job());
  const stream = await client.take({ prefetch: 1 });
  opened.push(() => stream.close());
  assert.ok(await until(async () => (await client.get(id)).status === "in_flight"));
  for (const [at, database] of others.entries()) await startAt(instants[at]!, livesMs, database);
  return await until(async () => (await client.get(id)).status === "ready");
}

describePostgres("brokers that die one after another", () => {
  afterEach(endOpened);

  it("take over from each other, as their rows tell that the database was there", async () => {
    assert.equal(await comesBack([4000, 8000, 12_000, 16_000]), true);
  });

  it("take over within 14 s of the last sign, when one comes that stays", async () => {
    assert.equal(await comesBack([4000], 8000), true);
    assert.equal(await comesBack([4000], 6000), false);
  });

  it("take nobody for gone when nobody could write for a while", async () => {
    assert.equal(await comesBack([4000, 16_000]), false);
  });
});
