/**
 * What the server of this runtime passes on to the broker, over real connections.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../src/testing/mod.ts";
import { openRaw, until, withServed } from "./served.ts";

const limit = { timeout: 30_000 };

const host = "Host: x\r\n";
const body = '{"type":"t","queue":"q","payload":1}';
const post = (headers: string, rest = "") =>
  `POST /jobs HTTP/1.1\r\n${host}${headers}\r\n\r\n${rest}`;
const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;

const vast = "a".repeat(1024 * 1024);

/** What no client should send. Each is answered with a 4xx, or the connection is closed. */
const junk: readonly [string, string | Uint8Array][] = [
  ["a header of 1 MiB", get("/health", `x: ${vast}\r\n`)],
  ["20,000 headers", get("/health", "x-many: headers\r\n".repeat(20_000))],
  ["a path of 1 MiB", get(`/jobs/${vast}`)],
  ["a query of 1 MiB", get(`/jobs?queue=${vast}`)],
  ["no HTTP at all", "\u0000\u0001\u0002 what?\r\n\r\n"],
  ["the beginning of HTTP/2 and junk", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"junk".repeat(10)}`],
  ["a path that is no path", "GET health HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["two lengths", post("Content-Length: 36\r\nContent-Length: 5", body)],
  ["a negative length", post("Content-Length: -5", body)],
  ["a length beyond all numbers", post(`Content-Length: ${"9".repeat(40)}`, body)],
  ["a length and pieces", post("Content-Length: 36\r\nTransfer-Encoding: chunked", body)],
  ["pieces that are none", post("Transfer-Encoding: chunked", "zz\r\nabc\r\n")],
  ["a piece and then none", post("Transfer-Encoding: chunked", '3\r\n{"t\r\nzz\r\n')],
  ["a length over the limit", post("Content-Length: 99999999999", body)],
  ["bytes that are not UTF-8 in a path", get("/jobs/%ff")],
  ["half an escape in a path", get("/jobs/%e4%zz")],
];

describe("a connection", () => {
  for (const [what, bytes] of junk) {
    it(
      `that sends ${what} is refused, and the next one served`,
      limit,
      () =>
        withServed(async ({ port, url, client }) => {
          const { socket, answer, closed } = openRaw(port, bytes);
          await until(() => closed() || answer().includes("\r\n\r\n"));
          // Over HTTP/2 the answer is a frame, which says the connection ends.
          if (/^HTTP/.test(answer())) assert.match(answer(), /^HTTP\/1\.1 4[0-9][0-9] /);
          socket.destroy();
          assert.equal((await fetch(`${url}/health`)).status, 200);
          assert.equal(await client.count(), 0);
        }),
    );
  }

  it(
    "of HTTP/1.0 without a Host header is served, as some health checks need",
    limit,
    () =>
      withServed(async ({ port }) => {
        const { answer, closed } = openRaw(port, "GET /health HTTP/1.0\r\n\r\n");
        await until(closed);
        assert.match(answer(), /^HTTP\/1\.[01] 200 /);
      }),
  );

  it("that lists 2,000 ids in a query is served", limit, () =>
    withServed(async ({ url }) => {
      const ids = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(25, "0"));
      const response = await fetch(`${url}/jobs/count?id=${ids.join(",")}`);
      assert.deepEqual(await response.json(), { count: 0 });
    }));

  // Bun closes a connection on which a call comes before the last one was answered.
  const inOrder = "Bun" in globalThis ? it.skip : it;
  inOrder(
    "answers pipelined calls in order, and refuses the junk behind them",
    limit,
    () =>
      withServed(async ({ port, client }) => {
        const good = post(`Content-Length: ${body.length}`, body);
        const bad = post("Content-Length: 2", "{]");
        const { socket, answer, closed } = openRaw(port, good + bad + good);
        const statuses = () => answer().match(/HTTP\/1\.1 [0-9]+/g) ?? [];
        await until(() => statuses().length === 3);
        assert.deepEqual(statuses(), ["HTTP/1.1 201", "HTTP/1.1 400", "HTTP/1.1 201"]);
        socket.write("JUNK JUNK JUNK\r\n\r\n");
        await until(closed);
        assert.equal(await client.count(), 2);
      }),
  );

  it(
    "serves the next call, or is closed, after a large body that was refused unread",
    limit,
    () =>
      withServed(async ({ port, url }) => {
        const size = 2_000_000;
        const pieces = `10000\r\n${"a".repeat(0x10000)}\r\n`.repeat(30) + "0\r\n\r\n";
        const unread: [number, string, string][] = [
          [404, "POST /nope", `Content-Length: ${size}`],
          [415, "POST /jobs", `Content-Type: text/plain\r\nContent-Length: ${size}`],
          [413, "POST /jobs", `Content-Length: ${size}`],
          [413, "POST /jobs", "Transfer-Encoding: chunked"],
        ];
        for (const [status, line, headers] of unread) {
          const rest = headers.includes("chunked") ? pieces : "a".repeat(size);
          const { socket, answer, closed } = openRaw(
            port,
            `${line} HTTP/1.1\r\n${host}${headers}\r\n\r\n${rest}`,
          );
          await until(() => answer().includes("}"));
          assert.match(answer(), new RegExp(`^HTTP/1\\.1 ${status} `));
          if (!closed()) socket.write(get("/health"));
          await until(() => closed() || answer().includes('{"status":"ok"}'));
          socket.destroy();
        }
        assert.equal((await fetch(`${url}/health`)).status, 200);
      }, { maxBodyBytes: 1_000_000 }),
  );

  it("that stops in the middle of a body is answered 408", limit, async () => {
    const clock = createTestClock();
    await withServed(async ({ port, url, client }) => {
      await client.health(); // Starts the broker, which may arm timers of its own.
      for (const size of [36, 1_000_000]) {
        const timers = clock.timers;
        const slow = openRaw(port, post(`Content-Length: ${size}`, body.slice(0, 20)));
        await until(() => clock.timers > timers);
        await clock.advance(30_000);
        await until(() => slow.answer().includes("}"));
        assert.match(slow.answer(), /^HTTP\/1\.1 408 [^]*"failed to read body: nothing came for/);
        slow.socket.destroy();
      }
      assert.equal((await fetch(`${url}/health`)).status, 200);
      assert.equal(await client.count(), 0);
    }, { clock });
  });

  it("that is lost in the middle of a body leaves no job and no timer", limit, async () => {
    const clock = createTestClock();
    await withServed(async ({ port, url, client }) => {
      await client.health();
      const timers = clock.timers;
      for (const headers of ["Content-Length: 36", "Transfer-Encoding: chunked"]) {
        const lost = openRaw(port, post(headers, `5\r\n${body.slice(0, 5)}\r\n`));
        await until(() => clock.timers > timers);
        lost.socket.destroy();
        await until(() => clock.timers === timers);
      }
      assert.equal((await fetch(`${url}/health`)).status, 200);
      assert.equal(await client.count(), 0);
    }, { clock });
  });
});
