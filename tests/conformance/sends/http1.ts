/**
 * HTTP/1.1 by hand on a socket: it says what a transcript says, and nothing else.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Answer, Call, Sender } from "./send.ts";

/** Sends to a server, one connection a call. */
export function createHttp1(port: number): Sender {
  return { canSend: () => true, send: (call) => send(port, call) };
}

async function send(port: number, { method, path, headers, body }: Call): Promise<Answer> {
  const socket = connect({ port, host: "127.0.0.1" });
  const input = new Input(socket);
  const lines = [`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, "connection: close"];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) lines.push(`${name}: ${value}`);
  }
  if (body !== undefined) lines.push(`content-length: ${body.length}`);
  const head = new Uint8Array(
    [...`${lines.join("\r\n")}\r\n\r\n`].map((char) => char.charCodeAt(0)), // one byte a char, as headers are
  );
  socket.write(head);
  if (body !== undefined) socket.write(body);

  const [status, ...fields] = (await input.readTo("\r\n\r\n")).split("\r\n");
  const answer = new Headers(
    fields.filter((field) => field !== "").map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  return {
    status: Number(status!.split(" ")[1]),
    headers: answer,
    body: readBody(input, answer),
    abort: () => void socket.destroy(),
  };
}

async function* readBody(input: Input, headers: Headers): AsyncGenerator<Uint8Array> {
  const length = headers.get("content-length");
  if (length !== null) return yield await input.read(Number(length));
  if (headers.get("transfer-encoding") !== "chunked") return yield* input.rest();
  while (true) {
    const size = parseInt(await input.readTo("\r\n"), 16);
    if (size === 0) return;
    yield await input.read(size);
    await input.readTo("\r\n");
  }
}

/** What comes from a socket, a piece at a time. */
class Input {
  #buffer = new Uint8Array();
  #ended = false;
  #error: Error | undefined;
  #wake = () => {};

  constructor(socket: Socket) {
    socket.on("data", (chunk: Uint8Array) => {
      const joined = new Uint8Array(this.#buffer.length + chunk.length);
      joined.set(this.#buffer);
      joined.set(chunk, this.#buffer.length);
      this.#buffer = joined;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The text up to an end mark, which is passed over. */
  async readTo(end: string): Promise<string> {
    while (true) {
      const text = new TextDecoder("latin1").decode(this.#buffer);
      const at = text.indexOf(end);
      if (at !== -1) {
        this.#buffer = this.#buffer.slice(at + end.length);
        return text.slice(0, at);
      }
      await this.#more();
    }
  }

  async read(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#more();
    const read = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return read;
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    yield this.#buffer;
  }

  async #more(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#ended) throw new Error("The connection was closed in the middle of an answer");
    await new Promise<void>((resolve) => this.#wake = resolve);
  }
}
