/**
 * What only real time shows of a server: a stream that is silent for longer than any idle timeout, and a client that
 * does not read. The tests are slow, and therefore apart from the others.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { http1, http2 } from "./http-calls.ts";
import type { Serve } from "./server-conformance.ts";

/** Bun closes idle connections after 10 s unless told not to; the others have limits of their own. */
const silenceMs = 15_000;

/** Defines the suite for one runtime. */
export function describeRealTime(name: string, serve: Serve): void {
  describe(`serve on ${name}, in real time`, () => {
    it(
      "a stream that sends nothing for 15 s stays open, over both HTTP versions",
      { timeout: 60_000 },
      async () => {
        const bell = new TextEncoder().encode("ding");
        const server = await serve(() => {
          let ring: ReturnType<typeof setTimeout>;
          return new Response(
            new ReadableStream({
              start(controller) {
                controller.enqueue(bell);
                ring = setTimeout(() => {
                  controller.enqueue(bell);
                  controller.close();
                }, silenceMs);
              },
              cancel: () => clearTimeout(ring),
            }),
          );
        }, { port: 0 });
        const listen = async (send: typeof http1) => {
          const { chunks } = await send(server.url);
          assert.equal((await chunks.next()).value?.length, bell.length);
          const startedAt = performance.now();
          assert.equal((await chunks.next()).value?.length, bell.length);
          assert.ok(performance.now() - startedAt > silenceMs - 1000);
          assert.equal((await chunks.next()).done, true);
        };
        await Promise.all([listen(http1), listen(http2)]);
        await server.stop();
      },
    );

    for (const [version, send] of [["HTTP/1.1", http1], ["HTTP/2", http2]] as const) {
      it(
        `a body is not read further than an ${version} client reads it`,
        { timeout: 60_000 },
        async () => {
          const chunk = new Uint8Array(64 * 1024);
          let pulled = 0;
          const server = await serve(() =>
            new Response(
              new ReadableStream({
                pull(controller) {
                  pulled++;
                  controller.enqueue(chunk);
                },
              }),
            ), { port: 0 });
          const answer = await send(server.url);
          await answer.chunks.next();
          let seen = -1;
          while (seen !== pulled) {
            seen = pulled;
            assert.ok(pulled * chunk.length < 256 * 1024 * 1024, `${pulled} chunks were pulled`);
            await sleep(500);
          }
          await answer.chunks.next();
          answer.abort();
          await server.stop({ timeoutMs: 0 });
        },
      );
    }
  });
}
