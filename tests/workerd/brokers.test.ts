/** Brokers in Durable Objects: alarms, the end of an object at any moment, limits, and work by a cron trigger. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../src/client/mod.ts";
import { type Miniflare, openBrokers } from "./open-workerd.ts";

describe("a broker in a Durable Object", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-objects-"));
  let workerd: Miniflare;
  let url: URL;
  const open = async () => {
    workerd = await openBrokers({ durableObjectsPersist: folder });
    url = await workerd.ready;
  };
  before(open);
  after(async () => {
    await workerd.dispose();
    rmSync(folder, { recursive: true });
  });

  const at = (path: string) => new URL(path, url);
  const clientOf = (name: string) => createClient({ url: at(`/brokers/${name}`) });
  /** Ends the object where it stands, as Cloudflare may at any moment. */
  const evict = (name: string) => fetch(at(`/brokers/${name}/evict`)).catch(() => undefined);
  it("keeps what it answered when it ends at any moment", async () => {
    const client = clientOf("evicted");
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const jobs = Array(50).fill({ type: "t", queue: "q", payload: { round } });
      ids.push(...(await client.enqueueMany(jobs)).map(({ id }) => id));
      // Some calls are under way when it ends: they fail or are answered, and are never half done.
      const more = client.enqueueMany(jobs).then((stored) =>
        ids.push(...stored.map(({ id }) => id))
      );
      await evict("evicted");
      await more.catch(() => {});
    }
    const stored = new Set<string>();
    for await (const { id } of client.list({ limit: 500 })) stored.add(id);
    assert.deepEqual(ids.filter((id) => !stored.has(id)), []);
    assert.equal(stored.size % 50, 0);
    assert.equal(await client.count({ queue: "q" }), stored.size);
  });

  it("gives jobs of a stream back when it ends, and keeps those under leases", async () => {
    const client = clientOf("held");
    const { id: leased } = await client.enqueue({ type: "t", queue: "leased", payload: 1 });
    const take = await fetch(at("/brokers/held/jobs/take"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ queues: ["leased"], lease_ms: 60_000 }),
    });
    assert.equal((await take.json() as { jobs: object[] }).jobs.length, 1);
    const { id } = await client.enqueue({ type: "t", queue: "streamed", payload: 1 });
    const stream = await client.take({ queues: ["streamed"] });
    const { value } = await stream[Symbol.asyncIterator]().next();
    assert.equal(value!.id, id);
    await evict("held");
    assert.equal((await client.get(id)).status, "ready");
    assert.equal((await client.get(leased)).status, "in_flight");
    await client.success(leased);
  });

  it("wakes by itself when work becomes due", async () => {
    const client = clientOf("asleep");
    const { id } = await client.enqueue(
      { type: "t", queue: "q", payload: 1, readyAt: Date.now() + 1500 },
    );
    assert.equal((await client.get(id)).status, "scheduled");
    await evict("asleep");
    const alarms = async () => await (await fetch(at("/brokers/asleep/alarms"))).json() as number;
    // Asked before that, the object is in memory, but its broker is not started.
    for (let tries = 0; tries < 100 && await alarms() === 0; tries++) await sleep(100);
    assert.equal(await alarms(), 1);
    assert.equal((await client.get(id)).status, "ready");
    // With nothing to wait for, nothing wakes it.
    await sleep(500);
    assert.equal(await alarms(), 1);
  });

  it("is the same after the whole runtime was started again", async () => {
    const before = clientOf("restarted");
    const { id } = await before.enqueue({ type: "t", queue: "q", payload: "kept" });
    await workerd.dispose();
    await open();
    assert.equal((await clientOf("restarted").get(id)).payload, "kept");
  });

  it("refuses what does not fit into it, and says how much does", async () => {
    const client = clientOf("limits");
    const payload = "x".repeat(1_900_001);
    await assert.rejects(client.enqueue({ type: "t", queue: "q", payload }), {
      code: "refused",
      message: /payload is 1900003 bytes, at most 1900000/,
    });
    const fits = "x".repeat(1_800_000);
    const { id } = await client.enqueue({ type: "t", queue: "q", payload: fits });
    assert.equal((await client.get(id)).payload, fits);
    const bulk = await fetch(at("/brokers/limits/jobs/bulk"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jobs: Array(10_001).fill({ type: "t", queue: "q", payload: 1 }) }),
    });
    assert.equal(bulk.status, 413);
    assert.equal(await client.count(), 1);
  });

  it("is one of many, by the name in the path", async () => {
    await clientOf("a").enqueue({ type: "t", queue: "q", payload: 1 });
    assert.equal(await clientOf("a").count(), 1);
    assert.equal(await clientOf("b").count(), 0);
    assert.equal(await clientOf("a%2Fb").count(), 0);
    for (const path of ["/brokers/no/health", "/brokers//health", "/brokers/a", "/other"]) {
      const answer = await fetch(at(path));
      assert.equal(answer.status, 404, path);
      assert.deepEqual(await answer.json(), { error: "no such broker" });
    }
  });

  it("is worked on inside of the Worker, by a call or a cron trigger", async () => {
    for (const name of ["Ada", "Grace"]) await fetch(at(`/greet?name=${name}`));
    const worked = await (await fetch(at("/work"))).json();
    assert.deepEqual(worked, { greeted: ["Ada", "Grace"], succeeded: 2 });
    await fetch(at("/greet?name=Edsger"));
    await (await workerd.getWorker()).scheduled();
    assert.equal(await clientOf("edge").count(), 0);
  });
});
