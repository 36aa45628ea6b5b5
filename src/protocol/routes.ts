/**
 * The one table of endpoints: the client asks by it, the broker answers by it. A row holds every fact about an
 * endpoint that both sides need.
 *
 * @module
 */

import { show } from "../options.ts";

/**
 * What a caller must be allowed to do. A broker with an `auth` checks it.
 *
 * | access    | for                                                                         |
 * |-----------|-----------------------------------------------------------------------------|
 * | `open`    | what anybody may ask: it tells nothing of jobs                              |
 * | `known`   | what everybody may ask that the broker knows, whatever they may do besides  |
 * | `read`    | looking at jobs, cron groups and budgets                                    |
 * | `enqueue` | storing new jobs                                                            |
 * | `work`    | taking jobs and reporting what came of them                                 |
 * | `metrics` | the numbers of `GET /metrics`, for who watches many programs                |
 * | `manage`  | changing and deleting jobs (their tags too), cron groups and budgets        |
 * | `admin`   | what concerns the broker as a whole: its data, its file                     |
 */
export type Access =
  | "open"
  | "known"
  | "read"
  | "metrics"
  | "enqueue"
  | "work"
  | "manage"
  | "admin";

/**
 * Whether a client may send a call again when it got no answer, or one that says "not now".
 *
 * | repeat           | a second call                                                                   |
 * |------------------|---------------------------------------------------------------------------------|
 * | `always`         | does no harm: it finds what the first one left                                  |
 * | `until-received` | does no harm, but is answered with 404 if the first one was received            |
 * | `keyed`          | does no harm if both carry the same idempotency key and the server keeps keys   |
 * | `never`          | may do something again (another job), or undo what somebody else did in between |
 */
export type Repeat = "always" | "until-received" | "keyed" | "never";

/** All that there is to know of an endpoint. */
export interface Route {
  /** The HTTP method. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path, beginning with a slash; `{name}` stands for one segment. */
  readonly path: string;
  /** What the caller must be allowed to do. */
  readonly access: Access;
  /** Whether the call may be sent again. */
  readonly repeat: Repeat;
  /** The answer is a stream without an end. */
  readonly isStream?: true;
  /** The answer has a format of its own: the endpoint looks at `Accept` itself, and refuses in JSON. */
  readonly ownFormat?: true;
}

/** The endpoints of who enqueues: all that such a program carries. */
// deno-fmt-ignore
export const enqueueRoutes = {
  version:     { method: "GET",    path: "/version",                      access: "open",    repeat: "always" },
  enqueue:     { method: "POST",   path: "/jobs",                         access: "enqueue", repeat: "keyed" },
  enqueueMany: { method: "POST",   path: "/jobs/bulk",                    access: "enqueue", repeat: "keyed" },
} as const;

/** The endpoints that are about jobs and about the broker as a whole: what every client carries besides. */
// deno-fmt-ignore
export const jobRoutes = {
  health:     { method: "GET",    path: "/health",                       access: "open",    repeat: "always" },
  queues:     { method: "GET",    path: "/queues",                       access: "read",    repeat: "always" },
  list:       { method: "GET",    path: "/jobs",                         access: "read",    repeat: "always" },
  patchMany:  { method: "PATCH",  path: "/jobs",                         access: "manage",  repeat: "never" },
  deleteMany: { method: "DELETE", path: "/jobs",                         access: "manage",  repeat: "never" },
  count:      { method: "GET",    path: "/jobs/count",                   access: "read",    repeat: "always" },
  get:        { method: "GET",    path: "/jobs/{id}",                    access: "read",    repeat: "always" },
  patch:      { method: "PATCH",  path: "/jobs/{id}",                    access: "manage",  repeat: "never" },
  delete:     { method: "DELETE", path: "/jobs/{id}",                    access: "manage",  repeat: "never" },
  errors:     { method: "GET",    path: "/jobs/{id}/errors",             access: "read",    repeat: "always" },
  error:      { method: "GET",    path: "/jobs/{id}/errors/{attempt}",   access: "read",    repeat: "always" },
  reset:      { method: "POST",   path: "/reset",                        access: "admin",   repeat: "never" },
} as const;

