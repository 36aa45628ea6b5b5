import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";

describe("/payloads/{key}", () => {
  const ask = (broker: { fetch(request: Request): Promise<Response> }, path: string, init = {}) =>
    broker.fetch(new Request(`http://broker/payloads/${path}`, init));

  it("keeps bytes whatever their type, and gives them as bytes whatever is accepted", () =>
    withBroker(async ({ broker }) => {
      const body = new Uint8Array([0, 255, 10]);
      const headers = { "content-type": "image/png" };
      assert.equal((await ask(broker, "a", { method: "PUT", body, headers })).status, 204);
      const answer = await ask(broker, "a", { headers: { accept: "image/png" } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/octet-stream");
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), body);
      assert.equal((await ask(broker, "a", { method: "HEAD" })).status, 200);
    }));

  it("keeps nothing at all, too", () =>
    withBroker(async ({ broker }) => {
      assert.equal((await ask(broker, "a", { method: "PUT" })).status, 204);
      const answer = await ask(broker, "a");
      assert.deepEqual([answer.status, await answer.text()], [200, ""]);
    }));

  it("says what is missing and what is wrong", () =>
    withBroker(async ({ broker }) => {
      const cases = [
        ["a", "GET", 404, "payload not found"],
        ["a%2Fb", "PUT", 422, "'key' must be 1 to 200 of 'A-Z a-z 0-9 . _ -', and no '.' first"],
        ["a?ttl_ms=0", "PUT", 422, "'ttl_ms' must be 1 or more"],
        [
          "a?ttl_ms=1h",
          "PUT",
          400,
          "invalid query parameters: 'ttl_ms' must be an integer from 0 to 9007199254740991, got \"1h\"",
        ],
        ["a?ttl=1", "PUT", 400, 'invalid query parameters: unknown parameter "ttl"'],
      ] as const;
      for (const [path, method, status, error] of cases) {
        const answer = await ask(broker, path, { method });
        assert.deepEqual([answer.status, await answer.json()], [status, { error }], path);
      }
      assert.equal((await ask(broker, "a", { method: "DELETE" })).status, 204);
      assert.equal((await ask(broker, "a", { method: "POST" })).headers.get("allow")?.length, 19);
    }));

  it("deletes what has expired, together", () =>
    withBroker(async ({ broker, clock }) => {
      for (const [key, ttl] of [["a", 1000], ["b", 1500], ["c", 60_000]]) {
        await ask(broker, `${key}?ttl_ms=${ttl}`, { method: "PUT", body: "x" });
      }
      // They gather for `reaperIntervalMs`.
      const due = await broker.nextDueAt();
      assert.equal(due, clock.now() + 1000 + 5000);
      await clock.advance(6500);
      assert.equal(await broker.nextDueAt(), due! + 59_000);
      assert.equal((await ask(broker, "c")).status, 200);
    }, { reaperIntervalMs: 5000 }));
});
