/**
 * TLS and mutual TLS, of server and client of the runtime that runs this.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { clientCertificate } from "../../adapters/client-certificate.ts";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import type { CreateFetchOptions } from "../../adapters/own-fetch.ts";
import type { FetchHandler, ServeOptions, Server } from "../../adapters/server.ts";
import { openTokenFile } from "../../adapters/token-file.ts";
import { createBroker, digestOfToken } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { createAuthority, digestOf, type Pair } from "../support/certificates.ts";
import { toHttp1, toHttp2 } from "./http-calls.ts";
import { describeCalls, type Serve } from "./server-conformance.ts";
import { agree, takeOverHttp2 } from "./tls-calls.ts";

const limit = { timeout: 20_000 };

const authority = createAuthority("Test authority");
const server = authority.issue({ name: "broker", dns: ["localhost"], addresses: [[127, 0, 0, 1]] });
const mailer = authority.issue({
  name: "mailer",
  dns: ["mailer.internal"],
  uris: ["spiffe://example/mailer"],
});
const printer = authority.issue({ name: "printer" });
const foreign = createAuthority("Another authority");
const stranger = foreign.issue({ name: "mailer" });

const ca = authority.cert;
const clientCa = ca;
const { createFetch, openSqlite, serve } = await loadRuntime();

/** Serves with TLS while a test runs. */
async function withTls(
  handler: FetchHandler,
  tls: Partial<NonNullable<ServeOptions["tls"]>>,
  test: (server: Server) => Promise<void>,
): Promise<void> {
  const served = await serve(handler, { port: 0, host: "localhost", tls: { ...server, ...tls } });
  try {
    await test(served);
  } finally {
    await served.stop({ timeoutMs: 0 });
  }
}

/** One call; a text of its status and body, or `failed`. */
async function ask(url: string, options: CreateFetchOptions): Promise<string> {
  const fetch = createFetch(options);
  try {
    const response = await fetch(url);
    return `${response.status} ${await response.text()}`;
  } catch {
    return "failed";
  } finally {
    await fetch.close();
  }
}

const say: FetchHandler = ({ url, headers }) => new Response(`${url} ${headers.get("x-said")}`);

describe("serve with TLS", () => {
  it(
    "answers a client that trusts its authority, and its URL says so",
    limit,
    () =>
      withTls(say, {}, async ({ url, port }) => {
        assert.equal(url, `https://localhost:${port}`);
        assert.equal(await ask(`${url}/a?b`, { ca }), `200 ${url}/a?b null`);
      }),
  );

  it(
    "is not answered by a client that trusts another one, or none",
    limit,
    () =>
      withTls(say, {}, async ({ url }) => {
        assert.equal(await ask(url, {}), "failed");
        assert.equal(await ask(url, { ca: foreign.cert }), "failed");
        assert.match(await ask(url, { ca }), /^200/);
      }),
  );

  it(
    "agrees on HTTP/2 or HTTP/1.1, as the client likes it",
    limit,
    () =>
      withTls(say, {}, async ({ port }) => {
        assert.equal(await agree(port, ["h2", "http/1.1"], { ca }), "h2");
        assert.equal(await agree(port, ["http/1.1"], { ca }), "http/1.1");
      }),
  );

  it(
    "closes a connection that speaks without TLS, and serves the next",
    limit,
    () =>
      withTls(say, {}, async ({ url, port }) => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        const closed = once(socket, "close");
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.resume();
        await closed;
        assert.match(await ask(url, { ca }), /^200/);
      }),
  );

  for (const mutual of [false, true]) {
    const what = mutual ? "mutual TLS" : "TLS";
    const tls = mutual ? { clientCa } : {};
    const own = mutual ? { ca, ...mailer } : { ca };

    it(`a client and a worker do their work over ${what}`, limit, async () => {
      const broker = createBroker({ store: openSqlite(":memory:") });
      await withTls(broker.fetch, tls, async ({ url }) => {
        const fetch = createFetch(own);
        const client = createClient({ url, fetch });
        const add = defineJob<{ to: number }>({ type: "add", queue: "sums" });
        await client.enqueueMany(
          [1, 2, 3, 4].map((to) => ({ type: "add", queue: "sums", payload: { to } })),
        );
        let sum = 0;
        let seen = 0;
        const worker = createWorker({
          client,
          concurrency: 2,
          queues: ["sums"],
          handlers: [handle(add, ({ to }) => {
            sum += to;
            if (++seen === 4) void worker.stop();
          })],
        });
        await worker.run();
        assert.equal(sum, 10);
        assert.equal(await client.count(), 0);
        await fetch.close();
        await broker.stop();
      });
    });

    it(
      `a take stream over HTTP/2 and ${what} gives jobs, and ends with the broker`,
      limit,
      async () => {
        const broker = createBroker({ store: openSqlite(":memory:") });
        await withTls(broker.fetch, tls, async (server) => {
          const take = takeOverHttp2(server.url, own);
          const { id } = await createClient({ fetch: broker.fetch }).enqueue({
            type: "a",
            queue: "b",
            payload: null,
          });
          await take.until(id);
          await Promise.all([server.stop({ timeoutMs: 5000 }), broker.stop()]);
          assert.equal(await take.ended, "end");
          take.session.destroy();
        });
      },
    );

    it(
      `stop() does not wait for a connection without a handshake of ${what}`,
      limit,
      () =>
        withTls(say, tls, async (server) => {
          const socket = connect(server.port, "127.0.0.1");
          socket.on("error", () => {});
          await once(socket, "connect");
          assert.match(await ask(server.url, own), /^200/);
          await server.stop({ timeoutMs: 60_000 });
          socket.destroy();
        }),
    );

    it(`stop() closes a live stream over ${what} at its deadline`, limit, () => {
      const silent: FetchHandler = () =>
        new Response(new ReadableStream({ start: (it) => it.enqueue(new Uint8Array([10])) }));
      return withTls(silent, tls, async (server) => {
        const fetch = createFetch(own);
        const response = await fetch(server.url);
        const reader = response.body!.getReader();
        await reader.read();
        await server.stop({ timeoutMs: 10 });
        assert.match(
          await reader.read().then(({ done }) => `done: ${done}`, () => "cut off"),
          /^(cut off|done: true)$/,
        );
        await fetch.close();
      });
    });
  }
});

