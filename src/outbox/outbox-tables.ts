/**
 * The tables of an outbox, and the statements on them. `src/store/schema-outbox.ts` has those of a broker's own database.
 *
 * @module
 */

import { show } from "../options.ts";
import {
  channelOf,
  defaultSchema,
  mostNameBytes,
  nameBytes,
  outboxNews,
} from "../protocol/outbox.ts";
import { longestId } from "../protocol/job-id.ts";
import {
  type OutboxDialect,
  type Statement,
  statement,
  toName,
  type Verbatim,
} from "./statement.ts";

/** Where an outbox is. */
export interface OutboxPlace {
  /**
   * The SQL of its database.
   *
   * @default {"postgres"}
   */
  readonly dialect?: OutboxDialect | undefined;
  /**
   * The schema that has its tables: that of the brokers (`openPostgres`), or one of your own for a relay. Not with SQLite.
   *
   * @default {"millrace"}
   */
  readonly schema?: string | undefined;
  /**
   * The table. The one of what was refused is called the same with `_refused` behind it.
   *
   * @default {"outbox" on PostgreSQL, "millrace_outbox" on SQLite}
   */
  readonly table?: string | undefined;
}

/** An entry to be written. */
export interface NewEntry {
  readonly id: string;
  /** The JSON text of an enqueue. */
  readonly job: string;
}

/** The number of an entry, as a text: it may be beyond 2^53, if whoever wrote it chose it. */
export type EntryNumber = string;

/** Refused entries by their numbers; all when undefined. */
export type RefusedEntries = readonly (number | EntryNumber)[] | undefined;

/** Refused entries behind one, up to another, in the order of their numbers. */
export interface RefusedRange {
  readonly after?: EntryNumber | undefined;
  readonly upTo?: EntryNumber | undefined;
  readonly limit: number;
}

/** Which entries are taken. Sizes are in bytes, instants in ms since the epoch. */
export interface ClaimTerms {
  readonly limit: number;
  /** What they have at most together, unless there is only one. */
  readonly maxBytes: number;
  /** What one has at most whose text is given. */
  readonly maxEntryBytes: number;
  readonly now: number;
  readonly until: number;
}

/** What is asked of the tables. */
export interface OutboxTables {
  readonly dialect: OutboxDialect;
  /** Makes the tables. */
  readonly sql: string;
  /** Writes entries at `now`, in ms since the epoch; on PostgreSQL, the server says when. */
  insert(entries: readonly NewEntry[], now: number): Statement[];
  /** Lists the first entries that were refused. */
  listRefused(limit: number): Statement;
  /** Lists refused entries without their texts, by their numbers. */
  listHeads(range: RefusedRange): Statement;
  /** Lists the numbers of refused entries. */
  listNumbers(range: RefusedRange): Statement;
  /** Which of these entries were refused. */
  findRefused(entries: readonly EntryNumber[]): Statement;
  /** The texts of refused entries. */
  readRefused(entries: readonly EntryNumber[]): Statement;
  /** Counts refused entries, up to `most`, and gives the number of the last one. */
  countRefused(most: number): Statement;
  /** Puts refused entries back: all, or those of a list. The last statement counts them. */
  retry(entries: RefusedEntries): Statement[];
  /** Deletes refused entries: all, or those of a list. The last statement counts them. */
  forget(entries: RefusedEntries): Statement[];
  /** Takes the first entries that nobody has, until an instant. The texts of those that are too long are not given. */
  claim(terms: ClaimTerms): Statement;
  /** Deletes entries. */
  remove(entries: readonly EntryNumber[]): Statement;
  /** Leaves entries to the next one who asks, from an instant on. */
  release(entries: readonly EntryNumber[], at: number): Statement;
  /** Copies an entry to those that were refused. */
  refuse(entry: EntryNumber, terms: { readonly reason: string; readonly now: number }): Statement;
}

