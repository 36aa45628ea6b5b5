/**
 * The three formats of a take stream: what a decoder is, and the encoder that writes all jobs of a pick as one
 * chunk.
 *
 * @module
 */

import { concatBytes } from "./concat-bytes.ts";
import { msgpackCodec } from "./msgpack.ts";
import { PackWriter } from "./pack-writer.ts";
import type { JobRecord } from "./record.ts";
import { jobToJson, type JobView, wholeView } from "./record-json.ts";
import { writeJob } from "./record-pack.ts";
import type { StreamFormat } from "./stream-format.ts";

const encoder = new TextEncoder();

/**
 * Writes jobs, with their payloads, as frames that follow each other in one chunk.
 *
 * @param view What of the jobs is shown. Default all that the protocol knows.
 */
export function encodeFrames(
  format: StreamFormat,
  jobs: readonly JobRecord[],
  view: JobView = wholeView,
): Uint8Array<ArrayBuffer> {
  if (format === "msgpack-stream") return encodePackFrames(jobs, view);
  const [before, after] = format === "sse" ? ["data: ", "\n\n"] : ["", "\n"];
  let text = "";
  for (const job of jobs) text += before + jobToJson(job, view) + after;
  return encoder.encode(text);
}

function encodePackFrames(jobs: readonly JobRecord[], view: JobView): Uint8Array<ArrayBuffer> {
  const writer = new PackWriter();
  for (const job of jobs) {
    const at = writer.u32(0);
    writeJob(writer, job, view);
    writer.setU32(at, writer.length - at - 4);
  }
  return writer.end();
}

/** Writes a control frame (`frames-control.ts`). */
export function encodeControl(format: StreamFormat, document: object): Uint8Array<ArrayBuffer> {
  if (format === "msgpack-stream") {
    const body = msgpackCodec.encode(document);
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, body.length);
    return concatBytes([head, body]);
  }
  const text = JSON.stringify(document);
  return encoder.encode(format === "sse" ? `event: control\ndata: ${text}\n\n` : `${text}\n`);
}

/** A frame that says only that the stream is alive. */
export function heartbeat(format: StreamFormat): Uint8Array<ArrayBuffer> {
  if (format === "msgpack-stream") return new Uint8Array(4);
  return encoder.encode(format === "sse" ? ": heartbeat\n\n" : "\n");
}
