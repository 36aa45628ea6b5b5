/**
 * Rows that two brokers make at the same time: what is not there yet cannot be locked, so the second one has to look again.
 */

import assert from "node:assert/strict";
import { it } from "node:test";
import type { AsyncConnection, AsyncDatabase } from "../../src/store/database.ts";
import { createExecutor } from "../../src/store/executor.ts";
import { Flow } from "../../src/store/flow.ts";
import { addFlow, readAllFlow } from "../../src/store/flow-table.ts";
import { migrate } from "../../src/store/migrate.ts";
import { changeQueueSettings, getQueueSettings } from "../../src/store/queue-settings.ts";
import { addTallies, readDay, Tallies } from "../../src/store/statistics.ts";
import type { Transition } from "../../src/store/transition.ts";
import { describePostgres, openGroup } from "./server.ts";

/** Has two brokers write: each reads before either of them writes. Gives what is read afterwards. */
async function writeAtOnce<Result>(
  transitions: readonly [() => Transition<unknown>, () => Transition<unknown>],
  read: Transition<Result>,
): Promise<Result> {
  const databases = openGroup(2);
  let readers = 0;
  let bothHaveRead = () => {};
  const reading = new Promise<void>((resolve) => bothHaveRead = resolve);
  const patient = (connection: AsyncConnection): AsyncConnection => ({
    ...connection,
    async all(sql, params) {
      const found = await connection.all(sql, params);
      if (++readers === 2) bothHaveRead();
      await reading;
      return found;
    },
  });
  try {
    for (const database of databases) await database.open();
    await migrate(createExecutor(databases[0]!));
    await Promise.all(databases.map((database, at) => {
      const waiting: AsyncDatabase = {
        ...database,
        transaction: (body) => database.transaction((connection) => body(patient(connection))),
      };
      return createExecutor(waiting).commit([transitions[at]!]);
    }));
    return await createExecutor(databases[0]!).read(read);
  } finally {
    for (const database of databases) await database.close();
  }
}

describePostgres("rows that two brokers make at the same time", () => {
  it("have the statistics of both", async () => {
    const taken = (ms: number) => {
      const tallies = new Tallies();
      const jobs = [{ queue: "q", readyAt: 0, dequeuedAt: ms }];
      tallies.add([{ kind: "jobs", cause: "taken", from: 1, to: 2, jobs }] as never, ms);
      return tallies.takeAll();
    };
    const day = await writeAtOnce(
      [() => addTallies(taken(1000)), () => addTallies(taken(3000))],
      readDay("q", 0),
    );
    const { count, meanMs } = day.waits.show();
    assert.deepEqual([count, meanMs], [2, 2000]);
  });

  it("have the statistics by the minute of both", async () => {
    const taken = (ms: number) => {
      const flow = new Flow();
      const jobs = [{ queue: "q", type: "t", readyAt: 0, dequeuedAt: ms }];
      flow.add([{ kind: "jobs", cause: "taken", from: 1, to: 2, jobs }] as never, ms);
      return flow.takeAll();
    };
    const [row] = await writeAtOnce(
      [() => addFlow(taken(5)), () => addFlow(taken(3))],
      readAllFlow({ stepMs: 60_000, from: 0, to: 1 }),
    );
    assert.equal(row?.waits, "8 3 1 5 1");
  });

  it("have what both set for a queue", async () => {
    const settings = await writeAtOnce(
      [
        () => changeQueueSettings("q", { paused: true }),
        () => changeQueueSettings("q", { maxInFlight: 3 }),
      ],
      getQueueSettings("q"),
    );
    assert.deepEqual([settings.paused, settings.maxInFlight], [1, 3]);
  });
});