/** The endpoints of who works. */
// deno-fmt-ignore
export const workRoutes = {
  take:        { method: "GET",    path: "/jobs/take",                    access: "work",    repeat: "never", ownFormat: true, isStream: true },
  successMany: { method: "POST",   path: "/jobs/success",                 access: "work",    repeat: "always" },
  success:     { method: "POST",   path: "/jobs/{id}/success",            access: "work",    repeat: "until-received" },
  failure:     { method: "POST",   path: "/jobs/{id}/failure",            access: "work",    repeat: "always" },
  release:     { method: "POST",   path: "/jobs/{id}/release",            access: "work",    repeat: "always" },
  releaseMany: { method: "POST",   path: "/jobs/release",                 access: "work",    repeat: "always" },
  tell:        { method: "PUT",    path: "/workers/{run}",                access: "work",    repeat: "always" },
} as const;

/** The endpoints that put jobs by their ids and move them. */
// deno-fmt-ignore
export const movementRoutes = {
  put:     { method: "PUT",  path: "/jobs/{id}",         access: "manage", repeat: "always" },
  requeue: { method: "POST", path: "/jobs/{id}/requeue", access: "manage", repeat: "never" },
} as const;

/** The endpoints that end jobs, try them again, and wait for their ends. */
// deno-fmt-ignore
export const endRoutes = {
  cancel:     { method: "POST", path: "/jobs/{id}/cancel", access: "manage", repeat: "always" },
  cancelMany: { method: "POST", path: "/jobs/cancel",      access: "manage", repeat: "always" },
  retry:      { method: "POST", path: "/jobs/{id}/retry",  access: "manage", repeat: "never" },
  retryMany:  { method: "POST", path: "/jobs/retry",       access: "manage", repeat: "never" },
  wait:       { method: "POST", path: "/jobs/wait",        access: "read",   repeat: "always" },
} as const;

/** The endpoints of cron groups. */
// deno-fmt-ignore
export const cronRoutes = {
  listCrons:       { method: "GET",    path: "/crons",                         access: "read",   repeat: "always" },
  deleteCrons:     { method: "DELETE", path: "/crons",                         access: "manage", repeat: "never" },
  getCronGroup:    { method: "GET",    path: "/crons/{group}",                 access: "read",   repeat: "always" },
  putCronGroup:    { method: "PUT",    path: "/crons/{group}",                 access: "manage", repeat: "always" },
  patchCronGroup:  { method: "PATCH",  path: "/crons/{group}",                 access: "manage", repeat: "always" },
  deleteCronGroup: { method: "DELETE", path: "/crons/{group}",                 access: "manage", repeat: "never" },
  createCronEntry: { method: "POST",   path: "/crons/{group}/entries",         access: "manage", repeat: "never" },
  getCronEntry:    { method: "GET",    path: "/crons/{group}/entries/{entry}", access: "read",   repeat: "always" },
  nextOfCronEntry: { method: "GET",    path: "/crons/{group}/entries/{entry}/next", access: "read", repeat: "always" },
  putCronEntry:    { method: "PUT",    path: "/crons/{group}/entries/{entry}", access: "manage", repeat: "always" },
  patchCronEntry:  { method: "PATCH",  path: "/crons/{group}/entries/{entry}", access: "manage", repeat: "always" },
  deleteCronEntry: { method: "DELETE", path: "/crons/{group}/entries/{entry}", access: "manage", repeat: "never" },
} as const;

/** The endpoints of budgets, and of what jobs draw on. */
// deno-fmt-ignore
export const budgetRoutes = {
  listBudgets:       { method: "GET",    path: "/budgets",                 access: "read",   repeat: "always" },
  createNamedBudget: { method: "POST",   path: "/budgets",                 access: "manage", repeat: "never" },
  getBudget:         { method: "GET",    path: "/budgets/{key}",           access: "read",   repeat: "always" },
  createBudget:      { method: "POST",   path: "/budgets/{key}",           access: "manage", repeat: "never" },
  putBudget:         { method: "PUT",    path: "/budgets/{key}",           access: "manage", repeat: "always" },
  patchBudget:       { method: "PATCH",  path: "/budgets/{key}",           access: "manage", repeat: "never" },
  deleteBudget:      { method: "DELETE", path: "/budgets/{key}",           access: "manage", repeat: "never" },
  holdBudget:        { method: "POST",   path: "/budgets/{key}/hold",      access: "work",   repeat: "always" },
  budgetWaiting:     { method: "GET",    path: "/budgets/{key}/waiting",   access: "read",   repeat: "always" },
  bind:              { method: "POST",   path: "/jobs/{id}/budgets/{key}", access: "manage", repeat: "never" },
  putBinding:        { method: "PUT",    path: "/jobs/{id}/budgets/{key}", access: "manage", repeat: "always" },
  patchBinding:      { method: "PATCH",  path: "/jobs/{id}/budgets/{key}", access: "manage", repeat: "never" },
  unbind:            { method: "DELETE", path: "/jobs/{id}/budgets/{key}", access: "manage", repeat: "never" },
  putBindings:       { method: "PUT",    path: "/jobs/{id}/budgets",       access: "manage", repeat: "always" },
  unbindAll:         { method: "DELETE", path: "/jobs/{id}/budgets",       access: "manage", repeat: "never" },
  bindMany:          { method: "POST",   path: "/jobs/budgets/{key}",      access: "manage", repeat: "never" },
  putBindingMany:    { method: "PUT",    path: "/jobs/budgets/{key}",      access: "manage", repeat: "always" },
  patchBindingMany:  { method: "PATCH",  path: "/jobs/budgets/{key}",      access: "manage", repeat: "never" },
  unbindMany:        { method: "DELETE", path: "/jobs/budgets/{key}",      access: "manage", repeat: "never" },
  unbindAllMany:     { method: "DELETE", path: "/jobs/budgets",            access: "manage", repeat: "never" },
} as const;

