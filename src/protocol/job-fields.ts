/**
 * The fields of a job: one row each, from which columns, writers, readers, patches and cron templates are made.
 *
 * To add a field, add a row here, its lines in `record.ts`, a column in a migration, and a member of the public types
 * that show it (`job.ts`) and set it (`enqueue.ts`, `patch.ts`).
 *
 * @module
 */

/**
 * What a value looks like: `u16`, `u32` and `ms` are integers up to 2^16 − 1, 2^32 − 1 and, for instants and
 * durations, 2^64 − 1; `texts` is a list. The kinds named like their field have a codec of their own; a record holds the JSON text of
 * the wire.
 */
export type FieldKind =
  | "text"
  | "status"
  | "uniqueWhile"
  | "u16"
  | "u32"
  | "ms"
  | "backoff"
  | "retention"
  | "batch"
  | "budgets"
  | "dependencies"
  | "values"
  | "texts"
  | "flag"
  | "error"
  | "progress"
  | "meta"
  | "value"
  | "child";

/** One field of a job. A mark that is left out means no. */
export interface JobField {
  /** The name in code. */
  readonly name: string;
  /** The name on the wire, and of the column: the same in snake case. */
  readonly wire: string;
  /** What its value looks like. */
  readonly kind: FieldKind;
  /** Every job has it. */
  readonly always?: true;
  /** Only who asks for extensions is told of it (`extensions.ts`). */
  readonly extension?: true;
  /** A new job may set it. */
  readonly enqueue?: true;
  /** Few new jobs set it, so that storing the others need not name it. */
  readonly rare?: true;
  /** The template of a cron entry has it. */
  readonly cron?: true;
  /** A patch may change it. */
  readonly patch?: true;
  /** A change of status may change it. */
  readonly changes?: true;
}

/** The rows, in the order of the wire. The payload has none: it is two columns, and nobody parses it. */
// deno-fmt-ignore
const rows = [
  { name: "id", kind: "text", always: true },
  { name: "type", kind: "text", always: true, enqueue: true, cron: true },
  { name: "queue", kind: "text", always: true, enqueue: true, cron: true, patch: true },
  { name: "priority", kind: "u16", always: true, enqueue: true, cron: true, patch: true },
  { name: "status", kind: "status", always: true, changes: true },
  { name: "readyAt", kind: "ms", always: true, enqueue: true, patch: true, changes: true },
  { name: "attempts", kind: "u32", always: true, changes: true },
  { name: "retryLimit", kind: "u32", enqueue: true, cron: true, patch: true },
  { name: "backoff", kind: "backoff", enqueue: true, cron: true, patch: true },
  { name: "dequeuedAt", kind: "ms" },
  { name: "failedAt", kind: "ms", changes: true },
  { name: "retention", kind: "retention", enqueue: true, cron: true, patch: true },
  { name: "purgeAt", kind: "ms", changes: true },
  { name: "completedAt", kind: "ms", changes: true },
  { name: "uniqueKey", kind: "text", enqueue: true, rare: true, cron: true },
  { name: "uniqueWhile", kind: "uniqueWhile", enqueue: true, rare: true, cron: true },
  { name: "batch", kind: "batch", enqueue: true, rare: true, cron: true },
  { name: "budgets", kind: "budgets", enqueue: true, rare: true, cron: true },
  { name: "deliveries", kind: "u32", extension: true },
] as const;

/** The tags of a new job, of a cron entry and of a patch: no column of a job, as another table holds them. */
export const tagsField: JobField = { name: "tags", wire: "tags", kind: "texts" };

/** What goes with a new job, or with those of a cron entry: no column of a job, as another table holds it. */
export const metaField: JobField = { name: "meta", wire: "meta", kind: "meta" };

/** Whose child a new job is: no field of a job, which shows what it came from. */
export const childField: JobField = { name: "childOf", wire: "child_of", kind: "child" };

/** The row of a field, as it is written above. */
export type JobFieldRow = (typeof rows)[number];

/** The fields, in the order of the wire. */
export const jobFields: readonly (JobField & Pick<JobFieldRow, "name">)[] = /* @__PURE__ */ rows
  .map((row) => ({
    ...row,
    wire: toWireName(row.name),
  }));

/** Whether a new job keeps a history: no field of a job, which shows its history when it is asked for it. */
export const historyField: JobField = { name: "history", wire: "history", kind: "flag" };

/** The name on the wire of a name in code. */
export function toWireName(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

/** The names of the fields that have a mark. */
export type NamesWith<Mark extends keyof JobField> = Extract<
  JobFieldRow,
  Readonly<Record<Mark, true>>
>["name"];

/** The rows that have a mark. */
// @__NO_SIDE_EFFECTS__
export function fieldsWith(mark: keyof JobField): readonly JobField[] {
  return jobFields.filter((field) => field[mark]);
}
