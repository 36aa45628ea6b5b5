/** What the broker answers, as far as the page shows it. Instants and spans are in ms. */

export type Status = "scheduled" | "ready" | "in_flight" | "blocked" | "completed" | "dead";

export const statuses: readonly Status[] = [
  "scheduled",
  "ready",
  "in_flight",
  "blocked",
  "completed",
  "dead",
];

export interface Job {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly priority: number;
  readonly status: Status;
  readonly payload?: unknown;
  /** In the place of a payload that is too large for the list. */
  readonly payload_bytes?: number;
  readonly ready_at: number;
  readonly attempts: number;
  readonly retry_limit?: number;
  readonly dequeued_at?: number;
  readonly failed_at?: number;
  readonly completed_at?: number;
  readonly purge_at?: number;
  readonly deliveries?: number;
  readonly unique_key?: string;
  readonly unique_while?: string;
  readonly batch?: { readonly key: string };
  readonly backoff?: {
    readonly exponent: number;
    readonly base_ms: number;
    readonly jitter_ms: number;
  };
  readonly spawned_from?: string;
  readonly cancel_reason?: string;
  readonly cancel_force_at?: number;
  readonly tags?: readonly string[];
  readonly tracked?: boolean;
  readonly meta?: Readonly<Record<string, string>>;
  readonly result?: unknown;
  readonly progress?: number | { readonly value: number; readonly message?: string };
  readonly budgets?: readonly { readonly key: string; readonly cost: number }[];
  readonly depends_on?: readonly string[];
  readonly dependents?: readonly string[];
  /** Whether there are more of these than are told. */
  readonly more_links?: boolean;
  readonly worker_id?: string;
  readonly lease_expires_at?: number;
  readonly failure_group?: string;
  readonly last_error?: ErrorRecord;
}

export interface ErrorRecord {
  readonly attempt: number;
  readonly message: string;
  readonly error_type?: string;
  readonly backtrace?: string;
  readonly dequeued_at?: number;
  readonly failed_at: number;
}

export interface Pages {
  readonly self: string;
  readonly next: string | null;
  readonly prev: string | null;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  readonly pages: Pages;
  /** Of tracked jobs: those that are gone. */
  readonly expired?: readonly string[];
}

export interface Queue {
  readonly queue: string;
  readonly scheduled: number;
  readonly ready: number;
  readonly in_flight: number;
  readonly blocked: number;
  readonly completed: number;
  readonly dead: number;
  readonly stalled: number;
  readonly recurring: number;
  readonly paused: boolean;
  readonly oldest_ready_at?: number;
}

export interface Durations {
  readonly count: number;
  readonly mean_ms: number;
  readonly std_ms: number;
  readonly histogram: readonly number[];
}

export interface QueueStats {
  readonly queue: string;
  readonly day: string;
  readonly wait: Durations;
  readonly run: Durations;
  readonly retries: number;
  readonly failures: number;
  readonly cancelled: number;
  readonly failed: number;
}

/** How long things took; null where there were none. */
export type FlowSpans = {
  readonly count: number;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
} | null;

/** What was counted in a while. */
export interface FlowFigures {
  readonly enqueued: number;
  readonly completed: number;
  readonly retries: number;
  readonly failures: number;
  readonly cancelled: number;
  readonly wait: FlowSpans;
  readonly run: FlowSpans;
  /** How long the oldest ready job had been ready; missing in answers of older brokers, null where none was seen. */
  readonly oldest_ms?: number | null;
}

/** What was counted of a type of jobs; null are those without rows of their own. */
export interface FlowType extends FlowFigures {
  readonly type: string | null;
  readonly ended: readonly number[];
}

export interface FlowStats {
  readonly over: "hour" | "day" | "month";
  readonly step_ms: number;
  readonly points: readonly (FlowFigures & { readonly at: number })[];
  readonly total: FlowFigures;
  readonly groups?: readonly FlowType[];
  readonly more?: boolean;
  /** False if the broker keeps no statistics. */
  readonly kept?: boolean;
}

export interface QueueSettings {
  readonly queue: string;
  readonly paused: boolean;
  readonly max_in_flight?: number;
  readonly lease_ms?: number;
  readonly grace_ms?: number;
}

export interface Worker {
  readonly id: string;
  readonly last_seen_at: number | null;
  readonly jobs: number;
  readonly stalled: number;
  /** What follows is missing in answers of older brokers. */
  readonly streams?: number;
  readonly stoppable?: number;
  /** Null for all. */
  readonly queues?: readonly string[] | null;
  /** Null if it does not say. */
  readonly types?: readonly string[] | null;
  readonly quiet?: boolean;
}

/** Who serves a queue. */
export interface QueueServing {
  readonly streams: number;
  readonly resting: number;
  readonly untyped: number;
  readonly of_type?: number;
  readonly asked_at: number | null;
  readonly since: number;
  readonly complete: boolean;
}

/** A batch that still takes jobs in. */
export interface OpenBatch {
  readonly key: string;
  readonly job_id: string;
  readonly type: string;
  readonly queue: string;
  readonly status: "ready" | "scheduled";
  readonly ready_at: number;
  readonly when: string;
  readonly fold: string;
  readonly payload_bytes: number;
}

export interface Budget {
  readonly key: string;
  readonly allocation: number;
  readonly strategy: {
    readonly type: "time_based" | "while_in_flight";
    readonly duration_ms?: number;
    readonly burst?: number;
  };
  readonly held_until?: number;
}

export interface CronEntry {
  readonly name: string;
  readonly expression?: string;
  readonly every_ms?: number;
  readonly paused: boolean;
  readonly timezone?: string;
  readonly job: {
    readonly type: string;
    readonly queue: string;
    readonly payload: unknown;
    readonly priority?: number;
    readonly tags?: readonly string[];
  };
  readonly next_enqueue_at?: number;
  readonly last_enqueue_at?: number;
}

export interface CronGroup {
  readonly name: string;
  readonly paused: boolean;
  readonly timezone?: string;
  readonly entries: readonly CronEntry[];
}

export interface HistoryEntry {
  readonly what: string;
  readonly at: number;
  readonly queue?: string;
  readonly worker_id?: string;
  readonly failure_group?: string;
  readonly data?: unknown;
}
