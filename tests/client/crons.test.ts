/** The client of cron groups: what it sends, how it reads the answers, and that both fit a real broker. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createClient,
  createCrons,
  type CronsClient,
  defineJob,
  NotFoundError,
  PayloadError,
  RefusedError,
} from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";
import { createScript, json, type Line } from "./script.ts";
import { formats } from "../support/formats.ts";

const job = { type: "t", queue: "q", payload: { n: 1 } };
const wireEntry = {
  name: "e",
  expression: "0 6 * * *",
  paused: false,
  job: { ...job, priority: 32768 },
};
const entry = { ...wireEntry };
const wireGroup = { name: "a/b", paused: false, entries: [wireEntry] };
const group = { name: "a/b", paused: false, entries: [entry] };
const at = { group: "a/b", entry: "e" };
const settings = { name: "e", expression: "0 6 * * *", job };
const sentEntry = '{"name":"e","expression":"0 6 * * *",' +
  '"job":{"type":"t","queue":"q","payload":{"n":1}}}';

const cases: {
  does: string;
  call: (crons: CronsClient) => Promise<unknown>;
  answer: Line;
  sends: string;
  gives: unknown;
}[] = [
  {
    does: "lists groups",
    call: (crons) => crons.list(),
    answer: json({ crons: ["a", "b"] }),
    sends: "GET /crons",
    gives: ["a", "b"],
  },
  {
    does: "deletes all groups",
    call: (crons) => crons.deleteAll(),
    answer: json({ deleted: 2 }),
    sends: "DELETE /crons",
    gives: 2,
  },
  {
    does: "gets a group",
    call: (crons) => crons.get("a/b"),
    answer: json({ ...wireGroup, timezone: "UTC", paused: true, paused_at: 1, resumed_at: 2 }),
    sends: "GET /crons/a%2Fb",
    gives: { ...group, timezone: "UTC", paused: true, pausedAt: 1, resumedAt: 2 },
  },
  {
    does: "puts a group",
    call: (crons) => crons.put("a/b", { timezone: "UTC", paused: true, entries: [settings] }),
    answer: json(wireGroup),
    sends: `PUT /crons/a%2Fb {"timezone":"UTC","paused":true,"entries":[${sentEntry}]}`,
    gives: group,
  },
  {
    does: "pauses a group",
    call: (crons) => crons.patch("a/b", { paused: true }),
    answer: json(wireGroup),
    sends: 'PATCH /crons/a%2Fb {"paused":true}',
    gives: group,
  },
  {
    does: "takes the time zone of a group away",
    call: (crons) => crons.patch("a/b", { timezone: null }),
    answer: json(wireGroup),
    sends: 'PATCH /crons/a%2Fb {"timezone":null}',
    gives: group,
  },
  {
    does: "deletes a group",
    call: (crons) => crons.delete("a/b"),
    answer: new Response(null, { status: 204 }),
    sends: "DELETE /crons/a%2Fb",
    gives: undefined,
  },
  {
    does: "gets an entry with everything that it can have",
    call: (crons) => crons.getEntry(at),
    answer: json({
      ...wireEntry,
      timezone: "Asia/Tokyo",
      paused_at: 1,
      resumed_at: 2,
      next_enqueue_at: 3000,
      last_enqueue_at: 2000,
      job: {
        type: "t",
        queue: "q",
        payload: null,
        priority: 1,
        retry_limit: 0,
        backoff: { exponent: 2, base_ms: 3, jitter_ms: 4 },
        retention: { completed_ms: 0 },
        unique_key: "",
        unique_while: "exists",
        budgets: [{ key: "b", cost: 2 }],
      },
      new_in_a_later_version: 1,
    }),
    sends: "GET /crons/a%2Fb/entries/e",
    gives: {
      ...entry,
      timezone: "Asia/Tokyo",
      pausedAt: 1,
      resumedAt: 2,
      nextEnqueueAt: 3000,
      lastEnqueueAt: 2000,
      job: {
        type: "t",
        queue: "q",
        payload: null,
        priority: 1,
        retryLimit: 0,
        backoff: { exponent: 2, baseMs: 3, jitterMs: 4 },
        retention: { completedMs: 0 },
        uniqueKey: "",
        uniqueWhile: "exists",
        budgets: [{ key: "b", cost: 2 }],
      },
    },
  },
  {
    does: "creates an entry",
    call: (crons) => crons.createEntry("a/b", settings),
    answer: json(wireEntry, 201),
    sends: `POST /crons/a%2Fb/entries ${sentEntry}`,
    gives: entry,
  },
  {
    does: "puts an entry",
    call: (crons) => crons.putEntry("a/b", settings),
    answer: json(wireEntry),
    sends: `PUT /crons/a%2Fb/entries/e ${sentEntry}`,
    gives: entry,
  },
  {
    does: "pauses an entry",
    call: (crons) => crons.patchEntry(at, { paused: true }),
    answer: json(wireEntry),
    sends: 'PATCH /crons/a%2Fb/entries/e {"paused":true}',
    gives: entry,
  },
  {
    does: "deletes an entry",
    call: (crons) => crons.deleteEntry(at),
    answer: new Response(null, { status: 204 }),
    sends: "DELETE /crons/a%2Fb/entries/e",
    gives: undefined,
  },
];

describe("the client of cron groups", () => {
  for (const { does, call, answer, sends, gives } of cases) {
    it(does, async () => {
      const script = createScript(answer);
      const result = await call(createCrons({ fetch: script.fetch }));
      const [sent] = script.sent;
      assert.equal(`${sent!.call} ${sent!.body}`.trim(), sends);
      assert.deepEqual(result, gives);
    });
  }

  it("repeats what changes nothing the second time, and nothing else", async () => {
    const broken = () => json({ error: "internal error" }, 500);
    const options = { retry: { limit: 1, baseDelayMs: 0 } };
    const tries = async (call: (crons: CronsClient) => Promise<unknown>) => {
      const script = createScript(broken(), broken());
      await assert.rejects(call(createCrons({ fetch: script.fetch, ...options })));
      return script.sent.length;
    };
    assert.equal(await tries((crons) => crons.list()), 2);
    assert.equal(await tries((crons) => crons.put("g", { entries: [] })), 2);
    assert.equal(await tries((crons) => crons.patchEntry(at, { paused: true })), 2);
    assert.equal(await tries((crons) => crons.createEntry("g", settings)), 1);
    assert.equal(await tries((crons) => crons.delete("g")), 1);
  });

  it("refuses a job with a delay or readyAt, before anything is sent", async () => {
    const script = createScript();
    const crons = createCrons({ fetch: script.fetch });
    const late = defineJob({ type: "t", queue: "q", delay: "1m" });
    for (const job of [late.toRequest(1), { type: "t", queue: "q", payload: 1, readyAt: 5 }]) {
      await assert.rejects(crons.putEntry("g", { ...settings, job }), {
        name: "TypeError",
        message: /^Cannot use a job with 'readyAt' \d+ in cron entry 'e'/,
      });
    }
    const priority = { ...settings, job: { ...job, priority: -1 } };
    await assert.rejects(crons.put("g", { entries: [settings, priority] }), RangeError);
    assert.equal(script.sent.length, 0);
  });

  it("sends nothing when a payload does not fit its definition", async () => {
    const script = createScript();
    const picky = defineJob<number, number>({
      type: "t",
      queue: "q",
      payload: {
        "~standard": {
          version: 1,
          validate: async (value) =>
            await Promise.resolve(
              typeof value === "number" ? { value } : { issues: [{ message: "no number" }] },
            ),
        },
      },
    });
    const crons = createCrons({ fetch: script.fetch });
    const bad = { ...settings, job: picky.toRequest("x" as unknown as number) };
    const fine = { ...settings, name: "f", job: picky.toRequest(1) };
    await assert.rejects(crons.put("g", { entries: [fine, bad] }), PayloadError);
    assert.equal(script.sent.length, 0);
  });

  it("names the field when an answer cannot be read", async () => {
    const answer = json({ ...wireGroup, entries: [{ ...wireEntry, next_enqueue_at: "soon" }] });
    const crons = createCrons({ fetch: createScript(answer).fetch });
    await assert.rejects(crons.get("g"), {
      name: "ProtocolError",
      message: /entries\[0\]\.next_enqueue_at: expected an integer/,
    });
  });
});

describe("a broker, seen by the client of cron groups", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`does all of it in ${format}`, () =>
      withBroker(async ({ broker, clock }) => {
        const crons = createCrons({ fetch: broker.fetch, format: formats[format] });
        const client = createClient({ fetch: broker.fetch, format: formats[format] });
        const report = defineJob<{ kind: string }>({
          type: "report",
          queue: "reports",
          retryLimit: 2,
          backoff: { exponent: 2.5, baseMs: 1, jitterMs: 2 },
          uniqueKey: ({ kind }) => kind,
        });
        const now = clock.now();
        const put = () =>
          crons.put("g", {
            timezone: "UTC",
            entries: [
              { name: "z", expression: "* * * * *", job: report.toRequest({ kind: "quick" }) },
              { name: "a", expression: "@daily", paused: true, job: { ...job, payload: [1.5] } },
            ],
          });
        const made = await put();
        assert.deepEqual(made.entries.map(({ name }) => name), ["z", "a"]);
        assert.deepEqual(made.entries[0], {
          name: "z",
          expression: "* * * * *",
          paused: false,
          nextEnqueueAt: now + 60_000,
          job: {
            type: "report",
            queue: "reports",
            priority: 32768,
            payload: { kind: "quick" },
            retryLimit: 2,
            backoff: { exponent: 2.5, baseMs: 1, jitterMs: 2 },
            uniqueKey: "quick",
            uniqueWhile: "queued",
          },
        });
        assert.deepEqual(await put(), made);
        assert.deepEqual(await crons.list(), ["g"]);

        await clock.advance(60_000);
        const { jobs: [first] } = await client.page();
        assert.deepEqual([first?.type, first?.payload], ["report", { kind: "quick" }]);
        const fired = await crons.getEntry({ group: "g", entry: "z" });
        assert.equal(fired.lastEnqueueAt, now + 60_000);

        const resumed = await crons.patchEntry({ group: "g", entry: "a" }, { paused: false });
        assert.equal(resumed.resumedAt, clock.now());
        assert.equal((await crons.patch("g", { paused: true })).pausedAt, clock.now());
        const other = await crons.createEntry("g", { ...settings, timezone: "Asia/Tokyo" });
        assert.equal(other.timezone, "Asia/Tokyo");
        await assert.rejects(crons.createEntry("g", settings), RefusedError);
        await assert.rejects(crons.putEntry("g", { ...settings, expression: "x" }), RefusedError);
        assert.equal((await crons.putEntry("g", settings)).timezone, undefined);
        const whole = await crons.get("g");
        assert.deepEqual(whole.entries.map(({ name }) => name), ["a", "e", "z"]);

        await crons.deleteEntry({ group: "g", entry: "e" });
        await assert.rejects(crons.deleteEntry({ group: "g", entry: "e" }), NotFoundError);
        await crons.delete("g");
        await assert.rejects(crons.get("g"), NotFoundError);
        await assert.rejects(crons.put("a,b", { entries: [] }), RefusedError);
        await crons.put("a/b c", { entries: [] });
        assert.deepEqual(await crons.list(), ["a/b c"]);
        assert.equal(await crons.deleteAll(), 1);
      }));
  }
});
