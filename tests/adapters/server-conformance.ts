/**
 * What a broker expects of every runtime's `serve`, as a suite that its test calls.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { FetchHandler, ServeOptions, Server } from "../../adapters/server.ts";
import { NetworkError } from "../../src/errors.ts";
import { http1, http2, readText, type Send } from "./http-calls.ts";

/** Starts a server as the adapter under test does. */
export type Serve = (handler: FetchHandler, options?: ServeOptions) => Promise<Server>;

/** Nothing here waits for a clock: what takes this long hangs. */
const limit = { timeout: 10_000 };

const encoder = new TextEncoder();

/** The last is more than any connection holds. */
const pieces = ["one, ", "two, ", "three, ", "a".repeat(4 * 1024 * 1024)];

/** A body fed by hand, and the news that its reader is gone. */
interface Feed {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly gone: Promise<string>;
}

/** Defines the suite for one runtime. */
export function describeServer(name: string, serve: Serve): void {
  describe(`serve on ${name}`, () => {
    describeCalls("HTTP/1.1", http1, serve);
    describeCalls("HTTP/2", http2, serve);
    describeStop(serve);
  });
}

/** Defines the part of the suite that is about calls, for one version of HTTP. */
export function describeCalls(version: string, send: Send, serve: Serve): void {
  describe(version, () => {
    let server: Server;
    let fed: (feed: Feed) => void = () => {};
    const nextFeed = () => new Promise<Feed>((resolve) => void (fed = resolve));

    const handler: FetchHandler = async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/echo") {
        const text = request.body === null ? null : await request.text();
        const seen = [request.method, search, request.headers.get("x-seen"), text];
        return new Response(JSON.stringify(seen), { status: 201, headers: { "x-told": "yes" } });
      }
      if (pathname === "/bytes") {
        const bytes = new Uint8Array(await request.arrayBuffer());
        return new Response(bytes.reverse());
      }
      if (pathname === "/nothing") return new Response(null, { status: 204 });
      if (pathname === "/cookies") {
        return new Response("", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
      }
      if (pathname === "/pieces") {
        const left = pieces.map((piece) => encoder.encode(piece));
        return new Response(
          new ReadableStream({
            pull(controller) {
              controller.enqueue(left.shift()!);
              if (left.length === 0) controller.close();
            },
          }),
        );
      }
      if (pathname === "/throw") throw new Error("the handler failed");
      let leave: (how: string) => void;
      const gone = new Promise<string>((resolve) => void (leave = resolve));
      request.signal.addEventListener("abort", () => leave("aborted"));
      return new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            controller.enqueue(encoder.encode("hello\n"));
            fed({ controller, gone });
          },
          cancel: () => leave("cancelled"),
        }),
      );
    };

    before(async () => void (server = await serve(handler, { port: 0 })));
    after(() => server.stop({ timeoutMs: 0 }));

    it(
      "passes method, query, headers and body to the handler, status and headers to the client",
      limit,
      async () => {
        const body = encoder.encode("Grüße 🎡");
        const headers = { "x-seen": "a, b", "content-type": "text/plain" };
        const answer = await send(server.url, {
          method: "PATCH",
          path: "/echo?a=%20+b",
          headers,
          body,
        });
        assert.equal(answer.status, 201);
        assert.equal(answer.headers.get("x-told"), "yes");
        assert.deepEqual(JSON.parse(await readText(answer)), [
          "PATCH",
          "?a=%20+b",
          "a, b",
          "Grüße 🎡",
        ]);
      },
    );

    it("a GET request has no body", limit, async () => {
      const answer = await send(server.url, { path: "/echo" });
      assert.deepEqual(JSON.parse(await readText(answer)), ["GET", "", null, null]);
    });

    it("a body of 4 MiB arrives whole, in both directions", limit, async () => {
      const body = new Uint8Array(4 * 1024 * 1024);
      body.fill(97);
      body[0] = 98;
      const text = await readText(await send(server.url, { method: "POST", path: "/bytes", body }));
      assert.equal(text.length, body.length);
      assert.equal(text.slice(-2), "ab");
    });

    it("HEAD is answered without a body", limit, async () => {
      const answer = await send(server.url, { method: "HEAD", path: "/echo" });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers.get("x-told"), "yes");
      assert.equal(await readText(answer), "");
    });

    it("an answer may have no body", limit, async () => {
      const answer = await send(server.url, { path: "/nothing" });
      assert.equal(answer.status, 204);
      assert.equal(await readText(answer), "");
    });

    it("each cookie that is set is a header of its own", limit, async () => {
      const answer = await send(server.url, { path: "/cookies" });
      assert.deepEqual(answer.headers.getSetCookie(), ["a=1", "b=2"]);
    });

    it(
      "a handler that throws is answered 500 without its message, and the next call is served",
      limit,
      async () => {
        const answer = await send(server.url, { path: "/throw" });
        assert.equal(answer.status, 500);
        assert.doesNotMatch(await readText(answer), /the handler failed/);
        assert.equal((await send(server.url, { path: "/nothing" })).status, 204);
      },
    );

    it("chunks that are there at once are sent once each", limit, async () => {
      const answer = await send(server.url, { path: "/pieces" });
      const text = await readText(answer);
      assert.equal(text.slice(0, 40), pieces.join("").slice(0, 40));
      assert.equal(text.length, pieces.join("").length);
    });

    it("each chunk of a stream is sent as it comes, and so is its end", limit, async () => {
      const feed = nextFeed();
      const answer = await send(server.url, { path: "/stream" });
      const { controller } = await feed;
      const next = async () => new TextDecoder().decode((await answer.chunks.next()).value);
      assert.equal(await next(), "hello\n");
      for (const line of ["one\n", "two\n"]) {
        controller.enqueue(encoder.encode(line));
        assert.equal(await next(), line);
      }
      controller.close();
      assert.equal((await answer.chunks.next()).done, true);
    });

    it("the handler hears at once that the client of a silent stream is gone", limit, async () => {
      const feed = nextFeed();
      const answer = await send(server.url, { path: "/stream" });
      const { gone } = await feed;
      await answer.chunks.next();
      answer.abort();
      assert.match(await gone, /aborted|cancelled/);
    });

    it("the answer is cut off when its body fails", limit, async () => {
      const feed = nextFeed();
      const answer = await send(server.url, { path: "/stream" });
      const { controller } = await feed;
      await answer.chunks.next();
      controller.error(new Error("the store failed"));
      await assert.rejects(readText(answer));
    });
  });
}

