/**
 * The one table of endpoints: the client asks by it, the broker answers by it.
 *
 * @module
 */

/** A method and a path; `{name}` in the path stands for one segment. */
export interface Route {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path, beginning with a slash. */
  readonly path: string;
}

/** The endpoints that are about jobs and about the broker as a whole: what every client carries. */
export const jobRoutes = {
  health: { method: "GET", path: "/health" },
  version: { method: "GET", path: "/version" },
  queues: { method: "GET", path: "/queues" },
  enqueue: { method: "POST", path: "/jobs" },
  enqueueMany: { method: "POST", path: "/jobs/bulk" },
  list: { method: "GET", path: "/jobs" },
  patchMany: { method: "PATCH", path: "/jobs" },
  deleteMany: { method: "DELETE", path: "/jobs" },
  count: { method: "GET", path: "/jobs/count" },
  take: { method: "GET", path: "/jobs/take" },
  successMany: { method: "POST", path: "/jobs/success" },
  get: { method: "GET", path: "/jobs/{id}" },
  patch: { method: "PATCH", path: "/jobs/{id}" },
  delete: { method: "DELETE", path: "/jobs/{id}" },
  success: { method: "POST", path: "/jobs/{id}/success" },
  failure: { method: "POST", path: "/jobs/{id}/failure" },
  errors: { method: "GET", path: "/jobs/{id}/errors" },
  error: { method: "GET", path: "/jobs/{id}/errors/{attempt}" },
  reset: { method: "POST", path: "/reset" },
} as const;

/** The endpoints of cron groups. */
export const cronRoutes = {
  listCrons: { method: "GET", path: "/crons" },
  deleteCrons: { method: "DELETE", path: "/crons" },
  getCronGroup: { method: "GET", path: "/crons/{group}" },
  putCronGroup: { method: "PUT", path: "/crons/{group}" },
  patchCronGroup: { method: "PATCH", path: "/crons/{group}" },
  deleteCronGroup: { method: "DELETE", path: "/crons/{group}" },
  createCronEntry: { method: "POST", path: "/crons/{group}/entries" },
  getCronEntry: { method: "GET", path: "/crons/{group}/entries/{entry}" },
  putCronEntry: { method: "PUT", path: "/crons/{group}/entries/{entry}" },
  patchCronEntry: { method: "PATCH", path: "/crons/{group}/entries/{entry}" },
  deleteCronEntry: { method: "DELETE", path: "/crons/{group}/entries/{entry}" },
} as const;

/** The endpoints of budgets, and of what jobs draw on. */
export const budgetRoutes = {
  listBudgets: { method: "GET", path: "/budgets" },
  createNamedBudget: { method: "POST", path: "/budgets" },
  getBudget: { method: "GET", path: "/budgets/{key}" },
  createBudget: { method: "POST", path: "/budgets/{key}" },
  putBudget: { method: "PUT", path: "/budgets/{key}" },
  patchBudget: { method: "PATCH", path: "/budgets/{key}" },
  deleteBudget: { method: "DELETE", path: "/budgets/{key}" },
  bind: { method: "POST", path: "/jobs/{id}/budgets/{key}" },
  putBinding: { method: "PUT", path: "/jobs/{id}/budgets/{key}" },
  patchBinding: { method: "PATCH", path: "/jobs/{id}/budgets/{key}" },
  unbind: { method: "DELETE", path: "/jobs/{id}/budgets/{key}" },
  putBindings: { method: "PUT", path: "/jobs/{id}/budgets" },
  unbindAll: { method: "DELETE", path: "/jobs/{id}/budgets" },
  bindMany: { method: "POST", path: "/jobs/budgets/{key}" },
  putBindingMany: { method: "PUT", path: "/jobs/budgets/{key}" },
  patchBindingMany: { method: "PATCH", path: "/jobs/budgets/{key}" },
  unbindMany: { method: "DELETE", path: "/jobs/budgets/{key}" },
  unbindAllMany: { method: "DELETE", path: "/jobs/budgets" },
} as const;

/** Every endpoint, by what it does. */
export const routes: typeof jobRoutes & typeof cronRoutes & typeof budgetRoutes =
  /* @__PURE__ */ Object.assign({}, jobRoutes, cronRoutes, budgetRoutes);

/** The name of an endpoint. */
export type RouteName = keyof typeof routes;

/** The endpoints of the admin listener. */
export const adminRoutes = {
  backup: { method: "POST", path: "/backup" },
  compact: { method: "POST", path: "/compact" },
} as const;

/** The name of an endpoint of the admin listener. */
export type AdminRouteName = keyof typeof adminRoutes;

/** The path of a route, with its parameters percent-encoded in their places. */
export function toPath(
  route: Route,
  params: Readonly<Record<string, string | number>> = {},
): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
}