/** The endpoints that tell how jobs, queues and workers fare. */
// deno-fmt-ignore
export const insightRoutes = {
  listFailures:    { method: "GET",  path: "/failures",                 access: "read",   repeat: "always" },
  requeueFailures: { method: "POST", path: "/failures/requeue",         access: "manage", repeat: "never" },
  requeueGroup:    { method: "POST", path: "/failures/{group}/requeue", access: "manage", repeat: "never" },
  getQueue:        { method: "GET",    path: "/queues/{queue}",           access: "read",   repeat: "always" },
  nextOfQueue:     { method: "GET",    path: "/queues/{queue}/next",      access: "read",   repeat: "always" },
  queueServing:    { method: "GET",    path: "/queues/{queue}/serving",   access: "read",   repeat: "always" },
  queueStats:      { method: "GET",    path: "/queues/{queue}/stats",     access: "read",   repeat: "always" },
  listHistory:     { method: "GET",    path: "/jobs/{id}/history",        access: "read",   repeat: "always" },
  addHistory:      { method: "POST",   path: "/jobs/{id}/history",        access: "work",   repeat: "never" },
  listBatches:     { method: "GET",    path: "/batches",                  access: "read",   repeat: "always" },
  whoAmI:          { method: "GET",    path: "/whoami",                   access: "known",  repeat: "always" },
  listWorkers:     { method: "GET",    path: "/workers",                  access: "read",   repeat: "always" },
  getWorker:       { method: "GET",    path: "/workers/{id}",             access: "read",   repeat: "always" },
  deleteWorker:    { method: "DELETE", path: "/workers/{id}",             access: "manage", repeat: "never" },
  quietWorker:     { method: "POST",   path: "/workers/{id}/quiet",       access: "manage", repeat: "always" },
  resumeWorker:    { method: "POST",   path: "/workers/{id}/resume",      access: "manage", repeat: "always" },
  stopWorker:      { method: "POST",   path: "/workers/{id}/stop",        access: "manage", repeat: "always" },
  metrics:         { method: "GET",    path: "/metrics",                  access: "metrics", repeat: "always", ownFormat: true },
} as const;

/** The endpoint that charts are drawn from, which `millrace top` asks, and no other client. */
// deno-fmt-ignore
const flowRoutes = {
  stats: { method: "GET", path: "/stats", access: "read", repeat: "always" },
} as const;

/** The endpoints of what jobs wait for. */
// deno-fmt-ignore
export const dependencyRoutes = {
  getDependencies:    { method: "GET",    path: "/jobs/{id}/dependencies", access: "read",   repeat: "always" },
  addDependencies:    { method: "POST",   path: "/jobs/{id}/dependencies", access: "manage", repeat: "never" },
  removeDependencies: { method: "DELETE", path: "/jobs/{id}/dependencies", access: "manage", repeat: "never" },
} as const;

/** The endpoints of leases. */
// deno-fmt-ignore
export const leaseRoutes = {
  takeMany:      { method: "POST", path: "/jobs/take",           access: "work",   repeat: "never" },
  heartbeat:     { method: "POST", path: "/jobs/{id}/heartbeat", access: "work",   repeat: "always" },
  heartbeatMany: { method: "POST", path: "/jobs/heartbeat",      access: "work",   repeat: "always" },
  timeout:       { method: "POST", path: "/jobs/{id}/timeout",   access: "manage", repeat: "never" },
  timeoutMany:   { method: "POST", path: "/jobs/timeout",        access: "manage", repeat: "never" },
} as const;

