/** Enqueues carry a key, and are repeated where a server keeps keys. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
// Loaded when they are needed; here at once, as the clock of a test does not wait for that.
import "../../src/client/gathering.ts";
import "../../src/client/repeat-keyed.ts";
import {
  type Client,
  type ClientOptions,
  createClient,
  type Fetch,
  NetworkError,
  RefusedError,
  ServerError,
  TimeoutError,
} from "../../src/client/mod.ts";
import { directKey } from "../../src/protocol/direct.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createScript, json, type Line, wireJob } from "./script.ts";
import { formats } from "../support/formats.ts";

const marks = { duplicate: false, folded: false };
const lost = () => new TypeError("connection lost");
const stored = () => json(wireJob(marks), 201);
const saysSo = (answer: Response) => {
  answer.headers.set("millrace-extensions", "1");
  return answer;
};
const version = () => saysSo(json({ version: "1" }));
const busy = (retryAfter: string) =>
  new Response(null, { status: 503, headers: { "retry-after": retryAfter } });

/** Passes calls on, and loses the answers to those that are named by their numbers, counted from 1. */
function lossy(fetch: Fetch, ...losing: number[]) {
  const sent: string[] = [];
  const keys: (string | null)[] = [];
  return {
    sent,
    keys,
    async fetch(request: Request): Promise<Response> {
      sent.push(`${request.method} ${new URL(request.url).pathname}`);
      keys.push(request.headers.get("idempotency-key"));
      const number = sent.length;
      const answer = await fetch(request);
      if (!losing.includes(number)) return answer;
      await answer.body?.cancel();
      throw lost();
    },
  };
}

/** What a call comes to when time passes as it needs to. */
async function passing<Result>(clock: TestClock, call: Promise<Result>): Promise<Result> {
  let isOver = false;
  const settled = Promise.allSettled([call]).then(([result]) => {
    isOver = true;
    return result;
  });
  for (let step = 0; step < 100 && !isOver; step++) await clock.advance(100);
  const result = await settled;
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Makes a call of a client that talks to a script. */
async function run<Result>(
  lines: Line[],
  call: (client: Client) => Promise<Result>,
  options: ClientOptions = {},
) {
  const clock = createTestClock();
  const { fetch, sent } = createScript(...lines);
  const client = createClient({ fetch, clock, random: () => 0.5, ...options });
  const [result] = await Promise.allSettled([passing(clock, call(client))]);
  return {
    result,
    reason: result.status === "rejected" ? result.reason : undefined,
    calls: sent.map(({ call }) => call),
    sent,
  };
}

describe("an enqueue whose answer is lost", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`is repeated, and stores one job: ${format}`, () =>
      withBroker(async ({ broker, client: other, clock }) => {
        const { fetch, sent, keys } = lossy(broker.fetch, 2);
        const client = createClient({ fetch, clock, format: formats[format] });
        await passing(clock, client.enqueue(job()));
        const { id } = await passing(clock, client.enqueue(job({ payload: 2 })));
        assert.deepEqual(sent, ["POST /jobs", "POST /jobs", "POST /jobs"]);
        assert.equal(keys[2], keys[1]);
        assert.equal(await other.count(), 2);
        assert.equal((await other.get(id)).payload, 2);
      }));
  }

  it("is repeated also if it was the first one: the client looks before", () =>
    withBroker(async ({ broker, client: other, clock }) => {
      const { fetch, sent } = lossy(broker.fetch, 1);
      const client = createClient({ fetch, clock });
      await passing(clock, client.enqueue(job()));
      assert.deepEqual(sent, ["POST /jobs", "GET /version", "POST /jobs"]);
      assert.equal(await other.count(), 1);
    }));

  it("is repeated when it was gathered with others", () =>
    withBroker(async ({ broker, client: other, clock }) => {
      const { fetch, sent, keys } = lossy(broker.fetch, 2);
      const client = createClient({ fetch, clock });
      const jobs = await passing(
        clock,
        Promise.all([1, 2, 3].map((payload) => client.enqueue(job({ payload })))),
      );
      assert.equal(sent.filter((call) => call === "POST /jobs/bulk").length, 2);
      assert.equal(keys.at(-1), keys[1]);
      assert.equal(await other.count(), 3);
      for (const [at, { id }] of jobs.entries()) {
        assert.equal((await other.get(id)).payload, at + 1);
      }
    }));

  it("is repeated as it was, whatever became of its payload", async () => {
    const payload = { n: 1 };
    const lose: Line = () => {
      payload.n = 2;
      throw lost();
    };
    const { sent } = await run(
      [lose, version(), stored()],
      (client) => client.enqueue(job({ payload })),
    );
    assert.equal(sent[2]!.body, sent[0]!.body);
  });

  it("is repeated until it works, by the policy of the client", async () => {
    const { result, calls } = await run(
      [lost(), version(), lost(), json({ error: "internal error" }, 500), stored()],
      (client) => client.enqueue(job()),
    );
    assert.equal(result.status, "fulfilled");
    assert.equal(calls.length, 5);
    const { reason, calls: few } = await run(
      [lost(), version(), lost(), stored()],
      (client) => client.enqueue(job()),
      { retry: { limit: 1 } },
    );
    assert.ok(reason instanceof NetworkError);
    assert.equal(few.length, 3);
    const { calls: none } = await run(
      [lost(), version(), stored()],
      (client) => client.enqueue(job()),
      { retry: { limit: 0 } },
    );
    assert.deepEqual(none, ["POST /jobs"]);
  });

  it("waits as long as Retry-After asks for", async () => {
    const clock = createTestClock();
    const { fetch, sent } = createScript(saysSo(stored()), busy("7"), stored());
    const client = createClient({ fetch, clock });
    await client.enqueue(job());
    const again = client.enqueue(job());
    await clock.advance(6999);
    assert.equal(sent.length, 2);
    await clock.advance(1);
    await again;
    assert.equal(sent.length, 3);
  });

  it("is repeated within its deadline", async () => {
    const clock = createTestClock();
    const { fetch, sent } = createScript(lost(), version(), busy("30"), stored());
    const client = createClient({ fetch, clock });
    const settled = Promise.allSettled([client.enqueue(job(), { timeoutMs: 1000 })]);
    await clock.advance(1000);
    const [result] = await settled;
    assert.ok(result.status === "rejected" && result.reason instanceof TimeoutError);
    await clock.advance(60_000);
    assert.equal(sent.length, 3);
    assert.equal(clock.timers, 0);
  });

  it("is repeated for five minutes at most: some day the broker forgets the key", async () => {
    const clock = createTestClock();
    const lines = [saysSo(stored()), busy("300"), busy("300"), stored()];
    const { fetch, sent } = createScript(...lines);
    const client = createClient({ fetch, clock, timeoutMs: Infinity });
    await client.enqueue(job());
    const settled = Promise.allSettled([client.enqueue(job())]);
    await clock.advance(600_000);
    const [result] = await settled;
    assert.ok(result.status === "rejected" && result.reason instanceof ServerError);
    assert.equal(sent.length, 3);
  });
});

