/** A status that is added to the table means what its phase says, and is never taken for a finished one. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStatusTable, statuses } from "../../src/protocol/status.ts";
import { hasStatus, inPhase, isUnfinished } from "../../src/store/status-sql.ts";
import { openMemory } from "./sqlite.ts";

/** The statuses there are, and one more that waits; its code is above those of the finished ones. */
const table = createStatusTable([
  { name: "scheduled", code: 0, wire: "scheduled", label: "Scheduled", phase: "waiting" },
  { name: "ready", code: 1, wire: "ready", label: "Ready", phase: "waiting" },
  { name: "blocked", code: 5, wire: "blocked", label: "Blocked", phase: "waiting" },
  { name: "inFlight", code: 2, wire: "in_flight", label: "InFlight", phase: "running" },
  { name: "completed", code: 3, wire: "completed", label: "Completed", phase: "finished" },
  { name: "dead", code: 4, wire: "dead", label: "Dead", phase: "finished" },
]);

describe("a table with the status 'blocked'", () => {
  it("knows it by each of its names, and in the order of a job's life", () => {
    assert.equal(table.codes.blocked, 5);
    assert.equal(table.codeOf("blocked"), 5);
    assert.equal(table.wireByCode[5], "blocked");
    assert.equal(table.rowOf(5).label, "Blocked");
    assert.deepEqual(table.wireNames, [
      "scheduled",
      "ready",
      "blocked",
      "in_flight",
      "completed",
      "dead",
    ]);
  });

  it("has it among those that wait and those that are not finished, and in no other set", () => {
    assert.deepEqual(table.codesOf("waiting"), [0, 1, 5]);
    assert.deepEqual(table.codesOf("running"), [2]);
    assert.deepEqual(table.codesOf("finished"), [3, 4]);
    assert.deepEqual(table.codesOf("waiting", "running"), [0, 1, 2, 5]);
    assert.deepEqual(table.codesOf("running", "finished"), [2, 3, 4]);
  });

  it("leads to SQL conditions that find it where it belongs", () => {
    const database = openMemory();
    database.open();
    database.script("CREATE TABLE jobs (status INTEGER)");
    for (const code of [0, 1, 2, 3, 4, 5]) database.run("INSERT INTO jobs VALUES (?)", [code]);
    const find = (condition: string) =>
      database.all(`SELECT status FROM jobs WHERE ${condition} ORDER BY status`, [])
        .map(({ status }) => status);
    assert.deepEqual(find(inPhase(["waiting"], table)), [0, 1, 5]);
    assert.deepEqual(find(inPhase(["waiting", "running"], table)), [0, 1, 2, 5]);
    assert.deepEqual(find(inPhase(["finished"], table)), [3, 4]);
    assert.deepEqual(find(`NOT (${inPhase(["finished"], table)})`), [0, 1, 2, 5]);
    assert.deepEqual(find(hasStatus([table.codes.blocked])), [5]);
    database.close();
  });

  it("refuses a code that no status has", () => {
    assert.throws(() => table.rowOf(6), RangeError);
    assert.throws(() => statuses.rowOf(6), RangeError);
  });
});

describe("the conditions of this version", () => {
  it("name every status of their phases", () => {
    assert.equal(isUnfinished, inPhase(["waiting", "running"]));
    assert.equal(isUnfinished, "status IN (0, 1, 2, 5)");
  });
});