/** Gives the tables of a place; `notify` says whether whoever listens is told of entries. */
export function toOutboxTables(
  { dialect = "postgres", schema, table }: OutboxPlace,
  notify: boolean,
): OutboxTables {
  const isPostgres = dialect === "postgres";
  const inSchema = isPostgres ? schema ?? defaultSchema : undefined;
  const name = table ?? (isPostgres ? "outbox" : "millrace_outbox");
  const outbox = toName(inSchema, name);
  const refused = toName(inSchema, `${name}_refused`);
  const channel = channelOf(inSchema ?? "");
  /** An id for what has none, which stays the same when it is sent again. */
  const chance = verbatim(isPostgres ? "gen_random_uuid()::text" : "lower(hex(randomblob(16)))");
  const lock = verbatim(isPostgres ? "FOR UPDATE SKIP LOCKED" : "");
  const tell = (counted: Verbatim) =>
    notify
      ? statement`${counted}, pg_notify(${channel}, ${outboxNews})::text AS told`
      : statement`${counted}`;

  const among = (entries: readonly (number | EntryNumber)[]): Statement =>
    isPostgres
      ? statement`entry IN (SELECT value::bigint FROM json_array_elements_text((${
        JSON.stringify(entries)
      }::text)::json) AS list (value))`
      : statement`entry IN (SELECT CAST(value AS INTEGER) FROM json_each(${
        JSON.stringify(entries)
      }))`;
  const where = (entries: RefusedEntries): Statement =>
    entries === undefined ? statement`TRUE` : among(entries);
  const columns = verbatim("id, stored_at, job");
  /** How long the texts of an entry are, in bytes: it is known without reading them. */
  const size = verbatim(
    "(CAST(octet_length(job) AS BIGINT) + coalesce(octet_length(id), 0))",
  );

  /** The refused entries of a range. Their order is that of the column: what is shown of it is a text. */
  const inRange = ({ after, upTo, limit }: RefusedRange): Statement =>
    statement`FROM ${refused} AS kept
      WHERE ${after === undefined ? verbatim("TRUE") : statement`entry > ${asEntry(after)}`}
        AND ${upTo === undefined ? verbatim("TRUE") : statement`entry <= ${asEntry(upTo)}`}
      ORDER BY kept.entry LIMIT ${integer(limit)}`;

  const forget = (entries: RefusedEntries): Statement[] =>
    isPostgres
      ? [statement`WITH gone AS (DELETE FROM ${refused} WHERE ${where(entries)} RETURNING 1)
        SELECT count(*)::text AS count FROM gone`]
      : [
        statement`DELETE FROM ${refused} WHERE ${where(entries)}`,
        statement`SELECT changes() AS count`,
      ];

  return {
    dialect,
    sql: isPostgres
      ? `CREATE TABLE ${outbox.text} (
  entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text,
  stored_at bigint,
  job text NOT NULL,
  held_until bigint
);
CREATE TABLE ${refused.text} (
  entry bigint NOT NULL PRIMARY KEY,
  id text,
  stored_at bigint,
  job text NOT NULL,
  refused_at bigint NOT NULL,
  reason text NOT NULL
);
`
      : `CREATE TABLE ${outbox.text} (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT,
  stored_at INTEGER,
  job TEXT NOT NULL,
  held_until INTEGER
);
CREATE TABLE ${refused.text} (
  entry INTEGER PRIMARY KEY,
  id TEXT,
  stored_at INTEGER,
  job TEXT NOT NULL,
  refused_at INTEGER NOT NULL,
  reason TEXT NOT NULL
);
`,
    insert(entries, now) {
      if (!isPostgres) {
        return entries.map(({ id, job }) =>
          statement`INSERT INTO ${outbox} (${columns})
            VALUES (${id}, ${integer(now)}, ${job})`
        );
      }
      // As json and not as jsonb, which takes no text with the character 0 and writes numbers in its own way; and without
      // looking into the jobs, which would refuse that character too.
      const ids = JSON.stringify(entries.map(({ id }) => id));
      const jobs = `[${entries.map(({ job }) => job).join()}]`;
      const insert = statement`INSERT INTO ${outbox} (${columns})
        SELECT id, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, job::text
        FROM ROWS FROM (json_array_elements_text((${ids}::text)::json), json_array_elements((${jobs}::text)::json))
          WITH ORDINALITY AS items (id, job, place) ORDER BY place`;
      return [
        notify ? statement`WITH sent AS (${insert}) ${tell(verbatim("SELECT 1 AS sent"))}` : insert,
      ];
    },
    listRefused: (limit) =>
      statement`SELECT ${number("entry")} AS entry, id, ${number("stored_at")} AS "storedAt", job,
          ${number("refused_at")} AS "refusedAt", reason ${inRange({ limit })}`,
    listHeads: (range) =>
      statement`SELECT ${number("entry")} AS entry, ${number("stored_at")} AS "storedAt",
          CASE WHEN octet_length(id) <= ${verbatim(String(longestId))} THEN id END AS id,
          ${number("refused_at")} AS "refusedAt", substr(reason, 1, 2000) AS reason,
          ${number("octet_length(job)")} AS size, CAST(substr(job, 1, 2000) AS TEXT) AS start ${
        inRange(range)
      }`,
    listNumbers: (range) => statement`SELECT ${number("entry")} AS entry ${inRange(range)}`,
    findRefused: (entries) =>
      statement`SELECT ${number("entry")} AS entry FROM ${refused} WHERE ${among(entries)}`,
    readRefused: (entries) =>
      statement`SELECT ${number("entry")} AS entry, job FROM ${refused} WHERE ${among(entries)}`,
    countRefused: (most) =>
      statement`SELECT ${number("count(*)")} AS count,
          (SELECT ${number("max(entry)")} FROM ${refused}) AS last
        FROM (SELECT 1 AS one FROM ${refused} LIMIT ${integer(most)}) AS counted`,
    retry(entries) {
      if (isPostgres) {
        return [
          statement`WITH gone AS (DELETE FROM ${refused} WHERE ${
            where(entries)
          } RETURNING entry, ${columns}),
          back AS (INSERT INTO ${outbox} (${columns}) SELECT ${columns} FROM gone ORDER BY entry RETURNING 1)
          ${tell(verbatim("SELECT count(*)::text AS count"))} FROM back`,
        ];
      }
      return [
        statement`INSERT INTO ${outbox} (${columns}) SELECT ${columns} FROM ${refused}
          WHERE ${where(entries)} ORDER BY entry`,
        ...forget(entries),
      ];
    },
    forget,
    claim({ limit, maxBytes, maxEntryBytes, now, until }) {
      const isReadable = statement`${size} <= ${integer(maxEntryBytes)}`;
      return statement`UPDATE ${outbox} SET held_until = ${
        integer(until)
      }, id = coalesce(id, ${chance})
        WHERE entry IN (SELECT entry FROM (
          SELECT entry, row_number() OVER (ORDER BY entry) AS place, sum(size) OVER (ORDER BY entry) AS total FROM (
            SELECT entry, CASE WHEN ${isReadable} THEN ${size} ELSE 0 END AS size FROM ${outbox}
            WHERE coalesce(held_until, 0) <= ${integer(now)}
            ORDER BY entry LIMIT ${integer(limit)} ${lock}) AS firsts) AS measured
          WHERE place = 1 OR total <= ${integer(maxBytes)})
        RETURNING ${number("entry")} AS entry, ${number("stored_at")} AS "storedAt", ${
        number(size.text)
      } AS size,
          CASE WHEN ${isReadable} THEN id END AS id, CASE WHEN ${isReadable} THEN job END AS job`;
    },
    remove: (entries) => statement`DELETE FROM ${outbox} WHERE ${among(entries)}`,
    release: (entries, at) =>
      statement`UPDATE ${outbox} SET held_until = ${integer(at)}
        WHERE ${among(entries)}`,
    refuse: (entry, { reason, now }) =>
      statement`INSERT INTO ${refused} (entry, ${columns}, refused_at, reason)
        SELECT entry, ${columns}, ${integer(now)}, CAST(${reason} AS TEXT) FROM ${outbox}
        WHERE entry = ${asEntry(entry)}
        ON CONFLICT (entry) DO UPDATE SET reason = excluded.reason, refused_at = excluded.refused_at`,
  };
}

