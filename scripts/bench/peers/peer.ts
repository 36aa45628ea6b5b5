/**
 * A job system on PostgreSQL, as the workloads need it: ours, or one that it is held against.
 *
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Jobs are known by the numbers in their payloads, which are given out once. */
export interface Peer {
  /** Enqueues jobs by the call that the system has for many. */
  enqueueMany(numbers: readonly number[]): Promise<void>;
  /** Enqueues one job. Calls do not wait for each other. */
  enqueueOne(number: number): Promise<void>;
  /** Starts to work. */
  work(work: Work): Promise<Workers>;
  /** How many jobs are left. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** How jobs are worked off. */
export interface Work {
  /** How many run at once. */
  readonly concurrency: number;
  /** Whether jobs come one by one and each is to start soon, or all are there. */
  readonly purpose: "drain" | "latency";
  /** Called as the handler of each job. */
  readonly onJob: (number: number) => void;
  /** So many more jobs are over, durably. */
  readonly onDone: (count: number) => void;
}

/** Workers that run. */
export interface Workers {
  stop(): Promise<void>;
}

/** What a job carries: about a hundred bytes. */
export function toPayload(number: number): { readonly number: number; readonly text: string } {
  return { number, text };
}

const text = "a payload of about a hundred bytes, which is what most jobs carry from here to there";

/** What is used of the driver `pg`, to ask how many jobs are left. */
export interface PgModule {
  readonly default: {
    readonly Pool: new (options: object) => PgPool;
  };
}

/** Imports a module of the packages that are installed in a folder. */
export async function load<Module>(packages: string, path: string): Promise<Module> {
  return await import(pathToFileURL(join(packages, "node_modules", path)).href);
}

/** A pool of connections. */
export interface PgPool {
  on(event: "error", listener: (error: Error) => void): unknown;
  query(text: string): Promise<{ readonly rowCount: number; readonly rows: { count: string }[] }>;
  end(): Promise<void>;
}
