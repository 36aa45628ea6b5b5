import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { createClient, isMillraceError } from "../../../src/client/mod.ts";

/** Runs a test against a server, and closes that. */
async function withServer(listener: RequestListener, test: (url: string) => Promise<void>) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const isNetworkError = (error: unknown) => isMillraceError(error) && error.code === "network";

describe("client on Node", () => {
  it("sends calls by the dispatcher beneath fetch, and keeps their connections", async () => {
    const agents: (string | undefined)[] = [];
    const ports = new Set<number | undefined>();
    await withServer((request, response) => {
      agents.push(request.headers["user-agent"]);
      ports.add(request.socket.remotePort);
      response.setHeader("content-type", "application/json");
      response.end('{"count":3}');
    }, async (url) => {
      const client = createClient({ url });
      for (let i = 0; i < 5; i++) assert.equal(await client.count(), 3);
    });
    // The platform's fetch names itself; the dispatcher does not.
    assert.deepEqual(agents, Array(5).fill(undefined));
    // A connection rests for a turn of the event loop before it is used again.
    assert.ok(ports.size <= 2);
  });

  it("rejects with a network error when the answer is cut off", async () => {
    await withServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"count":3}', () => response.destroy());
    }, async (url) => {
      const client = createClient({ url, retry: { limit: 0 } });
      await assert.rejects(client.count(), isNetworkError);
    });
  });

  it("rejects with a network error when nobody listens", async () => {
    let gone = "";
    await withServer(() => {}, (url) => Promise.resolve(void (gone = url)));
    await assert.rejects(
      createClient({ url: gone, retry: { limit: 0 } }).count(),
      isNetworkError,
    );
  });

  it("frees the connection of a call that was aborted", async () => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await withServer((request) => {
      request.socket.on("close", () => closed.resolve());
      arrived.resolve();
    }, async (url) => {
      const controller = new AbortController();
      const count = createClient({ url }).count({}, { signal: controller.signal });
      await arrived.promise;
      controller.abort(new Error("enough"));
      await assert.rejects(count, /enough/);
      await closed.promise;
    });
  });

  it("follows a redirect", async () => {
    await withServer((request, response) => {
      if (request.url === "/jobs/count") response.writeHead(307, { location: "/elsewhere" }).end();
      else response.setHeader("content-type", "application/json").end('{"count":4}');
    }, async (url) => assert.equal(await createClient({ url }).count(), 4));
  });

  it("leaves the calls to a fetch that was put in the place of the platform's", async () => {
    const { fetch } = globalThis;
    globalThis.fetch = () => Promise.resolve(Response.json({ count: 5 }));
    try {
      assert.equal(await createClient({ url: "http://127.0.0.1:1" }).count(), 5);
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it("reads a take stream, and closes its connection", async () => {
    const closed = Promise.withResolvers<void>();
    await withServer((_, response) => {
      response.on("close", () => closed.resolve());
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      const job = { id: "a", type: "t", queue: "q", priority: 1, status: "in_flight" };
      response.write(JSON.stringify({ ...job, ready_at: 1, attempts: 0, payload: 7 }) + "\n");
    }, async (url) => {
      for await (const job of await createClient({ url }).take()) {
        assert.equal(job.payload, 7);
        break;
      }
      await closed.promise;
    });
  });

  it("waits for the rest of a piece that has come in part, and notices the end", async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.once("data", () => {
        const head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n" +
          "transfer-encoding: chunked\r\n\r\n";
        // More than is read at once, so that reading pauses; the last piece lacks all but one byte.
        socket.write(`${head}${"1\r\n\n\r\n".repeat(5)}400\r\n\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const stream = await createClient({ url }).take();
      let frames = 0;
      await assert.rejects(async () => {
        for await (const _ of stream.frames()) {
          assert.ok(++frames < 100, "frames come although no bytes do");
          if (frames === 1) sockets[0]!.destroy();
        }
      }, isNetworkError);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});
