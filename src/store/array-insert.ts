/**
 * An INSERT of many rows with one parameter for each column, as PostgreSQL has arrays.
 *
 * The text is the same for any number of rows, so that the server prepares it once; and reading a thousand values of one array costs
 * it a tenth of binding as many parameters.
 *
 * @module
 */

import type { SqlValue } from "./database.ts";
import type { InsertText } from "./transition.ts";

/** A statement and the values of its parameters. */
export interface ArrayInsert {
  readonly sql: string;
  readonly params: SqlValue[];
}

/** The types of arrays, by what a column has. */
const typeOf = { number: "BIGINT[]", string: "TEXT[]", bytes: "BYTEA[]" } as const;

type Kind = keyof typeof typeOf;

/** The texts that were made, by what the columns have. */
const texts = new WeakMap<InsertText, Map<string, string>>();

/**
 * Gives the statement; undefined where one with a parameter for each value is as good, or where a column has values of two kinds.
 *
 * @param values Those of the first row, then those of the second, and so on.
 */
export function toArrayInsert(
  insert: InsertText,
  values: readonly SqlValue[],
): ArrayInsert | undefined {
  const { width } = insert;
  if (values.length === width) return undefined;
  const params: SqlValue[] = [];
  let shape = "";
  for (let column = 0; column < width; column++) {
    const kind = kindOf(values, column, width);
    if (kind === undefined) return undefined;
    shape += kind === "" ? "-" : kind[0];
    if (kind !== "") params.push(toArray(values, column, { width, kind }));
  }
  const known = texts.get(insert) ?? new Map<string, string>();
  if (known.size === 0) texts.set(insert, known);
  let sql = known.get(shape);
  if (sql === undefined) known.set(shape, sql = toText(insert, shape));
  return { sql, params };
}

/** What a column has; empty if it has only NULL, undefined if it cannot be told. */
function kindOf(values: readonly SqlValue[], first: number, width: number): Kind | "" | undefined {
  let kind: Kind | "" = "";
  for (let at = first; at < values.length; at += width) {
    const value = values[at]!;
    if (value === null) continue;
    const type = typeof value;
    const next = type === "string" ? "string" : type === "number" ? "number" : "bytes";
    if (next === "number" && !Number.isSafeInteger(value)) return undefined;
    if (kind !== next && kind !== "") return undefined;
    kind = next;
  }
  return kind;
}

/** A column as the text of an array. */
function toArray(
  values: readonly SqlValue[],
  first: number,
  { width, kind }: { readonly width: number; readonly kind: Kind },
): string {
  let text = "{";
  for (let at = first; at < values.length; at += width) {
    if (at > first) text += ",";
    const value = values[at]!;
    if (value === null) text += "NULL";
    else if (kind === "number") text += value;
    else if (kind === "string") text += quote(value as string);
    else text += toHex(value as Uint8Array);
  }
  return `${text}}`;
}

function quote(text: string): string {
  return `"${text.includes("\\") || text.includes('"') ? text.replace(/[\\"]/g, "\\$&") : text}"`;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as PostgreSQL reads them; the backslash before the `x` is doubled, as this stands in an array. */
function toHex(bytes: Uint8Array): string {
  let text = '"\\\\x';
  for (let at = 0; at < bytes.length; at++) text += hexOfByte[bytes[at]!];
  return `${text}"`;
}

function toText({ table, columns }: InsertText, shape: string): string {
  const kinds = [...shape];
  const types = kinds.flatMap((kind) => kind === "-" ? [] : [typeOf[kindNames[kind]!]]);
  const names = kinds.map((kind, at) => kind === "-" ? "NULL" : `c${at}`);
  const given = names.filter((name) => name !== "NULL");
  return `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${names.join(", ")}
    FROM unnest(${types.map((type) => `CAST(? AS ${type})`).join(", ")}) AS rows (${
    given.join(", ")
  })`;
}

const kindNames: Readonly<Record<string, Kind>> = { n: "number", s: "string", b: "bytes" };
