/**
 * Remembers every job that the broker of a test kit has stored, as most jobs are deleted as soon as they are done.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { JobKind, TypedJob } from "../client/typed-job.ts";
import type { Job } from "../protocol/job.ts";
import { findDifferences, type Partially, show } from "./match.ts";

/** What is expected of a payload: some of its members, or a function that says whether it fits. */
export type Expected<Input> =
  | Partially<Input>
  | ((payload: Input, job: TypedJob<Input>) => boolean);

/** Remembers jobs. */
export interface JobBook {
  /** Looks at what is stored. */
  observe(): Promise<void>;
  /** A job is run, or has been. */
  note(job: Job): void;
  /** All jobs that fit, in the order in which they were stored, as they are now or were last. */
  find<Input>(
    definition: JobKind<Input>,
    expected: Expected<Input> | undefined,
  ): Promise<TypedJob<Input>[]>;
  /** Says why the jobs that fit are not those that were expected, by what there is instead. */
  explain<Input>(
    definition: JobKind<Input>,
    expected: Expected<Input> | undefined,
    counted: { readonly wanted: string; readonly found: number },
  ): string;
}

/** Jobs of one page. */
const pageSize = 2000;

/** Candidates that a message shows, and characters of a payload in it. */
const mostCandidates = 3;
const longestPayload = 200;

/** The ids that a broker makes, which say where in a listing a job is. */
const madeId = /^[0-9a-z]{25}$/;

/**
 * Creates an empty book.
 *
 * @param client The client of the broker.
 * @param stored Called with jobs that were not there before.
 */
export function createJobBook(
  client: Pick<Client, "list">,
  stored: (jobs: readonly Job[]) => void,
): JobBook {
  const jobs = new Map<string, Job>();
  let observing: Promise<void> = Promise.resolve();
  let last: string | undefined;

  const ofType = <Input>({ type }: JobKind<Input>) =>
    [...jobs.values()].filter((job) => job.type === type) as TypedJob<Input>[];

  const fits = <Input>(job: TypedJob<Input>, expected: Expected<Input> | undefined): boolean => {
    if (expected === undefined) return true;
    if (isPredicate(expected)) return expected(job.payload, job);
    return findDifferences(expected, job.payload).length === 0;
  };

  const look = async () => {
    const fresh: Job[] = [];
    for await (const job of client.list({ from: last, limit: pageSize })) {
      if (madeId.test(job.id)) last = job.id;
      if (!jobs.has(job.id)) fresh.push(job);
      jobs.set(job.id, job);
    }
    if (fresh.length > 0) stored(fresh);
  };

  /** One look after the other, so that none is told twice. */
  const observe = () => observing = observing.catch(() => {}).then(look);

  return {
    observe,
    note(job) {
      const before = jobs.get(job.id);
      jobs.set(job.id, before === undefined ? job : { ...before, ...job } as Job);
    },
    async find(definition, expected) {
      await observe();
      for await (const job of client.list({ type: definition.type, limit: pageSize })) {
        jobs.set(job.id, job);
      }
      return ofType(definition).filter((job) => fits(job, expected));
    },
    explain(definition, expected, { wanted, found }) {
      const { type } = definition;
      const own = ofType(definition);
      const rule = expected === undefined
        ? ""
        : isPredicate(expected)
        ? " that fit the function"
        : ` with ${show(expected, longestPayload)}`;
      const lines = [`Expected ${wanted} of '${type}'${rule}, and there are ${found}`];
      const others = own
        .filter((job) => !fits(job, expected))
        .map((job) => ({
          job,
          differences: expected === undefined || isPredicate(expected)
            ? []
            : findDifferences(expected, job.payload),
        }))
        .sort((a, b) => a.differences.length - b.differences.length);
      if (others.length > 0) {
        lines.push("", `Nearest of the other ${others.length} of '${type}':`);
      }
      for (const { job, differences } of others.slice(0, mostCandidates)) {
        lines.push(`  ${job.status} ${show(job.payload, longestPayload)}`);
        for (const { path, expected, actual } of differences) {
          const name = path === "" ? "the payload" : path;
          lines.push(`    ${name} is ${actual}, expected ${expected}`);
        }
      }
      const counts = new Map<string, number>();
      for (const job of jobs.values()) {
        if (job.type !== type) counts.set(job.type, (counts.get(job.type) ?? 0) + 1);
      }
      const rest = [...counts].map(([type, count]) => `${count} of '${type}'`).join(", ");
      if (rest !== "") lines.push("", `Of other types: ${rest}`);
      else if (own.length === 0) lines.push("", "No job of any type was enqueued");
      return lines.join("\n");
    },
  };
}

function isPredicate<Input>(
  expected: Expected<Input>,
): expected is (payload: Input, job: TypedJob<Input>) => boolean {
  return typeof expected === "function";
}
