/**
 * `millrace outbox`: jobs of transactions that were refused, in the database that has them.
 *
 * @module
 */

import { toSpanText } from "../../../src/async/span-text.ts";
import { NotFoundError } from "../../../src/errors.ts";
import {
  demandPlace,
  type OutboxPlace,
  toOutboxTables,
} from "../../../src/outbox/outbox-tables.ts";
import { createReview, type RefusedHead, type Review } from "../../../src/outbox/review.ts";
import { toRunner } from "../../../src/outbox/to-runner.ts";
import { describeFlags, type Flags, UsageError } from "../options.ts";
import { isPostgresUrl } from "../postgres-url.ts";
import { readInteger, readText } from "../values.ts";
import { confirm, type Person } from "./confirm.ts";
import { formFlags, toOptional, toSwitch } from "./flags.ts";
import { openOutboxDatabase, type OutboxDatabase } from "./outbox-database.ts";
import { createWriter, type Form, isForPeople, type Output } from "./output.ts";
import type { Column } from "./table.ts";

/** Entries by their numbers. */
type Entries = "all" | readonly string[];

/** What `millrace outbox` is told. */
export interface OutboxConfig extends Form {
  readonly data: string | undefined;
  readonly schema: string | undefined;
  readonly outbox: string | undefined;
  readonly retry: Entries | undefined;
  readonly delete: Entries | undefined;
  readonly yes: boolean;
  readonly limit: number | undefined;
  readonly job: boolean;
}

const toEntries = (help: string) => ({
  ...toOptional("N,…|all", readEntries, help),
  isList: true,
});

function readEntries(text: string): Entries {
  if (text === "all") return "all";
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.every((entry) => /^(?:0|-?[1-9]\d{0,17})$/.test(entry))) return entries;
  throw new Error("numbers of entries with commas between them, or 'all'");
}

/** The flags of `millrace outbox`. */
export const outboxFlags: Flags<OutboxConfig> = {
  data: toOptional(
    "DATABASE",
    readText,
    "postgres://… or a file of SQLite; better MILLRACE_DATA, which no list of processes shows",
  ),
  schema: toOptional("NAME", readText, "the schema on PostgreSQL; else that of brokers, millrace"),
  outbox: toOptional(
    "NAME",
    readText,
    "the table; else outbox on PostgreSQL, and millrace_outbox on SQLite",
  ),
  retry: toEntries("put these back, once their cause is mended"),
  delete: toEntries("delete these"),
  yes: toSwitch("change many without being asked"),
  limit: toOptional("N", readInteger(1, 2 ** 32 - 1), "how many; else 50 in a table, all as JSON"),
  job: toSwitch("also the job itself, with its payload"),
  ...formFlags,
};

/** The help of `millrace outbox`. */
export const outboxHelp: string = `Usage: millrace outbox --data DATABASE [flags]

Lists jobs that an application enqueued within its transactions and that were refused, with the reason: in the database of
brokers on PostgreSQL, or in one of its own that a relay looks after. They stay until somebody does something about them,
and are named by the numbers of their entries. Before many are changed, a person is asked; where there is none, '--yes' must
say that it is meant.

  millrace outbox --data postgres://ops@db/shop
  millrace outbox --data postgres://ops@db/shop --retry 17,18
  millrace outbox --data shop.db --delete all

${describeFlags(outboxFlags)}`;

/** Looks at what was refused, or does something about it. */
export async function runOutbox(
  config: OutboxConfig,
  { output, person }: { readonly output: Output; readonly person: Person },
): Promise<void> {
  const { data } = config;
  if (data === undefined) {
    throw new UsageError(
      "No database is given, expected '--data' with a file or 'postgres://…', or MILLRACE_DATA",
    );
  }
  const { retry, delete: gone } = config;
  if (retry !== undefined && gone !== undefined) {
    throw new UsageError("Flags '--retry' and '--delete' are given, expected one of them");
  }
  const place = toPlace(data, config);
  const tables = toOutboxTables(place, place.dialect === "postgres" && config.outbox === undefined);
  const database = await openOutboxDatabase(data, {
    schema: place.schema ?? "millrace",
    refused: `${
      config.outbox ?? (place.dialect === "sqlite" ? "millrace_outbox" : "outbox")
    }_refused`,
    isReadOnly: retry === undefined && gone === undefined,
  });
  try {
    const terms = { of: "outbox", dialect: database.dialect, isTransaction: false };
    const review = createReview(tables, toRunner(database.run, terms));
    if (retry !== undefined) {
      const words = ["Retry", "Retried"] as const;
      await change(retry, { words, review, database, config, person, output, deed: review.retry });
    } else if (gone !== undefined) {
      const words = ["Delete", "Deleted"] as const;
      await change(gone, { words, review, database, config, person, output, deed: review.delete });
    } else await list(review, config, output);
  } finally {
    await database.close();
  }
}

/** The place that was named. */
function toPlace(data: string, { schema, outbox: table }: OutboxConfig): OutboxPlace {
  const place: OutboxPlace = {
    dialect: isPostgresUrl(data) ? "postgres" : "sqlite",
    schema,
    table,
  };
  try {
    demandPlace(place);
  } catch (error) {
    throw new UsageError((error as Error).message.replace("'table'", "'--outbox'"));
  }
  return place;
}

