/**
 * The statuses of a job: one row each, from which every set, name and SQL condition is made.
 *
 * To add a status, add a row, and its name on the wire to what a client knows (`job.ts`). What it means for a job to
 * wait, to run or to be finished follows from its phase.
 *
 * @module
 */

/** What a status means for the life of a job: it has not begun, a worker has it, or it is over. */
export type Phase = "waiting" | "running" | "finished";

/** One status. */
export interface StatusRow {
  /** The name in code. */
  readonly name: string;
  /** The number that stands for it in a record and in the database; never used again for another status. */
  readonly code: number;
  /** The name on the wire. */
  readonly wire: string;
  /** What it means for the job. */
  readonly phase: Phase;
}

/** The statuses of this version: those of the protocol in the order of a job's life, then those of extensions. */
const statusRows = [
  { name: "scheduled", code: 0, wire: "scheduled", phase: "waiting" },
  { name: "ready", code: 1, wire: "ready", phase: "waiting" },
  { name: "inFlight", code: 2, wire: "in_flight", phase: "running" },
  { name: "completed", code: 3, wire: "completed", phase: "finished" },
  { name: "dead", code: 4, wire: "dead", phase: "finished" },
  { name: "blocked", code: 5, wire: "blocked", phase: "waiting" },
] as const;

/** What is known of a set of statuses. */
export interface StatusTable<Rows extends readonly StatusRow[]> {
  /** The code of each status, by its name in code. */
  readonly codes: { readonly [Row in Rows[number] as Row["name"]]: Row["code"] };
  /** The names on the wire, in the order of the rows. */
  readonly wireNames: readonly Rows[number]["wire"][];
  /** The name on the wire of each code; for the writers of jobs, which know that there is one. */
  readonly wireByCode: readonly string[];
  /** The row of a code. Throws `RangeError` for a code that no row has. */
  rowOf(code: number): Rows[number];
  /** The code of a name on the wire; undefined when there is none. */
  codeOf(wire: string): number | undefined;
  /** The codes of all statuses of these phases, in ascending order. */
  codesOf(...phases: readonly Phase[]): readonly number[];
}

/**
 * Creates the table of some statuses.
 *
 * @param rows The statuses. Codes and names are different from each other.
 * @returns The sets and look-ups that follow from the rows.
 */
// @__NO_SIDE_EFFECTS__
export function createStatusTable<const Rows extends readonly StatusRow[]>(
  rows: Rows,
): StatusTable<Rows> {
  const byCode: (Rows[number] | undefined)[] = [];
  for (const row of rows) byCode[row.code] = row;
  return {
    codes: Object.fromEntries(rows.map(({ name, code }) => [name, code])) as StatusTable<
      Rows
    >["codes"],
    wireNames: rows.map(({ wire }) => wire),
    wireByCode: byCode.map((row) => row!.wire),
    rowOf(code) {
      const row = byCode[code];
      if (row === undefined) throw new RangeError(`No status has the code ${code}`);
      return row;
    },
    codeOf: (name) => rows.find(({ wire }) => wire === name)?.code,
    codesOf: (...phases) =>
      rows.filter(({ phase }) => phases.includes(phase)).map(({ code }) => code).sort((a, b) =>
        a - b
      ),
  };
}

// Marked as pure, so that a client's bundle, which needs only the names, drops the rest.

/** The statuses of a job. */
export const statuses: StatusTable<typeof statusRows> = /* @__PURE__ */ createStatusTable(
  statusRows,
);

/** The codes of the statuses, by name: `status.ready`. */
export const status: StatusTable<typeof statusRows>["codes"] =
  /* @__PURE__ */ (() => statuses.codes)();

/** The name of each status on the wire, by its code. */
export const statusNames: readonly string[] = /* @__PURE__ */ (() => statuses.wireByCode)();

/**
 * The name of a status in the protocol's error messages, such as `InFlight`.
 *
 * @param code The code of the status.
 */
export function statusLabel(code: number): string {
  const { name } = statuses.rowOf(code);
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

/**
 * Tells whether a job waits: nobody has it, and it is to run.
 *
 * @param code The code of its status.
 */
export function isWaiting(code: number): boolean {
  return statuses.rowOf(code).phase === "waiting";
}

/**
 * Tells whether a job is finished: it will not run again by itself.
 *
 * @param code The code of its status.
 */
export function isFinished(code: number): boolean {
  return statuses.rowOf(code).phase === "finished";
}
