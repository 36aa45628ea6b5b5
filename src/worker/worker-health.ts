/**
 * How a worker is doing, as its `health()` tells.
 *
 * @module
 */

import type { Pool } from "../async/pool.ts";
import type { Acker } from "./acker.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Intake } from "./intake.ts";
import type { Leased } from "./leased.ts";
import type { WorkerState } from "./lifecycle.ts";
import type { WorkerSettings } from "./options.ts";
import type { Outage } from "./outage.ts";
import type { Runner } from "./runner.ts";
import type { Statements } from "./statements.ts";

/** How a worker is doing. */
export interface WorkerHealth {
  /** Whether it works as it should. False before it was connected for the first time, and after the stop. */
  readonly healthy: boolean;
  /** Why it is not healthy, for a person. */
  readonly problem: string | undefined;
  /** Whether it was started, drains or is stopped. */
  readonly state: WorkerState;
  /** Whether it begins no jobs at present, because it was told so. */
  readonly paused: boolean;
  /** Whether its take stream is open. A short break is no reason to be unhealthy. */
  readonly connected: boolean;
  /** When anything last arrived from the broker, such as a heartbeat; in ms since the epoch. */
  readonly lastHeardAt: number | undefined;
  /** When it last got a job, in ms since the epoch. */
  readonly lastJobAt: number | undefined;
  /** How many handlers run. */
  readonly running: number;
  /** How many jobs wait here for a handler. */
  readonly waiting: number;
  /** How many jobs are done, and the broker does not know yet. */
  readonly unreported: number;
  /** How many handlers go on although their time is over; they do not count as running. */
  readonly overdue: number;
  /**
   * How many handlers go on although their jobs are not this worker's any more. They count as running, until their job comes
   * here anew.
   */
  readonly lost: number;
  /** How many handlers go on although somebody has cancelled their jobs. They count as running. */
  readonly unwanted: number;
  /**
   * Within which time, in ms, the broker wants to hear from this worker, or gives its jobs to others. Undefined while it is
   * not connected, and with a server that goes by the connection alone.
   */
  readonly answersWithinMs: number | undefined;
}

/** The parts of a worker that are looked at. */
export interface WorkerParts extends Pick<WorkerHealth, "state" | "lastJobAt" | "lost"> {
  readonly settings: WorkerSettings;
  readonly intake: Intake;
  readonly outage: Outage;
  readonly pool: Pick<Pool<never>, "running" | "waiting">;
  readonly deliveries: Deliveries;
  readonly runner: Runner;
  readonly statements: Statements;
  readonly acker: Acker;
  readonly leased: Leased | undefined;
  readonly isPaused: boolean;
}

/** Tells how the parts are doing together. */
export function describeHealth(parts: WorkerParts): WorkerHealth {
  const { intake, pool, deliveries, runner, statements, state, isPaused, lastJobAt, lost } = parts;
  const problem = findProblem(parts);
  return {
    healthy: problem === undefined,
    problem,
    state,
    paused: isPaused,
    connected: intake.isConnected,
    lastHeardAt: intake.lastHeardAt,
    lastJobAt,
    running: pool.running,
    waiting: pool.waiting,
    unreported: deliveries.unreported,
    overdue: runner.overdue,
    lost,
    unwanted: deliveries.running().filter(({ context }) => context.cancelled !== undefined).length,
    answersWithinMs: intake.isConnected ? statements.withinMs : undefined,
  };
}

function findProblem(
  { settings, state, intake, outage, statements, acker, leased }: WorkerParts,
): string | undefined {
  if (state === "idle" || state === "stopped") return `Worker is ${state}`;
  if (intake.problem !== undefined) return `Cannot take jobs: ${intake.problem}`;
  if (!intake.isConnected && intake.lastHeardAt === undefined) {
    return `Was never connected${outage.reason === undefined ? "" : `: ${outage.reason}`}`;
  }
  if (intake.isSilent) return `Heard nothing for ${settings.idleTimeoutMs} ms`;
  if (statements.problem !== undefined) return `Cannot answer the broker: ${statements.problem}`;
  if (leased?.problem !== undefined) return `Cannot renew leases: ${leased.problem}`;
  if (acker.problem !== undefined) return `Broker refuses a report: ${acker.problem}`;
  return undefined;
}
