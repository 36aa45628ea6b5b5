/**
 * `millrace budget`: what jobs draw on.
 *
 * @module
 */

import { toSpanText } from "../../../src/async/span-text.ts";
import { type Budget, createBudgets } from "../../../src/client/mod.ts";
import { describeFlags, type Flags, UsageError } from "../options.ts";
import { readDuration, readInteger } from "../values.ts";
import { type Action, runAction } from "./actions.ts";
import { type BrokerConfig, brokerFlags, formFlags, toClientOptions, toOptional } from "./flags.ts";
import { createWriter, type Form, type Output } from "./output.ts";
import type { Column } from "./table.ts";

/** What `millrace budget` is told. */
export interface BudgetConfig extends BrokerConfig, Form {
  readonly per: number | undefined;
  readonly burst: number | undefined;
}

/** The flags of `millrace budget`. */
export const budgetFlags: Flags<BudgetConfig> = {
  per: toOptional(
    "TIME",
    readDuration(1, Number.MAX_SAFE_INTEGER),
    "with set: tokens come back at this rate, and not when a job ends",
  ),
  burst: toOptional("N", readInteger(1, 1_000_000), "with set and '--per': how many gather"),
  ...formFlags,
  ...brokerFlags,
};

/** The help of `millrace budget`. */
export const budgetHelp: string = `Usage: millrace budget [flags] ACTION

  ls             list all budgets
  set KEY N      create or change one: N tokens in flight at once, or N in each '--per'
  rm KEY         delete one that no job draws on

  millrace budget set github 5000 --per 1h

${describeFlags(budgetFlags)}`;

const columns: readonly Column<Budget>[] = [
  { title: "BUDGET", of: ({ key }) => key, cut: true },
  { title: "ALLOWS", of: describeAllowance },
  { title: "CHANGED", of: ({ updatedAt }) => `${toSpanText(Date.now() - updatedAt)} ago` },
];

function describeAllowance({ allocation, strategy }: Budget): string {
  if (strategy.type === "while_in_flight") return `${allocation} in flight`;
  const burst = strategy.burst === undefined ? "" : `, ${strategy.burst} at once`;
  return `${allocation} in ${toSpanText(strategy.durationMs)}${burst}`;
}

/** Runs one action. */
export async function runBudget(
  positionals: readonly string[],
  config: BudgetConfig,
  output: Output,
): Promise<void> {
  const budgets = createBudgets(toClientOptions(config));
  const { per: durationMs, burst } = config;
  if ((durationMs ?? burst) !== undefined && positionals[0] !== "set") {
    throw new UsageError("Flags '--per' and '--burst' are for 'set'");
  }
  if (burst !== undefined && durationMs === undefined) {
    throw new UsageError("Flag '--burst' needs '--per'");
  }
  const actions: Readonly<Record<string, Action<BudgetConfig>>> = {
    ls: {
      takes: [],
      async run() {
        await createWriter(output, config, columns).write(await budgets.list());
      },
    },
    set: {
      takes: ["KEY", "N"],
      async run([key, text]) {
        const budget = await budgets.put(key!, {
          allocation: readAllocation(text!),
          strategy: durationMs === undefined
            ? { type: "while_in_flight" }
            : { type: "time_based", durationMs, burst },
        });
        await output.write(`${budget.key}: ${describeAllowance(budget)}\n`);
      },
    },
    rm: {
      takes: ["KEY"],
      async run([key]) {
        await budgets.delete(key!);
        await output.write(`Deleted ${key}\n`);
      },
    },
  };
  await runAction(actions, positionals, config);
}

function readAllocation(text: string): number {
  try {
    return readInteger(1, 1_000_000)(text);
  } catch (error) {
    throw new UsageError(`N is '${text}', expected ${(error as Error).message}`);
  }
}
