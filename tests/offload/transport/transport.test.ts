/** The transport: where it connects to, what it writes, and what it keeps. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  createHttpTransport,
  createTransport,
  type HttpTransportOptions,
  type TransportPorts,
} from "../../../src/offload/transport/create-http-transport.ts";
import { createTestClock } from "../../../src/testing/test-clock.ts";
import { createRandom } from "../../support/random.ts";
import { failureOf, run } from "../exchange/exchange-kit.ts";
import { goodCertificate, testCa } from "../hostile/certificates.ts";
import { type HostileServer, openHostileServer } from "../hostile/hostile-server.ts";
import { answer, echo, rawThenEnd } from "../hostile/scenes.ts";
import { type FakeNetwork, fakeSockets } from "./fake-sockets.ts";

const fine = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine";

/** A transport over a network that there is not. */
function over(network: FakeNetwork, options: HttpTransportOptions & TransportPorts = {}) {
  const { clock, ...rest } = options;
  const { sockets, log, written } = fakeSockets(network);
  const transport = createTransport(rest, { sockets, clock });
  const get = async (url: string, init: RequestInit = {}) =>
    await (await transport(url, { redirect: "manual", ...init })).text();
  return { transport, get, log, written };
}

describe("where a transport connects to", () => {
  it("connects to the very address that it looked at", async () => {
    const { get, log } = over({ names: { "a.test": ["8.8.8.8"] }, hosts: { "8.8.8.8": fine } });
    assert.equal(await get("https://a.test/x"), "fine");
    assert.deepEqual(log, [
      "lookup a.test",
      "connect 8.8.8.8 443",
      "secure a.test",
      "destroy 8.8.8.8",
    ]);
  });

  it("refuses addresses within, after names were resolved, and on every hop", async () => {
    const names = { "in.test": ["10.0.0.1", "::1"], "both.test": ["127.0.0.1", "8.8.8.8"] };
    const away = "HTTP/1.1 302 Found\r\nlocation: http://in.test/\r\ncontent-length: 0\r\n\r\n";
    const { transport, get, log } = over({ names, hosts: { "8.8.8.8": fine, "9.9.9.9": away } });
    for (
      const url of [
        "http://in.test/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://2130706433/",
      ]
    ) {
      const failure = await failureOf({ url, fetch: transport as typeof fetch });
      assert.deepEqual([failure.kind, failure.code], ["config", "address_refused"]);
      assert.match(failure.message, /^Host '.*' leads to an address that is not allowed$/);
    }
    assert.equal(await get("http://both.test/"), "fine");
    assert.deepEqual(log.filter((line) => line.startsWith("connect")), ["connect 8.8.8.8 80"]);
    const failure = await failureOf({ url: "http://9.9.9.9/", fetch: transport as typeof fetch });
    assert.equal(failure.kind === "redirect" && failure.reason, "refused");
    assert.equal(failure.code, "address_refused");
  });

  it("lets everything in by one option, or what a function says", async () => {
    const hosts = { "10.0.0.1": fine, "10.0.0.2": fine };
    const open = over({ hosts }, { guardAddresses: false });
    assert.equal(await open.get("http://10.0.0.1/"), "fine");
    const own = over({ hosts }, { allowAddress: (address) => address === "10.0.0.2" });
    assert.equal(await own.get("http://10.0.0.2/"), "fine");
    await assert.rejects(own.get("http://10.0.0.1/"), /not allowed/);
  });

  it("tries the next address after a refusal at once, and after silence soon", async () => {
    const clock = createTestClock();
    const names = { "a.test": ["1.1.1.1", "1.1.1.2", "1.1.1.3"] };
    const hosts = { "1.1.1.1": "refuse", "1.1.1.2": "hang", "1.1.1.3": fine };
    const { get, log } = over({ names, hosts }, { clock });
    const text = get("http://a.test/");
    await clock.advance(249);
    assert.equal(log.at(-1), "connect 1.1.1.2 80");
    await clock.advance(1);
    assert.equal(await text, "fine");
    assert.deepEqual(log.slice(1), [
      "connect 1.1.1.1 80",
      "connect 1.1.1.2 80",
      "connect 1.1.1.3 80",
      "end 1.1.1.2",
      "destroy 1.1.1.3",
    ]);
    assert.equal(clock.timers, 0);
  });

  it("gives up when all addresses refuse, when it takes too long, and when nobody waits", async () => {
    const clock = createTestClock();
    const names = { "a.test": ["1.1.1.1", "1.1.1.2"], "b.test": ["1.1.1.3"] };
    const { get, log, transport } = over({ names, hosts: { "1.1.1.3": "hang" } }, {
      clock,
      connectTimeoutMs: 300,
    });
    await assert.rejects(get("http://a.test/"), { code: "ECONNREFUSED" });
    const slow = failureOf({ url: "http://b.test/", fetch: transport as typeof fetch });
    await clock.advance(300);
    const { kind, code, message } = await slow;
    assert.deepEqual([kind, code], ["timeout", "connect_timeout"]);
    assert.equal(message, "No connection to 'b.test' within 300 ms");
    const stop = new AbortController();
    const stopped = get("http://b.test/", { signal: stop.signal });
    await clock.settle();
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(stopped, (error) => error === reason);
    await assert.rejects(
      get("http://b.test/", { signal: stop.signal }),
      (error) => error === reason,
    );
    assert.equal(log.filter((line) => line === "end 1.1.1.3").length, 2);
    assert.equal(clock.timers, 0);
  });
});

