import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type TestBroker, withBroker } from "../support/broker.ts";

const text = "a\u0000b";

async function call({ broker }: TestBroker, method: string, path: string, value?: unknown) {
  const response = await broker.fetch(
    new Request(`http://broker${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: value === undefined ? null : JSON.stringify(value),
    }),
  );
  const answer = await response.text();
  return { status: response.status, body: answer === "" ? undefined : JSON.parse(answer) };
}

const job = { type: "t", queue: "q", payload: { [text]: text } };
const entry = { name: "e", expression: "0 0 * * *", job };

describe("U+0000", () => {
  it("in a payload comes out unchanged", () =>
    withBroker(async (parts) => {
      const { body } = await call(parts, "POST", "/jobs", job);
      assert.deepEqual((await call(parts, "GET", `/jobs/${body.id}`)).body.payload, job.payload);
      await call(parts, "PUT", "/crons/g", { entries: [entry] });
      const group = await call(parts, "GET", "/crons/g");
      assert.deepEqual(group.body.entries[0].job.payload, job.payload);
    }));

  it("in a unique key or the texts of an error comes out unchanged", () =>
    withBroker(async (parts) => {
      const keys = [text, "a\u0000c", "a"];
      const ids: string[] = [];
      for (const unique_key of [...keys, ...keys]) {
        const { body } = await call(parts, "POST", "/jobs", { ...job, unique_key });
        if (!body.duplicate) ids.push(body.id);
      }
      assert.equal(ids.length, 3);
      const stored = await call(parts, "GET", `/jobs/${ids[0]}`);
      assert.equal(stored.body.unique_key, text);

      await parts.take({ prefetch: 10 });
      await parts.clock.settle();
      const failure = { message: text, error_type: text, backtrace: text };
      await call(parts, "POST", `/jobs/${ids[0]}/failure`, failure);
      const { body } = await call(parts, "GET", `/jobs/${ids[0]}/errors/1`);
      assert.deepEqual([body.message, body.error_type, body.backtrace], [text, text, text]);
      // The key that it holds again is its own, and nobody else's.
      const again = await Promise.all(
        keys.map((unique_key) => call(parts, "POST", "/jobs", { ...job, unique_key })),
      );
      assert.deepEqual(again.map(({ body }) => body.duplicate), [true, false, false]);
    }));

  it("in any name is refused", () =>
    withBroker(async (parts) => {
      const refusals: [number, string, string, unknown][] = [
        [400, "POST", "/jobs", { ...job, type: text }],
        [400, "POST", "/jobs", { ...job, queue: text }],
        [400, "PUT", "/crons/a%00b", { entries: [] }],
        [400, "PUT", "/crons/g", { entries: [{ ...entry, name: text }] }],
        [400, "PUT", "/crons/g", { entries: [{ ...entry, expression: `${entry.expression}\0` }] }],
        [400, "PUT", "/crons/g", { entries: [], timezone: "UTC\0" }],
        [422, "PUT", "/budgets/a%00b", { allocation: 1, strategy: { type: "while_in_flight" } }],
        [422, "POST", "/jobs", { ...job, budgets: [{ key: text }] }],
        [422, "PATCH", "/jobs", { queue: text }],
      ];
      for (const [status, method, path, body] of refusals) {
        const answer = await call(parts, method, path, body);
        assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)}`);
        assert.equal(typeof answer.body.error, "string");
      }
      assert.equal(await parts.client.count(), 0);
      assert.deepEqual((await call(parts, "GET", "/crons")).body, { crons: [] });
      assert.deepEqual((await call(parts, "GET", "/budgets")).body, { budgets: [] });
    }));

  it("in a path or query does not match a name that ends before it", () =>
    withBroker(async (parts) => {
      const { body } = await call(parts, "POST", "/jobs", job);
      for (const path of [`/jobs/${body.id}%00`, "/budgets/q%00", "/crons/q%00"]) {
        assert.equal((await call(parts, "GET", path)).status, 404);
        assert.equal((await call(parts, "DELETE", path)).status, 404);
      }
      const reports = { ids: ["q\0", body.id] };
      const { status } = await call(parts, "POST", "/jobs/success", reports);
      assert.equal(status, 422);
      const taken = await call(parts, "POST", "/jobs/take", { queues: ["q\0", "\0q"], count: 1 });
      assert.deepEqual([taken.status, taken.body], [200, { jobs: [] }]);
      for (const query of ["queue=q%00", "type=t%00x", "queue=q%00,%00", "type=%5C%00,a%00%00"]) {
        assert.deepEqual((await call(parts, "DELETE", `/jobs?${query}`)).body, { deleted: 0 });
      }
      assert.equal(await parts.client.count(), 1);
    }));
});
