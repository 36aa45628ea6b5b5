import type { TakeStream } from "../../src/client/mod.ts";

/** The ids of the jobs that came on a stream so far; more are added as they come, until it ends. */
export function gatherIds(stream: Pick<TakeStream, "batches">): string[] {
  const ids: string[] = [];
  (async () => {
    for await (const batch of stream.batches()) ids.push(...batch.map(({ id }) => id));
  })().catch(() => {});
  return ids;
}
