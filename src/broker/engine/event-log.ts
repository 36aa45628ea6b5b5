/**
 * Events of all brokers of a database, in one order: each commit writes down what it did, while somebody listens at any of them.
 *
 * | State     | Event                                            | Next      | What happens                                 |
 * | --------- | ------------------------------------------------ | --------- | -------------------------------------------- |
 * | idle      | somebody listens here                            | reading   | a run is begun, or gone on with; the others confirm that they write commits down |
 * | idle      | another broker asks to write down                | writing   | it is confirmed when the commits under way are over |
 * | writing   | nobody has said for a minute that somebody listens | idle    | –                                            |
 * | writing   | somebody listens here                            | reading   | as from idle                                 |
 * | reading   | a commit here; news of one elsewhere; a second   | reading   | rows are read, up to the first hole          |
 * | reading   | nobody listens here for a minute                 | writing   | –                                            |
 *
 * A broker that finds out late that it should have written down says so by a row of its own, and listeners are told of a gap.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import type { Change } from "../../store/changes.ts";
import {
  appendEvents,
  type EventRun,
  extendEventRun,
  firstLogged,
  listStreamWorkers,
  listWriters,
  openEventRun,
  readEventRun,
  readLogged,
  trimLogged,
} from "../../store/event-log.ts";
import type { Store } from "../../store/store.ts";
import type { Transition } from "../../store/transition.ts";
import type { Others } from "./dispatcher.ts";
import type { KeptEvent } from "./event-ring.ts";
import { fromBody, gapBody, toBodies, toPlace } from "./event-text.ts";
import { toTold } from "./job-events.ts";

/** For how long commits are written down after somebody said so, and how often that is said, in ms. */
const runMs = 60_000;
const extendMs = 20_000;

/** How often is read what nobody told of, in ms. */
const lookMs = 1000;

/** Rows of one reading. */
const rowsAtOnce = 100;

/** What reads. */
export interface LogReader {
  /** Events, in their order. */
  hear(events: readonly KeptEvent[]): void;
  /** Some are missing. */
  missed(): void;
  /** The run is over, and another one is under way: what is kept of it means nothing any more. */
  restarted(): void;
  /** The place of the first event that is kept here; those before it need not be kept for this broker. */
  firstPlace(): number;
}

/** Where reading began. */
export interface LogStart {
  readonly run: string;
  /** All events come behind this place. */
  readonly place: number;
}

/** The log. */
export interface EventLog {
  /** Whether commits are to be written down. */
  readonly isOn: boolean;
  /** Writes down what a commit does, as its last statements. */
  record(changes: readonly Change[]): Transition<void>;
  /** A commit was written down here. */
  committed(): void;
  /** Begins to read. Resolves when all brokers that can be reached write down. */
  open(reader: LogReader): Promise<LogStart>;
  /** Reads what is there. */
  readOn(): Promise<void>;
  /** Reads no more. */
  close(): void;
  /** Another broker has written something down. */
  heard(): void;
  /** Another one says that commits are to be written down; resolves when all later ones are. */
  serve(run: string, until: number, isNew: boolean): Promise<void>;
  /** Looks whether commits are to be written down, in case nobody could say so. */
  look(isStart: boolean): Promise<void>;
}

/** What a log works with. */
export interface EventLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly others: () => Others;
  /** What the worker calls itself that has a job in flight. */
  readonly workerOf: (id: string) => string | undefined;
}

/** A hole in the numbers: who may fill it. */
interface Hole {
  readonly before: number;
  readonly writers: ReadonlySet<string>;
}

