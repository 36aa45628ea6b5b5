/**
 * Answers whose body is there later.
 *
 * @module
 */

import type { Format } from "../../protocol/codec.ts";
import type { EndpointCall } from "./call.ts";
import type { Waiting } from "./load.ts";
import { toLongAnswer } from "./long-answer.ts";

/** What answering later works with. */
type Means = Pick<EndpointCall, "request" | "clock" | "settings"> & { readonly format: Format };

/**
 * 200 at once, and the body of another answer when that is there. So it is noticed on every runtime when the caller leaves:
 * some tell it only by the body of an answer.
 *
 * @param call The call, whose format the body has.
 * @param waiting Its place among those that wait.
 * @param answer Gives the answer whose body it is. Its signal is aborted when nobody waits for it any more.
 */
export function answerLater(
  { request, format, clock, settings }: Means,
  waiting: Waiting,
  answer: (signal: AbortSignal) => Promise<Response>,
): Response {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  if (request.signal.aborted) leave();
  else request.signal.addEventListener("abort", leave);
  const open = async () => {
    try {
      const given = await answer(leaving.signal);
      leaving.signal.throwIfAborted();
      const long = toLongAnswer(given);
      if (long !== undefined) {
        waiting.hold(long.bytes);
        long.begin(clock, settings.bodyTimeoutMs, () => waiting.end());
      }
      return given.body!.getReader();
    } finally {
      // The request itself is held, not just its signal: on Node that goes deaf when its request is collected.
      request.signal.removeEventListener("abort", leave);
    }
  };
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        reader ??= await open();
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        waiting.end();
        controller.close();
      } catch (error) {
        waiting.end();
        throw error;
      }
    },
    async cancel(reason) {
      leave();
      waiting.end();
      await reader?.cancel(reason);
    },
  });
  return new Response(body, { status: 200, headers: { "content-type": `application/${format}` } });
}
