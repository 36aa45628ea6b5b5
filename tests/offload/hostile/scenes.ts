/**
 * What a hostile server does, by paths.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import type { Scene } from "./hostile-server.ts";

const zipped = gzipSync("whole ".repeat(400));

/** Writes an answer with a body of known length. */
export function answer(status: string, headers: Record<string, string> = {}, body = ""): Scene {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(body);
  const text = `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\n${lines.join("")}\r\n${body}`;
  return (socket, { method }) =>
    void socket.write(method === "HEAD" ? text.slice(0, text.length - body.length) : text);
}

/** Sends to another address. */
export function redirect(status: number, location: string): Scene {
  return answer(`${status} Elsewhere`, { location });
}

/** Writes bytes as they are. */
export function raw(text: string): Scene {
  return (socket) => void socket.write(Buffer.from(text, "latin1"));
}

/** Writes bytes as they are, and ends the connection in good order. */
export function rawThenEnd(...parts: (string | Uint8Array)[]): Scene {
  return (socket) => {
    for (const part of parts) {
      socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    }
    socket.end();
  };
}

/** Tells what came. */
export const echo: Scene = (socket, { method, target, headers, body }) => {
  const text = JSON.stringify({ method, target, headers, body: new TextDecoder().decode(body) });
  answer("200 OK", { "content-type": "application/json" }, text)(socket, {
    method,
    target,
    headers,
    body,
    head: "",
    connection: 0,
  });
};

const chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n";

/** Writes again and again, as fast as it is read, until the connection is closed. */
function flood(head: string, piece: Uint8Array): Scene {
  return (socket) => {
    socket.write(Buffer.from(head, "latin1"));
    const more = () => {
      while (!socket.destroyed && socket.writable && socket.write(piece));
    };
    socket.on("drain", more);
    more();
  };
}

const bombPiece = (() => {
  const data = Buffer.alloc(65_536, "x");
  return Buffer.concat([Buffer.from("10000\r\n"), data, Buffer.from("\r\n")]);
})();

/** Answers that are whole, if odd. */
export const wholeScenes: Readonly<Record<string, Scene>> = {
  "/ok": answer("200 OK", { "content-type": "text/plain" }, "fine"),
  "/echo": echo,
  "/chunked": rawThenEnd(`${chunked}\r\n5\r\nwho`, 'le\r\n1;note="x"\r\n!\r\n0\r\n\r\n'),
  "/until-close": rawThenEnd("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
  "/http-1.0": rawThenEnd("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nold"),
  "/gzip": rawThenEnd(
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`,
    zipped,
  ),
  "/999": answer("999 Denied", {}, "not you"),
  "/gzip-empty": raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n"),
  "/bare-lines": raw("HTTP/1.1 200 OK\ncontent-length: 4\n\nfine"),
  "/same-lengths": raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nfine"),
  "/421": answer("421 Misdirected Request", {}, "not here"),
  "/407": answer("407 Proxy Authentication Required", { "proxy-authenticate": "Basic" }, "who"),
  "/401": answer("401 Unauthorized", { "www-authenticate": "Basic" }, "who"),
  "/unasked-100": raw(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" +
      "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
  ),
  "/trailers": raw(
    `${chunked}trailer: content-length\r\n\r\n4\r\nfine\r\n0\r\nContent-Length: 4\r\n\r\n`,
  ),
  "/204": raw("HTTP/1.1 204 No Content\r\n\r\n"),
  "/cookies": raw(
    "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n",
  ),
};

/** Answers of which a part is missing. Each is a failure of the connection. */
export const cutScenes: Readonly<Record<string, Scene>> = {
  "/cut-in-chunk": rawThenEnd(`${chunked}connection: close\r\n\r\n10\r\nonly a part`),
  "/cut-before-last-chunk": rawThenEnd(`${chunked}connection: close\r\n\r\n4\r\npart\r\n`),
  "/cut-in-last-chunk": rawThenEnd(`${chunked}connection: close\r\n\r\n4\r\npart\r\n0\r\n`),
  "/cut-length": rawThenEnd("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly a part"),
  "/cut-gzip-length": rawThenEnd(
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`,
    zipped.subarray(0, zipped.length - 9),
  ),
  "/cut-gzip": rawThenEnd(
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length - 9}\r\n\r\n`,
    zipped.subarray(0, zipped.length - 9),
  ),
  "/cut-gzip-until-close": rawThenEnd(
    `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n`,
    zipped.subarray(0, zipped.length - 9),
  ),
  "/cut-head": rawThenEnd("HTTP/1.1 200 OK\r\ncontent-le"),
  "/closed-at-once": (socket) => void socket.destroy(),
  "/reset-in-body": (socket) =>
    void socket.write(
      "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart",
      () => socket.resetAndDestroy(),
    ),
  "/reset": (socket) => void socket.resetAndDestroy(),
};

/** What is no HTTP. */
export const malformedScenes: Readonly<Record<string, Scene>> = {
  "/no-http": rawThenEnd("220 smtp.example.org ESMTP\r\n\r\n"),
  "/bad-chunk": rawThenEnd(`${chunked}\r\nzz\r\nfine\r\n0\r\n\r\n`),
  "/bad-gzip": rawThenEnd(
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\nno gzip!",
  ),
  "/two-lengths": rawThenEnd(
    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nfine!",
  ),
  "/length-and-chunks": rawThenEnd(
    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
  ),
  "/packed-otherwise": rawThenEnd(
    "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 4\r\n\r\nfine",
  ),
  "/endless-interim": (socket) =>
    void socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000)),
  "/endless-trailers": (socket) => {
    socket.write(`${chunked}\r\n4\r\nfine\r\n0\r\n`);
    socket.write("x: y\r\n".repeat(20_000));
  },
  "/long-chunk-line": raw(`${chunked}\r\n4;${"x".repeat(10_000)}\r\nfine\r\n0\r\n\r\n`),
  "/chunk-too-long": raw(`${chunked}\r\n3\r\nfine\r\n0\r\n\r\n`),
  "/folded": rawThenEnd("HTTP/1.1 200 OK\r\na: b\r\n c: d\r\ncontent-length: 0\r\n\r\n"),
  "/unasked-101": raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
  "/large-head": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    for (let i = 0; i < 40; i++) socket.write(`x-${i}: ${"y".repeat(8_000)}\r\n`);
    socket.write("content-length: 0\r\n\r\n");
  },
  "/endless-status": flood("HTTP/1.1 200 ", Buffer.alloc(65_536, "x")),
};

/** Answers that never end, or end in more than anybody wants. */
export const largeScenes: Readonly<Record<string, Scene>> = {
  "/chunk-bomb": flood(`${chunked}\r\n`, bombPiece),
  "/endless": flood("HTTP/1.1 200 OK\r\n\r\n", Buffer.alloc(65_536, "x")),
  "/gzip-bomb": (() => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    return rawThenEnd(
      `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
      bomb,
    );
  })(),
  "/declares-much": raw("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nx"),
};

/** Answers that take their time. */
export const slowScenes: Readonly<Record<string, Scene>> = {
  "/silence": () => {},
  "/silent-body": raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\npart"),
  "/slow-head": (socket) => drip(socket, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
  "/drip": (socket) => drip(socket, `${chunked}\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n`),
};

/** Writes letter by letter. */
function drip(socket: NodeJS.WritableStream & { destroyed?: boolean }, text: string): void {
  let at = 0;
  const step = () => {
    if (at === text.length || socket.destroyed) return;
    socket.write(text[at++]!);
    setImmediate(step);
  };
  step();
}