describe("calls with TLS", () => {
  for (const mutual of [false, true]) {
    const what = mutual ? "mutual TLS" : "TLS";
    const own = mutual ? { ca, ...mailer } : { ca };
    const tls = mutual ? { ...server, clientCa } : server;
    const serveSecure: Serve = (handler, options) => serve(handler, { ...options, tls });
    const fetch = createFetch(own);
    after(() => fetch.close());
    // Deno's fetch speaks HTTP/2 here, and the other two HTTP/1.1.
    describeCalls(`${what}, by createFetch`, toHttp1(fetch), serveSecure);
    describeCalls(`${what} and HTTP/2`, toHttp2(own), serveSecure);
  }
});

describe("serve with mutual TLS", () => {
  const who: FetchHandler = (request) => Response.json(clientCertificate(request) ?? null);

  it(
    "knows the client by its certificate",
    limit,
    () =>
      withTls(who, { clientCa }, async ({ url }) => {
        const answer = await ask(url, { ca, ...mailer });
        const { expiresAt, ...known } = JSON.parse(answer.slice(4));
        assert.deepEqual(known, {
          name: "mailer",
          names: ["mailer", "mailer.internal", "spiffe://example/mailer"],
          sha256: digestOf(mailer.cert),
        });
        assert.ok(expiresAt > Date.now());
      }),
  );

  it(
    "lets in no client without a certificate, or with that of another authority",
    limit,
    () =>
      withTls(who, { clientCa }, async ({ url }) => {
        assert.equal(await ask(url, { ca }), "failed");
        assert.equal(await ask(url, { ca, ...stranger }), "failed");
        assert.match(await ask(url, { ca, ...mailer }), /^200/);
      }),
  );

  it(
    "answers 403 to a client without one of the names",
    limit,
    () =>
      withTls(who, { clientCa, clientNames: ["x", "mailer.internal"] }, async ({ url }) => {
        assert.match(await ask(url, { ca, ...mailer }), /^200/);
        assert.equal(
          await ask(url, { ca, ...printer }),
          `403 {"error":"client is not allowed, see 'tls.clientNames'"}`,
        );
      }),
  );

  it(
    "without clientCa, nobody has a certificate",
    limit,
    () =>
      withTls(who, {}, async ({ url }) => {
        assert.equal(await ask(url, { ca, ...mailer }), "200 null");
      }),
  );

  it("lets an auth go by it", limit, async () => {
    const broker = createBroker({
      store: openSqlite(":memory:"),
      auth(request) {
        const name = clientCertificate(request)?.name;
        return name === "mailer" ? { name, scopes: ["read"] } : undefined;
      },
    });
    await withTls(broker.fetch, { clientCa }, async ({ url }) => {
      assert.match(await ask(`${url}/jobs`, { ca, ...mailer }), /^200/);
      assert.match(await ask(`${url}/jobs`, { ca, ...printer }), /^401/);
    });
    await broker.stop();
  });

  it("lets a file of tokens go by it, where no token is sent", limit, async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-clients-"));
    const file = join(folder, "auth.json");
    const sha256 = await digestOfToken("secret");
    writeFileSync(
      file,
      JSON.stringify({
        tokens: [{ name: "reader", sha256, scopes: ["read"] }],
        clients: [{ name: "mailer.internal", scopes: ["enqueue"] }],
      }),
    );
    const auth = await openTokenFile(file);
    const broker = createBroker({ store: openSqlite(":memory:"), auth });
    await withTls(broker.fetch, { clientCa }, async ({ url }) => {
      const call = async (what: "enqueue" | "read", pair: Pair, token?: string) => {
        const fetch = createFetch({ ca, ...pair });
        const headers = new Headers({ "content-type": "application/json" });
        if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
        const body = '{"type":"a","queue":"b","payload":1}';
        const init = what === "enqueue" ? { method: "POST", headers, body } : { headers };
        const response = await fetch(`${url}/jobs`, init);
        const { status } = response;
        await response.arrayBuffer();
        await fetch.close();
        return status;
      };
      assert.equal(await call("enqueue", mailer), 201);
      assert.equal(await call("read", mailer), 403);
      assert.equal(await call("read", mailer, "secret"), 200); // A token wins.
      assert.equal(await call("enqueue", mailer, "secret"), 403);
      assert.equal(await call("enqueue", mailer, "unknown"), 401);
      assert.equal(await call("enqueue", printer), 401);
    });
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  it(
    "counts as asking who calls, so that a broker may listen where others reach it",
    limit,
    async () => {
      const broker = createBroker({ store: openSqlite(":memory:") });
      const place = { host: "0.0.0.0", port: 0 };
      await assert.rejects(serve(broker, { ...place, tls: server }), /anyone may do everything/);
      const served = await serve(broker, { ...place, tls: { ...server, clientCa } });
      await Promise.all([served.stop({ timeoutMs: 0 }), broker.stop()]);
    },
  );
});

describe("options of TLS", () => {
  const refused = async (options: ServeOptions, error: RegExp) =>
    await assert.rejects(serve(say, { port: 0, ...options }), (thrown: Error) => {
      assert.match(`${thrown.name}: ${thrown.message}`, error);
      return true;
    });

  it("are looked at before anything listens", limit, async () => {
    const { cert, key } = server;
    await refused({ tls: { cert: "x", key } }, /^TypeError: Option 'tls.cert' has no certificate/);
    await refused({ tls: { cert, key: "x" } }, /^TypeError: Option 'tls.key' cannot be read/);
    await refused({ tls: { cert, key: mailer.key } }, /'tls.key' is not the key of 'tls.cert'/);
    await refused({ tls: { cert, key, clientCa: "x" } }, /'tls.clientCa' has no certificate/);
    await refused({ tls: { cert, key, clientNames: ["x"] } }, /without 'tls.clientCa'/);
    // @ts-expect-error No such option.
    await refused({ tls: { cert, key, clientCert: ca } }, /Unknown option 'clientCert'/);
  });

  it("of createFetch are looked at, too", () => {
    assert.throws(() => createFetch({ ca: "x" }), /^TypeError: Option 'ca' has no certificate/);
    assert.throws(() => createFetch({ cert: mailer.cert }), /'cert' is given without 'key'/);
    assert.throws(
      () => createFetch({ cert: mailer.cert, key: printer.key }),
      /'key' is not the key of 'cert'/,
    );
    // @ts-expect-error No such option.
    assert.throws(() => createFetch({ cacert: ca }), /Unknown option 'cacert'/);
  });

  it("a message never has a key in it", limit, async () => {
    const key = mailer.key.replace("-----END", "-----END-");
    await assert.rejects(serve(say, { port: 0, tls: { ...server, key } }), (error: Error) => {
      assert.ok(!error.message.includes(mailer.key.split("\n")[1]!));
      return true;
    });
  });
});
