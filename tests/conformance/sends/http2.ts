/**
 * HTTP/2 without TLS, with prior knowledge.
 *
 * @module
 */

import { connect } from "node:http2";
import type { Answer, Call, Sender } from "./send.ts";

/** Sends to a server, one connection a call. */
export function createHttp2(port: number): Sender {
  return {
    // Lines of one name are joined by the client, and a header is text.
    canSend: ({ headers }) => !Object.values(headers).some(Array.isArray),
    send: (call) => send(port, call),
  };
}

function send(port: number, { method, path, headers, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", reject);
    const stream = session.request({
      ":method": method,
      ":path": path,
      ...(headers as Record<string, string>),
    }, { endStream: body === undefined });
    stream.on("error", reject);
    stream.on("close", () => session.close());
    stream.on("response", (fields) => {
      const entries = Object.entries(fields).filter(([name]) => !name.startsWith(":"));
      resolve({
        status: Number(fields[":status"]),
        headers: new Headers(entries as [string, string][]),
        body: stream,
        abort: () => stream.close(8 /* CANCEL */),
      });
    });
    if (body !== undefined) stream.end(body);
  });
}
