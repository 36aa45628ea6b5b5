import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTokens, digestOfToken } from "../../src/broker/mod.ts";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";
import { withCallers } from "../support/callers.ts";

const origin = "http://localhost";
const own = { "x-millrace-dashboard": "1" };

/** A broker that a test plays itself. */
interface PlayedBroker {
  readonly clock: TestClock;
  /** The paths that were asked, in order. */
  readonly asked: string[];
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** A dashboard on a broker whose answers a test makes. */
function playBroker(
  answer: (request: Request, times: number) => Response | Promise<Response>,
  options: { readonly shared?: boolean } = {},
): PlayedBroker {
  const clock = createTestClock();
  const asked: string[] = [];
  const { fetch } = createDashboard({
    access: "anyone",
    clock,
    logger: false,
    random: () => 0.5,
    ...options,
    fetch(request) {
      asked.push(new URL(request.url).pathname);
      return Promise.resolve(answer(request, asked.length));
    },
  });
  return { clock, asked, ask: (path, init) => fetch(new Request(origin + path, init)) };
}

/** Reads what a page is told. */
function hear(answer: Response): { readonly told: () => string; close(): Promise<void> } {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const done = (async () => {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
    }
  })();
  return {
    told: () => text,
    async close() {
      await reader.cancel();
      await done;
    },
  };
}

/** The rows of all that a page was told. */
function rowsOf(told: string): number[][] {
  return [...told.matchAll(/^data: (.*)$/gm)].flatMap(([, json]) => JSON.parse(json!).rows);
}

describe("pages that ask the same", () => {
  it("are answered by one call, and again after a second", async () => {
    const { ask, asked, clock } = playBroker((_, times) => Response.json({ times }));
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask("/api/queues")));
    const bodies = await Promise.all(answers.map((answer) => answer.json()));
    assert.ok(bodies.every(({ times }) => times === 1));
    assert.deepEqual(asked, ["/queues"]);
    await clock.advance(999);
    assert.deepEqual(await (await ask("/api/queues")).json(), { times: 1 });
    await clock.advance(1);
    assert.deepEqual(await (await ask("/api/queues")).json(), { times: 2 });
  });

  it("are not sent again what they have", async () => {
    const { ask, clock } = playBroker((_, times) => Response.json({ is: times < 3 ? "a" : "b" }));
    const first = await ask("/api/queues");
    const tag = first.headers.get("etag")!;
    assert.match(tag, /^W\/"[\w+/]{16}"$/);
    for (const status of [304, 304, 200]) {
      const answer = await ask("/api/queues", { headers: { "if-none-match": tag } });
      assert.equal(answer.status, status);
      assert.equal(await answer.text(), status === 304 ? "" : '{"is":"b"}');
      assert.equal(answer.headers.get("cache-control"), "no-store");
      await clock.advance(1000);
    }
  });

  it("see at once what a visitor changed", async () => {
    let paused = false;
    const { ask } = playBroker((request) => {
      if (request.method === "PATCH") paused = true;
      return Response.json({ paused });
    });
    assert.deepEqual(await (await ask("/api/queues/q")).json(), { paused: false });
    await ask("/api/queues/q", { method: "PATCH", headers: own, body: "{}" });
    assert.deepEqual(await (await ask("/api/queues/q")).json(), { paused: true });
  });

  it("share no refusal for longer than they wait for it", async () => {
    const { ask, asked } = playBroker(() => Response.json({ error: "no" }, { status: 503 }));
    const answers = await Promise.all([ask("/api/queues"), ask("/api/queues")]);
    assert.deepEqual(answers.map(({ status }) => status), [503, 503]);
    assert.equal(answers[0]!.headers.get("etag"), null);
    assert.equal((await ask("/api/queues")).status, 503);
    assert.equal(asked.length, 2);
  });

  it("get each for itself what is too large to keep", async () => {
    const large = JSON.stringify("x".repeat(3_000_000));
    const { ask, asked } = playBroker(() =>
      new Response(large, { headers: { "content-type": "application/json" } })
    );
    const answers = await Promise.all([ask("/api/jobs"), ask("/api/jobs")]);
    for (const answer of answers) assert.equal(await answer.text(), large);
    assert.equal((await (await ask("/api/jobs")).text()).length, large.length);
    assert.equal(asked.length, 3);
  });

  it("end the call when the last of them has left, and not before", async () => {
    let ended = 0;
    const { ask, asked } = playBroker((request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => {
          ended++;
          reject(request.signal.reason);
        });
      })
    );
    const leaving = [new AbortController(), new AbortController()];
    const waiting = leaving.map(({ signal }) => ask("/api/queues", { signal }));
    await createTestClock().settle();
    leaving[0]!.abort();
    await assert.rejects(waiting[0]!);
    assert.equal(ended, 0);
    leaving[1]!.abort();
    await assert.rejects(waiting[1]!);
    assert.deepEqual([ended, asked.length], [1, 1]);
  });

  it("ask each for itself where nothing may be shared", async () => {
    const { ask, asked } = playBroker(() => Response.json({}), { shared: false });
    await Promise.all([ask("/api/queues"), ask("/api/queues")]);
    assert.equal(asked.length, 2);
  });

  it("share nothing with those who show another token", () =>
    withCallers({
      mail: { scopes: ["read"], queues: ["mail"] },
      all: { scopes: ["read"] },
    }, async ({ broker }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "tokens", logger: false });
      const see = async (token: string) => {
        const headers = { cookie: `millrace_token=${token}` };
        return (await fetch(new Request(`${origin}/api/jobs?queue=crawl`, { headers }))).status;
      };
      assert.deepEqual([await see("all"), await see("mail"), await see("all")], [200, 403, 200]);
    }));
});

