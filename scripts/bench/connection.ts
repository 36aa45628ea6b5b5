/**
 * A connection that asks and is answered, one call after the other.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createAnswerReader } from "./answer-reader.ts";

/** An answer that is there whole. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** An open connection. */
export interface Connection {
  /** Sends one request; the one before must have been answered. */
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

/**
 * Makes the bytes of a request.
 *
 * @param headers Lines without their ends.
 */
export function toRequest(
  start: string,
  headers: readonly string[],
  body: Uint8Array = new Uint8Array(),
): Buffer {
  const length = body.length > 0 ? [`content-length: ${body.length}`] : [];
  const lines = [`${start} HTTP/1.1`, "host: localhost", ...headers, ...length, "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n")), body]);
}

async function openSocket(url: URL): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** Opens a connection. */
export async function openConnection(url: URL): Promise<Connection> {
  const socket = await openSocket(url);
  let waiting: PromiseWithResolvers<Answer> | undefined;
  let status = 0;
  let pieces: Buffer[] = [];
  const read = createAnswerReader({
    head: (code) => void (status = code),
    body: (bytes) => void pieces.push(bytes),
    end() {
      const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      pieces = [];
      waiting?.resolve({ status, body });
    },
  });
  const fail = (error?: Error) => {
    waiting?.reject(error ?? new Error("The server closed the connection"));
  };
  socket.on("data", read).on("error", fail).on("close", () => fail());
  return {
    send(request) {
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    close: () => void socket.destroy(),
  };
}

/**
 * Sends a request whose answer does not end.
 *
 * @param onBytes Told of what the answer brings.
 * @param onEnd Told when it ends although nobody closed it.
 * @returns What closes the connection.
 */
export async function openStream(
  url: URL,
  request: Buffer,
  { onBytes, onEnd }: {
    readonly onBytes: (bytes: Buffer) => void;
    readonly onEnd: (error: Error) => void;
  },
): Promise<() => void> {
  const socket = await openSocket(url);
  const read = createAnswerReader({
    head(status) {
      if (status !== 200) onEnd(new Error(`The stream was answered ${status}`));
    },
    body: onBytes,
    end: () => onEnd(new Error("The stream ended")),
  });
  socket.on("data", read).on("error", onEnd).on("close", () => onEnd(new Error("It was closed")));
  socket.write(request);
  return () => void socket.destroy();
}
