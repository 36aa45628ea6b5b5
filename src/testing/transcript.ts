/**
 * Writes down what happens in a test kit, so that a test can show it or compare it with what it was before.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { describeError } from "../worker/describe-error.ts";
import type { Job } from "../protocol/job.ts";
import type { JobRun } from "./kit-worker.ts";
import { show } from "./match.ts";

/** Something that happened. */
export interface TranscriptEntry {
  /** When, by the clock of the kit, in ms since the epoch. */
  readonly at: number;
  /** A call of the client or of the worker; or a job was stored, begins to run, or has run. */
  readonly kind: "call" | "stored" | "started" | "ended";
  /** Who it is about: `client`, `worker`, or the job by its type and its number among those of the type, such as `mail#2`. */
  readonly who: string;
  /** What happened, in words. */
  readonly what: string;
}

/** How a transcript is written. */
export interface TranscriptText {
  /**
   * Whose calls are in it.
   *
   * @default {"client"}
   */
  readonly calls?: "all" | "client" | "none" | undefined;
}

/** What happened, in its order. The same test gives the same text in every run. */
export interface Transcript {
  /** All that happened. */
  readonly entries: readonly TranscriptEntry[];
  /**
   * Writes it, a line for each entry: the time since the beginning, who, and what.
   *
   * @param options What is in it.
   */
  text(options?: TranscriptText): string;
  /** The same as {@linkcode Transcript.text}. */
  toString(): string;
  /** Forgets what happened so far. */
  clear(): void;
}

/** A transcript that is written. */
export interface TranscriptWriter extends Transcript {
  /** A call was answered, or not. */
  called(who: "client" | "worker", route: string, how: string): void;
  /** Jobs are there that were not before. */
  stored(jobs: readonly Job[]): void;
  /** A job begins to run. */
  started(job: Job): void;
  /** A job has run. */
  ended(run: JobRun): void;
}

/** Characters of a payload or an error in a line. */
const longest = 120;

/** Creates an empty transcript. */
export function createTranscript(clock: Clock): TranscriptWriter {
  const beganAt = clock.now();
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  let entries: TranscriptEntry[] = [];

  const add = (kind: TranscriptEntry["kind"], who: string, what: string) => {
    entries.push({ at: clock.now(), kind, who, what });
  };

  /** Ids are others in every run; types and numbers are not. */
  const nameOf = ({ id, type }: Pick<Job, "id" | "type">): string => {
    let name = names.get(id);
    if (name === undefined) {
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      names.set(id, name = `${type}#${count}`);
    }
    return name;
  };

  const text = ({ calls = "client" }: TranscriptText = {}): string => {
    const shown = entries.filter(({ kind, who }) =>
      kind !== "call" || calls === "all" || calls === "client" && who === "client"
    );
    const times = shown.map(({ at }) => toTimeText(at - beganAt));
    const wide = Math.max(0, ...times.map(({ length }) => length));
    const wideWho = Math.max(0, ...shown.map(({ who }) => who.length));
    return shown
      .map(({ who, what }, at) => `${times[at]!.padStart(wide)}  ${who.padEnd(wideWho)}  ${what}`)
      .join("\n");
  };

  return {
    get entries() {
      return entries;
    },
    text,
    toString: () => text(),
    clear() {
      entries = [];
    },
    called: (who, route, how) => add("call", who, `${route}: ${how}`),
    stored(jobs) {
      for (const job of jobs) {
        const when = job.readyAt > clock.now() ? `in ${toTimeText(job.readyAt - clock.now())}` : "";
        add(
          "stored",
          nameOf(job),
          [`stored, ${job.status}`, when, show(job.payload, longest)].filter(Boolean).join(" "),
        );
      }
    },
    started(job) {
      add("started", nameOf(job), `runs, attempt ${job.attempts + 1}`);
    },
    ended({ job, kind, status, error, after, result }) {
      const parts: string[] = [kind];
      if (result !== undefined) parts.push(showAnything(result));
      if (error !== undefined) {
        const { errorType, message } = describeError(error);
        parts.push(`(${errorType}: ${message.slice(0, longest)})`);
      }
      parts.push(`-> ${status}`);
      if (status === "scheduled" && after !== undefined) {
        parts.push(`in ${toTimeText(after.readyAt - clock.now())}`);
      }
      add("ended", nameOf(job), parts.join(" "));
    },
  };
}

/** What a handler returns need not be JSON, and may contain itself. */
function showAnything(value: unknown): string {
  try {
    return show(value, longest);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** A span such as `2d 03:00:05.250`. */
function toTimeText(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const time = new Date(ms % 86_400_000).toISOString().slice(11, 23);
  return days === 0 ? time : `${days}d ${time}`;
}
