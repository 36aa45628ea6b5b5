/**
 * A broker behind this runtime's own server, and raw connections to it.
 *
 * @module
 */

import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient } from "../../src/client/mod.ts";

/** What a test works with. */
export interface Served {
  readonly port: number;
  readonly url: string;
  readonly broker: Broker;
  /** Calls the broker in process, past the server. */
  readonly client: Client;
}

/** Runs a test with a broker on a port, and closes it whatever happens. */
export async function withServed(
  test: (served: Served) => Promise<void>,
  options: Partial<BrokerOptions> = {},
): Promise<void> {
  const { openSqlite, serve } = await loadRuntime();
  const broker = createBroker({ store: openSqlite(":memory:"), ...options });
  const server = await serve(broker, { port: 0 });
  try {
    const client = createClient({ fetch: broker.fetch });
    await test({ port: server.port, url: server.url, broker, client });
  } finally {
    await server.stop({ timeoutMs: 0 });
    await broker.stop();
  }
}

/** Looks again and again until it is so; a test's timeout ends what never comes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** An open connection. */
export interface RawConnection {
  readonly socket: Socket;
  /** What was answered so far. */
  readonly answer: () => string;
  /** Whether the server, or the network, closed it. */
  readonly closed: () => boolean;
}

/** Opens a connection and writes bytes, whatever they are. */
export function openRaw(port: number, bytes: string | Uint8Array): RawConnection {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  let closed = false;
  const close = () => void (closed = true);
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => void (answer += text));
  socket.on("end", close);
  socket.on("close", close);
  socket.on("error", close); // The server may not read to the end what it refuses.
  socket.write(bytes);
  return { socket, answer: () => answer, closed: () => closed };
}

/** A client that sends a request and never reads the response; gives a function that disconnects. */
export const openUnread = {
  "HTTP/1.1"({ port }: Served, path: string): () => void {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return () => void socket.destroy();
  },
  "HTTP/2"({ url }: Served, path: string): () => void {
    const session = connectHttp2(url);
    session.on("error", () => {});
    const stream = session.request({ ":path": path });
    stream.on("error", () => {});
    stream.pause();
    return () => session.destroy();
  },
};
