/**
 * Reads the answers of HTTP/1.1 from the bytes of a connection: as little as a load generator needs.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Told of each answer, in order. */
export interface AnswerEvents {
  head(status: number): void;
  /** Some bytes of the body. */
  body(bytes: Buffer): void;
  end(): void;
}

/** What comes next: a head, a body of known length, or a part of a body in chunks. */
type Next = "head" | "body" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

const newline = "\r\n";

/** Creates a reader; give it the bytes as they come. */
export function createAnswerReader(events: AnswerEvents): (bytes: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0);
  let next: Next = "head";
  let left = 0;

  const cut = (length: number) => {
    const bytes = kept.subarray(0, length);
    kept = kept.subarray(length);
    return bytes;
  };
  const end = () => {
    next = "head";
    events.end();
  };
  /** Reads one thing. False when that needs more bytes. */
  const step = (): boolean => {
    switch (next) {
      case "head": {
        const at = kept.indexOf(newline + newline);
        if (at < 0) return false;
        const head = cut(at + 4).toString("latin1").toLowerCase();
        events.head(Number(head.slice(9, 12)));
        left = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
        if (/\r\ntransfer-encoding: *chunked/.test(head)) next = "chunk-size";
        else if (left > 0) next = "body";
        else end();
        return true;
      }
      case "body":
      case "chunk": {
        if (kept.length === 0) return false;
        const bytes = cut(Math.min(left, kept.length));
        left -= bytes.length;
        events.body(bytes);
        if (left === 0) {
          if (next === "body") end();
          else next = "chunk-end";
        }
        return true;
      }
      case "chunk-size": {
        const at = kept.indexOf(newline);
        if (at < 0) return false;
        left = parseInt(cut(at + 2).toString("latin1"), 16);
        next = left === 0 ? "trailer" : "chunk";
        return true;
      }
      case "chunk-end":
      case "trailer":
        if (kept.length < 2) return false;
        cut(2);
        if (next === "trailer") end();
        else next = "chunk-size";
        return true;
    }
  };

  return (bytes) => {
    kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    while (step());
  };
}
