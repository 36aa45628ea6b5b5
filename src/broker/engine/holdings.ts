/**
 * The two books on who holds a job, compared: what a worker says that it has, and what the broker has given it.
 *
 * | The broker                               | The worker       | What is done                                         |
 * | ---------------------------------------- | ---------------- | ---------------------------------------------------- |
 * | holds it for the worker                  | has it           | –                                                    |
 * | held it before the worker was asked      | does not know it | forgotten: it goes back to its queue                 |
 * | holds it since                           | does not know it | –: it may be under way to the worker                 |
 * | holds it, and the worker takes no more   | does not know it | forgotten, also if it is under way                   |
 * | gave it to somebody else, or it is over  | has it           | gone: the worker is told                             |
 * | gave it to the worker once more          | has it           | –: the new delivery is under way to the worker       |
 * | has it ready, and nobody had it since    | has it           | –: it may come back to the worker                    |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import { status } from "../../protocol/status.ts";
import type { HeldDelivery, WorkerStatement } from "../../protocol/worker-statement.ts";
import { keepProgress } from "../../store/keep-progress.ts";
import { readStates } from "../../store/read.ts";
import type { Store } from "../../store/store.ts";
import type { HeldJob, Member } from "./member.ts";

/** Keeps how far jobs are that a member holds, as its worker says. That it cannot be kept is no reason to refuse the rest. */
async function saveProgress(
  { held, subscriber }: Member,
  { progress = [] }: WorkerStatement,
  { store, logger }: Books,
): Promise<void> {
  const own = progress.filter(({ id }) => held.has(id));
  if (own.length === 0) return;
  try {
    await store.write(() => keepProgress(own), own.length);
  } catch (error) {
    logger.error("Cannot keep how far jobs are", { error, worker: subscriber.worker });
  }
}

/** What a member holds and its worker does not know of. */
export function findForgotten(
  member: Member,
  { heard = 0, taking, holds }: WorkerStatement,
  heldJob: (id: string) => HeldJob | undefined,
): HeldJob[] {
  // A question that was not asked on this stream: a late answer, on the former one, says nothing of what came since.
  const answered = heard <= member.asked ? heard : 0;
  const known = new Map(holds.map(({ id, delivery }) => [id, delivery]));
  const forgotten: HeldJob[] = [];
  for (const id of member.held) {
    const job = heldJob(id)!;
    if (known.get(id) === job.deliveries) continue;
    if (!taking || job.asked < answered) forgotten.push(job);
  }
  return forgotten;
}

/** Deliveries that are looked up in one turn. */
const lookedUpAtOnce = 500;

/** What a statement is answered with. */
interface Books {
  readonly heldJob: (id: string) => HeldJob | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps what a worker says of its jobs, and gives the ids of what it has and that is not its any more. */
export async function answerTo(
  member: Member,
  statement: WorkerStatement,
  books: Books,
): Promise<readonly string[]> {
  await saveProgress(member, statement, books);
  // At a later delivery too: the worker goes on, and its report is that of the delivery which is under way to it.
  return await findGone(statement, ({ id }) => books.heldJob(id)?.member === member, books);
}

/** The ids of what a worker has and that is not its any more; what `isHeld` by it need not be looked up. */
export async function findGone(
  { holds }: WorkerStatement,
  isHeld: (held: HeldDelivery) => boolean,
  { store, clock }: Pick<Books, "store" | "clock">,
): Promise<readonly string[]> {
  const unknown = holds.filter((held) => !isHeld(held));
  const gone: string[] = [];
  for (let at = 0; at < unknown.length; at += lookedUpAtOnce) {
    if (at > 0) await pause(clock);
    const piece = unknown.slice(at, at + lookedUpAtOnce);
    const states = await store.read(readStates(piece.map(({ id }) => id)));
    const isGone = ({ id, delivery }: HeldDelivery) => {
      const state = states.get(id);
      if (state === undefined || state.deliveries !== delivery) return true;
      return state.status !== status.ready && state.status !== status.inFlight;
    };
    // It may have come to the worker while the database was asked.
    for (const held of piece) if (isGone(held) && !isHeld(held)) gone.push(held.id);
  }
  return gone;
}
