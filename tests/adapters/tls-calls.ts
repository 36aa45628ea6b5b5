/**
 * Connections with TLS for tests, which say what was agreed on.
 *
 * @module
 */

import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type ConnectionOptions } from "node:tls";

/** What both sides agree on for the connection: `h2` or `http/1.1`; what went wrong if there is none. */
export async function agree(
  port: number,
  protocols: readonly string[],
  options: ConnectionOptions,
): Promise<string> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ALPNProtocols: [...protocols],
    ...options,
  });
  const failed = once(socket, "error").then(([error]) => `failed: ${error.code ?? error.message}`);
  try {
    const connected = once(socket, "secureConnect").then(() => String(socket.alpnProtocol));
    return await Promise.race([connected, failed]);
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}

/** A take stream over HTTP/2. */
export interface Http2Take {
  readonly session: ClientHttp2Session;
  /** Resolves when a text has come. */
  until(text: string): Promise<void>;
  /** How it ended: `end`, or why not. */
  readonly ended: Promise<string>;
}

/** Opens a take stream, and with it a connection. */
export function takeOverHttp2(url: string, options: ConnectionOptions): Http2Take {
  const session = connectHttp2(url, options);
  session.on("error", () => {});
  const stream = session.request({ ":path": "/jobs/take?prefetch=10" });
  let text = "";
  let look = () => {};
  stream.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    look();
  });
  const ended = new Promise<string>((resolve) => {
    stream.on("end", () => resolve("end"));
    stream.on("error", (error) => resolve(error.message));
    stream.on("close", () => resolve("closed"));
  });
  return {
    session,
    ended,
    until: (wanted) =>
      new Promise((resolve) => {
        look = () => {
          if (text.includes(wanted)) resolve();
        };
        look();
      }),
  };
}