describe("what a transport writes and reads", () => {
  it("writes requests as they are", async () => {
    const { get, written } = over({ hosts: { "1.1.1.1": fine } });
    await get("http://1.1.1.1/a%20b?c=d#e", { headers: { "X-One": "\u00fc", accept: "text/x" } });
    assert.equal(
      written.join(""),
      "GET /a%20b?c=d HTTP/1.1\r\nhost: 1.1.1.1\r\naccept: text/x\r\nx-one: \ufffd\r\n" +
        "accept-encoding: gzip\r\n\r\n",
    );
    written.length = 0;
    await get("http://1.1.1.1:81/", { method: "post", body: new URLSearchParams({ a: "b" }) });
    assert.match(written.join(""), /^POST \/ HTTP\/1\.1\r\nhost: 1\.1\.1\.1:81\r\n/);
    assert.match(
      written.join(""),
      /\r\ncontent-type: application\/x-www-form-urlencoded;charset=UTF-8\r\n/i,
    );
    assert.match(written.join(""), /\r\ncontent-length: 3\r\n\r\na=b$/);
    written.length = 0;
    await get("http://1.1.1.1/", { method: "PUT" });
    assert.match(written.join(""), /\r\ncontent-length: 0\r\n\r\n$/);
  });

  it("takes a whole Request too", async () => {
    const { transport, written } = over({ hosts: { "1.1.1.1": fine } });
    const request = new Request("http://1.1.1.1/", {
      method: "POST",
      body: "hi",
      redirect: "manual",
    });
    assert.equal(await (await transport(request)).text(), "fine");
    assert.match(written.join(""), /content-length: 2\r\n\r\nhi$/);
  });

  it("reads the same, however the bytes are cut", async () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a\r\nset-cookie: b\r\n" +
      "transfer-encoding: chunked\r\n\r\n5;x=y\r\nwhole\r\n0a\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
    for (let pieceBytes = 1; pieceBytes < text.length; pieceBytes++) {
      const { transport } = over({ hosts: { "1.1.1.1": text }, pieceBytes });
      const response = await transport("http://1.1.1.1/", { redirect: "manual" });
      assert.deepEqual(response.headers.getSetCookie(), ["a", "b"]);
      assert.equal(await response.text(), "whole0123456789");
    }
  });

  it("notices every cut, wherever it is", async () => {
    const zipped = gzipSync("whole ".repeat(3)).toString("latin1");
    const chunks = `transfer-encoding: chunked\r\n`;
    const packed = "content-encoding: gzip\r\n";
    const texts = [
      `${chunks}\r\n5\r\nwhole\r\n0\r\n\r\n`,
      "content-length: 5\r\n\r\nwhole",
      `${packed}content-length: ${zipped.length}\r\n\r\n${zipped}`,
      `${packed}${chunks}\r\n${zipped.length.toString(16)}\r\n${zipped}\r\n0\r\n\r\n`,
      `${packed}\r\n${zipped}`,
    ].map((text) => `HTTP/1.1 200 OK\r\n${text}`);
    for (const text of texts) {
      for (let length = 0; length <= text.length; length++) {
        const { transport } = over({ hosts: { "1.1.1.1": text.slice(0, length) }, pieceBytes: 7 });
        const outcome = await run({ url: "http://1.1.1.1/", fetch: transport as typeof fetch });
        const kind = outcome.kind === "failure" ? outcome.failure.kind : outcome.kind;
        assert.equal(
          kind,
          length === text.length ? "response" : "connection",
          text.slice(0, length),
        );
      }
    }
  });

  it("comes to an end with whatever comes", async () => {
    const random = createRandom(7);
    const text =
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n" +
      "5;a=b\r\nwhole\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n";
    const kinds = new Set<string>();
    for (let round = 0; round < 300; round++) {
      const letters = [...text];
      for (let change = 0; change < 3; change++) {
        const at = random.int(letters.length);
        const letter = String.fromCharCode(random.int(256));
        letters.splice(at, random.int(3), ...random.once(2) ? [letter] : []);
      }
      const { transport } = over({ hosts: { "1.1.1.1": letters.join("") }, pieceBytes: 11 });
      const outcome = await run({ url: "http://1.1.1.1/", fetch: transport as typeof fetch });
      kinds.add(outcome.kind === "failure" ? outcome.failure.kind : outcome.kind);
    }
    assert.deepEqual([...kinds].sort(), ["connection", "protocol", "response"]);
  });

  it("refuses what it cannot do", async () => {
    const { transport } = over({ hosts: { "1.1.1.1": fine } });
    await assert.rejects(transport("http://1.1.1.1/"), /expected 'redirect: "manual"'/);
    await assert.rejects(transport("ftp://1.1.1.1/", { redirect: "manual" }), /Cannot ask 'ftp:'/);
    await assert.rejects(transport("http://u@1.1.1.1/", { redirect: "manual" }), /user name/);
    await assert.rejects(
      transport("http://1.1.1.1/", { redirect: "manual", method: "A B" }),
      /'A B'/,
    );
    assert.throws(
      () => createHttpTransport({ proxy: "socks://u:hidden@a" }),
      (error: Error) => /Cannot use 'proxy'/.test(error.message) && !/hidden/.test(error.message),
    );
    assert.throws(() => createHttpTransport({ keepAliveMs: -1 }), RangeError);
    assert.throws(
      () => createHttpTransport({ guard: true } as object),
      /did you mean 'guardAddresses'/,
    );
  });
});

