import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  QueryError,
  readAttempt,
  readErrorsQuery,
  readListQuery,
  readPatchSelection,
  readSelection,
  readTakeQuery,
} from "../../src/protocol/query.ts";

const id = "03hacwdizl462selgr7jfdqch";

/** Expects a refusal and gives it. */
function refusal(read: () => unknown): QueryError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof QueryError);
    return error;
  }
  assert.fail("was not refused");
}

describe("readSelection", () => {
  it("selects all jobs when nothing is asked", () => {
    const values = Object.values(readSelection("?status=&queue=,,&priority=&&"));
    assert.deepEqual(values.filter((value) => value !== undefined), []);
  });

  it("sorts lists, drops empty and repeated parts, and decodes", () => {
    const query = readSelection(`?status=dead,ready,&queue=b+c,a%2Fb,a%2Fb&type=%zz&id=${id}`);
    assert.deepEqual(query.status, [1, 4]);
    assert.deepEqual(query.queue, ["a/b", "b c"]);
    assert.deepEqual(query.type, ["%zz"]);
    assert.deepEqual(query.id, [id]);
  });

  it("reads ranges, and leaves out bounds that exclude nothing", () => {
    const read = (range: string) => readSelection(`?priority=${range}`).priority;
    assert.deepEqual(read("5"), { min: 5, max: 5 });
    assert.deepEqual(read("%2B05..0010"), { min: 5, max: 10 });
    assert.deepEqual(read("..7"), { max: 7 });
    assert.deepEqual(read("7.."), { min: 7 });
    assert.deepEqual(read(".."), {});
    assert.deepEqual(read("0..65535"), {});
    assert.deepEqual(read("65535"), { min: 65535, max: 65535 });
  });

  it("reads instants beyond the exact integers as the last exact one", () => {
    const query = readSelection("?ready_at=1..18446744073709551615&attempts=4294967295");
    assert.deepEqual(query.readyAt, { min: 1 });
    assert.deepEqual(query.attempts, { min: 4294967295, max: 4294967295 });
    assert.deepEqual(readSelection("?ready_at=..18446744073709551614").readyAt, {
      max: Number.MAX_SAFE_INTEGER,
    });
  });

  for (
    const search of [
      "?foo=1",
      "?Status=ready",
      "?=1",
      "?limit=1",
      "?queue=a&queue=b",
      "?status=Ready",
      "?status=ready,%20dead",
      "?priority=65536",
      "?priority=-1",
      "?priority=5..1",
      "?priority=1...2",
      "?priority=1.5",
      "?priority=1e2",
      "?priority=%201",
      "?attempts=4294967296",
      "?ready_at=18446744073709551616",
      `?ready_at=${"9".repeat(60_000)}`,
    ]
  ) {
    it(`refuses ${search.slice(0, 40)}`, () => {
      const { message, status } = refusal(() => readSelection(search));
      assert.match(message, /^invalid query parameters: ./);
      assert.equal(status, 400);
    });
  }

  it("names the id that cannot be one", () => {
    const { message } = refusal(() => readSelection(`?id=${id},%C3%A9%22`));
    assert.equal(message, 'invalid job ID: "é\\""');
  });
});

describe("readListQuery", () => {
  it("has defaults", () => {
    assert.deepEqual(readListQuery("").page, { from: undefined, order: "asc", limit: 50 });
  });

  it("takes any cursor", () => {
    assert.deepEqual(
      readListQuery("?from=zz%20z&order=desc&limit=+2000".replace("+", "%2B")).page,
      {
        from: "zz z",
        order: "desc",
        limit: 2000,
      },
    );
  });

  it("complains of the query before the limit, and of the limit before the ids", () => {
    assert.match(refusal(() => readListQuery("?limit=0&status=bogus")).message, /^invalid query/);
    assert.equal(
      refusal(() => readListQuery("?limit=2001&id=bad")).message,
      "limit must be between 1 and 2000",
    );
    assert.match(refusal(() => readListQuery("?limit=65536")).message, /^invalid query/);
    assert.match(refusal(() => readListQuery("?order=")).message, /^invalid query/);
  });
});

describe("readPatchSelection", () => {
  it("refuses finished jobs before it looks at ids", () => {
    const { message, status } = refusal(() => readPatchSelection("?status=ready,dead&id=b+d"));
    assert.equal(message, "cannot patch jobs in Dead status");
    assert.equal(status, 422);
    assert.match(refusal(() => readPatchSelection("?status=ready&id=b+d")).message, /^invalid job/);
  });
});

describe("readErrorsQuery", () => {
  it("has an attempt as its cursor", () => {
    assert.deepEqual(readErrorsQuery("?from=2&order=desc&limit=1"), {
      from: 2,
      order: "desc",
      limit: 1,
    });
    assert.match(
      refusal(() => readErrorsQuery("?from=x")).message,
      /^invalid query parameters: 'from'/,
    );
  });
});

describe("readTakeQuery", () => {
  it("has defaults", () => {
    const defaults = { prefetch: 1, queues: undefined, leaseMs: undefined };
    assert.deepEqual(readTakeQuery(""), defaults);
  });

  it("reads its parameters and no other", () => {
    assert.deepEqual(readTakeQuery("?queue=b,a&prefetch=0&lease_ms=1"), {
      prefetch: 0,
      queues: ["a", "b"],
      leaseMs: 1,
    });
    for (const search of ["?prefetch=-1", "?prefetch=", "?foo=1", "?lease_ms=1.5", "?lease_ms="]) {
      assert.equal(refusal(() => readTakeQuery(search)).status, 400);
    }
    const none = refusal(() => readTakeQuery("?lease_ms=0"));
    assert.deepEqual([none.status, none.message], [
      422,
      "lease_ms must be between 1 and 4294967295, got 0",
    ]);
  });
});

describe("readAttempt", () => {
  it("reads a 32-bit integer or nothing", () => {
    assert.equal(readAttempt("12"), 12);
    for (const segment of ["abc", "-1", "1.5", "4294967296", ""]) {
      assert.equal(readAttempt(segment), undefined);
    }
  });
});
