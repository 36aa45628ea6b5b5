/**
 * `millrace serve`: a broker on a port.
 *
 * @module
 */

import process from "node:process";
import { createBroker } from "../../src/broker/mod.ts";
import { stopOnSignals } from "../signals.ts";
import { createLogger } from "./logger.ts";
import { loadRuntime } from "./runtime.ts";
import type { ServeConfig } from "./serve-flags.ts";

/**
 * Serves until a signal comes.
 *
 * @returns The exit code: 1 if it could not stop cleanly.
 * @throws What keeps it from listening.
 */
export async function runServe(config: ServeConfig): Promise<number> {
  const logger = createLogger(config.logFormat, process.stderr);
  const runtime = await loadRuntime();
  const store = runtime.openSqlite(config.data, { durability: config.defaultCommitMode });
  const broker = createBroker({
    store,
    logger,
    defaultRetryLimit: config.defaultRetryLimit,
    defaultBackoff: {
      exponent: config.defaultBackoffExponent,
      baseMs: config.defaultBackoffBase,
      jitterMs: config.defaultBackoffJitter,
    },
    defaultCompletedRetentionMs: config.defaultCompletedJobRetention,
    defaultDeadRetentionMs: config.defaultDeadJobRetention,
    reaperIntervalMs: config.reaperCheckInterval,
    idempotencyMs: config.idempotencyRetention,
    heartbeatIntervalMs: config.heartbeatInterval,
    globalInFlightLimit: config.globalInFlightLimit,
    streamInFlightPercent: config.streamInFlightPercent,
    completedLimit: config.completedLimit,
    maxDeliveries: config.maxDeliveries,
    leaseMs: config.lease,
    leaseGraceMs: config.leaseGrace,
    maxBudgets: config.maxBudgets,
    maxJqSteps: config.maxJqSteps,
    maxSearches: config.maxSearches,
    maxEventListeners: config.maxEventListeners,
    maxBodyBytes: config.maxBodyBytes,
    maxPageBytes: config.maxPageBytes,
    maxCalls: config.maxCalls,
    maxHeldBytes: config.maxHeldBytes,
    statistics: config.statistics,
    statsDays: config.statsDays,
    history: config.history,
    historyLimit: config.historyLimit,
    maxWorkerAgeMs: config.maxWorkerAge,
    maxItemsPerCall: config.maxItemsPerCall,
    allowBrowsers: config.allowBrowsers,
    bodyTimeoutMs: config.bodyTimeout,
  });
  await broker.start();
  const { host, port, adminHost, adminPort } = config;
  const { allowedHosts } = config;
  const server = await runtime.serve(broker, { host, port, logger, allowedHosts });
  const adminServer = adminPort === undefined
    ? undefined
    : await runtime.serve(broker.adminFetch, { host: adminHost, port: adminPort, logger });

  const targets = adminServer === undefined ? [server, broker] : [server, adminServer, broker];
  const stopped = new Promise<readonly unknown[]>((onStopped) => {
    stopOnSignals(targets, { timeoutMs: config.stopTimeout, logger, onStopped });
  });
  console.log(`millrace listening on ${server.url}`);
  if (adminServer !== undefined) console.log(`millrace admin listening on ${adminServer.url}`);
  logger.info(`Serving '${config.data}' on ${server.url}`);
  const errors = await stopped;
  return errors.length === 0 ? 0 : 1;
}
