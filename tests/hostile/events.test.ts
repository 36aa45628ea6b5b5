/**
 * Listeners to events over real connections: of both versions of HTTP, slow ones, and many.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEvents } from "../../src/client/mod.ts";
import { openRaw, openUnread, until, withServed } from "./served.ts";

const limit = { timeout: 60_000 };
const jobs = (count: number) =>
  Array.from({ length: count }, () => ({ type: "t", queue: "q", payload: 1 }));

describe("listeners over connections", () => {
  it(
    "hear at once that they are connected, and then what happens",
    limit,
    () =>
      withServed(async ({ port, client }) => {
        const raw = openRaw(port, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
        await until(() => /millrace-cursor: /i.test(raw.answer()));
        const { id } = await client.enqueue(jobs(1)[0]!);
        await until(() => raw.answer().includes(`"event":"enqueued","id":"${id}"`));
        raw.socket.destroy();
      }),
  );

  it(
    "hear all in its order, by the client",
    limit,
    () =>
      withServed(async ({ url, client }) => {
        const seen: string[] = [];
        const controller = new AbortController();
        const events = createEvents({ url });
        const listening = (async () => {
          const { signal } = controller;
          for await (const event of events.listen({ kinds: "enqueued", signal })) {
            if (event.event !== "gap") {
              seen.push(event.id);
            }
          }
        })().catch(() => {});
        // The connection is not there yet when the loop begins.
        await until(async () => {
          await client.enqueue(jobs(1)[0]!);
          return seen.length > 0;
        });
        const stored = (await client.enqueueMany(jobs(500))).map(({ id }) => id);
        await until(() => seen.includes(stored.at(-1)!));
        assert.deepEqual(seen.slice(-500), stored);
        controller.abort();
        await listening;
      }),
  );

  for (const [version, open] of Object.entries(openUnread)) {
    it(
      `of ${version} that read nothing are cut off, and leave`,
      limit,
      () =>
        withServed(async (served) => {
          const { client } = served;
          const leave = open(served, "/events?kind=enqueued");
          await until(async () => (await fetch(`${served.url}/events`)).status === 503);
          // More than is kept, and than connections hold.
          for (let round = 0; round < 90; round++) await client.enqueueMany(jobs(1000));
          await until(async () => {
            const answer = await fetch(`${served.url}/events`);
            await answer.body?.cancel();
            return answer.status === 200;
          });
          leave();
        }, { maxEventListeners: 1 }),
    );
  }

  it(
    "are two hundred, and gone when they leave",
    limit,
    () =>
      withServed(async ({ port, client, broker }) => {
        const open = Array.from(
          { length: 200 },
          () => openRaw(port, "GET /events?queue=q HTTP/1.1\r\nHost: x\r\n\r\n"),
        );
        await until(() => open.every(({ answer }) => answer().includes("200 OK")));
        const { id } = await client.enqueue(jobs(1)[0]!);
        await until(() => open.every(({ answer }) => answer().includes(id)));
        for (const { socket } of open) socket.destroy();
        await until(async () => {
          const answer = await broker.fetch(new Request("http://broker/events"));
          await answer.body?.cancel();
          return answer.status === 200;
        });
      }, { maxEventListeners: 200 }),
  );
});
