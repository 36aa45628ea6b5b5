import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Answer,
  createScriptedBroker,
  createScriptedWorker,
  hold,
  notFound,
  ok,
  refuse,
  unreachable,
  wireJob,
} from "./scripted-broker.ts";

const ids = (count: number, prefix = "j") =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A connected worker whose handlers return at once. */
async function setUp(concurrency = 10_000) {
  const broker = createScriptedBroker();
  const scripted = createScriptedWorker(broker, { concurrency });
  await scripted.worker.start();
  /** Delivers jobs and lets them succeed. */
  const succeed = async (...ids: string[]) => {
    broker.connection.send(...ids.map((id) => wireJob(id)));
    await broker.clock.settle();
    for (const id of ids) void scripted.finish(id);
    await broker.clock.settle();
  };
  return { ...scripted, ...broker, broker, succeed };
}

describe("success reports", () => {
  it("are sent at once, in one request when they come together", async () => {
    const { acks, succeed } = await setUp();
    await succeed("a", "b", "c");
    assert.deepEqual(acks, [["a", "b", "c"]]);
  });

  it("gather while a request is under way", async () => {
    const { acks, answers, succeed, clock } = await setUp();
    const { answer, give } = hold();
    answers.success.push(answer);
    await succeed("a");
    await succeed("b");
    await succeed("c");
    assert.deepEqual(acks, [["a"]]);
    give(ok);
    await clock.settle();
    assert.deepEqual(acks, [["a"], ["b", "c"]]);
  });

  it("are sent in requests of at most 1000 ids", async () => {
    const { acks, succeed } = await setUp();
    await succeed(...ids(2500));
    assert.deepEqual(acks.map(({ length }) => length), [1000, 1000, 500]);
    assert.deepEqual(acks.flat(), ids(2500));
  });

  it("are finished when the broker answers that some are not in flight", async () => {
    const { acks, answers, succeed, worker } = await setUp();
    answers.success.push(notFound("b"));
    const events: unknown[] = [];
    worker.on("acked", (event) => events.push(event));
    await succeed("a", "b");
    await succeed("c");
    assert.deepEqual(acks, [["a", "b"], ["c"]]);
    assert.deepEqual(events, [
      { ids: ["a", "b"], notFound: ["b"] },
      { ids: ["c"], notFound: [] },
    ]);
    assert.equal(worker.health().unreported, 0);
  });

  for (const [name, trouble] of [["network", unreachable], ["server", refuse(503)]] as const) {
    it(`are repeated until they are heard when the ${name} fails`, async () => {
      const { acks, answers, succeed, worker, clock } = await setUp();
      answers.success.push(trouble, trouble, trouble, trouble, trouble);
      await succeed("a");
      assert.equal(worker.health().unreported, 1);
      await succeed("b");
      await clock.advance(60_000);
      assert.deepEqual(acks, [...Array(6).fill(["a"]), ["b"]]);
      assert.equal(worker.health().unreported, 0);
    });
  }

  it("are dropped when they are refused, and the worker is unhealthy until one is heard", async () => {
    const { acks, answers, succeed, worker, clock, broker } = await setUp();
    answers.success.push(refuse(400));
    await succeed("a");
    assert.deepEqual(acks, [["a"]]);
    assert.equal(worker.health().unreported, 0);
    assert.match(worker.health().problem!, /^Broker refuses a report: RefusedError: status 400$/);
    // The server counts the job for this stream, and only its end gives the job back.
    assert.equal(broker.connection.closed, true);
    await clock.advance(1000);
    assert.equal(broker.connections.length, 2);
    await succeed("b");
    assert.deepEqual(acks, [["a"], ["b"]]);
    assert.equal(worker.health().healthy, true);
  });
});