function verbatim(text: string): Verbatim {
  return { text };
}

/** A column as a text: drivers read, or refuse, integers beyond 2^53 in ways of their own. */
function number(column: string): Verbatim {
  return verbatim(`CAST(${column} AS TEXT)`);
}

/** An integer. It goes as a text like all others. */
function integer(value: number): Statement {
  return asEntry(String(value));
}

function asEntry(entry: EntryNumber): Statement {
  return statement`CAST(CAST(${entry} AS TEXT) AS BIGINT)`;
}

/** Demands a place that there can be. */
export function demandPlace({ dialect, schema, table }: OutboxPlace): void {
  if (dialect !== undefined && dialect !== "postgres" && dialect !== "sqlite") {
    throw new TypeError(`Cannot use 'dialect' ${show(dialect)}: expected 'postgres' or 'sqlite'`);
  }
  if (dialect === "sqlite" && schema !== undefined) {
    throw new TypeError("Cannot use 'schema' with SQLite, which has none: expected only 'table'");
  }
  for (const [name, value] of Object.entries({ schema, table })) {
    if (value === undefined) continue;
    // The other table has '_refused' behind it.
    const most = mostNameBytes - (name === "table" ? "_refused".length : 0);
    if (typeof value === "string" && value !== "" && nameBytes(value) <= most) continue;
    throw new TypeError(`Cannot use '${name}' ${show(value)}: expected 1 to ${most} bytes`);
  }
}
