import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { draw } from "../../adapters/cli/top/draw.ts";
import { widthOf } from "../../adapters/cli/operator/table.ts";
import { createTopBroker } from "../../adapters/cli/top/broker.ts";
import { readKeys } from "../../adapters/cli/top/keys.ts";
import { firstState, nothing, press, type State } from "../../adapters/cli/top/model.ts";
import { runTop } from "../../adapters/cli/top/top.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { record, serveBroker } from "./operator-parts.ts";

// deno-lint-ignore no-control-regex
const decoration = /\x1b\[[\d;]*m/g;
const size = { width: 80, height: 20 };

describe("readKeys()", () => {
  it("tells keys from letters, also when they come together", () => {
    assert.deepEqual(readKeys("j\x1b[A\x1b[6~\r\x1bOBq"), [
      "j",
      "up",
      "pagedown",
      "enter",
      "down",
      "q",
    ]);
    assert.deepEqual(readKeys("\x1b"), ["escape"]);
    assert.deepEqual(readKeys("é漢🙂\x7f\x0c\x03"), [
      "é",
      "漢",
      "🙂",
      "backspace",
      "redraw",
      "quit",
    ]);
    assert.deepEqual(readKeys("\x1b[200~\x00\x01"), []);
  });
});

/** Presses keys on a broker, as the terminal does, and gives what is seen. */
async function watch(
  test: (parts: {
    type: (text: string) => Promise<string>;
    state: () => State;
    client: TestBroker["client"];
    take: TestBroker["take"];
    settle: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  await withBroker(async ({ broker: own, client, clock, take }) => {
    const broker = createTopBroker({ fetch: own.fetch });
    let state = firstState;
    let note = "";
    const type = async (text: string) => {
      for (const key of readKeys(text)) {
        const loaded = await broker.load(state).catch(() => nothing);
        const step = press(state, key, loaded, 10);
        state = step.state;
        if (step.deed !== undefined) note = await broker.do(step.deed);
      }
      const loaded = await broker.load(state);
      const scene = { state, loaded, now: clock.now(), note, url: "http://broker/" };
      const lines = draw(scene, size).map((line) => line.replace(decoration, ""));
      assert.equal(lines.length, size.height);
      for (const line of lines) assert.ok(line.length <= size.width, line);
      return lines.join("\n");
    };
    await test({ type, state: () => state, client, take, settle: () => clock.advance(1) });
  });
}

describe("millrace top", () => {
  it("shows queues, and pauses one", () =>
    watch(async ({ type, client }) => {
      await client.enqueueMany(
        ["crawl", "mail"].map((queue) => ({ type: "a", queue, payload: 1 })),
      );
      assert.match(await type(""), /QUEUE +READY +IN FLIGHT[\s\S]*crawl +1[\s\S]*mail +1/);
      assert.match(await type("jp"), /mail +1.*paused[\s\S]*Queue 'mail' is paused/);
      assert.match(await type("p"), /Queue 'mail' goes on/);
    }));

  it("shows the last hour of queues, where the broker tells it", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await client.enqueueMany([1, 2].map((payload) => ({ type: "a", queue: "mail", payload })));
      // A queue is there while it has jobs.
      await client.enqueue({ type: "a", queue: "mail", payload: 3, delayMs: 60_000 });
      await client.enqueue({ type: "a", queue: "slow", payload: 1 });
      const { jobs } = await take({ queues: ["mail"], prefetch: 2 });
      await clock.advance(1000);
      for (const job of jobs) await client.success(job);
      const look = async (fetch: typeof broker.fetch, width: number) => {
        const loaded = await createTopBroker({ fetch }).load(firstState);
        const scene = { state: firstState, loaded, now: clock.now(), note: "", url: "u" };
        return draw(scene, { width, height: 9 }).join("\n").replace(decoration, "");
      };
      const asked: string[] = [];
      const shown = await look((request) => {
        asked.push(request.url.slice(request.url.indexOf("/", 8)));
        return broker.fetch(request);
      }, 80);
      assert.match(shown, /QUEUE .* DEAD +DONE\/H +RUN P95\n/);
      assert.match(shown, /mail .* 0 +2 +(0\.9|1|1\.1) s/);
      assert.match(shown, /slow .* 0 +0 *\n/);
      assert.deepEqual(asked.filter((path) => path.startsWith("/stats")), [
        "/stats?by=queue&queue=mail,slow",
      ]);
      for (const status of [403, 404, 405, 400]) {
        const without = await look(
          (request) =>
            request.url.includes("/stats")
              ? Promise.resolve(Response.json({ error: "not found" }, { status }))
              : broker.fetch(request),
          80,
        );
        assert.match(without, /QUEUE .* DEAD\n/);
        assert.match(without, /mail .* 0 *\n/);
      }
    }));

  it("opens a queue, narrows its jobs by jq and by status, and goes back", () =>
    watch(async ({ type, client, state }) => {
      await client.enqueueMany([1, 2, 30].map((n) => ({ type: "a", queue: "q", payload: { n } })));
      assert.match(await type("\r"), /queue q[\s\S]*\{"n":30\}[\s\S]*\{"n":1\}/);
      const found = await type("/.n > 5\r");
      assert.match(found, /queue q, jq \.n > 5/);
      assert.ok(found.includes('{"n":30}') && !found.includes('{"n":1}'));
      assert.match(await type("s"), /queue q, ready|queue q, scheduled/);
      await type("\x1b");
      assert.deepEqual(state(), { view: "queues", row: 0, sort: undefined });
    }));

  it("asks before it cancels and deletes, and does nothing for any other answer", () =>
    watch(async ({ type, client }) => {
      const { id } = await client.enqueue({ type: "a", queue: "q", payload: { word: "hello" } });
      assert.match(await type("2\r"), new RegExp(`Job ${id}[\\s\\S]*"word": "hello"`));
      assert.match(await type("c"), new RegExp(`Cancel job ${id}\\? y/n`));
      await type("n");
      assert.equal((await client.get(id)).status, "ready");
      assert.match(await type("cy"), /status +dead[\s\S]*is cancelled/);
      assert.match(await type("r"), /status +ready[\s\S]*runs again/);
      await type("\x1bdy");
      assert.equal(await client.count(), 0);
    }));

  it("retries all that died of the same", () =>
    watch(async ({ type, client, take, settle }) => {
      await client.enqueueMany([1, 2].map((payload) => ({ type: "a", queue: "q", payload })));
      const { jobs } = await take({ prefetch: 2 });
      await settle();
      for (const job of jobs) {
        await client.failure(job, { message: "no", errorType: "RangeError", kill: true });
      }
      assert.match(await type("4"), /RangeError +2/);
      assert.match(await type("r"), /Retry 2 jobs that died of 'RangeError'\? y\/n/);
      assert.match(await type("y"), /Nothing is here[\s\S]*2 jobs run again/);
    }));

  it("sends the terminal nothing that a name says", () =>
    watch(async ({ type, client }) => {
      const evil = "\x1b[2J\u202eevil";
      await client.enqueue({ type: "\u202eevil", queue: "q", payload: evil });
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(await type("2"), /\x1b|\u202e/);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(await type("\r"), /\x1b|\u202e/);
    }));

  it("sums queues up, and sorts them by what there is most of", () =>
    watch(async ({ type, client, take, settle }) => {
      const jobs = (queue: string, count: number) =>
        Array.from({ length: count }, (_, payload) => ({ type: "a", queue, payload }));
      await client.enqueueMany([...jobs("few", 1), ...jobs("many", 3), ...jobs("some", 2)]);
      await take({ queues: ["some"], prefetch: 2 });
      await settle();
      assert.match(
        await type("1"),
        /4 ready +2 in flight +0 later +0 dead +in 3 queues, by name[\s\S]*few[\s\S]*many[\s\S]*some/,
      );
      assert.match(await type("o"), /by ready[\s\S]*many[\s\S]*few[\s\S]*some/);
      // What is chosen is what stands there, and the order stays.
      assert.match(await type("\r"), /queue many/);
      assert.match(await type("\x1bo"), /by in flight[\s\S]*some/);
      assert.match(await type("oo"), /by name/);
    }));

  it("does not load payloads that fit no line", () =>
    watch(async ({ type, client }) => {
      await client.enqueue({ type: "a", queue: "q", payload: "x".repeat(100_000) });
      assert.match(await type("2"), /\(100002 bytes\)/);
    }));

  it("fits any screen", () =>
    watch(async ({ client }) => {
      const { id } = await client.enqueue({
        type: "漢".repeat(100),
        queue: "q".repeat(200),
        payload: "語".repeat(200),
      });
      const job = await client.get(id);
      const loaded = { ...nothing, jobs: [job], job };
      for (
        const size of [{ width: 20, height: 5 }, { width: 10, height: 1 }, {
          width: 300,
          height: 80,
        }]
      ) {
        for (const view of ["queues", "jobs", "job"] as const) {
          const state = { ...firstState, view, id };
          const scene = { state, loaded, now: 0, note: "語".repeat(500), url: "u" };
          const lines = draw(scene, size);
          assert.equal(lines.length, size.height);
          const widths = lines.map((line) => widthOf(line.replace(decoration, "")));
          assert.ok(Math.max(...widths) <= size.width, `${view} ${widths}`);
        }
      }
    }));

  it("writes the queues once, as plain text, where nobody looks", async () => {
    const served = await serveBroker();
    try {
      await served.client.enqueue({ type: "a", queue: "mail", payload: 1 });
      const output = record();
      const config = { url: new URL(served.url), token: undefined, interval: 2, once: false };
      await runTop(config as never, output);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(output.lines().join("\n"), /\x1b/);
      assert.match(output.lines()[0]!, /^QUEUE +READY.* DONE\/H +RUN P95$/);
      assert.match(output.lines()[1]!, /^mail +1/);
    } finally {
      await served.stop();
    }
  });
});
