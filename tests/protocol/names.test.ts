import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkName } from "../../src/protocol/names.ts";

describe("checkName", () => {
  it("takes any text that is not forbidden, of any length", () => {
    for (const name of ["q", "a b", "a/b.c:d", "ü😀", "line\nbreak", " ", "x".repeat(100_000)]) {
      assert.equal(checkName("queue", name), undefined);
    }
  });

  it("tells the first rule that is broken, in the order of the protocol", () => {
    const told: Record<string, string> = {
      "": "queue must not be empty",
      "a,b": "queue must not contain ','",
      "*,\0": "queue must not contain ','",
      "*\0": "queue must not contain null bytes",
      "a]*": "queue must not contain ']' (reserved)",
      "back\\slash": "queue must not contain '\\' (reserved)",
      "{": "queue must not contain '{' (reserved)",
    };
    for (const [name, message] of Object.entries(told)) {
      assert.equal(checkName("queue", name), message);
    }
  });

  it("calls the name what it is told to", () => {
    assert.equal(checkName("type", "what?"), "type must not contain '?' (reserved)");
  });
});
