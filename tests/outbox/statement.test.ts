/** Statements, in the spelling of whoever runs them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statement, toLiteral, toMarked, toName, toNumbered } from "../../src/outbox/statement.ts";

describe("statements", () => {
  const inner = statement`b = ${"2"} AND c = ${"3"}`;
  const whole = statement`SELECT ${
    toName("s", 'a "t"')
  } WHERE a = ${"1"} AND ${inner} AND ${inner}`;

  it("are put together of parameters, names and each other", () => {
    assert.deepEqual(whole.values, ["1", "2", "3", "2", "3"]);
    const head = 'SELECT "s"."a ""t""" WHERE a =';
    assert.equal(
      toNumbered(whole),
      `${head} $1 AND b = $2 AND c = $3 AND b = $4 AND c = $5`,
    );
    assert.equal(toMarked(whole), `${head} ? AND b = ? AND c = ? AND b = ? AND c = ?`);
    assert.equal(toNumbered(statement`SELECT 1`), "SELECT 1");
    assert.equal(toName(undefined, "t").text, '"t"');
  });

  it("hold their texts where no parameters are taken, whatever is in them", () => {
    const literal = (text: string, dialect: "sqlite" | "postgres") =>
      toLiteral(statement`x ${text} y`, dialect);
    assert.equal(literal("it's", "sqlite"), "x 'it''s' y");
    assert.equal(literal("it's", "postgres"), "x $m$it's$m$ y");
    assert.equal(literal("", "postgres"), "x $m$$m$ y");
    for (const text of ["$m$", "a$m", "$", "$m$ $m0$", "a$m$ b$m0", "\\", "$m0$m$"]) {
      const [, mark, inside] = /^x (\$\w+\$)([^]*)\1 y$/.exec(literal(text, "postgres"))!;
      assert.equal(inside, text);
      // What the server reads: all up to the first mark.
      assert.equal((text + mark).indexOf(mark!), text.length);
    }
  });
});
