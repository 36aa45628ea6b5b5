import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toFilterQuery, toPageLinks, toPageParams } from "../../src/protocol/page.ts";
import { readListQuery } from "../../src/protocol/query.ts";

const middle = { first: "b", last: "c", more: true };

/** The links of a page that has neighbours on both sides. */
function links(search: string) {
  const { jobs, page } = readListQuery(search);
  return toPageLinks("/jobs", page, middle, toFilterQuery(jobs));
}

describe("toPageLinks", () => {
  it("shows the defaults and has no neighbours for a page on its own", () => {
    const { page } = readListQuery("");
    const bounds = { first: undefined, last: undefined, more: false };
    assert.deepEqual(toPageLinks("/jobs", page, bounds), {
      self: "/jobs?order=asc&limit=50",
      next: null,
      prev: null,
    });
  });

  it("goes on behind the last one, and back before the first one in the opposite order", () => {
    assert.deepEqual(links("?limit=2&from=a&order=desc"), {
      self: "/jobs?from=a&order=desc&limit=2",
      next: "/jobs?from=c&order=desc&limit=2",
      prev: "/jobs?from=b&order=asc&limit=2",
    });
  });

  it("keeps the filter in the order of the protocol, normalised", () => {
    const search =
      "?filter=(.a+%2B+1)!=2&budgets.key=y,x&attempts=1..&ready_at=..&priority=0..9&type=t&queue=b,a&" +
      "status=dead,ready&limit=1";
    assert.equal(
      links(search).self,
      "/jobs?order=asc&limit=1&status=ready,dead&queue=a,b&type=t&priority=..9&" +
        "ready_at=..18446744073709551615&attempts=1..&budgets.key=x,y&filter=%28.a%20%2B%201%29%21%3D2",
    );
  });

  it("encodes names and cursors, so that a link is read as what it was made from", () => {
    const search = "?from=%26x&queue=a%26b%3D%23,%F0%9F%98%80+c";
    const { self } = links(search);
    assert.equal(self, "/jobs?from=%26x&order=asc&limit=50&queue=a%26b%3D%23,%F0%9F%98%80%20c");
    assert.deepEqual(readListQuery(self.slice("/jobs".length)), readListQuery(search));
  });
});

describe("toPageParams", () => {
  it("writes what is given", () => {
    assert.deepEqual(toPageParams({}), []);
    assert.deepEqual(toPageParams({ from: 3, order: "desc", limit: 2000 }), [
      "from=3",
      "order=desc",
      "limit=2000",
    ]);
  });

  it("refuses a limit that no server takes", () => {
    for (const limit of [0, 2001, 1.5, NaN]) {
      assert.throws(() => toPageParams({ limit }), RangeError);
    }
  });
});