function describeStop(serve: Serve): void {
  const hello: FetchHandler = () => new Response("hello");

  it("url, host and port say where it listens; port 0 picks a free one", limit, async () => {
    const server = await serve(hello, { port: 0, host: "localhost" });
    try {
      assert.equal(server.host, "localhost");
      assert.ok(server.port > 0);
      assert.equal(server.url, `http://localhost:${server.port}`);
      assert.equal(await readText(await http1(server.url)), "hello");
    } finally {
      await server.stop();
    }
  });

  it("url has an IPv6 address in brackets", limit, async () => {
    const server = await serve(hello, { port: 0, host: "::1" });
    try {
      assert.equal(server.url, `http://[::1]:${server.port}`);
      assert.equal(await readText(await http1(server.url)), "hello");
    } finally {
      await server.stop();
    }
  });

  it("serve() refuses a port that is in use", limit, async () => {
    const server = await serve(hello, { port: 0 });
    try {
      const { port } = server;
      await assert.rejects(serve(hello, { port }), (error) => {
        assert.ok(error instanceof NetworkError);
        assert.equal(error.message, `Cannot listen on 127.0.0.1:${port}: the port is in use`);
        return true;
      });
    } finally {
      await server.stop();
    }
  });

  it("serve() refuses options out of range", limit, async () => {
    await assert.rejects(serve(hello, { port: 70_000 }), {
      name: "RangeError",
      message: "Option 'port' is 70000, expected an integer from 0 to 65535",
    });
    await assert.rejects(serve(hello, { port: 0, host: "" }), TypeError);
  });

  it("stop() does not wait for a connection that has sent nothing", limit, async () => {
    const server = await serve(hello, { port: 0 });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    await (await http1(server.url)).chunks.next();
    await server.stop({ timeoutMs: 60_000 });
    socket.destroy();
  });

  it("stop() closes a connection that sent half a head, at its deadline", limit, async () => {
    const server = await serve(hello, { port: 0 });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nHost: loc");
    await (await http1(server.url)).chunks.next();
    const closed = once(socket, "close");
    await server.stop({ timeoutMs: 100 });
    await closed;
  });

  for (const [version, send] of [["HTTP/1.1", http1], ["HTTP/2", http2]] as const) {
    // The server is right there too (curl agrees): it is Deno's HTTP/2 client that takes the
    // server's word of going away for the end of its stream.
    const skip = version === "HTTP/2" && "Deno" in globalThis;
    it(`stop() lets a ${version} call finish, and refuses others`, {
      ...limit,
      skip,
    }, async () => {
      let arrive = () => {};
      let release = () => {};
      const arrived = new Promise<void>((resolve) => void (arrive = resolve));
      const released = new Promise<void>((resolve) => void (release = resolve));
      const server = await serve(async () => {
        arrive();
        await released;
        return new Response("late");
      }, { port: 0 });
      const answer = send(server.url);
      await arrived;
      const stopped = server.stop();
      await assert.rejects(http1(server.url).then(({ status }) => assert.notEqual(status, 503)));
      release();
      assert.equal(await readText(await answer), "late");
      await stopped;
      await server.stop();
    });

    it(`stop() closes an open ${version} stream at its deadline`, limit, async () => {
      const { server, rest } = await serveOpenStream(serve, send);
      await server.stop({ timeoutMs: 10 });
      assert.match(await rest, send === http1 ? /^cut off$/ : /^(cut off)?$/);
    });

    it(
      `stop() with a shorter deadline overtakes one under way over ${version}`,
      limit,
      async () => {
        const { server, rest } = await serveOpenStream(serve, send);
        const patient = server.stop({ timeoutMs: 60_000 });
        const unlimited = server.stop({ timeoutMs: Infinity });
        await server.stop({ timeoutMs: 10 });
        await Promise.all([patient, unlimited]);
        assert.match(await rest, send === http1 ? /^cut off$/ : /^(cut off)?$/);
      },
    );
  }

  it("stop() may be called twice, before and after it is done", limit, async () => {
    const server = await serve(hello, { port: 0 });
    assert.equal(await readText(await http1(server.url)), "hello");
    await Promise.all([server.stop(), server.stop({ timeoutMs: 0 }), server.stop()]);
    await server.stop({ timeoutMs: 0 });
    await server[Symbol.asyncDispose]();
  });

  it("Symbol.asyncDispose stops the server", limit, async () => {
    const server = await serve(hello, { port: 0 });
    const { port } = server;
    await server[Symbol.asyncDispose]();
    const other = await serve(hello, { port });
    assert.equal(other.port, port);
    await other.stop();
  });

  it("stop() refuses a deadline below 0 and goes on serving", limit, async () => {
    const server = await serve(hello, { port: 0 });
    for (const timeoutMs of [-1, NaN]) {
      await assert.rejects(server.stop({ timeoutMs }), {
        name: "RangeError",
        message: `Option 'timeoutMs' is ${timeoutMs}, expected a number of 0 or more`,
      });
    }
    assert.equal(await readText(await http1(server.url)), "hello");
    await server.stop();
  });
}

/** A server with a client that reads a stream which says "x" and then nothing. */
async function serveOpenStream(serve: Serve, send: Send) {
  const silent = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode("x")) });
  const server = await serve(() => new Response(silent()), { port: 0 });
  const answer = await send(server.url);
  await answer.chunks.next();
  return { server, rest: readText(answer).catch(() => "cut off") };
}
