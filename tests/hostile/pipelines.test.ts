/**
 * Connections that send calls and calls without waiting for an answer.
 *
 * @module
 */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { listenPlain } from "../../adapters/node-http/listen-plain.ts";
import { openRaw, until } from "./served.ts";

const maxCalls = 200;
const limit = { timeout: 20_000 };
const call = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

/** Serves by `node:http`: the first call waits for the test. */
async function withServer(
  test: (port: number, state: { calls: number; answer(): void }) => Promise<void>,
): Promise<void> {
  const first = Promise.withResolvers<void>();
  const state = { calls: 0, answer: first.resolve };
  const server = await listenPlain(async () => {
    state.calls++;
    await first.promise;
    return new Response("hello");
  }, { host: "127.0.0.1", port: 0, maxConnections: 3, maxCallsPerConnection: maxCalls });
  try {
    await test(server.port, state);
  } finally {
    first.resolve();
    const drained = server.drain();
    server.closeAll();
    await drained;
  }
}

// Bun's node:http hands over one call of a connection at a time.
const pipelined = "Bun" in globalThis ? it.skip : it;

describe("a pipeline", () => {
  pipelined(
    "that is not too long is answered whole",
    limit,
    () =>
      withServer(async (port, state) => {
        const { answer, socket } = openRaw(port, call.repeat(maxCalls));
        await until(() => state.calls === 1);
        state.answer();
        await until(() => answer().split("hello").length === maxCalls + 1);
        assert.equal(state.calls, maxCalls);
        socket.write(call);
        await until(() => answer().split("hello").length === maxCalls + 2);
        socket.destroy();
      }),
  );

  pipelined(
    "that is too long is not read further, and closed after those let in",
    limit,
    () =>
      withServer(async (port, state) => {
        const { answer, closed } = openRaw(port, call.repeat(5 * maxCalls));
        await until(() => state.calls === 1);
        state.answer();
        await until(closed);
        assert.equal(answer().split("hello").length - 1, maxCalls);
        assert.equal(state.calls, maxCalls);
      }),
  );

  pipelined("without end stays with its sender", limit, () =>
    withServer(async (port, state) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      // Many times what the connection itself holds.
      for (let piece = 0; piece < 500; piece++) socket.write(call.repeat(2500));
      await until(() => state.calls === 1);
      for (let last = -1; last !== socket.writableLength;) {
        last = socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      assert.ok(socket.writableLength > 0, "all of it was read");
      socket.destroy();
      await until(() => socket.closed);
      assert.equal(state.calls, 1); // None of those that waited was begun for who is gone.
    }));
});

describe("more connections than are allowed", () => {
  it("are a number of 1 or more", limit, async () => {
    const { serve } = await loadRuntime();
    for (const name of ["maxConnections", "maxCallsPerConnection"]) {
      for (const count of [0, 1.5, NaN]) {
        const started = serve(() => new Response(), { port: 0, [name]: count });
        await assert.rejects(started, { name: "RangeError" });
      }
    }
  });

  it("are closed, and let in when others are gone", limit, () =>
    withServer(async (port, state) => {
      const open = Array.from({ length: 3 }, () => openRaw(port, call));
      await until(() => state.calls === 3);
      const { closed } = openRaw(port, call);
      await until(closed);
      assert.equal(state.calls, 3);
      for (const { socket } of open) socket.destroy();
      await until(async () => {
        const next = openRaw(port, call);
        await until(() => next.closed() || state.calls > 3);
        return state.calls > 3;
      });
    }));

  it(
    "are let in when others are gone that have said nothing",
    limit,
    () =>
      withServer(async (port, state) => {
        for (const said of ["", "", "P"]) {
          const { socket, closed } = openRaw(port, said);
          socket.end();
          await until(closed);
        }
        openRaw(port, call);
        await until(() => state.calls === 1);
      }),
  );
});
