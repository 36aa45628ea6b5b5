/**
 * Two measurements that are taken in turn, so that both meet the same machine.
 *
 * @module
 */

import type { Measurement } from "./measurement.ts";
import type { Pair } from "./ratios.ts";

/** Measures both side by side: each step of one after the same step of the other, in turn. */
export async function measureInTurn(
  [ours, theirs]: readonly [Measurement, Measurement],
  { round, figures }: { readonly round: number; readonly figures: number },
  onPair: (name: string, pair: Pair) => void,
): Promise<void> {
  for (let measured = 0;;) {
    const pass = Math.floor(measured / figures);
    const oursFirst = (measured % figures + pass + round) % 2 === 0;
    const first = await (oursFirst ? ours : theirs).next();
    const second = await (oursFirst ? theirs : ours).next();
    const [our, their] = oursFirst ? [first, second] : [second, first];
    if (our.done || their.done) return;
    if (our.figure === undefined || their.figure === undefined) continue;
    measured++;
    onPair(our.figure.name, { ours: our.figure, theirs: their.figure });
  }
}
