/**
 * The back office of a small web shop: what its jobs are, and what is done with them. The tests beside it show how one tests
 * such a thing.
 *
 * @module
 */

import * as v from "valibot";
import { defineJob, defineStep } from "../../../src/client/mod.ts";
import {
  cancel,
  handle,
  handleStep,
  type JobHandler,
  retryOn,
  snooze,
} from "../../../src/worker/mod.ts";

/** Sends a mail. */
export const mail = defineJob({
  type: "mail",
  queue: "mail",
  payload: v.object({ to: v.string(), subject: v.string() }),
  retryLimit: 3,
  timeout: "30s",
});

/** Charges the card of an order; pressing the button twice charges once. */
export const charge = defineJob<{ order: string; cents: number }>({
  type: "charge",
  queue: "money",
  uniqueKey: ({ order }) => `charge:${order}`,
  uniqueWhile: "exists",
  retention: { completedMs: 3_600_000 },
});

/** Sends an order to its customer, when it is paid. The carrier takes two calls a minute. */
export const ship = defineJob<{ order: string }>({
  type: "ship",
  queue: "parcels",
  budgets: [{
    key: "carrier",
    createWith: { allocation: 2, strategy: { type: "time_based", durationMs: 60_000 } },
  }],
});

/** Tells the search engine which goods changed: one call for all that came together. */
export const reindex = defineJob<{ goods: string[] }>({
  type: "reindex",
  queue: "search",
  batch: { key: "reindex", when: "true", fold: "$existing | .goods += $new.goods" },
});

/** Adds up the day. */
export const report = defineJob<{ kind: "nightly" }>({ type: "report", queue: "reports" });

/** A flow: prices are asked of every supplier, and the best one is ordered. */
export const ask = defineStep<{ supplier: string }, number>({ type: "ask", queue: "buying" });
export const order = defineStep<null, string, { prices: (typeof ask)[] }>({
  type: "order",
  queue: "buying",
});

/** What the shop has around it; a test brings its own. */
export interface Services {
  /** Hands a mail to the mail server. */
  sendMail(to: string, subject: string, signal: AbortSignal): Promise<void>;
  /** Takes money, and gives the number of the receipt. */
  takeMoney(order: string, cents: number): Promise<string>;
  /** Writes a receipt into the books. */
  book(receipt: string): Promise<void>;
  /** Whether an order is paid; undefined if it was given up. */
  isPaid(order: string): boolean | undefined;
  /** The price that a supplier wants. */
  priceOf(supplier: string): number;
}

/** The mail server does not want so many. */
export class TooManyMails extends Error {
  override name = "TooManyMails";
}

/** What is done with the jobs. */
export function createHandlers(services: Services): JobHandler[] {
  return [
    handle(mail, ({ to, subject }, { signal }) => services.sendMail(to, subject, signal), {
      onError: [retryOn([TooManyMails], { delay: "10m" })],
    }),
    handle(charge, async ({ order, cents }, { enqueue }) => {
      const receipt = await services.takeMoney(order, cents);
      await enqueue(mail, { to: `${order}@shop.example`, subject: `Receipt ${receipt}` });
      await services.book(receipt);
      return { receipt };
    }),
    handle(ship, ({ order }) => {
      const isPaid = services.isPaid(order);
      if (isPaid === undefined) return cancel(`Order '${order}' was given up`);
      if (!isPaid) return snooze("1h");
    }),
    handle(reindex, ({ goods }) => goods.length),
    handle(report, async ({ kind }, { enqueue }) => {
      await enqueue(mail, { to: "boss@shop.example", subject: `The ${kind} report` });
    }),
    handleStep(ask, ({ supplier }) => services.priceOf(supplier)),
    handleStep(order, (_, { parents }) => `ordered at ${Math.min(...parents.prices)}`),
  ];
}
