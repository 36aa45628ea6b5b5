/**
 * The formats of a take stream by name, and what reads one.
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
   * Takes the next bytes.
   *
   * @returns The job documents that these bytes complete; a heartbeat is none.
   * @throws {ProtocolError} If a frame is longer than the limit.
   */
  push(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[];
  /**
   * Says that the stream has ended.
   *
   * @throws {ProtocolError} If it ended inside a frame.
   */
  end(): void;
}

/** Options of a decoder of frames. */
export interface FrameDecoderOptions {
  /**
   * The longest frame that is accepted, in bytes.
   *
   * @default {268435456}
   */
  readonly maxFrameBytes?: number;
}