describe("an enqueue at a server that keeps no keys", () => {
  const foreign = () => json({ version: "1" });

  it("is not repeated, and fails at once", async () => {
    for (const failure of [lost(), busy("20"), json({ error: "later" }, 429)]) {
      const clock = createTestClock();
      const { fetch, sent } = createScript(failure, foreign());
      const [result] = await Promise.allSettled([createClient({ fetch, clock }).enqueue(job())]);
      assert.equal(result.status, "rejected");
      assert.deepEqual(sent.map(({ call }) => call), ["POST /jobs", "GET /version"]);
      assert.equal(clock.timers, 0);
    }
  });

  it("is not repeated when nobody answers, either", async () => {
    const { reason, calls } = await run(
      Array.from({ length: 9 }, lost),
      (client) => client.enqueue(job()),
    );
    assert.ok(reason instanceof NetworkError);
    assert.equal(reason.message, "No answer to POST http://localhost/jobs: connection lost");
    assert.equal(calls.filter((call) => call === "POST /jobs").length, 1);
  });

  it("is not repeated when it is found out late: nobody answered at first", async () => {
    const { reason, calls } = await run(
      [lost(), lost(), lost(), foreign()],
      (client) => client.enqueue(job()),
    );
    assert.ok(reason instanceof NetworkError);
    assert.deepEqual(calls, ["POST /jobs", "GET /version", "GET /version", "GET /version"]);
  });

  it("is not repeated, however often it was answered", async () => {
    const { calls } = await run([stored(), stored(), lost(), foreign()], async (client) => {
      for (let n = 0; n < 3; n++) await client.enqueue(job());
    });
    assert.deepEqual(calls, ["POST /jobs", "POST /jobs", "POST /jobs", "GET /version"]);
  });
});

describe("an enqueue that is refused when it is repeated", () => {
  it("was not stored if the broker says so", async () => {
    const { reason } = await run(
      [lost(), version(), json({ error: "no" }, 422)],
      (client) => client.enqueue(job()),
    );
    assert.ok(reason instanceof RefusedError);
  });

  it("may have been stored if a proxy says so: it fails as before", async () => {
    for (const refusal of [new Response("no", { status: 401 }), json({ error: "slow" }, 408)]) {
      const { reason } = await run(
        [lost(), version(), refusal, lost(), lost()],
        (client) => client.enqueue(job()),
        { retry: { limit: 1 } },
      );
      assert.ok(reason instanceof NetworkError);
    }
  });

  it("is not sent alone when it was gathered, as it may have been stored", async () => {
    const { calls } = await run(
      [saysSo(stored()), lost(), new Response("no", { status: 401 })],
      (client) =>
        Promise.all([client.enqueue(job()), client.enqueue(job()), client.enqueue(job())]),
    );
    assert.deepEqual(calls, ["POST /jobs", "POST /jobs/bulk", "POST /jobs/bulk"]);
  });
});

