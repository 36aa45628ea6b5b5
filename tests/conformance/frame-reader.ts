/**
 * Reads the jobs of a take stream without the product's own decoders.
 *
 * @module
 */

import { decode } from "@msgpack/msgpack";
import type { Answer } from "./sends/send.ts";

/** The jobs of a stream, heartbeats passed over. */
export interface FrameReader {
  /** The next job; undefined when none comes within `withinMs`. */
  next(withinMs: number): Promise<unknown>;
  cancel(): Promise<void>;
}

/** Reads the body of a take answer in the background. */
export function openFrameReader({ headers, body }: Answer): FrameReader {
  const split = splitters[headers.get("content-type")!]!;
  const chunks = body[Symbol.asyncIterator]();
  const jobs: unknown[] = [];
  let wake = () => {};
  let buffer = new Uint8Array();
  (async () => {
    for (let read = await chunks.next(); !read.done; read = await chunks.next()) {
      buffer = new Uint8Array([...buffer, ...read.value]);
      for (let frame = split(buffer); frame !== undefined; frame = split(buffer)) {
        buffer = buffer.slice(frame.length);
        if (frame.job !== undefined) jobs.push(frame.job);
      }
      wake();
    }
  })().catch(() => {}); // an aborted stream is how every scenario ends
  return {
    async next(withinMs) {
      if (jobs.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs);
          wake = () => {
            if (jobs.length === 0) return;
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return jobs.shift();
    },
    async cancel() {
      await chunks.return?.().catch(() => {});
    },
  };
}

type Split = (
  buffer: Uint8Array,
) => { readonly length: number; readonly job?: unknown } | undefined;

const splitters: Readonly<Record<string, Split>> = {
  "application/x-ndjson": (buffer) => splitText(buffer, "\n", (line) => line),
  "text/event-stream": (buffer) =>
    splitText(buffer, "\n\n", (event) => event.startsWith("data: ") ? event.slice(6) : ""),
  "application/vnd.zizq.msgpack-stream"(buffer) {
    if (buffer.length < 4) return undefined;
    const length = new DataView(buffer.buffer, buffer.byteOffset).getUint32(0);
    if (buffer.length < 4 + length) return undefined;
    if (length === 0) return { length: 4 };
    return { length: 4 + length, job: decode(buffer.subarray(4, 4 + length)) };
  },
};

function splitText(buffer: Uint8Array, end: string, dataOf: (part: string) => string) {
  const text = new TextDecoder("latin1").decode(buffer);
  const at = text.indexOf(end);
  if (at === -1) return undefined;
  const data = dataOf(new TextDecoder().decode(buffer.subarray(0, at)));
  return { length: at + end.length, job: data === "" ? undefined : JSON.parse(data) };
}
