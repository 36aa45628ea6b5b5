/** Long lists of a body read in parts are what they are when they are read at once. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "@msgpack/msgpack";
import { DecodeError, type Format } from "../../src/protocol/codec.ts";
import { type ListCut, listParts, TooManyItemsError } from "../../src/protocol/list-parts.ts";
import { readEnqueueBulk, readRunList } from "../../src/protocol/request-body.ts";
import { createRandom, randomText, randomValue } from "../support/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const cut = (format: Format, name = "jobs") => ({ format, name, maxItems: 50_000 });

/** The parts of a body, without the turns between them. */
const partsOf = (bytes: Bytes, cut: ListCut) =>
  [...listParts(bytes, cut)].filter((part) => part !== undefined);

function randomJobs(seed: number, count: number): object[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, at) => ({
    type: `t${randomText(random)}`.replace(/[\0,*?[\]{}\\]/g, ""),
    queue: "q",
    payload: random.once(50) ? "x".repeat(300_000) : randomValue(random),
    priority: at % 7,
  }));
}

describe("listParts()", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`${format}: gives parts that are together the whole list, in its order`, () => {
      for (const seed of [1, 2, 3]) {
        const value = { before: [1, { a: "]," }], jobs: randomJobs(seed, 3000), after: '\\"' };
        const bytes = format === "json"
          ? utf8(JSON.stringify(value, undefined, seed === 2 ? 1 : undefined))
          : encode(value) as Bytes;
        const jobs: unknown[] = [];
        let parts = 0;
        for (const part of partsOf(bytes, cut(format))) {
          const read = readEnqueueBulk(part.bytes, format);
          assert.equal(part.first ?? jobs.length, jobs.length);
          jobs.push(...read);
          parts++;
        }
        assert.ok(parts > 3, `${parts} parts`);
        assert.deepEqual(jobs, readEnqueueBulk(bytes, format));
      }
    });

    it(`${format}: reads ids, and an empty list`, () => {
      const write = (value: object) =>
        format === "json" ? utf8(JSON.stringify(value)) : encode(value) as Bytes;
      for (const count of [0, 1, 20_000]) {
        const ids = Array.from({ length: count }, (_, at) => `id-${at}`);
        const read = partsOf(write({ ids }), cut(format, "ids"))
          .flatMap(({ bytes }) => readRunList(bytes, format).ids);
        assert.deepEqual(read, ids);
      }
    });

    it(`${format}: counts before it reads`, () => {
      const jobs = Array.from({ length: 50_001 }, () => 1);
      const bytes = format === "json" ? utf8(JSON.stringify({ jobs })) : encode({ jobs }) as Bytes;
      assert.throws(() => [...listParts(bytes, cut(format))], TooManyItemsError);
    });
  }

  it("refuses what is no list, is cut off, or has commas without items", () => {
    const long = `"${"x".repeat(200_000)}"`;
    for (
      const text of [
        "",
        "[1]",
        '{"jobs":{}}',
        '{"other":[1]}',
        '{"jobs":[1',
        `{"jobs":[${long}`,
        `{"jobs":[${long},]}`,
        `{"jobs":[${long}, ,1]}`,
        '{"jobs":["1]}',
        `{"a":${" ".repeat(2 ** 20)}"","jobs":[]}`,
        `{"jobs":[],"a":"${"x".repeat(2 ** 20)}"}`,
      ]
    ) {
      assert.throws(
        () => partsOf(utf8(text), cut("json")).map(({ bytes }) => readJson(bytes)),
        DecodeError,
        text.slice(0, 40),
      );
    }
    for (const value of [[], 1, { jobs: 1 }, { other: [] }]) {
      assert.throws(() => [...listParts(encode(value) as Bytes, cut("msgpack"))], DecodeError);
    }
  });
});

/** Reads a part as JSON; what is none is refused. */
function readJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}
