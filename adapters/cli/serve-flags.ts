/**
 * The flags of `millrace serve`.
 *
 * @module
 */

import type { LogFormat } from "../../src/log-lines.ts";
import type { Flag, Flags } from "./options.ts";
import {
  readChoice,
  readDuration,
  readFloat,
  readInteger,
  readOptional,
  readText,
} from "./values.ts";

const u32 = 2 ** 32 - 1;
const forever = Number.MAX_SAFE_INTEGER;

function flag<Value>(
  placeholder: string,
  fallback: string,
  read: (text: string) => Value,
  help: string,
): Flag<Value> {
  return { placeholder, fallback, read, help };
}

function readNames(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** The settings of `millrace serve`. Durations are in ms. */
export interface ServeConfig {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number | undefined;
  readonly data: string;
  readonly defaultCommitMode: "buffered" | "fsync";
  readonly defaultRetryLimit: number;
  readonly defaultBackoffExponent: number;
  readonly defaultBackoffBase: number;
  readonly defaultBackoffJitter: number;
  readonly defaultCompletedJobRetention: number;
  readonly defaultDeadJobRetention: number;
  readonly reaperCheckInterval: number;
  readonly idempotencyRetention: number;
  readonly heartbeatInterval: number;
  readonly globalInFlightLimit: number;
  readonly streamInFlightPercent: number;
  readonly completedLimit: number;
  readonly maxDeliveries: number;
  readonly lease: number;
  readonly leaseGrace: number;
  readonly maxBudgets: number;
  readonly maxJqSteps: number;
  readonly maxSearches: number;
  readonly maxEventListeners: number;
  readonly maxBodyBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxPageBytes: number;
  readonly maxCalls: number;
  readonly maxWaiting: number;
  readonly maxHeldBytes: number;
  readonly statistics: boolean;
  readonly statsDays: number;
  readonly history: "asked" | "all";
  readonly historyLimit: number;
  readonly maxWorkerAge: number;
  readonly maxItemsPerCall: number;
  readonly allowBrowsers: boolean;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly authFile: string | undefined;
  readonly allowAnyone: boolean;
  readonly maxConnections: number;
  readonly maxCallsPerConnection: number;
  readonly dashboard: boolean;
  readonly basePath: string;
  readonly socket: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly clientCa: string | undefined;
  readonly clientNames: readonly string[];
  readonly bodyTimeout: number;
  readonly stopTimeout: number;
  readonly drainDelay: number;
  readonly logFormat: LogFormat;
}

/** The table of flags, in the order of the help. */
export const serveFlags: Flags<ServeConfig> = {
  host: flag("HOST", "127.0.0.1", readText, "name or address to listen on"),
  port: flag("PORT", "7890", readInteger(0, 65_535), "TCP port, 0 picks a free one"),
  adminHost: flag("HOST", "127.0.0.1", readText, "the same for backup and compact"),
  adminPort: flag(
    "PORT",
    "",
    readOptional(readInteger(0, 65_535)),
    "their TCP port, such as 8901; none is opened unless given",
  ),
  data: flag(
    "FILE",
    "jobs.db",
    readText,
    "SQLite database, :memory: to keep nothing, or postgres://…",
  ),
  defaultCommitMode: flag(
    "MODE",
    "buffered",
    readChoice("buffered", "fsync"),
    "on SQLite: buffered survives a crash, fsync a power cut too",
  ),
  defaultRetryLimit: flag("N", "25", readInteger(0, u32), "retries before a job is dead"),
  defaultBackoffExponent: flag("X", "4", readFloat, "a retry waits failures^X seconds, plus"),
  defaultBackoffBase: flag("TIME", "15s", readDuration(0, u32), "this, plus"),
  defaultBackoffJitter: flag(
    "TIME",
    "30s",
    readDuration(0, u32),
    "up to this for each failure",
  ),
  defaultCompletedJobRetention: flag(
    "TIME",
    "0",
    readDuration(0, forever),
    "how long completed jobs are kept",
  ),
  defaultDeadJobRetention: flag(
    "TIME",
    "7d",
    readDuration(0, forever),
    "how long dead jobs are kept",
  ),
  reaperCheckInterval: flag(
    "TIME",
    "30s",
    readDuration(1, u32),
    "how long jobs past that may gather",
  ),
  idempotencyRetention: flag(
    "TIME",
    "10m",
    readDuration(360_000, forever),
    "how long an enqueue with a key may be repeated",
  ),
  heartbeatInterval: flag("TIME", "3s", readDuration(1, u32), "pause between heartbeats"),
  globalInFlightLimit: flag(
    "N",
    "1024",
    readInteger(0, u32),
    "jobs in flight over all workers, 0 for no limit",
  ),
  streamInFlightPercent: flag("N", "50", readInteger(1, 100), "of that one stream may hold"),
  completedLimit: flag(
    "N",
    "0",
    readInteger(0, u32),
    "completed jobs that are kept at most, 0 for no limit",
  ),
  maxDeliveries: flag(
    "N",
    "20",
    readInteger(0, u32),
    "deliveries beyond its retries until a job is dead, 0 for no limit",
  ),
  lease: flag("TIME", "1m", readDuration(1, u32), "how long a lease lasts without a heartbeat"),
  leaseGrace: flag("TIME", "10s", readDuration(0, u32), "how long it may be renewed after that"),
  maxBudgets: flag("N", "8192", readInteger(0, u32), "budgets, a further one is refused"),
  maxJqSteps: flag(
    "N",
    "500000",
    readInteger(1, u32),
    "steps of one filter or fold on one payload",
  ),
  maxSearches: flag("N", "100", readInteger(1, u32), "searches under way, one more is refused"),
  maxEventListeners: flag(
    "N",
    "2000",
    readInteger(1, u32),
    "listeners to events, one more is refused",
  ),
  maxBodyBytes: flag("N", "67108864", readInteger(1, forever), "largest request body"),
  maxPayloadBytes: flag("N", "67108864", readInteger(1, forever), "largest payload of a job"),
  maxPageBytes: flag("N", "8388608", readInteger(1, forever), "payloads on a page of jobs"),
  maxCalls: flag("N", "1000", readInteger(1, u32), "calls at work, one more is refused"),
  maxWaiting: flag(
    "N",
    "10000",
    readInteger(1, u32),
    "take streams and other calls that only wait",
  ),
  maxHeldBytes: flag(
    "N",
    "268435456",
    readInteger(1, forever),
    "bodies that they may hold together, and answers that nobody has read",
  ),
  statistics: flag(
    "BOOLEAN",
    "true",
    (text) => readChoice("true", "false")(text) === "true",
    "whether statistics of queues are kept",
  ),
  statsDays: flag("N", "30", readInteger(1, u32), "days that statistics are kept"),
  history: flag("WHICH", "asked", readChoice("asked", "all"), "jobs that keep a history"),
  historyLimit: flag("N", "100", readInteger(2, u32), "entries of the history of a job"),
  maxWorkerAge: flag(
    "TIME",
    "1d",
    readDuration(1, forever),
    "how long a worker is listed that was not seen",
  ),
  maxItemsPerCall: flag("N", "100000", readInteger(1, u32), "jobs or ids of one call"),
  allowBrowsers: flag(
    "BOOLEAN",
    "false",
    (text) => readChoice("true", "false")(text) === "true",
    "whether web pages may call the broker",
  ),
  allowedHosts: flag(
    "NAMES",
    "",
    readNames,
    "names it may be called by besides this machine's, with commas; * is any",
  ),
  allowedOrigins: flag(
    "ORIGINS",
    "",
    readNames,
    "web pages that may call it, such as https://shop.example, with commas; * is any",
  ),
  authFile: flag("FILE", "", readOptional(readText), "who may do what, see 'millrace token'"),
  maxConnections: flag(
    "N",
    "10000",
    readInteger(1, u32),
    "connections, one more is closed; on Node and with --client-ca",
  ),
  maxCallsPerConnection: flag(
    "N",
    "200",
    readInteger(1, u32),
    "calls under way on one connection; on Node and with --client-ca",
  ),
  allowAnyone: flag(
    "BOOLEAN",
    "false",
    (text) => readChoice("true", "false")(text) === "true",
    "whether a public host may be served without --auth-file",
  ),
  dashboard: flag(
    "BOOLEAN",
    "false",
    (text) => readChoice("true", "false")(text) === "true",
    "whether /dashboard/ shows a dashboard, to whom shows a token if there is --auth-file",
  ),
  basePath: flag(
    "PATH",
    "",
    (text) => text,
    "the path that a proxy leaves in front, such as /millrace",
  ),
  socket: flag(
    "FILE",
    "",
    readOptional(readText),
    "a unix socket to listen on, instead of host and port",
  ),
  tlsCert: flag("FILE", "", readOptional(readText), "speak TLS, with this certificate (PEM)"),
  tlsKey: flag("FILE", "", readOptional(readText), "its key"),
  clientCa: flag(
    "FILE",
    "",
    readOptional(readText),
    "let in only clients with a certificate of this authority",
  ),
  clientNames: flag(
    "NAMES",
    "",
    readNames,
    "only those of them that have one of these names in it, with commas",
  ),
  bodyTimeout: flag("TIME", "30s", readDuration(1, u32), "how long it may keep the broker waiting"),
  stopTimeout: flag(
    "TIME",
    "10s",
    readDuration(0, u32),
    "how long calls may take when the broker stops",
  ),
  drainDelay: flag(
    "TIME",
    "0",
    readDuration(0, u32),
    "how long it goes on after a signal, with /health 503, so that proxies look elsewhere",
  ),
  logFormat: flag(
    "FORMAT",
    "auto",
    readChoice("auto", "text", "json"),
    "of the log on stderr; auto is text on a terminal",
  ),
};
