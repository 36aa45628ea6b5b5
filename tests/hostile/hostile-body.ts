/**
 * Bodies that begin as what an endpoint wants, and end as something else: a field swapped for a hostile value,
 * members lost, doubled or added, depth added, bytes flipped, cut out, spliced in, or cut off.
 *
 * @module
 */

import { encode } from "@msgpack/msgpack";
import type { Format } from "../../src/protocol/codec.ts";
import { type Random, randomKey, randomValue } from "../support/random.ts";
import { concatBytes } from "../../src/protocol/concat-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What has no value in JavaScript: the text and the bytes that stand for it. */
class Verbatim {
  constructor(json: string, pack: readonly number[]) {
    this.json = json;
    this.pack = pack;
  }
  readonly json: string;
  readonly pack: readonly number[];
}

/** An object whose keys may repeat and may be anything. */
class Members {
  constructor(entries: [unknown, unknown][]) {
    this.entries = entries;
  }
  readonly entries: [unknown, unknown][];
}

const float64 = (value: number) => {
  const view = new DataView(new ArrayBuffer(9));
  view.setUint8(0, 0xcb);
  view.setFloat64(1, value);
  return [...new Uint8Array(view.buffer)];
};

const nested = (open: string, close: string, packed: number[], depth: number) =>
  new Verbatim(
    open.repeat(depth) + "1" + close.repeat(depth),
    [...Array.from({ length: depth }, () => packed).flat(), 1],
  );

