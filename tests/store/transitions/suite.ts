/**
 * The tests of all transitions, a function of a database.
 *
 * @module
 */

import { afterEach } from "node:test";
import { describeBatches } from "./batches.ts";
import { describeBindings } from "./bindings.ts";
import { describeBudgets } from "./budgets.ts";
import { describeCancels } from "./cancels.ts";
import { describeClaims } from "./claims.ts";
import { describeConfig } from "./config.ts";
import { describeCounts } from "./counts.ts";
import { describeCrons } from "./crons.ts";
import { describeDependencies } from "./dependencies.ts";
import { describeDelete } from "./delete.ts";
import { describeDue } from "./due.ts";
import { describeEnqueue } from "./enqueue.ts";
import { describeFailures } from "./failures.ts";
import { describeFinish } from "./finish.ts";
import { describeFiring } from "./firing.ts";
import { describeGuards } from "./guards.ts";
import { describeHolders } from "./holders.ts";
import { describeIdempotency } from "./idempotency.ts";
import { describeLeaseEnds } from "./lease-ends.ts";
import { describeLeases } from "./leases.ts";
import { describeInsight } from "./insight.ts";
import { describeLocks } from "./locks.ts";
import { describeMovement } from "./movement.ts";
import { describeOutbox } from "./outbox.ts";
import { describePatch } from "./patch.ts";
import { describeQueueSettings } from "./queue-settings.ts";
import { describePayloads } from "./payloads.ts";
import { describePuts } from "./puts.ts";
import { describeReads } from "./reads.ts";
import { describeRetries } from "./retries.ts";
import { describeReleaseRuns } from "./release-runs.ts";
import { describeRelease } from "./release.ts";
import { describeSettling } from "./settling.ts";
import { describeSucceedAndEnqueue } from "./succeed-and-enqueue.ts";
import { describeTags } from "./tags.ts";
import { describeTake } from "./take.ts";
import { describeTracking } from "./tracking.ts";
import { type OpenDatabase, openTestStore, type TestStore } from "./test-store.ts";
import { describeUnique } from "./unique.ts";

/** Gives what opens a store for a test; it is closed after the test. */
function openEach(openDatabase: OpenDatabase): () => Promise<TestStore> {
  const opened: TestStore[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  return async () => {
    const store = await openTestStore(openDatabase);
    opened.push(store);
    return store;
  };
}

/** Defines the tests; to be called inside of a suite that is named for the database. */
export function describeTransitions(openDatabase: OpenDatabase): void {
  const open = openEach(openDatabase);
  describeEnqueue(open);
  describeIdempotency(open);
  describeUnique(open);
  describeBatches(open);
  describeTake(open);
  describeFinish(open);
  describeFailures(open);
  describeInsight(open);
  describeHolders(open);
  describeLeases(open);
  describeLeaseEnds(open);
  describeOutbox(open);
  describePatch(open);
  describePayloads(open);
  describePuts(open);
  describeMovement(open);
  describeSucceedAndEnqueue(open);
  describeDelete(open);
  describeCancels(open);
  describeRetries(open);
  describeDependencies(open);
  describeSettling(open);
  describeDue(open);
  describeTags(open);
  describeTracking(open);
  describeBudgets(open);
  describeBindings(open);
  describeCrons(open);
  describeFiring(open);
  describeQueueSettings(open);
  describeConfig(open);
  describeReads(open);
  describeGuards(open);
  describeLocks(open);
}

/**
 * Defines the tests with many jobs, as {@linkcode describeTransitions}: in a file of their own, since they take as long as
 * all others.
 */
export function describeManyJobs(openDatabase: OpenDatabase): void {
  const open = openEach(openDatabase);
  describeClaims(open);
  describeReleaseRuns(open);
  describeRelease(open);
  describeCounts(open);
}
