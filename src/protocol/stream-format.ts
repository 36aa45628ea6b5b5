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
   * Takes the next bytes and gives the job documents that they complete; heartbeats give none. Throws
   * {@linkcode ProtocolError} when a frame is longer than the limit.
   */
  push(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[];
  /** The stream has ended. Throws {@linkcode ProtocolError} when it ended inside a frame. */
  end(): void;
}

/** How a decoder is made. */
export interface FrameDecoderOptions {
  /** The longest frame that is waited for, in bytes; default 256 MiB. */
  readonly maxFrameBytes?: number;
}