describe("reports that a proxy refuses", () => {
  const ofProxy = (status: number, headers: Record<string, string> = {}): Answer => () =>
    new Response("slow down", { status, headers: { "content-type": "text/plain", ...headers } });
  const web = (): Answer => () =>
    new Response("<html>", { headers: { "content-type": "text/html" } });
  const refusals: [what: string, answer: Answer][] = [
    ...[401, 403, 404, 407, 408, 425, 429, 502].map((status) =>
      [`${status} of a proxy`, ofProxy(status)] as [string, Answer]
    ),
    ...[401, 403, 407, 408, 425, 429].map((status) =>
      [`${status} that looks like a broker's`, refuse(status)] as [string, Answer]
    ),
    ["a page of a proxy", web()],
  ];
  for (const [what, answer] of refusals) {
    it(`are repeated until the broker has heard them: ${what}`, async () => {
      const { broker, acks, failures, answers, succeed, worker, finish, clock } = await setUp();
      answers.success.push(answer, answer);
      answers.failure.push(answer, answer);
      broker.connection.send(wireJob("bad"));
      await clock.settle();
      await finish("bad", new Error("no"));
      await succeed("good");
      await clock.advance(10_000);
      assert.equal(acks.length > 1 && acks.every(([id]) => id === "good"), true);
      assert.equal(failures.length > 1 && failures.every(({ id }) => id === "bad"), true);
      const { unreported, problem } = worker.health();
      assert.deepEqual([unreported, problem], [0, undefined]);
    });
  }

  for (const status of [400, 413, 422, 431]) {
    it(`are dropped when they are refused for what they are: ${status}`, async () => {
      const { broker, failures, answers, worker, finish, clock } = await setUp();
      answers.failure.push(ofProxy(status));
      broker.connection.send(wireJob("bad"));
      await clock.settle();
      await finish("bad", new Error("no"));
      await clock.advance(10_000);
      assert.equal(failures.length, 1);
      assert.equal(worker.health().healthy, false);
    });
  }

  it("make the worker unhealthy meanwhile", async () => {
    const { answers, succeed, worker, clock } = await setUp();
    answers.success.push(ofProxy(401), ofProxy(401));
    await succeed("a");
    assert.equal(worker.health().problem, "Broker refuses a report: RefusedError: slow down");
    await clock.advance(10_000);
    assert.equal(worker.health().healthy, true);
  });

  it("are repeated no sooner than it asks for", async () => {
    const { acks, answers, succeed, clock } = await setUp();
    // The client tries four times, and the worker goes on.
    answers.success.push(ofProxy(429, { "retry-after": "20" }));
    await succeed("a");
    await clock.advance(19_999);
    assert.equal(acks.length, 1);
    await clock.advance(1);
    assert.equal(acks.length, 2);
  });

  for (
    const { what, trouble, repeats } of [
      { what: "at once", trouble: refuse(503), repeats: 1 },
      {
        what: "but not if it was asked to wait",
        trouble: ofProxy(503, { "retry-after": "60" }),
        repeats: 0,
      },
    ]
  ) {
    it(`are repeated when a stream is open again, ${what}`, async () => {
      const { acks, answers, succeed, clock, broker } = await setUp();
      // After so many failures, the next try would be half a minute away.
      answers.success.push(...Array(9).fill(refuse(503)), trouble);
      await succeed("a");
      while (acks.length < 10) {
        broker.connection.beat();
        await clock.advance(1000);
      }
      broker.connection.breakOff();
      await clock.advance(250);
      assert.equal(broker.connections.length, 2);
      assert.equal(acks.length, 10 + repeats);
    });
  }
});

