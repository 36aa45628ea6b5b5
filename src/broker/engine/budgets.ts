/**
 * The operations on budgets, and on what waiting jobs draw on.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { checkBindings } from "../../protocol/binding.ts";
import {
  checkPolicy,
  type PolicyPatch,
  type PolicyRequest,
  toPolicy,
} from "../../protocol/budget.ts";
import type { WaitingCount } from "../../protocol/budget-waiting.ts";
import { checkName } from "../../protocol/names.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { isRejection, type Rejection, unprocessable } from "../../protocol/rejection.ts";
import {
  changeBudget,
  countWaiting,
  createBudget,
  holdBudget,
  removeBudget,
  replaceBudget,
} from "../../store/budgets.ts";
import { type BudgetRecord, getBudget, listBudgets } from "../../store/budgets-table.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import { type ManyRebound, rebindJob, rebindJobs } from "../../store/rebind.ts";
import { type Rebinding, requestsOf } from "../../store/rebindings.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import { piecesRows } from "./searching.ts";
import type { Settings } from "./settings.ts";

/** The operations; each resolves when its change is durable. */
export interface BudgetOperations {
  list(): Promise<readonly BudgetRecord[]>;
  /** Undefined when there is none, as for the others. */
  get(key: string): Promise<BudgetRecord | undefined>;
  create(key: string, request: PolicyRequest): Promise<BudgetRecord | Rejection>;
  replace(key: string, request: PolicyRequest): Promise<BudgetRecord | Rejection>;
  change(key: string, patch: PolicyPatch): Promise<BudgetRecord | Rejection | undefined>;
  /** How many ready jobs draw on it. */
  waiting(key: string): Promise<readonly WaitingCount[]>;
  /** No token is given for a time; 0 ends that. */
  hold(key: string, forMs: number): Promise<BudgetRecord | undefined>;
  remove(key: string): Promise<Rejection | "deleted" | undefined>;
  rebind(id: string, rebinding: Rebinding): Promise<JobRecord | Rejection | undefined>;
  /** Undefined when the bindings that are asked for can be made. */
  checkRebinding(rebinding: Rebinding): Rejection | undefined;
  rebindMany(
    selection: JobSelection,
    rebinding: Rebinding,
    matches?: PayloadFilter,
  ): Promise<ManyRebound | Rejection>;
}

/** Creates the operations. */
export function createBudgetOperations(
  { store, clock, settings, piecesOf }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Settings;
    /** Selects what matches a payload filter, piece by piece. */
    readonly piecesOf: (
      selection: JobSelection,
      matches: PayloadFilter | undefined,
    ) => AsyncIterable<JobSelection>;
  },
): BudgetOperations {
  const terms = () => ({ now: clock.now(), maxBudgets: settings.maxBudgets });

  const checkRequest = (key: string, request: PolicyRequest) =>
    toRejection(checkName("budget key", key) ?? checkPolicy(request));

  const checkRebinding = (rebinding: Rebinding) =>
    toRejection(checkBindings(requestsOf(rebinding)));

  return {
    list: () => store.read(listBudgets()),
    get: (key) => store.read(getBudget(key)),
    async create(key, request) {
      return checkRequest(key, request) ??
        await store.write(() => createBudget(key, toPolicy(request), terms()));
    },
    async replace(key, request) {
      return checkRequest(key, request) ??
        await store.write(() => replaceBudget(key, toPolicy(request), terms()));
    },
    change: (key, patch) => store.write(() => changeBudget(key, patch, clock.now())),
    waiting: (key) => store.read(countWaiting(key)),
    hold: (key, forMs) => store.write(() => holdBudget(key, forMs, clock.now())),
    remove: (key) => store.write(() => removeBudget(key)),
    checkRebinding,
    async rebind(id, rebinding) {
      return checkRebinding(rebinding) ??
        await store.write(() => rebindJob(id, rebinding, terms()));
    },
    async rebindMany(selection, rebinding, matches) {
      const rejection = checkRebinding(rebinding);
      if (rejection !== undefined) return rejection;
      let changed = 0;
      const blocked: string[] = [];
      const rebind = async (piece: JobSelection): Promise<Rejection | undefined> => {
        const rebound = await store.write(() => rebindJobs(piece, rebinding, terms()), piecesRows);
        if (isRejection(rebound)) return rebound;
        changed += rebound.changed;
        for (const id of rebound.blocked) blocked.push(id);
        return undefined;
      };
      // The budgets are checked, and created, also when no job matches.
      const rejected = await rebind({ seq: [] });
      if (rejected !== undefined) return rejected;
      for await (const piece of piecesOf(selection, matches)) {
        const rejected = await rebind(piece);
        if (rejected !== undefined) return rejected;
      }
      return { changed, blocked };
    },
  };
}

function toRejection(problem: string | undefined): Rejection | undefined {
  return problem === undefined ? undefined : unprocessable(problem);
}
