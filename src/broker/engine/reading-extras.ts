/**
 * What an answer on many jobs shows besides their rows: read in pieces, as each of them may show much.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { Store } from "../../store/store.ts";
import { withExtras } from "../../store/trait-tables.ts";
import { newRoom } from "../../store/traits.ts";

/** Jobs of the first piece; one that takes little time is followed by a larger one. */
const firstPiece = 4;
const largestPiece = 500;

/** Adds to jobs what an answer shows of them. */
export async function readExtras(
  jobs: readonly JobRecord[],
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Promise<readonly JobRecord[]> {
  const room = newRoom();
  const turns = createTurns(clock);
  const whole: JobRecord[] = [];
  let size = firstPiece;
  for (let at = 0; at < jobs.length;) {
    const piece = jobs.slice(at, at + size);
    for (const job of await store.read(withExtras(piece, false, room))) whole.push(job);
    at += size;
    if (turns.isOver()) {
      await turns.pause();
      size = firstPiece;
    } else size = Math.min(2 * size, largestPiece);
  }
  return whole;
}
