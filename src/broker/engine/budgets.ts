/**
 * The operations on budgets, and on what waiting jobs draw on.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { budgetsOf } from "../../protocol/binding.ts";
import type { BudgetPolicy } from "../../protocol/budget.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import {
  type BudgetResult,
  changeBudget,
  createBudget,
  removeBudget,
  replaceBudget,
} from "../../store/budgets.ts";
import { type BudgetRecord, findBudget, listBudgets } from "../../store/budgets-table.ts";
import {
  type ManyRebound,
  type Rebinding,
  rebindJob,
  rebindJobs,
  type Rebound,
} from "../../store/rebind.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import type { PayloadFilter } from "./expressions.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Settings } from "./settings.ts";

/** The operations; each resolves when its change is durable. */
export interface Budgets {
  list(): Promise<readonly BudgetRecord[]>;
  /** Undefined when there is none, as for the others. */
  get(key: string): Promise<BudgetRecord | undefined>;
  create(key: string, policy: BudgetPolicy): Promise<BudgetResult>;
  replace(key: string, policy: BudgetPolicy): Promise<BudgetResult>;
  change(
    key: string,
    decide: (policy: BudgetPolicy) => BudgetPolicy | { readonly refused: string },
  ): Promise<BudgetResult | undefined>;
  remove(key: string): Promise<{ readonly refused: string } | "deleted" | undefined>;
  /** A job that does not wait, or that `isRefused` speaks against, is given back unchanged. */
  rebind(
    id: string,
    rebinding: Rebinding,
    isRefused?: (job: JobRecord) => boolean,
  ): Promise<Rebound | undefined>;
  rebindMany(
    selection: JobSelection,
    rebinding: Rebinding,
    fits?: PayloadFilter,
  ): Promise<ManyRebound | { readonly refused: string }>;
}

/** Creates the operations. */
export function createBudgets(
  { store, clock, settings, dispatcher, piecesOf }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Settings;
    readonly dispatcher: Dispatcher;
    /** Selects what fits a payload filter, piece by piece. */
    readonly piecesOf: (
      selection: JobSelection,
      fits: PayloadFilter | undefined,
    ) => Iterable<JobSelection> | AsyncIterable<JobSelection>;
  },
): Budgets {
  const terms = () => ({ now: clock.now(), maxBudgets: settings.maxBudgets });
  /** A new policy may let jobs go that wait. */
  const follow = <Result extends BudgetResult | undefined>(result: Result): Result => {
    if (result !== undefined && "key" in result) dispatcher.reopen([result.key]);
    return result;
  };

  return {
    list: () => store.read(listBudgets()),
    get: (key) => store.read(findBudget(key)),
    create: (key, policy) => store.write(() => createBudget(key, policy, terms())),
    async replace(key, policy) {
      return follow(await store.write(() => replaceBudget(key, policy, terms())));
    },
    async change(key, decide) {
      return follow(await store.write(() => changeBudget(key, decide, clock.now())));
    },
    remove: (key) => store.write(() => removeBudget(key)),
    async rebind(id, rebinding, isRefused = () => false) {
      const rebound = await store.write(() => rebindJob(id, rebinding, isRefused, terms()));
      if (rebound !== undefined && "after" in rebound && rebound.after !== rebound.before) {
        const { before, after } = rebound;
        if (after.status === status.ready) dispatcher.ready([after]);
        dispatcher.reopen([before, after].flatMap(budgetsOf));
      }
      return rebound;
    },
    async rebindMany(selection, rebinding, fits) {
      let changed = 0;
      const blocked: string[] = [];
      const rebind = async (piece: JobSelection) => {
        const rebound = await store.write(() => rebindJobs(piece, rebinding, terms()));
        if ("refused" in rebound) return rebound;
        changed += rebound.changed;
        blocked.push(...rebound.blocked);
        return undefined;
      };
      // The budgets are checked, and created, also when no payload fits.
      const refusal = fits && await rebind({ id: [] });
      if (refusal !== undefined) return refusal;
      for await (const piece of piecesOf(selection, fits)) {
        const refusal = await rebind(piece);
        if (refusal !== undefined) return refusal;
      }
      if (changed > 0) await dispatcher.reload();
      return { changed, blocked };
    },
  };
}
