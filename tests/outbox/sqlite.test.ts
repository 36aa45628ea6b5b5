/** Jobs that are enqueued within transactions of an application's own SQLite. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { defineJob, PayloadError } from "../../src/client/mod.ts";
import { createOutbox } from "../../src/outbox/mod.ts";

const mail = defineJob({ type: "mail", queue: "q", payload: v.object({ to: v.string() }) });
const slow = defineJob({
  type: "slow",
  queue: "q",
  payload: v.pipeAsync(v.string(), v.checkAsync(() => Promise.resolve(true))),
});

/** A database in memory with the tables of an outbox. */
function open() {
  const outbox = createOutbox({ dialect: "sqlite" });
  const db = new DatabaseSync(":memory:");
  db.exec(outbox.sql);
  const stored = () =>
    db.prepare("SELECT id, job FROM millrace_outbox ORDER BY entry").all()
      .map((row) => ({ id: row["id"], to: JSON.parse(row["job"] as string).payload.to }));
  return { outbox, db, stored };
}

describe("within a transaction of SQLite", () => {
  it("a job is written at once, and with the transaction", () => {
    const { outbox, db, stored } = open();
    const within = outbox.withinSync(db);
    db.exec("BEGIN");
    const { id } = within.enqueue(mail, { to: "it's" });
    db.exec("COMMIT");
    db.exec("BEGIN");
    within.enqueue(mail, { to: "nobody" });
    db.exec("ROLLBACK");
    assert.deepEqual(stored(), [{ id, to: "it's" }]);
    assert.throws(() => within.enqueue(mail, { to: 1 as never }), PayloadError);
    assert.throws(() => within.enqueue(slow, "a"), /Cannot enqueue at once/);
    assert.throws(() => outbox.withinSync({} as never), /expected one of SQLite/);
  });

  it("many jobs are written in their order", async () => {
    const { outbox, db, stored } = open();
    const within = outbox.within(db);
    const receipts = await within.enqueueMany(mail, [{ to: "a" }, { to: "\u0000" }, { to: "c" }]);
    assert.deepEqual(stored().map(({ id }) => id), receipts.map(({ id }) => id));
    assert.deepEqual(stored().map(({ to }) => to), ["a", "\u0000", "c"]);
  });

  it("what was refused is listed, tried again and deleted", async () => {
    const { outbox, db, stored } = open();
    const refused = outbox.refused(db);
    db.exec(`INSERT INTO millrace_outbox_refused (entry, id, stored_at, job, refused_at, reason)
      VALUES (3, 'a', 5, '{"payload":{"to":"x"}}', 6, 'no'), (4, NULL, NULL, 'bad', 7, 'worse')`);
    assert.deepEqual(await refused.list(), [
      { entry: 3, id: "a", job: { payload: { to: "x" } }, reason: "no", storedAt: 5, refusedAt: 6 },
      { entry: 4, id: undefined, job: "bad", reason: "worse", storedAt: undefined, refusedAt: 7 },
    ]);
    assert.equal((await refused.list({ limit: 1 })).length, 1);
    assert.equal(await refused.retry({ entries: [3] }), 1);
    assert.deepEqual(stored(), [{ id: "a", to: "x" }]);
    await assert.rejects(refused.list({ limit: 0 }), RangeError);
    await assert.rejects(refused.retry({ entries: ["3"] as never }), TypeError);
    await assert.rejects(refused.delete({ entry: 3 } as never), /Unknown option 'entry'/);
    assert.equal(await refused.delete({ entries: [9] }), 0);
    assert.equal(await refused.delete(), 1);
    assert.deepEqual(await refused.list(), []);
  });
});
