// How one tests the jobs of an application: the shop beside this file. The same on Node, Deno, Bun and under Vitest.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openSqlite } from "../../../adapters/node/mod.ts";
import { createCrons, createFlows } from "../../../src/client/mod.ts";
import { createTestKit, type TestKit } from "../../../src/testing/mod.ts";
import {
  ask,
  charge,
  createHandlers,
  mail,
  order,
  reindex,
  report,
  type Services,
  ship,
  TooManyMails,
} from "./shop.ts";

const minute = 60_000;
const day = 86_400_000;

/** Stands in for the world around the shop. */
class World implements Services {
  readonly sent: string[] = [];
  readonly paid = new Map<string, boolean>();
  /** What the mail server throws, call after call. */
  troubles: Error[] = [];

  sendMail: Services["sendMail"] = (to) => {
    const trouble = this.troubles.shift();
    if (trouble !== undefined) return Promise.reject(trouble);
    this.sent.push(to);
    return Promise.resolve();
  };

  takeMoney(order: string): Promise<string> {
    return Promise.resolve(`R-${order}`);
  }

  book: Services["book"] = () => Promise.resolve();

  isPaid(order: string): boolean | undefined {
    return this.paid.get(order);
  }

  priceOf(supplier: string): number {
    return supplier.length * 100;
  }
}

