/** MessagePack as a client writes it: the same bytes as the library's. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientMsgpack } from "../../src/protocol/client-msgpack.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";

function assertSame(value: unknown): void {
  assert.deepEqual([...clientMsgpack.encode(value)], [...msgpackCodec.encode(value)]);
}

describe("the client's MessagePack", () => {
  it("writes numbers in the fewest bytes, to both sides of each limit", () => {
    const limits = [0, 32, 128, 2 ** 8, 2 ** 15, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 2];
    const around = limits.flatMap((limit) => [limit - 1, limit, limit + 1]);
    assertSame(around.flatMap((number) => [number, -number]));
    assertSame([0.5, -0, 1e300, -1e-7, 2 ** 53, -(2 ** 60)]);
  });

  it("writes texts of every length class, plain and not", () => {
    for (const length of [0, 1, 15, 16, 31, 32, 33, 255, 256, 65_535, 65_536]) {
      for (const letter of ["a", "é", "水"]) assertSame(letter.repeat(length));
      assertSame(`${"a".repeat(length)}é`);
    }
    assertSame("👩‍🚀");
  });

  it("writes lists and objects of every length class, without members that are undefined", () => {
    for (const length of [0, 1, 15, 16, 17, 65_536]) {
      assertSame(Array.from({ length }, (_, at) => at % 2 === 0));
      assertSame(Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, null])));
    }
    assertSame({ a: undefined, b: [undefined, { c: undefined }], d: { e: "f" } });
  });

  it("lets an object speak for itself, as JSON does", () => {
    const page = { at: new URL("https://example.com/a") };
    assert.deepEqual(
      clientMsgpack.decode(clientMsgpack.encode(page)),
      JSON.parse(JSON.stringify(page)),
    );
  });

  it("refuses what JSON has not, and what is too deep", () => {
    for (const value of [1n, Symbol("s"), () => {}]) {
      assert.throws(() => clientMsgpack.encode({ value }), TypeError);
    }
    const circle: unknown[] = [];
    circle.push(circle);
    assert.throws(() => clientMsgpack.encode(circle), /^RangeError: Too deep objects/);
  });
});