describe("failure reports", () => {
  it("are sent one by one, at most 8 at a time", async () => {
    const { broker, failures, answers, worker, finish, clock } = await setUp();
    const held = ids(20).map(() => hold());
    answers.failure.push(...held.map(({ answer }) => answer));
    broker.connection.send(...ids(20).map((id) => wireJob(id)));
    await clock.settle();
    for (const id of ids(20)) await finish(id, new Error("no"));
    assert.deepEqual(failures.map(({ id }) => id), ids(8));
    for (const { give } of held) give(() => Response.json(wireJob("x")));
    await clock.settle();
    assert.deepEqual(failures.map(({ id }) => id), ids(20));
    assert.equal(worker.health().unreported, 0);
  });

  it("are finished when the job is not in flight any more", async () => {
    const { broker, failures, answers, worker, finish, clock } = await setUp();
    answers.failure.push(refuse(404));
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    await clock.advance(10_000);
    assert.equal(failures.length, 1);
    assert.deepEqual([worker.health().unreported, worker.health().problem], [0, undefined]);
  });

  it("are repeated until they are heard", async () => {
    const { broker, failures, answers, worker, finish, clock } = await setUp();
    answers.failure.push(unreachable, refuse(500), unreachable);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    await clock.advance(10_000);
    assert.equal(failures.length, 4);
    assert.equal(worker.health().unreported, 0);
  });

  it("are dropped when they are refused", async () => {
    const { broker, failures, answers, worker, finish, clock } = await setUp();
    answers.failure.push(refuse(400));
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    await clock.advance(60_000);
    assert.equal(failures.length, 1);
    assert.equal(worker.health().unreported, 0);
    assert.equal(worker.health().healthy, false);
  });
});

describe("a job that is delivered again while it is here", () => {
  it("does not run twice at once, and one report answers both deliveries", async () => {
    const { broker, started, finish, acks, clock } = await setUp();
    broker.connection.send(wireJob("a"));
    await clock.settle();
    broker.connection.breakOff();
    await clock.advance(250);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    assert.deepEqual(started, ["a"]);
    await finish("a");
    assert.deepEqual(acks, [["a"]]);
  });

  it("is reported again when its report came between the two deliveries", async () => {
    const { broker, started, succeed, answers, acks, worker, clock } = await setUp();
    const { answer, give } = hold();
    answers.success.push(answer);
    await succeed("a");
    broker.connection.breakOff();
    await clock.advance(250);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    give(notFound("a"));
    await clock.settle();
    assert.deepEqual(acks, [["a"], ["a"]]);
    assert.deepEqual(started, ["a"]);
    assert.equal(worker.health().unreported, 0);
  });

  it("is reported again as failed when that came between the two deliveries", async () => {
    const { broker, finish, answers, failures, worker, clock } = await setUp();
    const { answer, give } = hold();
    answers.failure.push(answer);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    broker.connection.breakOff();
    await clock.advance(250);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    give(refuse(404));
    await clock.settle();
    assert.deepEqual(failures.map(({ id }) => id), ["a", "a"]);
    assert.equal(worker.health().unreported, 0);
  });

  it("runs again at once when it is the next attempt, before the answer to its failure is here", async () => {
    const { broker, started, finish, answers, acks, failures, worker, clock } = await setUp();
    const { answer, give } = hold();
    answers.failure.push(answer);
    broker.connection.send(wireJob("a"));
    await clock.settle();
    await finish("a", new Error("no"));
    broker.connection.send(wireJob("a", { attempts: 1 }));
    await clock.settle();
    assert.deepEqual(started, ["a", "a"]);
    give(() => Response.json(wireJob("a")));
    await clock.settle();
    assert.equal(worker.health().running, 1);
    await finish("a");
    assert.deepEqual(acks, [["a"]]);
    assert.equal(failures.length, 1);
    assert.equal(worker.health().unreported, 0);
  });

  it("is only reported, not run, when it was done and its report came while it was not in flight", async () => {
    const { broker, started, finish, answers, acks, worker, clock } = await setUp();
    broker.connection.send(wireJob("a"), wireJob("b"));
    await clock.settle();
    broker.connection.breakOff();
    answers.success.push(notFound("a"), notFound("b"));
    await finish("a");
    await finish("b");
    await clock.advance(250);
    broker.connection.send(wireJob("a"), wireJob("b", { attempts: 1 }));
    await clock.settle();
    assert.deepEqual(acks, [["a"], ["b"], ["a"]]);
    assert.deepEqual(started, ["a", "b", "b"], "b has failed elsewhere since");
    await finish("b");
    assert.equal(worker.health().unreported, 0);
  });

  it("runs again when its report was heard before", async () => {
    const { succeed, started } = await setUp();
    await succeed("a");
    await succeed("a");
    assert.deepEqual(started, ["a", "a"]);
  });
});