describe("the shop", () => {
  let world: World;
  let kit: TestKit;

  // Each test has a broker and a clock of its own, so tests may run side by side.
  beforeEach(() => {
    world = new World();
    kit = createTestKit({ store: openSqlite(":memory:"), handlers: createHandlers(world) });
  });
  afterEach(() => kit.close()); // `await using kit = …` does it where the language has it.

  it("sends a mail once", async () => {
    await kit.client.enqueue(mail, { to: "ada@example.com", subject: "Welcome" });
    const run = await kit.runNext();
    assert.equal(run?.status, "completed");
    assert.equal(await kit.runNext(), undefined); // Nothing is left.
    assert.deepEqual(world.sent, ["ada@example.com"]);
  });

  it("tries again when the mail server is down, and sends it then", async () => {
    world.troubles = [new Error("down"), new Error("still down")];
    await kit.client.enqueue(mail, { to: "ada@example.com", subject: "Welcome" });
    const runs = await kit.drain(); // Moves the clock from retry to retry, and waits for nothing.
    assert.deepEqual(runs.map(({ kind }) => kind), ["failed", "failed", "succeeded"]);
    assert.ok(runs[2]!.startedAt - runs[0]!.startedAt > minute);
  });

  it("gives a mail up after three retries, and says why", async () => {
    world.troubles = Array.from({ length: 4 }, () => new Error("no such user"));
    const { id } = await kit.client.enqueue(mail, { to: "nobody@example.com", subject: "Hello" });
    const runs = await kit.drain();
    assert.deepEqual([runs.length, runs.at(-1)!.status], [4, "dead"]);
    assert.equal((await kit.client.error(id, 4)).message, "no such user");
  });

  it("waits ten minutes when the mail server has enough", async () => {
    world.troubles = [new TooManyMails("enough")];
    await kit.client.enqueue(mail, { to: "ada@example.com", subject: "Welcome" });
    await kit.runNext();
    assert.deepEqual(await kit.travel("9m"), []);
    assert.equal((await kit.travel("1m")).length, 1);
    assert.deepEqual(world.sent, ["ada@example.com"]);
  });

  it("writes a report in the night", async () => {
    await createCrons(kit).put("reports", {
      entries: [{
        name: "nightly",
        expression: "0 3 * * *",
        job: report.toRequest({ kind: "nightly" }),
      }],
    });
    await kit.travel("7d"); // Fires the entry at each of its times, and runs what comes of it.
    assert.equal((await kit.enqueued(report)).length, 7);
    assert.equal(world.sent.length, 7);

    await kit.crons.fire("reports", "nightly"); // Now, whatever time it is.
    await kit.drain();
    assert.equal(world.sent.length, 8);
  });

  it("takes money once, also when the button is pressed twice or an answer is lost", async () => {
    kit.faults.next({ route: "POST /jobs", lose: "answer" });
    await kit.client.enqueue(charge, { order: "A1", cents: 4200 });
    const again = await kit.client.enqueue(charge, { order: "A1", cents: 4200 });
    assert.equal(again.duplicate, true);
    const [run] = await kit.drain();
    assert.deepEqual(run!.result, { receipt: "R-A1" });
    await kit.expectEnqueued(charge, { order: "A1" }, { times: 1 });
    await kit.expectEnqueued(mail, { subject: "Receipt R-A1" }, { times: 1 });
  });

  it("sends one receipt, though the job is run again behind it", async () => {
    world.book = () => Promise.reject(new Error("books are closed"));
    await kit.client.enqueue(charge, { order: "A1", cents: 4200 });
    assert.equal((await kit.runNext())!.status, "scheduled");
    world.book = () => Promise.resolve();
    await kit.drain();
    const runs = kit.transcript.entries.filter(({ kind }) => kind === "started");
    assert.deepEqual(runs.map(({ who }) => who), ["charge#1", "mail#1", "charge#1"]);
    await kit.expectEnqueued(mail, { subject: "Receipt R-A1" }, { times: 1 });
  });

  it("tells the search engine of all goods with one call", async () => {
    for (const good of ["hat", "coat", "shoe"]) {
      await kit.client.enqueue(reindex, { goods: [good] });
    }
    const [job] = await kit.expectEnqueued(reindex, { goods: ["hat", "coat", "shoe"] }, {
      times: 1,
    });
    assert.equal(job.status, "ready");
    assert.equal((await kit.runNext())!.result, 3);
  });

  it("asks the carrier for two parcels a minute", async () => {
    for (const order of ["A1", "A2", "A3", "A4"]) {
      world.paid.set(order, true);
      await kit.client.enqueue(ship, { order });
    }
    const since = kit.clock.now();
    const runs = await kit.drain();
    assert.deepEqual(runs.map(({ startedAt }) => (startedAt - since) / minute), [0, 0, 0.5, 1]);
  });

  it("looks once an hour whether an order is paid, and forgets one that was given up", async () => {
    world.paid.set("A1", false).set("A2", false);
    await kit.client.enqueueMany(ship, [{ order: "A1" }, { order: "A2" }]);
    await kit.travel("90m");
    world.paid.set("A1", true).delete("A2");
    const runs = await kit.travel("1h");
    assert.deepEqual(runs.map(({ kind, status }) => [kind, status]), [
      ["succeeded", "completed"],
      ["cancelled", "dead"],
    ]);
    assert.equal(runs[1]!.outcome!.message, "Order 'A2' was given up");
  });

  it("asks all suppliers, and orders from the cheapest", async () => {
    await createFlows(kit).start(({ add }) => {
      const prices = ["Knopf", "Hut & Co"].map((supplier) => add(ask, { supplier }));
      add(order, null, { after: { prices } });
    });
    assert.deepEqual((await kit.enqueued(order)).map(({ status }) => status), ["blocked"]);
    const runs = await kit.drain();
    assert.equal(runs.at(-1)!.result, "ordered at 500");
  });

  it("lets no mail take longer than half a minute", async () => {
    world.sendMail = (_to, _subject, signal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    await kit.client.enqueue(mail, { to: "ada@example.com", subject: "Welcome" });
    const running = kit.runNext();
    await kit.travel("30s"); // Time passes while the handler runs.
    assert.match(String((await running)!.error), /longer than 30000 ms/);
  });

  it("stops a mail that is being sent when somebody cancels it", async () => {
    const began = Promise.withResolvers<void>();
    world.sendMail = (_to, _subject, signal) =>
      new Promise<void>((_, reject) => {
        began.resolve();
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const { id } = await kit.client.enqueue(mail, { to: "ada@example.com", subject: "Welcome" });
    const running = kit.runNext();
    await began.promise;
    const { outcome } = await kit.client.cancel(id, { reason: "Wrong address", waitMs: 5000 });
    assert.deepEqual([outcome, (await running)!.status], ["cancelled", "dead"]);
  });

  it("waits for what a job comes to, as a program does that needs it", async () => {
    const { id } = await kit.client.enqueue(charge, { order: "A1", cents: 4200 });
    const end = kit.client.waitFor(id);
    await kit.drain();
    assert.deepEqual((await end as { readonly result?: unknown }).result, { receipt: "R-A1" });
  });

  it("refuses a mail without a subject, wherever it comes from", async () => {
    const wrong = { to: "ada@example.com" } as never;
    await assert.rejects(kit.client.enqueue(mail, wrong), { code: "payload" });
    const run = await kit.perform(mail, wrong); // The handler alone, without enqueueing.
    assert.deepEqual([run.kind, run.retry], ["failed", true]); // A newer worker may know it.
  });

  it("leaves no order behind in a year", async () => {
    world.paid.set("A1", true);
    await kit.client.enqueue(ship, { order: "A1" }, { delay: "300d" });
    await kit.travel("365d");
    const [job] = await kit.enqueued(ship);
    assert.equal(job!.status, "completed");
    assert.equal(kit.clock.now(), Date.UTC(2026, 0) + 365 * day);
  });

  it("tells what happened, as a text for a snapshot", async () => {
    world.troubles = [new TooManyMails("enough")];
    await kit.client.enqueue(charge, { order: "A1", cents: 4200 });
    await kit.drain();
    assert.deepEqual(kit.transcript.text({ calls: "none" }).split("\n"), [
      '00:00:00.000  charge#1  stored, ready { order: "A1", cents: 4200 }',
      "00:00:00.000  charge#1  runs, attempt 1",
      '00:00:00.000  mail#1    stored, ready { to: "A1@shop.example", subject: "Receipt R-A1" }',
      '00:00:00.000  charge#1  succeeded { receipt: "R-A1" } -> completed',
      "00:00:00.000  mail#1    runs, attempt 1",
      "00:00:00.000  mail#1    retried (TooManyMails: enough) -> scheduled in 00:10:00.000",
      "00:10:00.000  mail#1    runs, attempt 2",
      "00:10:00.000  mail#1    succeeded -> completed",
    ]);
  });
});
