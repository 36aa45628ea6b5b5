/**
 * What Millrace needs on Node: a database, a server, signals.
 *
 * @example A broker on a port, until Ctrl+C
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite, serve, stopOnSignals } from "@millrace/millrace/node";
 *
 * const broker = createBroker({ store: openSqlite(":memory:") });
 * const server = await serve(broker, { port: 0 });
 * console.log(`listening on ${server.url}`);
 * const stopListening = stopOnSignals([server, broker], { timeoutMs: 10_000 });
 *
 * // A program that ends without a signal:
 * stopListening();
 * await Promise.all([server.stop(), broker.stop()]);
 * ```
 *
 * @module
 */

export {
  isMillraceError,
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  NetworkError,
  StoreError,
} from "../../src/errors.ts";
export {
  createLogger,
  type LogFormat,
  type LoggerOptions,
  type LogLevel,
} from "../../src/log-lines.ts";
export { type LogFields, type Logger, silentLogger } from "../../src/log.ts";
export type {
  CompactOptions,
  DatabaseCopy,
  OpenTransaction,
  SqlRow,
  SqlValue,
  SyncDatabase,
} from "../../src/store/database.ts";
export type { FetchHandler, ServeOptions, Server, StopServerOptions } from "../server.ts";
export { type ClientCertificate, clientCertificate } from "../client-certificate.ts";
export type { CreateFetchOptions, OwnFetch } from "../own-fetch.ts";
export type { TlsOptions } from "../tls.ts";
export { createFileStore, type FileStore, type FileStoreOptions } from "../files/file-store.ts";
export { handleInProcess, type HandleInProcessOptions } from "../forks/handle-in-process.ts";
export { type Forked, forkPlace, runForked, type RunForkedOptions } from "../forks/run-forked.ts";
export { runInFork, type RunInForkOptions } from "../forks/run-in-fork.ts";
export { serveJob, type ServeJobOptions } from "../forks/serve-job.ts";
export {
  createHttpTransport,
  type HttpTransport,
  type HttpTransportOptions,
} from "../../src/offload/transport/create-http-transport.ts";
export type { SpawnOptions } from "../forks/spawn.ts";
export { memoryAbove } from "../memory.ts";
export { openTokenFile, type TokenFileOptions } from "../token-file.ts";
export { steerOnSignals, type SteerOnSignalsOptions, type SteerTarget } from "../steering.ts";
export { stopOnSignals, type StopOnSignalsOptions, type StopTarget } from "../signals.ts";
export type { OpenSqliteOptions } from "../sqlite/sqlite-database.ts";
export { openSqlite } from "../sqlite/node-sqlite.ts";
export { createFetch } from "./create-fetch.ts";
export { serve } from "./serve.ts";
export {
  type NodeListener,
  type NodeListenerOptions,
  type NodeRequest,
  type NodeResponse,
  toNodeListener,
} from "./to-node-listener.ts";
