/**
 * `millrace serve`: a broker on a port.
 *
 * @module
 */

import process from "node:process";
import { createBroker, createLogger } from "../../src/broker/mod.ts";
import { stopOnSignals } from "../signals.ts";
import { isLocalHost } from "../hosts.ts";
import { openTokenFile } from "../token-file.ts";
import { UsageError } from "./options.ts";
import { loadRuntime } from "./runtime.ts";
import type { ServeConfig } from "./serve-flags.ts";

/**
 * Serves until a signal comes.
 *
 * @returns The exit code: 1 if it could not stop cleanly.
 * @throws What keeps it from listening.
 */
export async function runServe(config: ServeConfig): Promise<number> {
  try {
    return await serveUntilSignal(config);
  } catch (error) {
    // Flags that can be read, and still cannot be used.
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function serveUntilSignal(config: ServeConfig): Promise<number> {
  const logger = createLogger({
    format: config.logFormat,
    write: (line) => process.stderr.write(`${line}\n`),
  });
  const runtime = await loadRuntime();
  const store = runtime.openSqlite(config.data, { durability: config.defaultCommitMode });
  const broker = createBroker({
    store,
    logger,
    auth: config.authFile === undefined
      ? undefined
      : await openTokenFile(config.authFile, { logger }),
    allowedOrigins: config.allowedOrigins,
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
    maxPayloadBytes: config.maxPayloadBytes,
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
  const { allowedHosts, allowAnyone } = config;
  const server = await runtime.serve(broker, { host, port, logger, allowedHosts, allowAnyone });
  if (adminPort !== undefined && !isLocalHost(adminHost) && !allowAnyone && !config.authFile) {
    throw new UsageError(
      `Flag '--admin-host' is '${adminHost}', where anyone could read the database: give '--auth-file'`,
    );
  }
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