describe("a page that is open", () => {
  it("is told of changes, and how many jobs came and went in each second", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "anyone", clock });
      const leaving = new AbortController();
      const answer = await fetch(new Request(`${origin}/live`, { signal: leaving.signal }));
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const page = hear(answer);
      const second = Math.floor(clock.now() / 1000);
      await client.enqueueMany([1, 2, 3].map((n) => ({ type: "a", queue: "q", payload: n })));
      await clock.advance(100);
      assert.deepEqual(rowsOf(page.told()), [[second, 3, 0, 0]]);
      // The next change is told a second after this one, and not before.
      await client.enqueue({ type: "a", queue: "q", payload: 4 });
      await clock.advance(999);
      assert.equal(rowsOf(page.told()).length, 1);
      await clock.advance(1);
      assert.deepEqual(rowsOf(page.told()).at(-1), [second, 4, 0, 0]);
      leaving.abort();
      await clock.settle();
      assert.match(page.told(), /^retry: \d+$/m);
    }));

  it("costs the broker no more than one does, and hears of what came before it", () =>
    withBroker(async ({ broker, client, clock }) => {
      const opened: string[] = [];
      const { fetch } = createDashboard({
        access: "anyone",
        clock,
        fetch(request) {
          opened.push(new URL(request.url).pathname);
          return broker.fetch(request);
        },
      });
      const listen = async () => hear(await fetch(new Request(`${origin}/live`)));
      const pages = await Promise.all(Array.from({ length: 50 }, listen));
      await client.enqueue({ type: "a", queue: "q", payload: 1 });
      await clock.advance(100);
      const late = await listen();
      await clock.settle();
      for (const page of [...pages, late]) assert.equal(rowsOf(page.told()).length, 1);
      assert.deepEqual(opened, ["/events"]);
      // Who comes back goes on where all had left.
      for (const page of [...pages, late]) await page.close();
      await client.enqueue({ type: "a", queue: "q", payload: 2 });
      const back = await listen();
      await clock.advance(1000);
      assert.equal(rowsOf(back.told()).at(-1)![1], 2);
      assert.deepEqual(opened, ["/events", "/events"]);
      await back.close();
    }));

  it("hears of changes less often the more are open, and every five seconds at least", async () => {
    let events: ReadableStreamDefaultController<Uint8Array>;
    const { ask, clock } = playBroker(() =>
      new Response(new ReadableStream({ start: (controller) => void (events = controller) }))
    );
    const pages: ReturnType<typeof hear>[] = [];
    for (let at = 0; at < 400; at++) pages.push(hear(await ask("/live")));
    const happen = () =>
      events.enqueue(
        new TextEncoder().encode(`{"cursor":"a-1","event":"enqueued","at":${clock.now()}}\n`),
      );
    happen();
    await clock.advance(100);
    const beats = () => rowsOf(pages[0]!.told()).length;
    assert.equal(beats(), 1);
    happen();
    await clock.advance(4999);
    assert.equal(beats(), 1);
    await clock.advance(1);
    assert.equal(beats(), 2);
    for (const page of pages) await page.close();
    assert.equal(clock.timers, 0);
  });

  it("is told that the broker refuses or is away, and of its end", async () => {
    const refusing = playBroker(() => Response.json({ error: "full" }, { status: 503 }));
    assert.equal((await refusing.ask("/live")).status, 503);
    const away = playBroker(() => Promise.reject(new Error("connect")));
    assert.equal((await away.ask("/live")).status, 502);
    const ending = playBroker(() => new Response('{"cursor":"a-1","event":"cut"}\n'));
    const page = hear(await ending.ask("/live"));
    await ending.clock.settle();
    await page.close();
    assert.equal((await ending.ask("/live", { method: "POST" })).status, 405);
    assert.equal(ending.clock.timers, 0);
  });

  it("begins its counts anew when events were missed", async () => {
    const lines = [
      '{"cursor":"a-1","event":"enqueued","at":1767225600000}',
      '{"cursor":"a-2","event":"gap","at":1767225600000}',
      '{"cursor":"a-3","event":"died","at":1767225600000}',
      "",
    ];
    const { ask, clock } = playBroker(() => {
      let isFirst = true;
      return new Response(
        new ReadableStream({
          // It stays open.
          pull(controller) {
            if (isFirst) controller.enqueue(new TextEncoder().encode(`${lines.join("\n")}`));
            isFirst = false;
          },
        }, { highWaterMark: 0 }),
      );
    });
    const page = hear(await ask("/live"));
    await clock.advance(1000);
    assert.deepEqual(rowsOf(page.told()), [[1767225600, 0, 0, 1]]);
    await page.close();
  });
});

