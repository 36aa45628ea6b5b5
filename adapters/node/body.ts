/**
 * The body of a request from Node's stream to the web's.
 *
 * `Readable.toWeb` would do, but for this: what nobody reads of a body (it was refused by its head, say) stays in the
 * connection, where the next call comes behind it and waits for ever.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Readable } from "node:stream";

/** A request of either HTTP version. */
export type Incoming = IncomingMessage | Http2ServerRequest;

/** The body as it comes, no faster than it is read. */
export function toBody(incoming: Incoming): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source: Readable = incoming;
  let settle = () => {};
  return new ReadableStream({
    start(controller) {
      const add = (chunk: Buffer<ArrayBuffer>) => {
        controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        if ((controller.desiredSize ?? 0) <= 0) source.pause();
      };
      const close = () => {
        settle();
        controller.close();
      };
      const fail = (error = new Error("The client went away")) => {
        settle();
        controller.error(error);
      };
      settle = () => void source.off("end", close).off("error", fail).off("close", fail);
      source.on("data", add).on("end", close).on("error", fail).on("close", fail).pause();
    },
    pull: () => void source.resume(),
    cancel() {
      settle();
      discardBody(incoming);
    },
  });
}

/** Throws away what is left of a body. */
export function discardBody(incoming: Incoming): void {
  incoming.removeAllListeners("data");
  incoming.resume();
}
