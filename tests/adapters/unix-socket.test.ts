/**
 * Unix sockets, of server and client of the runtime that runs this.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import type { FetchHandler, Server } from "../../adapters/server.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, isMillraceError } from "../../src/client/mod.ts";

const limit = { timeout: 20_000, skip: process.platform === "win32" };
const { createFetch, openSqlite, serve } = await loadRuntime();

const say: FetchHandler = ({ url }) => new Response(url);

describe("serve on a unix socket", () => {
  let folder = "";
  const place = (name: string) => join(folder, name);
  before(() => void (folder = mkdtempSync(join(tmpdir(), "millrace-socket-"))));
  after(() => rmSync(folder, { recursive: true }));

  const withSocket = async (
    socketPath: string,
    handler: FetchHandler | { readonly fetch: FetchHandler },
    test: (server: Server) => Promise<void>,
  ) => {
    const server = await serve(handler, { socketPath });
    try {
      await test(server);
    } finally {
      await server.stop({ timeoutMs: 0 });
    }
  };

  const ask = async (socketPath: string, url = "http://localhost/a") => {
    const fetch = createFetch({ socketPath });
    try {
      return await (await fetch(url)).text();
    } finally {
      await fetch.close();
    }
  };

  it(
    "url says where it is; host and port are none",
    limit,
    () =>
      withSocket(place("a.sock"), say, async ({ url, host, port }) => {
        assert.deepEqual({ url, host, port }, {
          url: `unix:${place("a.sock")}`,
          host: "",
          port: 0,
        });
        assert.equal(await ask(place("a.sock")), "http://localhost/a");
      }),
  );

  it(
    "may be called by any name, as no browser comes there",
    limit,
    () =>
      withSocket(place("b.sock"), say, async () => {
        assert.equal(await ask(place("b.sock"), "http://any.example/a"), "http://any.example/a");
      }),
  );

  it("only its own user may connect, and the file is gone after stop()", limit, async () => {
    const path = place("c.sock");
    await withSocket(path, say, async () => {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      await ask(path);
    });
    assert.equal(existsSync(path), false);
    const file = place("mode");
    writeFileSync(file, "");
    assert.notEqual(statSync(file).mode & 0o777, 0o600, "the mask of the process was left changed");
  });

  it("takes the place of a server that was killed", limit, async () => {
    const path = place("d.sock");
    const left = createServer().listen(path);
    await new Promise<void>((resolve) => left.on("listening", () => resolve()));
    // Bound to another name, the file of the first one stays when it is closed.
    renameSync(path, `${path}.kept`);
    await new Promise<void>((resolve) => left.close(() => resolve()));
    renameSync(`${path}.kept`, path);
    await withSocket(path, say, async () => {
      assert.equal(await ask(path), "http://localhost/a");
    });
  });

  it("refuses a socket that another server listens on, which goes on", limit, async () => {
    const path = place("e.sock");
    await withSocket(path, say, async () => {
      await assert.rejects(serve(say, { socketPath: path }), (error: unknown) => {
        assert.ok(isMillraceError(error));
        assert.equal(error.message, `Cannot listen on ${path}: another server listens there`);
        return true;
      });
      assert.equal(await ask(path), "http://localhost/a");
    });
  });

  it("refuses a file that is no socket, and leaves it", limit, async () => {
    const path = place("f.txt");
    writeFileSync(path, "precious");
    await assert.rejects(serve(say, { socketPath: path }), /a file that is no socket is there/);
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  it("refuses a path that is none, one that is too long, and a second place", limit, async () => {
    await assert.rejects(serve(say, { socketPath: "" }), TypeError);
    await assert.rejects(serve(say, { socketPath: `/tmp/${"a".repeat(200)}` }), RangeError);
    await assert.rejects(
      serve(say, { socketPath: place("g.sock"), port: 0 }),
      /expected one place/,
    );
    assert.throws(() => createFetch({ socketPath: `/tmp/${"a".repeat(200)}` }), RangeError);
  });

  it("carries client and broker, also one that does not ask who calls", limit, async () => {
    const broker = createBroker({ store: openSqlite(":memory:") });
    await withSocket(place("h.sock"), broker, async (server) => {
      const fetch = createFetch({ socketPath: place("h.sock") });
      const client = createClient({ url: "http://localhost", fetch });
      const { id } = await client.enqueue({ type: "a", queue: "b", payload: 1 });
      const seen: string[] = [];
      for await (const job of await client.take()) {
        seen.push(job.id);
        await client.success(job);
        const stopped = Promise.all([server.stop({ timeoutMs: 5000 }), broker.stop()]);
        stopped.catch(() => {});
      }
      await fetch.close();
      assert.deepEqual(seen, [id]); // The stream was ended, and not cut.
    });
    await broker.stop();
  });

  it("speaks HTTP/2 there too", limit, () =>
    withSocket(place("i.sock"), say, async () => {
      const session = connectHttp2("http://localhost", {
        createConnection: () => connect(place("i.sock")),
      });
      const stream = session.request({ ":path": "/a" });
      let text = "";
      for await (const piece of stream.setEncoding("utf8")) text += piece;
      session.destroy();
      assert.match(text, /^http:\/\/localhost(:80)?\/a$/);
    }));
});
