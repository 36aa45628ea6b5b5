/**
 * The body of a request, from Node's stream to a web stream.
 *
 * Rejected: `Readable.toWeb`. It leaves in the connection what nobody reads of a body (because the request was refused
 * by its head, say), and the next request on that connection waits behind it for ever.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Readable } from "node:stream";

/** A request of either HTTP version. */
export type Incoming = IncomingMessage | Http2ServerRequest;

/**
 * The body as it comes; it is read from the connection no faster than from the stream.
 *
 * @param incoming A request, or the answer to one.
 * @param other Who sends it, for messages, and what happens when nobody wants its rest.
 */
export function toBody(
  incoming: Incoming,
  { name = "client", discard = discardBody }: {
    readonly name?: string;
    readonly discard?: (incoming: Incoming) => void;
  } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source: Readable = incoming;
  let removeListeners = () => {};
  return new ReadableStream({
    start(controller) {
      const add = (chunk: Buffer<ArrayBuffer>) => {
        controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        if ((controller.desiredSize ?? 0) <= 0) source.pause();
      };
      const close = () => {
        removeListeners();
        controller.close();
      };
      const fail = (error = new Error(`The ${name} went away`)) => {
        removeListeners();
        controller.error(error);
      };
      removeListeners = () => void source.off("end", close).off("error", fail).off("close", fail);
      source.on("data", add).on("end", close).on("error", fail).on("close", fail).pause();
    },
    pull: () => void source.resume(),
    cancel() {
      removeListeners();
      discard(incoming);
    },
  });
}

/** Reads what is left of a body and throws it away. */
export function discardBody(incoming: Incoming): void {
  incoming.removeAllListeners("data");
  incoming.resume();
}
