/**
 * Answers whose body is there later.
 *
 * @module
 */

import type { Format } from "../../protocol/codec.ts";

/**
 * 200 at once, and the body of another answer when that is there. So it is noticed on every runtime when the caller leaves:
 * some tell it only by the body of an answer.
 *
 * @param request The call.
 * @param format The format of the body.
 * @param answer Gives the answer whose body it is. Its signal is aborted when nobody waits for it any more.
 */
export function answerLater(
  request: Request,
  format: Format,
  answer: (signal: AbortSignal) => Promise<Response>,
): Response {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  if (request.signal.aborted) leave();
  else request.signal.addEventListener("abort", leave);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      const end = (close: () => void) => {
        // The request itself is held, not just its signal: on Node that goes deaf when its request is collected.
        request.signal.removeEventListener("abort", leave);
        if (leaving.signal.aborted) controller.error(leaving.signal.reason);
        else close();
      };
      const read = async () => new Uint8Array(await (await answer(leaving.signal)).arrayBuffer());
      read().then(
        (bytes) =>
          end(() => {
            controller.enqueue(bytes);
            controller.close();
          }),
        (error) => end(() => controller.error(error)),
      );
    },
    cancel: leave,
  });
  return new Response(body, { status: 200, headers: { "content-type": `application/${format}` } });
}
