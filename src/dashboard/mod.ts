/**
 * The dashboard: one fetch handler that shows a broker and steers it, mountable anywhere. It needs no build step, asks no
 * other host, and works over any Millrace broker, in the same process or far away.
 *
 * @example
 * ```ts
 * import { createDashboard } from "@millrace/millrace/dashboard";
 *
 * const dashboard = createDashboard({ url: "http://127.0.0.1:7890", access: "tokens" });
 * console.log(typeof dashboard.fetch); // function
 * ```
 *
 * @module
 */

export { createDashboard, type Dashboard } from "./create-dashboard.ts";
export type { DashboardOptions } from "./dashboard-options.ts";
export type { DashboardAccess, Visitor } from "./visitor.ts";
