/**
 * The list of callbacks that were given up.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import {
  createDeadLetters,
  createEncryptor,
  createHttp,
  createMemoryStore,
  createPayloads,
  type DeadLetter,
  defineHttpCallback,
  handleHttpCallbacks,
  handleHttpRequests,
  type PackedPayload,
} from "../../src/offload/mod.ts";
import { createTestKit, type TestKit } from "../../src/testing/mod.ts";
import { cancel } from "../../src/worker/mod.ts";

const address = "https://shop.example/hooks";

const delivered = defineHttpCallback<{ event: string }>("delivered", {
  onComplete: () => {},
  onError: (failure) => cancel(failure.message),
});
const other = defineHttpCallback("other", {
  onComplete: () => cancel("not wanted"),
  onError: (failure) => cancel(failure.message),
});

/** A kit whose requests are answered with 500 and a body, or with nothing if the body is. */
async function withKit(
  body: string | undefined,
  test: (kit: TestKit) => Promise<void>,
  payloads = createPayloads(),
): Promise<void> {
  const fakeFetch: typeof fetch = () =>
    body === undefined
      ? Promise.reject(new TypeError("no route"))
      : Promise.resolve(new Response(body, { status: 500 }));
  const kit = createTestKit({
    store: openSqlite(":memory:"),
    handlers: ({ client, clock }) => [
      ...handleHttpRequests({ client, clock, fetch: fakeFetch, payloads }),
      handleHttpCallbacks({ callbacks: [delivered, other], payloads }),
    ],
  });
  try {
    await test(kit);
  } finally {
    await kit.close();
  }
}

/** Sends an event, and gives the id of its request. */
function send({ client }: TestKit, event: string): Promise<string> {
  const http = createHttp(client, { httpErrors: "error", job: { meta: { tenant: "acme" } } });
  return http.post(address, { json: 1, callback: delivered, callbackArgs: { event } });
}

async function listAll<Args>(
  letters: AsyncIterable<DeadLetter<Args>>,
): Promise<DeadLetter<Args>[]> {
  const all: DeadLetter<Args>[] = [];
  for await (const letter of letters) all.push(letter);
  return all;
}

describe("createDeadLetters", () => {
  it("tells what was to be handled, and why it could not be", () =>
    withKit("down", async (kit) => {
      const requestId = await send(kit, "evt_1");
      await kit.drain();
      const letters = createDeadLetters(kit.client, delivered);
      const [letter, ...rest] = await listAll(letters);
      assert.equal(rest.length, 0);
      assert.equal(letter!.args.event, "evt_1");
      assert.equal(letter!.requestId, requestId);
      assert.equal(letter!.failure?.kind, "http");
      assert.deepEqual([letter!.response?.status, letter!.response?.text()], [500, "down"]);
      assert.equal(letter!.failedAt, kit.clock.now());
      assert.deepEqual(letter!.meta, { tenant: "acme" });
      assert.equal((await letters.get(letter!.id)).requestId, requestId);
    }));

  it("has no answer of a request that had none", () =>
    withKit(undefined, async (kit) => {
      await send(kit, "evt_1");
      await kit.drain();
      const [letter] = await listAll(createDeadLetters(kit.client, delivered));
      assert.equal(letter!.response, undefined);
      assert.match(letter!.failure!.message, /no route/);
    }));

  it("has those of its callback only, and answers that were not wanted", () =>
    withKit("down", async (kit) => {
      await send(kit, "evt_1");
      await createHttp(kit.client).get(address, { callback: other });
      await kit.client.enqueue({ type: "mail", queue: "mail", payload: { callback: "other" } });
      await kit.client.cancel((await kit.client.page({ type: "mail" })).jobs[0]!.id);
      await kit.drain();
      const letters = createDeadLetters(kit.client, "other");
      const [letter, ...rest] = await listAll(letters);
      assert.equal(rest.length, 0);
      assert.deepEqual([letter!.failure, letter!.response?.status], [undefined, 500]);
      const ofDelivered = createDeadLetters(kit.client, delivered);
      assert.deepEqual([await letters.count(), await ofDelivered.count()], [1, 1]);
      const missing = {
        name: "NotFoundError",
        message: /No dead letter of 'delivered' has the id/,
      };
      await assert.rejects(ofDelivered.get(letter!.id), missing);
      await assert.rejects(ofDelivered.delete(letter!.id), missing);
      assert.equal(await letters.count(), 1);
    }));

  it("comes page by page, and all of it though each is deleted on the way", () =>
    withKit("down", async (kit) => {
      for (let at = 0; at < 5; at++) await send(kit, `evt_${at}`);
      await kit.drain();
      const letters = createDeadLetters(kit.client, delivered);
      const first = await letters.page({ limit: 2 });
      const second = await letters.page({ limit: 3, from: first.next });
      assert.equal(second.next, undefined);
      const events = [...first.letters, ...second.letters].map(({ args }) => args.event);
      assert.deepEqual(events.sort(), ["evt_0", "evt_1", "evt_2", "evt_3", "evt_4"]);
      const seen: string[] = [];
      for await (const { id, args } of letters) {
        seen.push(args.event);
        await letters.delete(id);
      }
      assert.deepEqual([seen.length, await letters.count()], [5, 0]);
    }));

  it("reads what lies encrypted in a store, and deletes it with the letter", () => {
    const store = createMemoryStore();
    const payloads = createPayloads({
      stores: [store],
      thresholdBytes: 1000,
      encryptor: createEncryptor({ keys: [{ id: "a", key: new Uint8Array(32) }] }),
    });
    const body = "x".repeat(5000);
    return withKit(body, async (kit) => {
      await send(kit, "evt_1");
      await kit.drain();
      const letters = createDeadLetters(kit.client, delivered, { payloads });
      const [letter] = await listAll(letters);
      assert.equal(letter!.response!.text(), body);
      assert.ok(store.count > 0);
      await letters.delete(letter!.id);
      assert.deepEqual([store.count, await letters.count()], [0, 0]);
    }, payloads);
  });

  it("names those that cannot be read, and shows the others", () => {
    const store = createMemoryStore();
    const payloads = createPayloads({ stores: [store], thresholdBytes: 1000 });
    return withKit("x".repeat(5000), async (kit) => {
      await send(kit, "evt_1");
      await kit.drain();
      for (const job of (await kit.client.page({ type: "http:callback" })).jobs) {
        const { came } = job.payload as {
          came: { failure: { response: { body: PackedPayload } } };
        };
        await payloads.discard(came.failure.response.body);
      }
      await send(kit, "evt_2");
      await kit.drain();
      const letters = createDeadLetters(kit.client, delivered, { payloads });
      const page = await letters.page();
      assert.deepEqual(page.letters.map(({ args }) => args.event), ["evt_2"]);
      assert.equal(page.unreadable.length, 1);
      assert.equal((await listAll(letters)).length, 1);
      await assert.rejects(letters.get(page.unreadable[0]!), { code: "payload" });
      await letters.delete(page.unreadable[0]!);
      assert.equal(await letters.count(), 1);
    }, payloads);
  });

  it("refuses what is no callback", () =>
    withKit("", ({ client }) => {
      for (const wrong of ["", undefined, 7, {}]) {
        assert.throws(() => createDeadLetters(client, wrong as string), {
          name: "TypeError",
          message: /as a callback: expected what defineHttpCallback gives, or its name$/,
        });
      }
      return Promise.resolve();
    }));
});
