import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob, isMillraceError } from "../../src/client/mod.ts";
import type { TestKit } from "../../src/testing/mod.ts";
import { handle } from "../../src/worker/mod.ts";
import { withKit } from "../support/kit.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });

const codeOf = (call: Promise<unknown>) =>
  call.then(() => "none", (error) => isMillraceError(error) ? error.code : error);

describe("faults", () => {
  it("are repaired by the client, without storing anything twice", () =>
    withKit([], async (kit) => {
      kit.faults.next({ route: "POST /jobs", status: 503 });
      kit.faults.next({ route: "POST /jobs", lose: "answer" });
      kit.faults.next({ route: "POST /jobs", lose: "call" });
      await kit.client.enqueue(mail, { to: "ada" });
      await kit.expectEnqueued(mail, { to: "ada" }, { times: 1 });
      assert.equal(kit.faults.left, 0);
      assert.equal(
        kit.transcript.text().split("\n").filter((line) => /fault/.test(line)).length,
        3,
      );
    }));

  it("happen to as many calls as they are for, and to no others", () =>
    withKit([], async (kit) => {
      kit.faults.next({ route: "GET /jobs/count", status: 500, times: 2, skip: 1 });
      const client = kit.client;
      assert.equal(await client.count(), 0);
      await client.health();
      assert.equal(kit.faults.left, 2);
      assert.equal(await client.count(), 0);
      assert.equal(kit.faults.left, 0);
      kit.faults.next({ status: 500, times: 9 });
      assert.equal(await codeOf(client.count()), "server");
      kit.faults.clear();
      assert.equal(await client.count(), 0);
    }));

  it("delay calls by the clock of the kit", () =>
    withKit([], async (kit) => {
      kit.faults.next({ delay: "5s" });
      const call = codeOf(kit.client.count({}, { timeoutMs: 4000 }));
      await kit.travel("4s");
      assert.equal(await call, "timeout");
      kit.faults.next({ delay: "5s" });
      const late = kit.client.count();
      await kit.travel("5s");
      assert.equal(await late, 0);
    }));

  it("delay calls of handlers and of the worker, for which the kit lets the time pass", () =>
    withKit(({ client }) => [handle(mail, () => client.count())], async (kit) => {
      await kit.client.enqueue(mail, { to: "a" });
      kit.faults.next({ route: "GET /jobs/count", delay: "1m" });
      kit.faults.next({ route: "POST /jobs/success", delay: "2m" });
      const since = kit.clock.now();
      const run = await kit.runNext();
      assert.deepEqual([run!.result, run!.endedAt - since], [1, 60_000]);
      assert.equal(kit.clock.now() - since, 180_000);
    }));

  it("break a stream in its middle", () =>
    withKit([], async (kit) => {
      await kit.client.enqueueMany(mail, [{ to: "a" }, { to: "b" }]);
      kit.faults.next({ route: "GET /jobs/take", cutAfterBytes: 20 });
      const broken = await kit.client.take({ prefetch: 2 });
      await assert.rejects(async () => {
        for await (const job of broken) assert.fail(`${job.id} came whole`);
      }, { name: "NetworkError" });
      const whole = await kit.client.take({ prefetch: 2 });
      const got = [];
      for await (const job of whole) if (got.push(job.payload) === 2) break;
      assert.deepEqual(got, [{ to: "a" }, { to: "b" }]);
    }));

  it("make the worker report again, and run nothing twice", () => {
    const ran: string[] = [];
    return withKit([handle(mail, ({ to }) => void ran.push(to))], async (kit) => {
      await kit.client.enqueue(mail, { to: "ada" });
      kit.faults.next({ route: "POST /jobs/take", status: 503 });
      kit.faults.next({ route: "POST /jobs/success", lose: "answer", times: 6 });
      const run = await kit.runNext();
      assert.deepEqual([run!.kind, run!.status, ran], ["succeeded", "completed", ["ada"]]);
      assert.equal(kit.faults.left, 0);
      assert.equal(await kit.runNext(), undefined);
    });
  });

  it("have to make sense", () =>
    withKit([], ({ faults }) => {
      const wrong: [Parameters<typeof faults.next>[0], RegExp][] = [
        [{}, /nothing that goes wrong/],
        [{ status: 500, lose: "call" }, /'status' and 'lose'/],
        [{ status: 200 }, /from 400 to 599/],
        [{ status: 500, times: 0 }, /'times' 0/],
        [{ status: 500, route: "PUT /jobs" }, /expected 'POST \/jobs' or 'GET \/jobs'/],
        [{ status: 500, route: "jobs" }, /such as 'POST \/jobs'/],
        [{ lose: "all" as never }, /'call' or 'answer'/],
        [{ delay: "soon" as never }, /Cannot read 'delay'/],
      ];
      for (const [fault, message] of wrong) assert.throws(() => faults.next(fault), message);
      return Promise.resolve();
    }));
});

describe("transcript", () => {
  const scenario = async (kit: TestKit) => {
    await kit.client.enqueue(mail, { to: "ada" });
    await kit.client.enqueue(mail, { to: "bob" }, { delay: "1d" });
    await kit.drain();
  };
  let fails = 1;
  const handlers = [handle(mail, ({ to }) => {
    if (fails-- > 0) throw new RangeError("down");
    return to.length;
  })];

  it("tells what happened, the same in every run", async () => {
    const texts: string[] = [];
    for (let run = 0; run < 2; run++) {
      fails = 1;
      await withKit(handlers, async (kit) => {
        await scenario(kit);
        texts.push(String(kit.transcript));
      });
    }
    assert.equal(texts[0], texts[1]);
    const delay = /in 00:00:(\d\d\.\d\d\d)/.exec(texts[0]!)![1]!;
    assert.equal(
      texts[0],
      `
      00:00:00.000  client  POST /jobs: 201
      00:00:00.000  mail#1  stored, ready { to: "ada" }
      00:00:00.000  client  POST /jobs: 201
      00:00:00.000  mail#2  stored, scheduled in 1d 00:00:00.000 { to: "bob" }
      00:00:00.000  mail#1  runs, attempt 1
      00:00:00.000  mail#1  failed (RangeError: down) -> scheduled in 00:00:${delay}
      00:00:${delay}  mail#1  runs, attempt 2
      00:00:${delay}  mail#1  succeeded 3 -> completed
   1d 00:00:00.000  mail#2  runs, attempt 1
   1d 00:00:00.000  mail#2  succeeded 3 -> completed`.split("\n").slice(1)
        .map((line) => line.slice(3)).join("\n"),
    );
  });

  it("shows whose calls are wanted, and can be forgotten", () =>
    withKit(handlers, async (kit) => {
      fails = 0;
      await scenario(kit);
      assert.ok(!kit.transcript.text({ calls: "none" }).includes("POST"));
      assert.match(kit.transcript.text({ calls: "all" }), / worker {2}POST \/jobs\/take: 200/);
      assert.ok(kit.transcript.entries.length > 8);
      kit.transcript.clear();
      assert.equal(kit.transcript.text(), "");
    }));
});