describe("the log of a dashboard", () => {
  it("tells of changes, and once of a broker that is away", async () => {
    const lines: string[] = [];
    const log = (level: string) => (message: string, fields?: object) =>
      void lines.push([level, message, JSON.stringify(fields)].join(" "));
    let isAway = true;
    const { fetch } = createDashboard({
      access: () => "manage",
      logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      fetch: () =>
        isAway ? Promise.reject(new Error("connect")) : Promise.resolve(Response.json({})),
    });
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(new Request(origin + path, { ...init, headers: own }));
    for (const path of ["/api/jobs", "/api/queues"]) assert.equal((await ask(path)).status, 502);
    isAway = false;
    await ask("/api/queues/mail", { method: "PATCH", body: "{}" });
    assert.deepEqual(lines, [
      'warn The dashboard cannot ask the broker {"error":{}}',
      "info The broker answers the dashboard again ",
      'info A visitor of the dashboard changed something {"method":"PATCH","path":"/queues/mail","status":200,"visitor":"manage"}',
    ]);
  });
});

describe("the log of changes", () => {
  it("names the token of who made them, and has no token in it", async () => {
    const token = "mr_secret_of_the_test";
    const sha256 = await digestOfToken(token);
    const { authenticate } = createTokens([{ name: "ops", sha256, scopes: ["read", "manage"] }]);
    await withBroker(async ({ broker }) => {
      const lines: unknown[] = [];
      const note = (message: string, fields?: object) => void lines.push([message, fields]);
      const logger = { debug: note, info: note, warn: note, error: note };
      const dashboard = createDashboard({ fetch: broker.fetch, access: "tokens", logger });
      const headers = { ...own, cookie: `millrace_token=${token}` };
      const init = { method: "PATCH", headers, body: '{"paused":true}' };
      const answer = await dashboard.fetch(new Request(`${origin}/api/queues/mail`, init));
      assert.equal(answer.status, 200);
      const fields = { method: "PATCH", path: "/queues/mail", status: 200, visitor: "admin" };
      assert.deepEqual(lines, [
        ["A visitor of the dashboard changed something", { ...fields, by: "ops" }],
      ]);
    }, { auth: authenticate });
  });
});

describe("the log of sign-ins", () => {
  it("tells of wrong tokens once a minute, with how many there were", async () => {
    const clock = createTestClock();
    const lines: unknown[] = [];
    const log = (_message: string, fields?: object) => void lines.push(fields);
    const { fetch } = createDashboard({
      access: "tokens",
      clock,
      logger: { debug: log, info: log, warn: log, error: log },
      fetch: () => Promise.resolve(Response.json({ error: "unknown token" }, { status: 401 })),
    });
    const signIn = async () => {
      const init = { method: "POST", headers: own, body: JSON.stringify({ token: "guessed" }) };
      assert.equal((await fetch(new Request(`${origin}/session`, init))).status, 401);
    };
    for (let times = 0; times < 500; times++) await signIn();
    assert.deepEqual(lines, [{ times: 1 }]);
    await clock.advance(60_000);
    await signIn();
    await signIn();
    assert.deepEqual(lines, [{ times: 1 }, { times: 500 }]);
  });
});

describe("the files of the page", () => {
  it("are sent gzipped to whom that may be sent", async () => {
    const { ask } = playBroker(() => Response.json({}));
    const [, path] = /src="([^"]+)"/.exec(await (await ask("/")).text())!;
    const cases: readonly [string, boolean][] = [
      ["gzip", true],
      ["br, GZIP;q=0.5", true],
      ["*", true],
      ["gzip;q=0", false],
      ["gzip; q=0.000, *", false],
      ["*;q=0", false],
      ["gzip;q=0.001", true],
      ["identity", false],
      ["agzip", false],
    ];
    for (const [accepted, isPacked] of cases) {
      const answer = await ask(path!, { headers: { "accept-encoding": accepted } });
      assert.equal(answer.headers.get("content-encoding"), isPacked ? "gzip" : null, accepted);
      await answer.body?.cancel();
    }
  });
});