/** The endpoints of tags and of tracking. */
// deno-fmt-ignore
export const tagRoutes = {
  listTags:   { method: "GET",    path: "/tags",           access: "read",   repeat: "always" },
  listTagged: { method: "GET",    path: "/tags/{tag}",     access: "read",   repeat: "always" },
  addTags:    { method: "POST",   path: "/jobs/{id}/tags", access: "manage", repeat: "always" },
  removeTags: { method: "DELETE", path: "/jobs/{id}/tags", access: "manage", repeat: "never" },
  track:       { method: "PUT",    path: "/jobs/{id}/track", access: "manage", repeat: "always" },
  untrack:     { method: "DELETE", path: "/jobs/{id}/track", access: "manage", repeat: "never" },
  listTracked: { method: "GET",    path: "/tracked",         access: "read",   repeat: "always" },
} as const;

/** The endpoints of what is set for queues, and for the broker. */
// deno-fmt-ignore
export const controlRoutes = {
  queueSettings: { method: "GET",    path: "/queues/{queue}/settings", access: "read",   repeat: "always" },
  patchQueue:    { method: "PATCH",  path: "/queues/{queue}",          access: "manage", repeat: "never" },
  forgetQueue:   { method: "DELETE", path: "/queues/{queue}",          access: "manage", repeat: "never" },
  listConfig:    { method: "GET",    path: "/config",                  access: "read",   repeat: "always" },
  getConfig:     { method: "GET",    path: "/config/{key}",            access: "read",   repeat: "always" },
  putConfig:     { method: "PUT",    path: "/config/{key}",            access: "admin",  repeat: "always" },
  unsetConfig:   { method: "DELETE", path: "/config/{key}",            access: "admin",  repeat: "never" },
} as const;

/** The endpoints of what happens to jobs. */
// deno-fmt-ignore
export const eventRoutes = {
  events: { method: "GET", path: "/events", access: "read", repeat: "always", ownFormat: true, isStream: true },
} as const;

/** The endpoints of payloads beside jobs. */
// deno-fmt-ignore
export const payloadRoutes = {
  putPayload:    { method: "PUT",    path: "/payloads/{key}", access: "enqueue", repeat: "always" },
  getPayload:    { method: "GET",    path: "/payloads/{key}", access: "work",    repeat: "always", ownFormat: true },
  deletePayload: { method: "DELETE", path: "/payloads/{key}", access: "work",    repeat: "never" },
} as const;

/** Every endpoint, by what it does. */
export const routes:
  & typeof enqueueRoutes
  & typeof jobRoutes
  & typeof workRoutes
  & typeof movementRoutes
  & typeof endRoutes
  & typeof cronRoutes
  & typeof budgetRoutes
  & typeof insightRoutes
  & typeof flowRoutes
  & typeof dependencyRoutes
  & typeof leaseRoutes
  & typeof tagRoutes
  & typeof controlRoutes
  & typeof eventRoutes
  & typeof payloadRoutes = /* @__PURE__ */ Object.assign(
    {},
    enqueueRoutes,
    jobRoutes,
    workRoutes,
    movementRoutes,
    endRoutes,
    cronRoutes,
    budgetRoutes,
    insightRoutes,
    flowRoutes,
    dependencyRoutes,
    leaseRoutes,
    tagRoutes,
    controlRoutes,
    eventRoutes,
    payloadRoutes,
  );

/** The name of an endpoint. */
export type RouteName = keyof typeof routes;

/** The endpoints of the admin listener. */
// deno-fmt-ignore
export const adminRoutes = {
  backup:  { method: "POST", path: "/backup",  access: "admin", repeat: "always", ownFormat: true },
  compact: { method: "POST", path: "/compact", access: "admin", repeat: "always", ownFormat: true },
} as const;

/** The name of an endpoint of the admin listener. */
export type AdminRouteName = keyof typeof adminRoutes;

/**
 * The path of a route, with its parameters percent-encoded in their places.
 *
 * @param params One for each name in the route's path; undefined if there is none.
 * @throws {TypeError} If one is `.` or `..`, which every URL parser takes for a step, also when it is percent-encoded.
 */
export function toPath(
  route: Pick<Route, "path">,
  params?: Readonly<Record<string, string | number>>,
): string {
  if (params === undefined) return route.path;
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => toSegment(name, params[name]!));
}

function toSegment(name: string, value: string | number): string {
  if (value === "" || (typeof value !== "string" && typeof value !== "number")) {
    throw new TypeError(`Cannot use ${show(value)} as '${name}': expected a text`);
  }
  if (value !== "." && value !== "..") return encodeURIComponent(value);
  throw new TypeError(`Cannot use '${value}' as '${name}': in a URL it is no name but a step`);
}
