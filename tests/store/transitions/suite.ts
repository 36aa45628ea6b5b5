/**
 * The tests of all transitions, a function of a database.
 *
 * @module
 */

import { afterEach } from "node:test";
import { describeBatches } from "./batches.ts";
import { describeBindings } from "./bindings.ts";
import { describeBudgets } from "./budgets.ts";
import { describeClaims } from "./claims.ts";
import { describeCounts } from "./counts.ts";
import { describeCrons } from "./crons.ts";
import { describeDelete } from "./delete.ts";
import { describeDue } from "./due.ts";
import { describeEnqueue } from "./enqueue.ts";
import { describeFinish } from "./finish.ts";
import { describeFiring } from "./firing.ts";
import { describeGuards } from "./guards.ts";
import { describeHolders } from "./holders.ts";
import { describeLocks } from "./locks.ts";
import { describePatch } from "./patch.ts";
import { describeReads } from "./reads.ts";
import { describeRelease } from "./release.ts";
import { describeTake } from "./take.ts";
import { type OpenDatabase, openTestStore, type TestStore } from "./test-store.ts";
import { describeUnique } from "./unique.ts";

/** Defines the tests; to be called inside of a suite that is named for the database. */
export function describeTransitions(openDatabase: OpenDatabase): void {
  const opened: TestStore[] = [];
  const open = async () => {
    const store = await openTestStore(openDatabase);
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  describeEnqueue(open);
  describeUnique(open);
  describeBatches(open);
  describeTake(open);
  describeClaims(open);
  describeFinish(open);
  describeHolders(open);
  describeRelease(open);
  describePatch(open);
  describeDelete(open);
  describeDue(open);
  describeBudgets(open);
  describeBindings(open);
  describeCrons(open);
  describeFiring(open);
  describeReads(open);
  describeCounts(open);
  describeGuards(open);
  describeLocks(open);
}
