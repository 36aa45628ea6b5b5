/**
 * The frame decoders as transform streams.
 *
 * @module
 */

import { createMsgpackDecoder } from "./frames-msgpack.ts";
import { createNdjsonDecoder } from "./frames-ndjson.ts";
import { createSseDecoder } from "./frames-sse.ts";
import type { FrameDecoder, FrameDecoderOptions, StreamFormat } from "./stream-format.ts";

const decoders: Readonly<Record<StreamFormat, (options?: FrameDecoderOptions) => FrameDecoder>> = {
  "ndjson": createNdjsonDecoder,
  "msgpack-stream": createMsgpackDecoder,
  "sse": createSseDecoder,
};

/** Creates the decoder of a format. */
export function createFrameDecoder(
  format: StreamFormat,
  options?: FrameDecoderOptions,
): FrameDecoder {
  return decoders[format](options);
}

/**
 * A transform stream from the bytes of a take stream to job documents, one in each chunk, as bytes. It fails with
 * {@linkcode ProtocolError} if a frame is too long or cut off.
 *
 * @example
 * ```ts
 * import { FrameDecoderStream } from "@millrace/millrace/client";
 *
 * const body = new Response('{"id":"1"}\n\n{"id":"2"}\n').body!; // of GET /jobs/take
 * for await (const frame of body.pipeThrough(new FrameDecoderStream("ndjson"))) {
 *   console.log(JSON.parse(new TextDecoder().decode(frame)).id); // 1, then 2
 * }
 * ```
 */
export class FrameDecoderStream extends TransformStream<
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
> {
  /**
   * Creates the stream.
   *
   * @param format The format of the bytes.
   * @param options How long a frame may be.
   */
  constructor(format: StreamFormat, options?: FrameDecoderOptions) {
    const decoder = createFrameDecoder(format, options);
    super({
      transform(chunk, controller) {
        for (const frame of decoder.push(chunk)) controller.enqueue(frame);
      },
      flush: () => decoder.end(),
    });
  }
}
