/**
 * How values cross: what PostgreSQL sends as text becomes what the store knows.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** PostgreSQL's numbers of the types that are not read as text. */
const bool = 16;
const bytea = 17;
const int8 = 20;
const int2 = 21;
const int4 = 23;
const float4 = 700;
const float8 = 701;
const numeric = 1700;

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<
  number,
  (text: string) => unknown
>([
  [bool, (text) => text === "t" ? 1 : 0], // As SQLite has it.
  [bytea, toBytes],
  [int8, toNumber],
  [int2, Number],
  [int4, Number],
  [float4, Number],
  [float8, Number],
  [numeric, toNumber], // The sum of integers of eight bytes is one.
]);

const asItIs = (text: string) => text;

/** Reads values for the queries of the store, and of nobody else that has the same pool. */
export const types = {
  getTypeParser: (type: number): (text: string) => unknown => parsers.get(type) ?? asItIs,
};

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text.slice(2), "hex")); // After `\x`.
}

function toNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(`Integer is ${text}, expected one below 2^53`);
  }
  return value;
}
