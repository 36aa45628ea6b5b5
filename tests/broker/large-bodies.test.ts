/** Large bodies of single calls: what they may have besides their payloads, and where payloads may be, in both formats. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import type { Broker } from "../../src/broker/mod.ts";
import { type TestBroker, withBroker } from "../support/broker.ts";

/** Over 512 KiB in each format: a smaller body is read at once. */
const payload = Array.from({ length: 60_000 }, (_, n) => ({ [`key ${n}`]: `${n}, "é" \n` }));
const job = { type: "t", queue: "q", payload };

/** Sends a call. */
type Send = (method: string, path: string, body?: unknown) => Promise<{
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly body: any;
}>;

/** How calls are sent in each format. */
const senders: Readonly<Record<string, (broker: Broker) => Send>> = {
  JSON: (broker) => toSend(broker, "application/json", JSON.stringify, (text) => JSON.parse(text)),
  MessagePack: (broker) =>
    toSend(
      broker,
      "application/msgpack",
      (value) => encode(value) as Uint8Array<ArrayBuffer>,
      (_, bytes) => decode(bytes),
    ),
};

function toSend(
  broker: Broker,
  type: string,
  write: (value: unknown) => BodyInit,
  read: (text: string, bytes: Uint8Array) => unknown,
): Send {
  return async (method, path, body) => {
    const response = await broker.fetch(
      new Request(`http://broker${path}`, {
        method,
        headers: { accept: type, "content-type": type },
        ...body !== undefined && { body: write(body) },
      }),
    );
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    return { status: response.status, body: bytes.length === 0 ? undefined : read(text, bytes) };
  };
}

for (const [name, toSender] of Object.entries(senders)) {
  describe(`a large body in ${name}`, () => {
    const withSend = (run: (send: Send, kit: TestBroker) => Promise<void>) =>
      withBroker((kit) => run(toSender(kit.broker), kit));
    /** Takes the one job that is ready, and gives its id. */
    const take = async (send: Send): Promise<string> => {
      const { body } = await send("POST", "/jobs/take", { count: 1 });
      return body.jobs[0].id;
    };

    it("may replace the payload of a job that is at work", () =>
      withSend(async (send, { client }) => {
        for (
          const [path, more] of [
            ["heartbeat", {}],
            ["failure", { message: "m" }],
          ] as const
        ) {
          await client.enqueue({ type: "t", queue: "q", payload: 1 });
          const id = await take(send);
          const { status, body } = await send("POST", `/jobs/${id}/${path}`, { ...more, payload });
          assert.ok(status === 200 || status === 204, `${path}: ${status} ${JSON.stringify(body)}`);
          assert.deepEqual((await client.get(id)).payload, payload, path);
        }
      }));

    it("may replace the payload of a job that begins anew, and of a cron entry", () =>
      withSend(async (send, { client }) => {
        const { id } = await client.enqueue({ type: "t", queue: "q", payload: 1 });
        const requeued = await send("POST", `/jobs/${id}/requeue`, { queue: "other", payload });
        assert.equal(requeued.status, 200, JSON.stringify(requeued.body));
        assert.deepEqual((await client.get(id)).payload, payload);

        const entry = { name: "e", expression: "* * * * *", job: { ...job, payload: 1 } };
        assert.equal((await send("PUT", "/crons/g", { entries: [entry] })).status, 200);
        const patched = await send("PATCH", "/crons/g/entries/e", { job });
        assert.equal(patched.status, 200, JSON.stringify(patched.body));
        const { body } = await send("GET", "/crons/g/entries/e");
        assert.deepEqual(body.job.payload, payload);
      }));

    it("may have as much besides as its limits allow", () =>
      withSend(async (send, { client }) => {
        const meta = Object.fromEntries(
          Array.from({ length: 12 }, (_, n) => [`some-name-${n}`, "v".repeat(90)]),
        );
        const one = { type: "t", queue: "next", payload: 1, meta };
        const many = Array.from({ length: 1000 }, () => one);
        await client.enqueue({ type: "t", queue: "q", payload: 1 });
        const id = await take(send);
        const success = await send("POST", `/jobs/${id}/success`, { enqueue: many });
        assert.equal(success.status, 200, JSON.stringify(success.body).slice(0, 200));

        const expression = "* * * * *";
        const entries = many.map((job, n) => ({ name: `e${n}`, expression, job }));
        const group = await send("PUT", "/crons/g", { entries });
        assert.equal(group.status, 200, JSON.stringify(group.body).slice(0, 200));

        const depends_on = Array.from({ length: 10_000 }, (_, n) => ({
          id: `${n}`.padStart(25, "0"),
          on_dead: "stay",
          name: `n${n}`.padStart(60, "x"),
        }));
        const waiting = { type: "t", queue: "q", payload: 1, depends_on };
        const single = await send("POST", "/jobs", waiting);
        assert.equal(single.status, 201, JSON.stringify(single.body).slice(0, 200));
        const bulk = await send("POST", "/jobs/bulk", { jobs: [waiting] });
        assert.equal(bulk.status, 201, JSON.stringify(bulk.body).slice(0, 200));

        const ids = depends_on.map(({ id }) => id);
        const wait = await send("POST", "/jobs/wait", { ids: [ids, ids, ids, ids].flat() });
        assert.equal(wait.status, 422);
        assert.match(wait.body.error, /40000/);
      }));
  });
}