const hostileValues: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 127, 128, 255, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32],
  ...[2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64, -(2 ** 63), 1.5, 1e-7, 1e300, 5e-324],
  ...[
    "",
    "a,b",
    "*",
    "\u0000",
    "a\u0000b",
    "😀",
    "\ufeff",
    "__proto__",
    "constructor",
    "null",
    "1",
  ],
  ...["queued", "active", "exists", "never", "x".repeat(10_000), "é".repeat(300), "../..", "%00"],
  ...["while_in_flight", "time_based", "* * * * *", "@daily", "0 0 31 2 *", "Europe/Berlin", "X/Y"],
  ...[[], {}, [[]], [null], [{}], { key: "k" }, { key: "k", cost: 2 ** 32 }, { length: 4 }],
  new Verbatim("1.0", float64(1)),
  new Verbatim("-0.0", float64(-0)),
  new Verbatim("1e3", [0xca, 0x44, 0x7a, 0, 0]),
  new Verbatim("1e400", float64(Infinity)),
  new Verbatim("-1e999", float64(NaN)),
  new Verbatim("1e39", float64(1e39)),
  new Verbatim("18446744073709551615", [0xcf, ...new Array<number>(8).fill(0xff)]),
  new Verbatim("-9223372036854775808", [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
  new Verbatim("9".repeat(400), [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  new Verbatim("01", [0xcd, 0, 1]),
  new Verbatim('"\\ud800"', [0xa3, 0xed, 0xa0, 0x80]),
  new Verbatim('"\\u0000"', [0xa1, 0]),
  new Verbatim('"\n"', [0xa2, 0xc3, 0x28]),
  new Verbatim('"\\x"', [0xc4, 1, 0]),
  new Verbatim("undefined", [0xc1]),
  new Verbatim("NaN", [0xd4, 1, 0]),
  new Verbatim("// no", [0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  new Verbatim("[1,]", [0xdd, 0xff, 0xff, 0xff, 0xff]),
  new Verbatim('{"a":1', [0xdf, 0xff, 0xff, 0xff, 0xff]),
  new Verbatim('"', [0xdb, 0xff, 0xff, 0xff, 0xff]),
  new Verbatim("[", [0xc6, 0xff, 0xff, 0xff, 0xff]),
  new Verbatim("{1:2}", [0x81, 1, 2]),
  new Verbatim("{null:2}", [0x81, 0xc0, 2]),
  nested("[", "]", [0x91], 120),
  nested("[", "]", [0x91], 130),
  nested('{"a":', "}", [0x81, 0xa1, 0x61], 1030),
  nested("[", "]", [0x91], 20_000),
];

const hostileKeys: readonly unknown[] = [
  ...["__proto__", "constructor", "toString", "", "\u0000", "payload", "jobs", "entries", "length"],
  ...["batch", "unique_key", "unique_while", "id", "status", "attempts", "filter", "bucket", "0"],
  new Verbatim('"\\ud800"', [0xa2, 0xc3, 0x28]),
  new Verbatim('"pay\\u006coad"', [0xd9, 7, ...new TextEncoder().encode("payload")]),
  new Verbatim("1", [1]),
];

/** Makes a body for an endpoint that wants something like `seed`. */
export function createHostileBody(random: Random, seed: unknown, format: Format): Bytes {
  let tree = toTree(random, seed);
  for (let changes = random.int(4); changes > 0; changes--) tree = change(random, tree);
  let bytes = format === "json" ? new TextEncoder().encode(toJson(random, tree)) : toPack(tree);
  if (random.once(3)) bytes = damage(random, bytes);
  return bytes;
}

/** The seed with the order of its members mixed, and with payloads of its own. */
function toTree(random: Random, seed: unknown): unknown {
  if (Array.isArray(seed)) return seed.map((item) => toTree(random, item));
  if (typeof seed !== "object" || seed === null) return seed;
  const entries = Object.entries(seed).map(([key, value]): [unknown, unknown] => [
    key,
    key === "payload" ? randomValue(random) : toTree(random, value),
  ]);
  if (random.once(2)) entries.reverse();
  return new Members(entries);
}

/** Changes one thing somewhere in the tree. */
function change(random: Random, tree: unknown): unknown {
  const inside = Array.isArray(tree) ? tree : tree instanceof Members ? tree.entries : [];
  if (inside.length === 0 || random.once(8)) return random.pick(hostileValues);
  const at = random.int(inside.length);
  if (Array.isArray(tree)) {
    const items = [...tree];
    if (random.once(4)) items.splice(at, 1);
    else if (random.once(3)) items.push(items[at], random.pick(hostileValues));
    else items[at] = change(random, items[at]);
    return items;
  }
  const entries = (tree as Members).entries.map((entry): [unknown, unknown] => [...entry]);
  const entry = entries[at]!;
  const kind = random.int(8);
  if (kind === 0) entries.splice(at, 1);
  else if (kind === 1) entries.push([entry[0], random.pick(hostileValues)]);
  else if (kind === 2) entries.push([random.pick(hostileKeys), random.pick(hostileValues)]);
  else if (kind === 3) entries.push([randomKey(random), entry[1]]);
  else if (kind === 4) entry[0] = random.pick(hostileKeys);
  else entry[1] = change(random, entry[1]);
  return new Members(entries);
}

function toJson(random: Random, value: unknown): string {
  const space = random.once(20) ? random.pick([" ", "\n", "\t", "\r\n", "\ufeff", "\u0000"]) : "";
  if (value instanceof Verbatim) return space + value.json;
  if (Array.isArray(value)) return `[${value.map((item) => toJson(random, item)).join()}${space}]`;
  if (value instanceof Members) {
    const members = value.entries.map(([key, member]) =>
      `${toJson(random, key)}${space}:${toJson(random, member)}`
    );
    return `{${members.join()}${space}}`;
  }
  return space + JSON.stringify(value);
}

function toPack(value: unknown): Bytes {
  if (value instanceof Verbatim) return Uint8Array.from(value.pack);
  if (Array.isArray(value)) {
    return concatBytes([[0xdc, value.length >> 8, value.length & 255], ...value.map(toPack)]);
  }
  if (value instanceof Members) {
    const { entries } = value;
    const head = entries.length < 16 ? [0x80 | entries.length] : [0xde, 0, entries.length];
    return concatBytes([head, ...entries.flatMap((entry) => entry.map(toPack))]);
  }
  return encode(value);
}

const fragments: readonly (readonly number[])[] = [
  ...[[0], [0xff], [0x22], [0x5c], [0x7b], [0x5d], [0x2c], [0xc1], [0x91], [0x81], [0x0d, 0x0a]],
  ...[[0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xed, 0xa0, 0x80], [0xdb, 0xff, 0xff, 0xff, 0xff]],
];

function damage(random: Random, body: Bytes): Bytes {
  let bytes = body;
  for (let changes = 1 + random.int(3); changes > 0; changes--) {
    const at = random.int(bytes.length + 1);
    const rest = bytes.subarray(at);
    const kind = random.int(6);
    if (kind === 0) bytes = bytes.slice(0, at);
    else if (kind === 1) {
      bytes = concatBytes([bytes.subarray(0, at), rest.subarray(1 + random.int(8))]);
    } else if (kind === 2) {
      bytes = concatBytes([bytes.subarray(0, at), random.pick(fragments), rest]);
    } else if (kind === 3) bytes = concatBytes([bytes, bytes.subarray(at, at + random.int(20))]);
    else if (at < bytes.length) {
      bytes = bytes.slice();
      bytes[at] = kind === 4 ? bytes[at]! ^ (1 << random.int(8)) : random.int(256);
    }
  }
  return bytes;
}
