/**
 * The statuses of a job: one row each, from which every set, name and SQL condition is made.
 *
 * To add a status, add a row. What it means for a job to wait, to run or to be finished follows from its phase.
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
  /** The name in error messages of the protocol. */
  readonly label: string;
  /** What it means for the job. */
  readonly phase: Phase;
}

/** The statuses of this version, in the order of a job's life. */
const statusRows = [
  { name: "scheduled", code: 0, wire: "scheduled", label: "Scheduled", phase: "waiting" },
  { name: "ready", code: 1, wire: "ready", label: "Ready", phase: "waiting" },
  { name: "inFlight", code: 2, wire: "in_flight", label: "InFlight", phase: "running" },
  { name: "completed", code: 3, wire: "completed", label: "Completed", phase: "finished" },
  { name: "dead", code: 4, wire: "dead", label: "Dead", phase: "finished" },
] as const;

/** The name of a status on the wire. */
export type JobStatus = "scheduled" | "ready" | "in_flight" | "completed" | "dead";

/** What is known of a set of statuses. */
export interface StatusTable<Rows extends readonly StatusRow[]> {
  /** The code of each status, by its name in code. */
  readonly codes: { readonly [Row in Rows[number] as Row["name"]]: Row["code"] };
  /** The names on the wire, in the order of a job's life. */
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
 * @param rows The statuses, in the order of a job's life. Codes and names are different from each other.
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

/** The statuses of a job. */
export const statuses: StatusTable<typeof statusRows> = createStatusTable(statusRows);

/** The codes of the statuses, by name: `status.ready`. */
export const status: StatusTable<typeof statusRows>["codes"] = memberOf(statuses, "codes");

/** The name of each status on the wire, by its code. */
export const statusNames: readonly string[] = memberOf(statuses, "wireByCode");

/** All statuses as the wire names them, in the order of a job's life. */
export const jobStatuses: readonly JobStatus[] = /* @__PURE__ */ statusRows
  .map(({ wire }) => wire);

/**
 * Reads a member of a table. A bundler drops a call that nobody uses, but keeps a property access: a client has use for
 * the names on the wire only.
 */
// @__NO_SIDE_EFFECTS__
function memberOf<Table, Name extends keyof Table>(table: Table, name: Name): Table[Name] {
  return table[name];
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