/** Creates a log that is idle. */
export function createEventLog(
  { store, clock, random, logger, others, workerOf }: EventLogOptions,
): EventLog {
  let writing: Pick<EventRun, "run" | "until"> | undefined;
  let reader: LogReader | undefined;
  let run = "";
  let last = 0;
  let hole: Hole | undefined;
  let workers = new Map<string, string>();
  let reading: Promise<void> | undefined;
  let isMoreThere = false;
  let disarm: (() => void)[] = [];

  const isOn = () => writing !== undefined && clock.now() < writing.until;

  /** Those that a hole waits for are over: what is not there now never will be. */
  const isOver = async ({ writers }: Hole) => {
    const left = await store.read(listWriters());
    return !left.some((name) => writers.has(name));
  };

  /** Whether rows before `entry`, which should come next, will not come any more. */
  const skipTo = async (entry: number, mayPass: boolean): Promise<boolean> => {
    if (mayPass && hole?.before === entry) {
      const state = await store.read(readEventRun());
      if (state !== undefined && state.trimmed > last) reader?.missed();
      return true;
    }
    hole = { before: entry, writers: new Set(await store.read(listWriters())) };
    return false;
  };

  /** Reads some rows. Gives whether there may be more at once. */
  const readSome = async (): Promise<boolean> => {
    // Before the rows: one that was committed in between is there then.
    const mayPass = hole !== undefined && await isOver(hole);
    const found = await store.read(readLogged(last, rowsAtOnce));
    const keptAt = clock.monotonic();
    for (const { entry, run: name, body } of found) {
      if (reader === undefined) return false;
      if (entry > last + 1 && !await skipTo(entry, mayPass)) return hole!.writers.size === 0;
      hole = undefined;
      last = entry;
      if (name !== run || body === "[]") continue;
      if (body === gapBody) reader.missed();
      else reader.hear(fromBody(body, { entry, keptAt, workers }));
    }
    return found.length === rowsAtOnce;
  };

  const readAll = async () => {
    do {
      isMoreThere = false;
      while (reader !== undefined && await readSome()) await pause(clock);
    } while (isMoreThere && reader !== undefined);
  };

  const readOn = (): Promise<void> => {
    isMoreThere = true;
    return reading ??= readAll().finally(() => reading = undefined);
  };

  const readQuietly = () => {
    if (reader === undefined) return;
    readOn().catch((error) => logger.warn("Cannot read events, trying again", { error }));
  };

  /** Does something again and again while it is read. */
  const every = (ms: number, work: () => void) => {
    const index = disarm.length;
    const arm = () => {
      disarm[index] = clock.setTimer(() => {
        arm();
        work();
      }, ms);
    };
    arm();
  };

  const extend = async () => {
    const until = clock.now() + runMs;
    if (!await store.write(() => extendEventRun(run, until))) return reader?.restarted();
    writing = { run, until };
    await others().ask("log", [run, until, 0]);
    const first = Math.floor((reader?.firstPlace() ?? 0) / 1000);
    await store.write(() => trimLogged(run, first));
  };

  const extendQuietly = () => {
    extend().catch((error) => logger.warn("Cannot go on with events, trying again", { error }));
  };

  return {
    get isOn() {
      return isOn();
    },
    *record(changes) {
      if (writing === undefined) return;
      for (const body of toBodies(toTold(changes, clock.now(), workerOf))) {
        yield* appendEvents(writing.run, body);
      }
    },
    committed() {
      if (!isOn()) return;
      others().tellLogged();
      readQuietly();
    },
    async open(given) {
      const now = clock.now();
      const name = now.toString(36) + Math.floor(random() * 2 ** 40).toString(36);
      const until = now + runMs;
      const opened = await store.write(() => openEventRun({ run: name, now, until }));
      writing = { run: opened.run, until: opened.until };
      await others().ask("log", [opened.run, opened.until, opened.isNew ? 1 : 0]);
      const first = await store.read(firstLogged(opened.run)) ?? opened.entry;
      workers = new Map(await store.read(listStreamWorkers()));
      reader = given;
      run = opened.run;
      last = first - 1;
      hole = undefined;
      for (const stop of disarm.splice(0)) stop();
      every(lookMs, readQuietly);
      every(extendMs, extendQuietly);
      return { run, place: toPlace(first, 0) };
    },
    readOn,
    close() {
      reader = undefined;
      for (const stop of disarm.splice(0)) stop();
      disarm = [];
    },
    heard: readQuietly,
    async serve(name, until, isNew) {
      const isLate = !isNew && !(writing?.run === name && isOn());
      writing = { run: name, until: Math.max(until, writing?.run === name ? writing.until : 0) };
      // After this one, no commit is under way that does not know of it.
      await store.write(function* () {
        if (isLate) yield* appendEvents(name, gapBody);
      });
    },
    async look(isStart) {
      const state = await store.read(readEventRun());
      if (state === undefined || state.until <= clock.now()) return;
      if (writing?.run === state.run && isOn()) {
        writing = state;
        return;
      }
      writing = state;
      if (!isStart) await store.write(() => appendEvents(state.run, gapBody));
    },
  };
}
