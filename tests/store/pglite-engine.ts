/**
 * The PGlite of this process: where it is installed, how it is started, how values cross, and who may ask it now.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SqlRow } from "../../src/store/database.ts";

/** What is used of PGlite in and outside of a transaction. */
export interface PgliteConnection {
  /** Runs one statement. */
  query(
    sql: string,
    params: readonly unknown[],
  ): Promise<{ readonly rows: SqlRow[]; readonly affectedRows?: number }>;
  /** Runs several statements. */
  exec(sql: string): Promise<unknown>;
}

/** What is used of PGlite. */
export interface Pglite extends PgliteConnection {
  /** Commits when the promise of `body` is resolved, rolls back when it is rejected. */
  transaction<Result>(body: (connection: PgliteConnection) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const tools = env["MILLRACE_TOOLS"];
const packageFolder = join(
  tools ?? fileURLToPath(new URL("../../.cache/tools", import.meta.url)),
  "node_modules/@electric-sql/pglite",
);

/** Whether its tests are left to another runtime: what PostgreSQL makes of the statements does not depend on that. */
export const isPgliteLeftOut: boolean = env["MILLRACE_PGLITE"] === "skip";

/** Whether PGlite is not there and need not be: where the gate says that it is, its absence is an error. */
export const isPgliteMissing: boolean = tools === undefined && !existsSync(packageFolder);

/** PostgreSQL's numbers of the types that the store may use. */
const types = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  float4: 700,
  float8: 701,
  varchar: 1043,
  numeric: 1700,
  jsonb: 3802,
} as const;

/** How a parameter is written, by the type that PostgreSQL infers for it. PGlite alone would write bytes as `1,2`. */
const serializers: Record<number, (value: unknown) => string | Uint8Array> = {};
for (const [name, type] of Object.entries(types)) {
  serializers[type] = (value) => {
    if (value instanceof Uint8Array !== (type === types.bytea)) {
      const given = value instanceof Uint8Array ? "bytes" : `a ${typeof value}`;
      throw new TypeError(`Parameter is ${given}, expected what fits type '${name}'`);
    }
    return value instanceof Uint8Array ? value : String(value);
  };
}

/** How a value is read, by its type; what is not here is text, or a number of four bytes. */
const parsers: Record<number, (text: string) => unknown> = {
  [types.bool]: (text) => text === "t" ? 1 : 0, // As SQLite has it.
  [types.bytea]: (text) => new Uint8Array(Buffer.from(text.slice(2), "hex")),
  [types.int8]: toNumber,
  [types.numeric]: toNumber, // The sum of integers of eight bytes is one.
  [types.json]: (text) => text,
  [types.jsonb]: (text) => text,
};

function toNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(`Integer is ${text}, expected one below 2^53`);
  }
  return value;
}

/**
 * The default order of texts is not SQLite's here, as it is not on most servers: a column that lacks its
 * `COLLATE "C"` comes out in another order than on SQLite, and a test can see it.
 */
const initDbStartParams = ["--locale-provider=icu", "--icu-locale=und"];

let starting: Promise<Pglite> | undefined;

/** Starts the engine, if it does not run. */
export function startEngine(): Promise<Pglite> {
  return starting ??= (async () => {
    const { PGlite } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);
    return await PGlite.create({ serializers, parsers, initDbStartParams });
  })();
}

/** Stops the engine, if it runs, and drops its content: a timer of its own would keep Node alive for ten seconds. */
export async function stopEngine(): Promise<void> {
  const started = starting;
  starting = undefined;
  currentSchema = "";
  await (await started)?.close();
}

/** The turn that runs what is called now, and whether it lasts. */
const turns = new AsyncLocalStorage<{ open: boolean }>();
let last: Promise<unknown> = Promise.resolve();
let currentSchema = "";

/**
 * Has the engine to itself, once all who asked earlier are done.
 *
 * @param schema Where the statements of `work` find and make their tables.
 * @throws {Error} If a turn is taken inside of another: it would wait for itself.
 */
export async function takeTurn<Result>(
  schema: string,
  work: (engine: Pglite) => Promise<Result>,
): Promise<Result> {
  if (turns.getStore()?.open) {
    throw new Error("a transaction asks the database, expected it to ask its connection");
  }
  const turn = { open: true };
  const done = last.then(() =>
    turns.run(turn, async () => {
      const engine = await startEngine();
      if (schema !== currentSchema) await engine.exec(`SET search_path TO ${schema}`);
      currentSchema = schema;
      return await work(engine);
    })
  );
  last = done.then(() => turn.open = false, () => turn.open = false);
  return await done;
}
