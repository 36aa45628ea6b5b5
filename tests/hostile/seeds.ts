/**
 * What each endpoint wants, for a fuzzer to begin with. A new endpoint is fuzzed without a row here, too; with one,
 * its bodies get further.
 *
 * @module
 */

import type { RouteName } from "../../src/protocol/routes.ts";

const job = {
  type: "t",
  queue: "q",
  payload: null,
  priority: 5,
  ready_at: 1_800_000_000_000,
  retry_limit: 3,
  backoff: { exponent: 1.5, base_ms: 10, jitter_ms: 20 },
  retention: { completed_ms: 1000, dead_ms: 2000 },
};
const small = { type: "t", queue: "q", payload: null };
const unique = { ...small, unique_key: "u", unique_while: "active" };
const batch = {
  ...small,
  batch: { key: "k", when: "$existing | length < 5", fold: "$existing + $new" },
};
const rate = { allocation: 5, strategy: { type: "time_based", duration_ms: 1000, burst: 7 } };
const slots = { allocation: 3, strategy: { type: "while_in_flight" } };
const bound = { ...small, budgets: [{ key: "b", cost: 2, create_with: rate }] };
const entry = { name: "e", expression: "0 * * * *", timezone: "Europe/Berlin", paused: false };
const patch = {
  queue: "q2",
  priority: 7,
  ready_at: null,
  retry_limit: null,
  backoff: { exponent: 2, base_ms: 1, jitter_ms: 0 },
  retention: { completed_ms: null, dead_ms: 5 },
};
const binding = { cost: 2, create_with: slots };

/** Bodies by endpoint. */
export const seeds: { readonly [Name in RouteName]?: readonly unknown[] } = {
  enqueue: [job, small, unique, bound, batch],
  enqueueMany: [{ jobs: [job, small] }, { jobs: [unique, unique] }, { jobs: [batch, batch] }, {
    jobs: [bound],
  }, {
    jobs: [],
  }],
  patch: [patch, { priority: 1 }],
  patchMany: [patch, { queue: "q" }],
  successMany: [{ ids: ["ID", "nothing"] }, { ids: ["ID"] }],
  failure: [
    { message: "m", error_type: "E", backtrace: "at a.ts:1.5", retry_at: 1_800_000_000_000 },
    { message: "m", kill: true },
  ],
  putCronGroup: [{
    paused: true,
    timezone: "UTC",
    entries: [{ ...entry, job }, { ...entry, name: "f", job: bound }],
  }],
  patchCronGroup: [{ paused: true }, { timezone: null }],
  createCronEntry: [{ ...entry, job: small }],
  putCronEntry: [{ ...entry, job: unique }],
  patchCronEntry: [{ paused: true }],
  createNamedBudget: [{ key: "b", ...rate }],
  createBudget: [rate, slots],
  putBudget: [rate, slots],
  patchBudget: [{ allocation: 4 }, { strategy: { burst: null } }, { strategy: slots.strategy }],
  holdBudget: [{ for_ms: 1000 }, { for_ms: 0 }],
  bind: [binding, {}],
  putBinding: [binding],
  patchBinding: [{ cost: 1 }],
  putBindings: [{ budgets: [{ key: "b", cost: 1 }] }],
  bindMany: [binding],
  putBindingMany: [binding],
  patchBindingMany: [{ cost: 1 }],
};

/** Where the seeds have this text, an id stands that exists. */
export const idPlace = "ID";

/** Segments of paths, besides those that exist. */
export const hostileSegments: readonly string[] = [
  ...["b", "e", "nothing", "0", "1", "4294967296", "-1", "1.0", "__proto__", "constructor", "%00"],
  ...["a%00b", "%ff", "%e4%zz", "%", "..", ".", "%2F", "%2e%2e", "*", "a,b", "😀", "%F0%9F%98%80"],
  ...["budgets", "success", "", "x".repeat(3000), "'", '"', "%22%5C", "a%0Ab", "jobs"],
];

/** Query strings, besides none. */
export const hostileQueries: readonly string[] = [
  ...["status=ready", "status=dead", "queue=q,q2", "type=t", "priority=1..5", "ready_at=..1"],
  ...["attempts=0", "limit=1", "limit=2000", "order=desc", "from=x", "prefetch=2", "queue="],
  ...["filter=.a", "filter=.[", "filter=%00", "filter=" + "(".repeat(2000), "budgets.key=b"],
  ...["id=0123456789012345678901234", "id=x", "id=" + "a".repeat(25) + ",b", "priority=5..1"],
  ...["priority=65536", "priority=1.0", "priority=-1", "ready_at=18446744073709551616", "limit=0"],
  ...["limit=2001", "limit=1e2", "limit=99999999999999999999", "status=nope", "order=up", "x=1"],
  ...["status=ready&status=ready", "&&&", "=", "==", "%00", "%ff=%ff", "queue=%00", "queue=%zz"],
  ...[
    "queue=%ff",
    "type='%20OR%201=1",
    "attempts=0..4294967296",
    "priority=..",
    "priority=1..2..3",
  ],
  ...["limit=1&from=%00&order=asc", "__proto__=1", "constructor=1", "queue=" + "a,".repeat(2000)],
];
