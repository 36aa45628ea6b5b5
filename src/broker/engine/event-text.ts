/**
 * Events as they stand in the log that brokers of one database have in common: a JSON list for each, in the order below.
 *
 * @module
 */

import type { EventKind } from "../../protocol/events.ts";
import type { KeptEvent } from "./event-ring.ts";
import { kindsOf, toEvent, type ToldChange } from "./job-events.ts";
import { status } from "../../protocol/status.ts";

/** What stands in a row instead of events where some are missing. */
export const gapBody = '"gap"';

/** Events of one row at most: their numbers follow from its own. */
const eventsOfRow = 500;

/** An event, without what depends on who reads it. */
type LoggedEvent = readonly [
  kind: EventKind,
  id: string,
  type: string,
  queue: string,
  fromQueue: string | null,
  worker: string | null,
  tags: readonly string[] | null,
  tracked: 0 | 1,
  status: number | null,
  at: number,
  /** Whether a worker had the job. */
  hadOne: 0 | 1,
];

/** Writes what a commit did, as the bodies of rows. */
export function toBodies(told: readonly ToldChange[]): string[] {
  const bodies: string[] = [];
  let texts: string[] = [];
  const end = () => {
    if (texts.length > 0) bodies.push(`[${texts}]`);
    texts = [];
  };
  for (const one of told) {
    const hadOne = one.change.from === status.inFlight ? 1 : 0;
    for (const index of one.change.jobs.keys()) {
      for (const kind of kindsOf(one.change)) {
        const event = toEvent(one, { index, kind, number: 0, keptAt: 0 });
        const { id, type, queue, fromQueue, worker, tags, tracked, at } = event;
        const logged: LoggedEvent = [
          kind,
          id,
          type,
          queue,
          fromQueue ?? null,
          worker ?? null,
          tags ?? null,
          tracked ? 1 : 0,
          event.status ?? null,
          at,
          hadOne,
        ];
        texts.push(JSON.stringify(logged));
        if (texts.length === eventsOfRow) end();
      }
    }
  }
  end();
  return bodies;
}

/**
 * Reads the events of a row.
 *
 * @param workers Who has the jobs in flight, by what was read before; kept up to date. Who wrote a row may not have known.
 */
export function fromBody(
  body: string,
  { entry, keptAt, workers }: {
    readonly entry: number;
    readonly keptAt: number;
    readonly workers: Map<string, string>;
  },
): KeptEvent[] {
  return (JSON.parse(body) as LoggedEvent[]).map((logged, index) => {
    const [kind, id, type, queue, fromQueue, named, tags, tracked, code, at, hadOne] = logged;
    const worker = named ?? (hadOne === 1 ? workers.get(id) : undefined);
    if (code !== status.inFlight) workers.delete(id);
    else if (kind === "taken" && worker !== undefined) workers.set(id, worker);
    return {
      number: 0,
      place: toPlace(entry, index),
      kind,
      id,
      type,
      queue,
      fromQueue: fromQueue ?? undefined,
      worker,
      tags: tags ?? undefined,
      tracked: tracked === 1,
      status: code ?? undefined,
      at,
      keptAt,
      text: undefined,
    };
  });
}

/** Where an event stands among all of its run. */
export function toPlace(entry: number, index: number): number {
  return entry * 1000 + index;
}
