/**
 * Which function answers which route.
 *
 * @module
 */

import { type RouteName, routes } from "../../protocol/routes.ts";
import { failure, release, releaseMany, success, successMany } from "./acks.ts";
import { batches } from "./batches.ts";
import * as bindings from "./bindings.ts";
import * as budgets from "./budgets.ts";
import * as config from "./config.ts";
import * as crons from "./crons.ts";
import * as ends from "./ends.ts";
import * as dependencies from "./dependencies.ts";
import { enqueue, enqueueMany } from "./enqueue.ts";
import { error, errors } from "./errors.ts";
import { events } from "./events.ts";
import type { Context, Endpoint, Surface } from "./call.ts";
import * as failures from "./failures.ts";
import * as flow from "./flow.ts";
import * as history from "./history.ts";
import { get, patch, remove } from "./jobs.ts";
import * as leases from "./leases.ts";
import { count, list, patchMany, removeMany } from "./listing.ts";
import * as queueControl from "./queues.ts";
import * as payloads from "./payloads.ts";
import { metrics } from "./metrics.ts";
import { put, requeue } from "./movement.ts";
import * as tags from "./tags.ts";
import * as queues from "./queue-details.ts";
import { health, reset, version } from "./system.ts";
import { take } from "./take.ts";
import * as tracking from "./tracking.ts";
import { whoAmI } from "./whoami.ts";
import * as workers from "./workers.ts";

const endpoints: Readonly<Record<RouteName, Endpoint>> = {
  health,
  version,
  queues: queues.list,
  enqueue,
  enqueueMany,
  list,
  patchMany,
  deleteMany: removeMany,
  count,
  take,
  successMany,
  get,
  patch,
  delete: remove,
  success,
  failure,
  release,
  releaseMany,
  tell: workers.tell,
  errors,
  error,
  reset,
  put,
  requeue,
  cancel: ends.cancel,
  cancelMany: ends.cancelMany,
  retry: ends.retry,
  retryMany: ends.retryMany,
  wait: ends.wait,
  listCrons: crons.list,
  deleteCrons: crons.removeAll,
  getCronGroup: crons.get,
  putCronGroup: crons.put,
  patchCronGroup: crons.patch,
  deleteCronGroup: crons.remove,
  createCronEntry: crons.createEntry,
  getCronEntry: crons.getEntry,
  nextOfCronEntry: crons.next,
  putCronEntry: crons.putEntry,
  patchCronEntry: crons.patchEntry,
  deleteCronEntry: crons.removeEntry,
  listBudgets: budgets.list,
  createNamedBudget: budgets.createNamed,
  getBudget: budgets.get,
  createBudget: budgets.create,
  putBudget: budgets.put,
  patchBudget: budgets.patch,
  deleteBudget: budgets.remove,
  budgetWaiting: budgets.listWaiting,
  holdBudget: budgets.hold,
  bind: bindings.add,
  putBinding: bindings.put,
  patchBinding: bindings.patch,
  unbind: bindings.remove,
  putBindings: bindings.putAll,
  unbindAll: bindings.removeAll,
  bindMany: bindings.addMany,
  putBindingMany: bindings.putMany,
  patchBindingMany: bindings.patchMany,
  unbindMany: bindings.removeMany,
  unbindAllMany: bindings.removeAllMany,
  listFailures: failures.list,
  requeueFailures: failures.requeueAll,
  requeueGroup: failures.requeueGroup,
  getDependencies: dependencies.get,
  addDependencies: dependencies.add,
  removeDependencies: dependencies.remove,
  takeMany: leases.takeMany,
  heartbeat: leases.heartbeat,
  heartbeatMany: leases.heartbeatMany,
  timeout: leases.timeout,
  timeoutMany: leases.timeoutMany,
  listTags: tags.list,
  listTagged: tags.listTagged,
  addTags: tags.add,
  removeTags: tags.remove,
  queueSettings: queueControl.settings,
  patchQueue: queueControl.patch,
  forgetQueue: queueControl.forget,
  getQueue: queues.get,
  nextOfQueue: queues.next,
  queueServing: queues.serving,
  queueStats: queues.stats,
  stats: flow.stats,
  listHistory: history.list,
  addHistory: history.add,
  listBatches: batches,
  whoAmI,
  listWorkers: workers.list,
  getWorker: workers.get,
  deleteWorker: workers.remove,
  quietWorker: workers.quiet,
  resumeWorker: workers.resume,
  stopWorker: workers.stop,
  metrics,
  track: tracking.track,
  untrack: tracking.untrack,
  listTracked: tracking.list,
  listConfig: config.list,
  getConfig: config.get,
  putConfig: config.put,
  unsetConfig: config.unset,
  events,
  putPayload: payloads.put,
  getPayload: payloads.get,
  deletePayload: payloads.remove,
};

/** The protocol: one endpoint for each row of the route table. */
export const protocol: Surface<RouteName, Context> = {
  routes,
  endpoints,
  noticed: { tell: workers.noticeTell },
};