/** How many are read at a time, and how many a table has if nobody says. */
const pageSize = 200;
const tableLimit = 50;

/** Texts of jobs are read so many bytes at a time, unless it is one; a longer one than that is not shown. */
const pieceBytes = 8 * 1024 * 1024;
const mostShownBytes = 64 * 1024 * 1024;

/** What is shown of an entry. */
type Shown =
  & Omit<RefusedHead, "entry" | "start">
  & { readonly entry: number | string; readonly job?: unknown };

const columns: readonly Column<Shown>[] = [
  { title: "ENTRY", of: ({ entry }) => String(entry), right: true },
  { title: "REFUSED", of: describeWhen },
  { title: "TYPE", of: ({ type }) => type ?? "?", cut: true },
  { title: "QUEUE", of: ({ queue }) => queue ?? "?", cut: true },
  { title: "REASON", of: ({ reason }) => reason, cut: true },
];
const jobColumn: Column<Shown> = { title: "JOB", of: ({ job }) => String(job), cut: true };

function describeWhen({ refusedAt }: Shown): string {
  return Number.isSafeInteger(refusedAt) ? `${toSpanText(Date.now() - refusedAt)} ago` : "?";
}

async function list(review: Review, config: OutboxConfig, output: Output): Promise<void> {
  const isTable = isForPeople(output, config);
  const writer = createWriter(output, config, config.job ? [...columns, jobColumn] : columns);
  let left = config.limit ?? (isTable ? tableLimit : Infinity);
  let after: string | undefined;
  for (;;) {
    // One more than is shown tells whether there are more.
    const found = await review.page({ after, limit: Math.min(left + 1, pageSize) });
    const heads = found.slice(0, left);
    if (heads.length === 0 && after === undefined) output.note("Nothing is refused");
    if (!config.job) await writer.write(heads.map((head) => toShown(head)));
    else if (isTable) await writer.write(heads.map((head) => toShown(head, head.start)));
    else {
      for (const piece of toPieces(heads)) {
        const short = piece.filter(({ bytes }) => bytes <= mostShownBytes);
        const texts = await review.texts(short.map(({ entry }) => entry));
        await writer.write(piece.map((head) => toShown(head, toValue(texts.get(head.entry)))));
      }
      const long = heads.filter(({ bytes }) => bytes > mostShownBytes);
      for (const { entry, bytes } of long) {
        output.note(`Entry ${entry} is too long: ${bytes} bytes`);
      }
    }
    left -= heads.length;
    after = heads.at(-1)?.entry;
    if (found.length > heads.length) {
      if (isTable) output.note("There are more: '--limit' says how many are shown");
      return;
    }
    if (found.length < pageSize) return;
  }
}

function toShown({ entry, start: _, ...head }: RefusedHead, job?: unknown): Shown {
  const number = Number(entry);
  return {
    entry: Number.isSafeInteger(number) ? number : entry,
    ...head,
    ...job !== undefined && { job },
  };
}

/** Entries whose texts may be held together. */
function* toPieces(heads: readonly RefusedHead[]): Generator<RefusedHead[]> {
  let piece: RefusedHead[] = [];
  let size = 0;
  for (const head of heads) {
    if (piece.length > 0 && size + head.bytes > pieceBytes) {
      yield piece;
      [piece, size] = [[], 0];
    }
    piece.push(head);
    size += head.bytes;
  }
  if (piece.length > 0) yield piece;
}

/** The job as JSON has it; a text that is none stays one. */
function toValue(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Entries that are named are many from so many on. */
const many = 10;

/** More than that are not counted before somebody is asked. */
const mostCounted = 100_000;

/** So many are changed at once: on SQLite, nobody else writes meanwhile. */
const changedAtOnce = 200;

async function change(
  entries: Entries,
  { words: [todo, done], review, database, config: { yes }, person, output, deed }: {
    readonly words: readonly [todo: string, done: string];
    readonly review: Review;
    readonly database: OutboxDatabase;
    readonly config: OutboxConfig;
    readonly person: Person;
    readonly output: Output;
    deed(entries: readonly string[]): Promise<number>;
  },
): Promise<void> {
  let changed = 0;
  if (entries === "all") {
    const { count, last } = await review.count(mostCounted);
    const shown = count === 1 ? "1 job" : `${count}${count < mostCounted ? "" : " or more"} jobs`;
    if (count > 0 && !await confirm(`${todo} ${shown} of the outbox (all)`, { yes, person })) {
      return output.note("Nothing is changed");
    }
    // What is refused meanwhile, also once more, comes behind the last one and stays.
    let after: string | undefined;
    while (last !== undefined) {
      const next = await review.numbers({ after, upTo: last, limit: changedAtOnce });
      if (next.length === 0) break;
      changed += await database.transact(() => deed(next));
      after = next.at(-1);
    }
  } else {
    const found = new Set(await review.find(entries));
    const missing = entries.find((entry) => !found.has(entry));
    if (missing !== undefined) {
      throw new NotFoundError(`No refused job has the number ${missing}; nothing is changed`, 404);
    }
    const question = `${todo} ${found.size} jobs of the outbox`;
    if (found.size >= many && !await confirm(question, { yes, person })) {
      return output.note("Nothing is changed");
    }
    changed = await database.transact(() => deed([...found]));
  }
  await output.write(`${done} ${changed}\n`);
}
