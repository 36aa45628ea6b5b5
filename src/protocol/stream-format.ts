/**
 * The formats of a take stream by name, and what a decoder of one can do.
 *
 * @module
 */

/** A format of a take stream. */
export type StreamFormat = "ndjson" | "msgpack-stream" | "sse";

/** What `Accept` and `Content-Type` call each format. */
export const streamMediaTypes: Readonly<Record<StreamFormat, string>> = {
  "ndjson": "application/x-ndjson",
  "msgpack-stream": "application/vnd.zizq.msgpack-stream",
  "sse": "text/event-stream",
};

/** Cuts a stream of bytes into frames, wherever the chunks happen to end. */
export interface FrameDecoder {
  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk Any number of bytes; may end anywhere in a frame.
   * @returns The documents (jobs and control frames) that these bytes complete; heartbeats give none.
   * @throws {ProtocolError} If a frame is longer than the limit.
   */
  push(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[];
  /**
   * Tells the decoder that the stream has ended.
   *
   * @throws {ProtocolError} If it ended inside a frame.
   */
  end(): void;
}

/** How a decoder is made. */
export interface FrameDecoderOptions {
  /**
   * The longest frame that is accepted, in bytes.
   *
   * @default {268435456}
   */
  readonly maxFrameBytes?: number;
}
