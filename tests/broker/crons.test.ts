/** The calls on cron groups and entries: docs/protocol.md, sections 7.1 to 7.5. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const job = { type: "t", queue: "q", payload: { a: 1 } };
const entry = (name: string, changes: object = {}) => ({
  name,
  expression: "0 * * * *",
  timezone: "UTC",
  job,
  ...changes,
});

const put = (broker: Broker, entries: object[], more: object = {}) =>
  send(broker, "PUT", "/crons/g", { entries, ...more });

describe("cron groups", () => {
  it("can be put, read and deleted", () =>
    withBroker(async ({ broker, clock }) => {
      const next = clock.now() + 3_600_000;
      const shown = (name: string) => ({
        name,
        expression: "0 * * * *",
        paused: false,
        timezone: "UTC",
        job: { ...job, priority: 32768 },
        next_enqueue_at: next,
      });
      const answer = await put(broker, [entry("e2"), entry("e1")]);
      assert.deepEqual(answer, {
        status: 200,
        body: { name: "g", paused: false, entries: [shown("e2"), shown("e1")] },
      });
      assert.deepEqual((await send(broker, "GET", "/crons/g")).body.entries, [
        shown("e1"),
        shown("e2"),
      ]);
      await send(broker, "PUT", "/crons/a", { entries: [] });
      assert.deepEqual((await send(broker, "GET", "/crons")).body, { crons: ["a", "g"] });
      assert.equal((await send(broker, "DELETE", "/crons/a")).status, 204);
      assert.deepEqual(await send(broker, "DELETE", "/crons/a"), {
        status: 404,
        body: { error: "cron group 'a' not found" },
      });
      assert.deepEqual(await send(broker, "DELETE", "/crons"), {
        status: 200,
        body: { deleted: 1 },
      });
      assert.deepEqual((await send(broker, "DELETE", "/crons")).body, { deleted: 0 });
      assert.equal((await send(broker, "GET", "/crons/g")).status, 404);
    }));

  it("have 1000 entries at most", () =>
    withBroker(async ({ broker }) => {
      const entries = Array.from({ length: 1001 }, (_, at) => entry(`e${at}`));
      const error = "a cron group of 1001 entries, at most 1000 are kept";
      assert.deepEqual(await put(broker, entries), { status: 400, body: { error } });
      assert.equal((await put(broker, entries.slice(1))).status, 200);
      const create = () => send(broker, "POST", "/crons/g/entries", entries[0]!);
      assert.deepEqual(await create(), { status: 400, body: { error } });
      assert.equal((await send(broker, "PUT", "/crons/g/entries/e0", entry("e0"))).status, 400);
      assert.equal((await send(broker, "PUT", "/crons/g/entries/e1", entry("e1"))).status, 200);
      assert.equal((await send(broker, "DELETE", "/crons/g/entries/e1")).status, 204);
      assert.equal((await create()).status, 201);
    }));

  it("keep the schedule of an entry that is put again, and drop other entries", () =>
    withBroker(async ({ broker, clock }) => {
      const first = await put(broker, [entry("e1"), entry("e2"), entry("e3")]);
      await clock.advance(1_800_000);
      const second = await put(broker, [
        entry("e1", { job: { ...job, queue: "other" } }),
        entry("e2", { expression: "45 * * * *" }),
      ]);
      const [e1, e2] = second.body.entries;
      assert.equal(e1.next_enqueue_at, first.body.entries[0].next_enqueue_at);
      assert.equal(e1.job.queue, "other");
      assert.equal(e2.next_enqueue_at, clock.now() + 900_000);
      assert.equal(second.body.entries.length, 2);
      assert.equal((await send(broker, "GET", "/crons/g")).body.entries.length, 2);
    }));

  it("read their entries' schedules in their zone, and again when it changes", () =>
    withBroker(async ({ broker, clock }) => {
      const daily = (name: string, timezone?: string) =>
        entry(name, { expression: "0 9 * * *", timezone });
      const nexts = ({ body }: { body: { entries: { next_enqueue_at: number }[] } }) =>
        body.entries.map((entry) => new Date(entry.next_enqueue_at).toISOString().slice(11, 16));
      const entries = [daily("own", "Asia/Tokyo"), daily("shared")];
      const berlin = await put(broker, entries, { timezone: "Europe/Berlin" });
      assert.equal(berlin.body.timezone, "Europe/Berlin");
      assert.deepEqual(nexts(berlin), ["00:00", "08:00"]);
      const utc = await send(broker, "PATCH", "/crons/g", { timezone: "UTC" });
      assert.deepEqual(nexts(utc), ["00:00", "09:00"]);
      const again = await put(broker, entries, { timezone: "America/New_York" });
      assert.deepEqual(nexts(again), ["00:00", "14:00"]);
      await clock.advance(60_000);
      const cleared = await send(broker, "PATCH", "/crons/g", { timezone: null });
      assert.equal("timezone" in cleared.body, false);
      assert.deepEqual(await send(broker, "PATCH", "/crons/g", { timezone: "X" }), {
        status: 400,
        body: { error: 'invalid timezone: "X"' },
      });
    }));

  it("can be paused and resumed, with the instant of each change", () =>
    withBroker(async ({ broker, clock }) => {
      const start = clock.now();
      const marks = ({ body }: { body: Record<string, unknown> }) => [
        body["paused"],
        body["paused_at"],
        body["resumed_at"],
      ];
      assert.deepEqual(marks(await put(broker, [], { paused: true })), [true, start, undefined]);
      await clock.advance(1000);
      assert.deepEqual(marks(await put(broker, [])), [true, start, undefined]);
      assert.deepEqual(marks(await put(broker, [], { paused: true })), [true, start, undefined]);
      const patch = (paused: boolean) => send(broker, "PATCH", "/crons/g", { paused });
      assert.deepEqual(marks(await patch(false)), [false, start, start + 1000]);
      await clock.advance(1000);
      assert.deepEqual(marks(await patch(false)), [false, start, start + 1000]);
      assert.deepEqual(marks(await patch(true)), [true, start + 2000, start + 1000]);
      assert.deepEqual(await send(broker, "PATCH", "/crons/none", { paused: true }), {
        status: 404,
        body: { error: "cron group 'none' not found" },
      });
      assert.equal((await send(broker, "PATCH", "/crons/g", { paused: "yes" })).status, 400);
    }));
});

describe("cron entries", () => {
  it("can be created one by one, in a group that the first one creates", () =>
    withBroker(async ({ broker }) => {
      const created = await send(broker, "POST", "/crons/new/entries", entry("e1"));
      assert.equal(created.status, 201);
      assert.deepEqual(await send(broker, "GET", "/crons/new/entries/e1"), {
        status: 200,
        body: created.body,
      });
      assert.deepEqual(await send(broker, "POST", "/crons/new/entries", entry("e1")), {
        status: 409,
        body: { error: "cron entry 'e1' already exists in group 'new'" },
      });
      assert.deepEqual((await send(broker, "GET", "/crons")).body, { crons: ["new"] });
      assert.equal((await send(broker, "DELETE", "/crons/new/entries/e1")).status, 204);
      assert.deepEqual(await send(broker, "DELETE", "/crons/new/entries/e1"), {
        status: 404,
        body: { error: "cron entry 'e1' not found in group 'new'" },
      });
      assert.equal((await send(broker, "GET", "/crons/none/entries/e1")).status, 404);
      assert.deepEqual((await send(broker, "GET", "/crons/new")).body.entries, []);
    }));

  it("take their name from the path", () =>
    withBroker(async ({ broker }) => {
      const first = await send(broker, "PUT", "/crons/g/entries/e1", entry("other"));
      assert.deepEqual([first.status, first.body.name], [200, "e1"]);
      const second = await send(
        broker,
        "PUT",
        "/crons/g/entries/e1",
        entry("other", { job: { ...job, type: "u" } }),
      );
      assert.equal(second.body.job.type, "u");
      assert.equal(second.body.next_enqueue_at, first.body.next_enqueue_at);
      assert.equal((await send(broker, "GET", "/crons/g/entries/other")).status, 404);
      assert.equal(
        (await send(broker, "PUT", "/crons/g/entries/e1", { ...entry("x"), name: undefined }))
          .status,
        400,
      );
    }));

  it("are paused and resumed", () =>
    withBroker(async ({ broker, clock }) => {
      const born = await send(broker, "PUT", "/crons/g/entries/e1", entry("e1", { paused: true }));
      assert.deepEqual([born.body.paused, born.body.paused_at], [true, undefined]);
      const patch = (paused: unknown) => send(broker, "PATCH", "/crons/g/entries/e1", { paused });
      assert.equal((await patch(false)).body.resumed_at, clock.now());
      assert.equal((await patch(true)).body.paused_at, clock.now());
      const kept = await send(broker, "PUT", "/crons/g/entries/e1", entry("e1"));
      assert.equal(kept.body.paused, true);
      assert.equal((await patch(undefined)).status, 400);
      assert.deepEqual(await send(broker, "PATCH", "/crons/g/entries/e2", { paused: true }), {
        status: 404,
        body: { error: "cron entry 'e2' not found in group 'g'" },
      });
    }));

  it("show all fields of the job", () =>
    withBroker(async ({ broker }) => {
      const whole = {
        type: "t",
        queue: "q",
        payload: null,
        priority: 3,
        retry_limit: 2,
        backoff: { exponent: 2, base_ms: 1, jitter_ms: 2 },
        retention: { dead_ms: 5 },
        unique_key: "k",
        budgets: [{
          key: "b",
          cost: 2,
          create_with: {
            allocation: 3,
            strategy: { type: "while_in_flight" },
          },
        }],
      };
      const { body } = await send(broker, "POST", "/crons/g/entries", entry("e1", { job: whole }));
      assert.deepEqual(body.job, {
        ...whole,
        unique_while: "queued",
        budgets: [{ key: "b", cost: 2 }],
      });
      assert.equal((await send(broker, "GET", "/budgets/b")).body.allocation, 3);
      assert.deepEqual(await send(broker, "DELETE", "/budgets/b"), {
        status: 409,
        body: {
          error:
            "budget 'b' is referenced by 1 cron entry, including 'g/e1'. Remove them before deleting it.",
        },
      });
      const shrunk = await send(broker, "PATCH", "/budgets/b", { allocation: 1 });
      assert.deepEqual(shrunk, {
        status: 422,
        body: {
          error:
            "budget 'b' cannot allocate 1: cron entry 'g/e1' draws 2 from it. Lower the entry's cost or remove it first.",
        },
      });
      const alone = { ...job, unique_while: "exists" };
      const shown = await send(broker, "POST", "/crons/g/entries", entry("e2", { job: alone }));
      assert.equal(shown.body.job.unique_while, "exists");
    }));

  it("keep their payload to the last digit, in both formats", () =>
    withBroker(async ({ broker }) => {
      const call = async (method: string, type: string, body?: BodyInit) => {
        const headers: Record<string, string> = { accept: type };
        if (body !== undefined) headers["content-type"] = type;
        const request = new Request("http://b/crons/g/entries/e", {
          method,
          headers,
          ...body !== undefined && { body },
        });
        const response = await broker.fetch(request);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("content-type"), type);
        return response;
      };
      const json = '{"n":12345678901234567890,"z":-0,"s":"\\u00e9","payload":{"payload":1}}';
      const body =
        `{"name":"e","expression":"* * * * *","job":{"payload":${json},"type":"t","queue":"q"}}`;
      await call("PUT", "application/json", body);
      const text = await (await call("GET", "application/json")).text();
      assert.ok(text.includes(`"payload":${json}`), text);

      const payload = { b: 2n ** 63n, a: [1.5, -1] };
      const value = {
        name: "e",
        expression: "* * * * *",
        job: {
          type: "t",
          queue: "q",
          payload,
          backoff: { exponent: 2.5, base_ms: 1, jitter_ms: 0 },
        },
      };
      const packed = encode(value, { useBigInt64: true });
      await call("PUT", "application/msgpack", packed);
      const bytes = await (await call("GET", "application/msgpack")).arrayBuffer();
      const read = decode(bytes, { useBigInt64: true }) as { job: typeof value.job };
      assert.deepEqual(read.job.payload, payload);
      assert.deepEqual(read.job.backoff, { exponent: 2.5, base_ms: 1, jitter_ms: 0 });
    }));

  for (
    const [what, body, error] of [
      ["an expression", entry("e1", { expression: "bad" }), /^invalid cron expression: /],
      ["a zone", entry("e1", { timezone: "Nowhere/X" }), 'invalid timezone: "Nowhere/X"'],
      [
        "an instant",
        entry("e1", { job: { ...job, ready_at: 1 } }),
        "ready_at is not supported for cron entries",
      ],
      ["a name", entry("a,b"), "cron entry name must not contain ','"],
      ["a type", entry("e1", { job: { ...job, type: "" } }), "type must not be empty"],
      ["a queue", entry("e1", { job: { ...job, queue: "*" } }), /^queue must not contain '\*'/],
      [
        "a scope",
        entry("e1", { job: { ...job, unique_while: "never" } }),
        /^invalid unique_while: "never"/,
      ],
      [
        "a budget",
        entry("e1", { job: { ...job, budgets: [{ key: "none" }] } }),
        /^budget 'none' does not exist/,
      ],
      ["a cost", entry("e1", { job: { ...job, budgets: [{ key: "b", cost: 0 }] } }), /at least 1/],
      ["no payload", entry("e1", { job: { type: "t", queue: "q" } }), /payload: is missing/],
      ["no job", entry("e1", { job: undefined }), /job: is missing/],
      ["no expression", entry("e1", { expression: undefined }), /expression: is missing/],
    ] as [string, object, string | RegExp][]
  ) {
    it(`are refused for ${what}, and nothing is kept`, () =>
      withBroker(async ({ broker }) => {
        const calls = [
          await send(broker, "PUT", "/crons/g", { entries: [entry("fine"), body] }),
          await send(broker, "POST", "/crons/g/entries", body),
          await send(broker, "PUT", "/crons/g/entries/e1", body),
        ];
        for (const { status, body: answer } of calls) {
          assert.equal(status, 400);
          if (typeof error === "string") assert.equal(answer.error, error);
          else assert.match(answer.error, error);
        }
        assert.deepEqual((await send(broker, "GET", "/crons")).body, { crons: [] });
      }));
  }

  it("have names of their own, and groups have such names too", () =>
    withBroker(async ({ broker }) => {
      assert.deepEqual(await put(broker, [entry("e1"), entry("e1")]), {
        status: 400,
        body: { error: 'duplicate cron entry name: "e1"' },
      });
      for (const [method, path] of [["PUT", ""], ["POST", "/entries"], ["PUT", "/entries/e"]]) {
        const body = path === "" ? { entries: [] } : entry("e");
        const answer = await send(broker, method!, `/crons/a%2Cb${path}`, body);
        assert.deepEqual(answer, {
          status: 400,
          body: { error: "cron group name must not contain ','" },
        });
      }
      assert.equal((await send(broker, "GET", "/crons/a%2Cb")).status, 404);
    }));

  it("are deleted by a reset", () =>
    withBroker(async ({ broker }) => {
      await put(broker, [entry("e1")]);
      await send(broker, "POST", "/reset");
      assert.deepEqual((await send(broker, "GET", "/crons")).body, { crons: [] });
    }));
});
