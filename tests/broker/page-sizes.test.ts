/** A page has the jobs that are asked for, whatever pieces they are read in, and asks the database for no more. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { send } from "../support/send.ts";

/** Counts the rows that are read. */
function countRows(): { readonly store: SyncDatabase; rows(): number } {
  const real = openSqlite(":memory:");
  let count = 0;
  const store: SyncDatabase = {
    ...real,
    values(sql, params) {
      const found = real.values!(sql, params);
      count += found.length;
      return found;
    },
  };
  return {
    store,
    rows() {
      const rows = count;
      count = 0;
      return rows;
    },
  };
}

/** Small payloads, and in the middle some that are read in small pieces. */
const jobs = Array.from({ length: 1700 }, (_, at) => ({
  type: "t",
  queue: "q",
  payload: at >= 700 && at < 900 ? "x".repeat(3000) : at,
}));

describe("a page of jobs", () => {
  it("is exact at every size, from either end", async () => {
    const { store, rows } = countRows();
    const broker = createBroker({ store });
    after(() => broker.stop());
    const stored = await send(broker, "POST", "/jobs/bulk", { jobs });
    const ids: string[] = stored.body.jobs.map(({ id }: { id: string }) => id);
    for (const order of ["asc", "desc"]) {
      const expected = order === "asc" ? ids : ids.toReversed();
      for (const limit of [1, 2, 99, 100, 101, 299, 300, 301, 700, 1699, 1700, 2000]) {
        rows();
        const { body } = await send(broker, "GET", `/jobs?order=${order}&limit=${limit}`);
        const page: string[] = body.jobs.map(({ id }: { id: string }) => id);
        assert.deepEqual(page, expected.slice(0, limit), `${order}, ${limit}`);
        assert.equal(body.pages.next !== null, limit < ids.length, `${order}, ${limit}`);
        const read = rows();
        assert.ok(read <= limit + 10, `${read} rows for a page of ${limit}, ${order}`);
      }
    }
  });

  it("goes on where the last one ended", async () => {
    const { store } = countRows();
    const broker = createBroker({ store });
    after(() => broker.stop());
    const stored = await send(broker, "POST", "/jobs/bulk", { jobs });
    const found: string[] = [];
    for (let path = "/jobs?limit=333"; path;) {
      const { body } = await send(broker, "GET", path);
      found.push(...body.jobs.map(({ id }: { id: string }) => id));
      path = body.pages.next;
    }
    assert.deepEqual(found, stored.body.jobs.map(({ id }: { id: string }) => id));
  });
});
