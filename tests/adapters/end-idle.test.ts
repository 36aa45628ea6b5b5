/**
 * Sessions of HTTP/2 and connections that ask for nothing, over real sockets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:http2";
import {
  connect as connectSocket,
  createServer as createSocketServer,
  type Socket,
} from "node:net";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { createHeadWatch, endIdleSession } from "../../adapters/node-http/end-idle.ts";

const limit = { timeout: 20_000 };

describe("endIdleSession", () => {
  it("ends a session without a stream, and lets one live that has one", limit, async () => {
    const server = createServer();
    server.on("session", (session) => endIdleSession(session, 40));
    server.on("stream", (stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/short") stream.end();
      else stream.write("a"); // And then nothing.
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const busy = connect(url);
    const stream = busy.request({ ":path": "/long" });
    stream.on("error", () => {});
    await once(stream, "data");
    for (let round = 0; round < 3; round++) {
      const idle = connect(url);
      const closed = once(idle, "close");
      if (round > 0) idle.request({ ":path": "/short" }).resume();
      await closed;
    }
    assert.equal(busy.closed, false);
    const more = busy.request({ ":path": "/short" });
    await once(more.resume(), "end");
    busy.destroy();
    server.close();
  });
});

describe("a watch of heads", () => {
  it("a connection is closed without one, and stays with one", limit, async () => {
    const heads = createHeadWatch();
    const sockets: Socket[] = [];
    const server = createSocketServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      heads.begin(socket, 40);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const open = async () => {
      const arrived = once(server, "connection");
      const socket = connectSocket(port, "127.0.0.1");
      socket.on("error", () => {});
      await arrived;
      return socket;
    };
    const served = await open();
    heads.came(sockets[0]!);
    const silent = await open();
    await once(silent.resume(), "close");
    assert.equal(sockets[0]!.destroyed, false);
    heads.next(sockets[0]!, 40); // It was answered, and asks for nothing more.
    await once(served.resume(), "close");
    server.close();
  });
});
