/**
 * `millrace serve`: a broker on a port.
 *
 * @module
 */

import process from "node:process";
import { type Broker, createBroker, createLogger } from "../../src/broker/mod.ts";
import type { Database } from "../../src/store/database.ts";
import { isLocalHost } from "../hosts.ts";
import type { FetchHandler } from "../server.ts";
import { stopOnSignals } from "../signals.ts";
import type { TlsOptions } from "../tls.ts";
import { openTokenFile } from "../token-file.ts";
import { readTextFile } from "./connection.ts";
import { createDrain } from "./drain.ts";
import { UsageError } from "./options.ts";
import { demandCommitMode, demandData, isPostgresUrl, withoutPassword } from "./postgres-url.ts";
import { loadRuntime } from "./runtime.ts";
import type { ServeConfig } from "./serve-flags.ts";

/** What a server is given. */
interface Served {
  readonly fetch: FetchHandler;
}

/** Where a dashboard is. */
const dashboardPath = "/dashboard/";

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
  const tls = readTls(config); // Before anything is opened.
  demandData(config.data);
  const isOnPostgres = isPostgresUrl(config.data);
  if (isOnPostgres) demandCommitMode(config.defaultCommitMode);
  const logger = createLogger({
    format: config.logFormat,
    write: (line) => process.stderr.write(`${line}\n`),
  });
  const runtime = await loadRuntime();
  const store = isOnPostgres
    ? await openServer(config.data)
    : runtime.openSqlite(config.data, { durability: config.defaultCommitMode });
  const broker = createBroker({
    store,
    logger,
    auth: config.authFile === undefined
      ? undefined
      : await openTokenFile(config.authFile, { logger }),
    allowedOrigins: config.allowedOrigins,
    basePath: config.basePath,
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
    maxWaiting: config.maxWaiting,
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
  const { allowedHosts, allowAnyone, socket, maxConnections, maxCallsPerConnection } = config;
  const serving = { allowedHosts, allowAnyone, maxConnections, maxCallsPerConnection };
  const shown = config.dashboard ? await withDashboard(broker, config) : broker;
  const { drainDelay: delayMs, basePath } = config;
  const drain = delayMs === 0 ? undefined : createDrain({ delayMs, basePath });
  const front = drain === undefined ? shown : like(shown, drain.before(shown.fetch));
  const place = socket === undefined ? { host, port } : { socketPath: socket };
  const server = await runtime.serve(front, { ...place, ...serving, tls, logger });
  const knowsCallers = config.authFile !== undefined || tls?.clientCa !== undefined;
  if (adminPort !== undefined && !isLocalHost(adminHost) && !allowAnyone && !knowsCallers) {
    throw new UsageError(
      `Flag '--admin-host' is '${adminHost}', where anyone could read the database: give '--auth-file'`,
    );
  }
  const adminServer = adminPort === undefined
    ? undefined
    : await runtime.serve(broker.adminFetch, { host: adminHost, port: adminPort, tls, logger });

  const targets = adminServer === undefined ? [server, broker] : [server, adminServer, broker];
  const stopped = new Promise<readonly unknown[]>((onStopped) => {
    stopOnSignals(drain?.delay(targets) ?? targets, {
      timeoutMs: config.stopTimeout,
      logger,
      onStopped,
    });
  });
  console.log(`millrace listening on ${server.url}`);
  if (config.dashboard) {
    console.log(`millrace dashboard on ${server.url}${config.basePath}${dashboardPath}`);
  }
  if (adminServer !== undefined) console.log(`millrace admin listening on ${adminServer.url}`);
  logger.info(`Serving '${withoutPassword(config.data)}' on ${server.url}`);
  const errors = await stopped;
  return errors.length === 0 ? 0 : 1;
}

/** A broker with a dashboard below a path that is none of its own. */
async function withDashboard(
  broker: Broker,
  { authFile, allowedHosts, basePath }: ServeConfig,
): Promise<Served> {
  const { createDashboard } = await import("../../src/dashboard/mod.ts");
  const path = basePath + dashboardPath;
  const dashboard = createDashboard({
    fetch: broker.fetch,
    url: `http://localhost${basePath}`,
    access: authFile === undefined ? "anyone" : "tokens",
    hosts: allowedHosts,
    basePath: path,
  });
  // A name that is none makes no URL; the broker looks at the path alone.
  const isItsOwn = (url: string) =>
    URL.canParse(url) && `${new URL(url).pathname}/`.startsWith(path);
  return like(
    broker,
    (request) => isItsOwn(request.url) ? dashboard.fetch(request) : broker.fetch(request),
  );
}

/** A function in front of a broker: what the server reads off the broker's, such as that it lets in everybody, is true of it too. */
function like({ fetch }: Served, answer: FetchHandler): Served {
  return { fetch: Object.assign(answer, fetch) };
}

/** The certificates that the flags name; undefined if none is. */
function readTls(
  { tlsCert, tlsKey, clientCa, clientNames }: ServeConfig,
): TlsOptions | undefined {
  const cert = readTextFile("--tls-cert", tlsCert);
  const key = readTextFile("--tls-key", tlsKey);
  const authority = readTextFile("--client-ca", clientCa);
  if (cert === undefined || key === undefined) {
    if ((cert ?? key ?? authority) === undefined && clientNames.length === 0) return undefined;
    throw new UsageError("TLS needs both '--tls-cert' and '--tls-key'");
  }
  return {
    cert,
    key,
    clientCa: authority,
    clientNames: clientNames.length === 0 ? undefined : clientNames,
  };
}

/** Loads what most who serve do not need. */
async function openServer(url: string): Promise<Database> {
  const { openPostgres } = await import("../postgres/mod.ts");
  return openPostgres({ url });
}
