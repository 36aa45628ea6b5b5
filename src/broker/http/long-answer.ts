/**
 * Answers that are too long to lie in memory for whoever does not read them: they are handed over piece by piece, and counted
 * until they are gone.
 *
 * What is shorter waits with the operating system, as the buffer of a connection has room for it.
 *
 * @module
 */

import { watchSilence } from "../../async/silence.ts";
import type { Clock } from "../../async/clock.ts";
import { createTurns, type Turns } from "../../async/turns.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A longer answer is handed over in pieces. That on a bulk call of 1,000 jobs is shorter: pieces cost a tenth of such a call. */
const wholeBytes = 256 * 1024;

const pieceBytes = 64 * 1024;

/** An answer that waits for its reader. */
export interface LongAnswer {
  /** How much it holds besides what its call held. */
  readonly bytes: number;
  /**
   * Its reader is waited for from now on.
   *
   * @param timeoutMs How long it may read nothing. The answer breaks off then.
   * @param over Called once, when it was read or given up.
   */
  begin(clock: Clock, timeoutMs: number, over: () => void): void;
}

const longAnswers = new WeakMap<Response, LongAnswer>();

/** What an answer is, if it is a long one. */
export function toLongAnswer(answer: Response): LongAnswer | undefined {
  return longAnswers.get(answer);
}

const encoder = new TextEncoder();

/** An answer with a body that is there whole. */
export function answerWhole(body: string | Bytes, init: ResponseInit): Response {
  if (body.length <= wholeBytes) return new Response(body, init);
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  return answerPieces(cut(bytes), init, bytes.length);
}

function* cut(bytes: Bytes): Generator<Bytes> {
  // Copies, as a view would keep the whole until the last piece is sent.
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}

/**
 * An answer whose pieces are made when they are read: a fast reader would have all of them in one turn, so others get theirs
 * between two.
 *
 * @param bytes How much the pieces hold; default no more than the call held.
 */
export function answerPieces(
  pieces: Iterator<string | Bytes>,
  init: ResponseInit,
  bytes: number = 0,
): Response {
  let heard = () => {};
  let end = () => {};
  let left: typeof pieces | undefined = pieces;
  let turns: Turns | undefined;
  let giveUp = (_error: Error) => {};
  const body = new ReadableStream<Bytes>({
    start(controller) {
      giveUp = (error) => controller.error(error);
    },
    async pull(controller) {
      heard();
      if (turns?.isOver()) await turns.pause();
      if (left === undefined) return;
      const { value, done } = left.next();
      if (done) {
        end();
        return controller.close();
      }
      controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
    },
    cancel: () => end(),
  }, { highWaterMark: 0 });
  const answer = new Response(body, init);
  longAnswers.set(answer, {
    bytes,
    begin(clock, timeoutMs, over) {
      turns = createTurns(clock);
      const silence = watchSilence(clock, timeoutMs, () => {
        end();
        giveUp(new Error(`Nothing of the answer was read for ${timeoutMs} ms`));
      });
      heard = silence.heard;
      end = () => {
        if (left === undefined) return;
        left = undefined;
        silence.stop();
        over();
      };
    },
  });
  return answer;
}