describe("a key that a user gives", () => {
  it("makes two calls one, whoever sends them", () =>
    withBroker(async ({ broker, client: direct }) => {
      const other = createClient({ fetch: (request) => broker.fetch(request), format: "json" });
      const options = { idempotencyKey: "webhook-1" };
      const { id } = await direct.enqueue(job(), options);
      assert.equal((await direct.enqueue(job(), options)).id, id);
      assert.equal((await other.enqueue(job(), options)).id, id);
      await assert.rejects(other.enqueue(job({ payload: 2 }), options), {
        name: "RefusedError",
        message: "idempotency key 'webhook-1' was used for another call",
      });
      assert.equal(await direct.count(), 1);
    }));

  it("keeps the call from being gathered", async () => {
    const { calls, sent } = await run(
      [stored(), stored()],
      (client) =>
        Promise.all([client.enqueue(job()), client.enqueue(job(), { idempotencyKey: "k" })]),
    );
    assert.deepEqual(calls, ["POST /jobs", "POST /jobs"]);
    assert.equal(sent[1]!.headers.get("idempotency-key"), "k");
  });

  it("is refused, and nothing sent, if it cannot be one", async () => {
    for (const idempotencyKey of ["", "a b", "ä", "k".repeat(256)]) {
      const { result, reason, calls } = await run([], (client) =>
        Promise.allSettled([
          client.enqueue(job(), { idempotencyKey }),
          client.enqueueMany([job()], { idempotencyKey }),
        ]));
      assert.equal(reason, undefined);
      const settled = (result as PromiseFulfilledResult<PromiseSettledResult<unknown>[]>).value;
      for (const one of settled) {
        const { name, message } = (one as PromiseRejectedResult).reason;
        assert.equal(name, "TypeError");
        assert.match(
          message,
          /^Cannot use 'idempotencyKey' ".*": expected 1 to 2[45]5 visible ASCII/,
        );
      }
      assert.deepEqual(calls, []);
    }
  });

  it("leaves room behind it for the numbers of parts", async () => {
    const send = (length: number) =>
      run(
        [json({ jobs: [wireJob(marks)] }, 201)],
        (client) => client.enqueueMany([job()], { idempotencyKey: "k".repeat(length) }),
      );
    assert.equal((await send(245)).calls.length, 1);
    const { reason, calls } = await send(246);
    assert.match(`${reason}`, /^TypeError: Cannot use 'idempotencyKey' "k+": expected 1 to 245 /);
    assert.deepEqual(calls, []);
  });
});

describe("enqueueMany", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => job({ payload: n }));

  it("without a key is sent once, without one", async () => {
    const { reason, sent } = await run([lost()], (client) => client.enqueueMany(many(1)));
    assert.ok(reason instanceof NetworkError);
    assert.deepEqual(sent.map(({ headers }) => headers.get("idempotency-key")), [null]);
  });

  it("with a key is repeated part by part, and may be made again", () =>
    withBroker(async ({ broker, client: other, clock }) => {
      const { fetch, sent, keys } = lossy(broker.fetch, 2, 6);
      const client = createClient({ fetch, clock, retry: { limit: 1 } });
      const send = () => client.enqueueMany(many(5000), { idempotencyKey: "k" });
      const first = await passing(clock, send());
      assert.equal(sent.length, 4);
      assert.deepEqual(keys, ["k", "k/2", "k/2", "k/3"]);
      const again = await passing(clock, send());
      assert.deepEqual(again, first);
      assert.equal(await other.count(), 5000);
    }));
});

describe("the keys of a client", () => {
  it("are of one length, rise, and are not those of another client", async () => {
    const keysOf = async () => {
      const { sent } = await run(Array.from({ length: 40 }, stored), async (client) => {
        for (let n = 0; n < 40; n++) await client.enqueue(job());
      });
      return sent.map(({ headers }) => headers.get("idempotency-key")!);
    };
    const [keys, others] = [await keysOf(), await keysOf()];
    assert.equal(new Set([...keys, ...others]).size, 80);
    assert.deepEqual(keys, keys.toSorted());
    assert.deepEqual(new Set(keys.map((key) => key.length)), new Set([32]));
  });

  it("are not sent to a broker in the same process, which loses no answers", () =>
    withBroker(async ({ broker }) => {
      const { fetch, keys } = lossy(broker.fetch);
      const direct = Object.assign(fetch, {
        [directKey]: (broker.fetch as unknown as Record<symbol, unknown>)[directKey],
      });
      const client = createClient({ fetch: direct });
      await client.enqueue(job({ uniqueKey: "u" })); // too unusual for a direct call
      assert.deepEqual(keys, [null]);
    }));
});