describe("connections that are kept", () => {
  /** The numbers of the connections that a few calls came over. */
  async function numbersOf(
    calls: readonly RequestInit[],
    { clock, ...options }: HttpTransportOptions & TransportPorts,
    scene = echo,
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<number[]> {
    const server = await openHostileServer({ scenes: { "/": scene } });
    const transport = createTransport({ guardAddresses: false, ...options }, { clock });
    try {
      for (const init of calls) {
        const response = await transport(server.url, { redirect: "manual", ...init });
        await response.text();
        await between();
      }
      await transport.close();
      await server.idle();
      return server.seen.map(({ connection }) => connection);
    } finally {
      await server.close();
    }
  }

  it("uses one again, for what can be sent again", async () => {
    const keyed = { method: "POST", headers: { "idempotency-key": "k" } };
    const calls = [{}, { method: "PUT" }, keyed, { method: "POST", body: "x" }, {}];
    assert.deepEqual(await numbersOf(calls, {}), [1, 1, 1, 2, 2]);
    assert.deepEqual(await numbersOf([{}, {}], { keepAliveMs: 0 }), [1, 2]);
  });

  it("keeps none for longer than it was told to, by the options or by the server", async () => {
    const clock = createTestClock();
    const pass = () => clock.advance(1_500);
    assert.deepEqual(await numbersOf([{}, {}], { clock }, echo, pass), [1, 1]);
    assert.deepEqual(await numbersOf([{}, {}], { clock, keepAliveMs: 1_000 }, echo, pass), [1, 2]);
    const hinting = answer("200 OK", { "keep-alive": "timeout=2" });
    assert.deepEqual(await numbersOf([{}, {}], { clock }, hinting, pass), [1, 2]);
    const closing = answer("200 OK", { connection: "Close" });
    assert.deepEqual(await numbersOf([{}, {}], { clock }, closing), [1, 2]);
  });

  it("sends again over a new one what a closed one did not take", async () => {
    const leaving = rawThenEnd("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    const numbers = await numbersOf(Array(5).fill({}), {}, leaving);
    assert.deepEqual([...new Set(numbers)], [1, 2, 3, 4, 5]);
  });

  it("does not use one again of which the body was not read, or not asked for", async () => {
    const more = rawThenEnd(
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nevil",
    );
    assert.deepEqual([...new Set(await numbersOf([{}, {}], {}, more))], [1, 2]);
    const server = await openHostileServer({
      scenes: { "/": answer("200 OK", {}, "x".repeat(100)) },
    });
    const transport = createHttpTransport({ guardAddresses: false });
    const response = await transport(server.url, { redirect: "manual" });
    await response.body!.cancel();
    await server.idle();
    await server.close();
  });
});

describe("a transport behind a proxy", () => {
  /** A proxy that notes what it is asked, and connects everything to one port. */
  async function withProxy(
    target: HostileServer | undefined,
    test: (proxy: string, asked: string[]) => Promise<void>,
  ): Promise<void> {
    const { connect, createServer } = await import("node:net");
    const asked: string[] = [];
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", (bytes) => {
        const head = String(bytes);
        asked.push(head.split("\r\n\r\n")[0]!);
        if (target === undefined) {
          return void socket.end("HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n");
        }
        const upstream = connect(target.port, "127.0.0.1", () => {
          if (head.startsWith("CONNECT")) socket.write("HTTP/1.1 200 Connected\r\n\r\n");
          else upstream.write(head.replace(/ http:\/\/[^/]+/, " "));
          socket.pipe(upstream);
          upstream.pipe(socket);
        });
        sockets.add(upstream);
        upstream.on("error", () => socket.destroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await test(
        `http://ada:p%40ss@127.0.0.1:${(server.address() as { port: number }).port}`,
        asked,
      );
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }
  const credentials = `proxy-authorization: Basic ${btoa("ada:p@ss")}`;

  it("sends plain requests to it, and makes a tunnel for TLS", async () => {
    for (const tls of [undefined, goodCertificate]) {
      const target = await openHostileServer({ scenes: { "/x": echo }, ...(tls && { tls }) });
      await withProxy(target, async (proxy, asked) => {
        const transport = createHttpTransport({ proxy, ca: testCa });
        // The guard has no say in what the proxy resolves.
        const url = `${tls ? "https" : "http"}://localhost:${target.port}/x?y=z`;
        const response = await transport(url, { redirect: "manual", method: "POST", body: "hi" });
        assert.equal((await response.json()).target, "/x?y=z");
        await transport.close();
        const lines = asked[0]!.split("\r\n");
        const host = `localhost:${target.port}`;
        assert.equal(lines[0], tls ? `CONNECT ${host} HTTP/1.1` : `POST ${url} HTTP/1.1`);
        assert.ok(lines.includes(credentials));
      }).finally(() => target.close());
    }
  });

  it("says that the proxy refuses, and does not ask it for addresses within", async () => {
    await withProxy(undefined, async (proxy, asked) => {
      const transport = createHttpTransport({ proxy }) as typeof fetch;
      const failure = await failureOf({ url: "https://a.test/", fetch: transport });
      assert.deepEqual([failure.kind, failure.code], ["connection", "proxy_refused"]);
      assert.equal(failure.message, "The proxy answered 407 instead of a connection");
      assert.equal(asked.length, 1);
      const within = await failureOf({ url: "https://127.0.0.1/", fetch: transport });
      assert.equal(within.code, "address_refused");
      assert.equal(asked.length, 1);
    });
  });
});
