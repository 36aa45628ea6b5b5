/** INSERTs of many rows with one parameter for each column. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toArrayInsert } from "../../src/store/array-insert.ts";
import { toPostgres } from "../../src/store/dialect.ts";
import { toInsert } from "../../src/store/transition.ts";

describe("toArrayInsert()", () => {
  const insert = toInsert("t", ["a", "b", "c"]);

  it("has a parameter for each column that has values", () => {
    const whole = toArrayInsert(insert, [1, "x", null, 2, null, null])!;
    assert.deepEqual(whole.params, ["{1,2}", '{"x",NULL}']);
    assert.equal(
      toPostgres(whole.sql).replace(/\s+/g, " "),
      "INSERT INTO t (a, b, c) SELECT c0, c1, NULL FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS TEXT[])) AS rows (c0, c1)",
    );
  });

  it("has one text for any number of rows", () => {
    const texts = [2, 3, 1000].map((rows) => {
      const values = Array.from({ length: rows }, (_, at) => [at, "x", new Uint8Array([at])]);
      return toArrayInsert(insert, values.flat())!.sql;
    });
    assert.equal(new Set(texts).size, 1);
  });

  it("quotes texts, and writes bytes in hexadecimal", () => {
    const bytes = new Uint8Array([0, 15, 255]);
    const values = [1, 'a"b\\c', bytes, 2, "NULL", new Uint8Array()];
    assert.deepEqual(toArrayInsert(insert, values)!.params, [
      "{1,2}",
      '{"a\\"b\\\\c","NULL"}',
      '{"\\\\x000fff","\\\\x"}',
    ]);
  });

  for (
    const [name, values] of Object.entries({
      "one row": [1, "x", null],
      "a column of two kinds": [1, "x", null, "2", "y", null],
      "a number that is no integer": [1.5, "x", null, 2, "y", null],
    })
  ) it(`leaves ${name} to others`, () => assert.equal(toArrayInsert(insert, values), undefined));
});
