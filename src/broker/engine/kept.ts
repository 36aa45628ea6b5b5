/**
 * What a commit writes about its changes, in the same transaction.
 *
 * All of it is about jobs that have something which most have not, and looks at each job again. So whoever goes over all
 * jobs first, to count them, says what they have.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Change } from "../../store/changes.ts";
import { writeCounts } from "../../store/counts.ts";
import { writeHistory } from "../../store/history.ts";
import { countInFlight } from "../../store/queue-settings.ts";
import { tellTags } from "../../store/tags-table.ts";
import { hasTrait, traits } from "../../store/traits.ts";
import type { Transition } from "../../store/transition.ts";
import type { Endings } from "./endings.ts";
import type { EventLog } from "./event-log.ts";
import type { EventHub } from "./events.ts";
import type { Gates } from "./gates.ts";
import type { Settings } from "./settings.ts";

/** Who wants something to be written, and how. */
export interface KeptOptions {
  readonly clock: Clock;
  readonly settings: Pick<Settings, "historyLimit">;
  readonly gates: Gates;
  readonly events: Pick<EventHub, "isOn">;
  /** Where brokers that share a database write down what they do. */
  readonly log: Pick<EventLog, "isOn" | "record"> | undefined;
  readonly endings: Endings;
}

/** Writes what is kept about changes. */
export function* writeKept(
  changes: readonly Change[],
  { clock, settings: { historyLimit }, gates, events, log, endings }: KeptOptions,
): Transition<void> {
  const all = { traits: yield* writeCounts(changes) };
  if (events.isOn && hasTrait(all, traits.tagged)) yield* tellTags(changes);
  if (endings.isOn) yield* endings.look(changes);
  if (hasTrait(all, traits.recorded)) {
    yield* writeHistory(changes, { now: clock.now(), historyLimit });
  }
  if (gates.forClaim() !== undefined || changes.some(({ kind }) => kind === "queues")) {
    yield* countInFlight(changes, gates.isLimited);
  }
  // Last: its number has to be greater than those of all that this commit waited for.
  if (log?.isOn) yield* log.record(changes);
}
