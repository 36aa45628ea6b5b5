/**
 * workerd, the runtime of Cloudflare Workers, as the gate has installed it.
 *
 * The gate bundles the Workers of this folder and runs the tests on Node; `MILLRACE_WORKERD` is the folder with the bundles, and
 * `MILLRACE_TOOLS` that with miniflare.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { env } from "node:process";

/** What is used of miniflare. */
export interface Miniflare {
  readonly ready: Promise<URL>;
  dispatchFetch(url: string): Promise<Response>;
  getWorker(): Promise<{ scheduled(): Promise<unknown> }>;
  dispose(): Promise<void>;
}

/** Starts a Worker. */
export async function openWorkerd(
  app: "app" | "broker-app" | "payloads-app",
  options: object = {},
): Promise<Miniflare> {
  const { Miniflare } = createRequire(`${env["MILLRACE_TOOLS"]}/`)("miniflare");
  return new Miniflare({
    modules: true,
    script: await readFile(`${env["MILLRACE_WORKERD"]}/${app}.js`, "utf8"),
    compatibilityDate: "2026-07-01",
    ...options,
  });
}

/** Starts the Worker with brokers in Durable Objects. */
export function openBrokers(options: object = {}): Promise<Miniflare> {
  return openWorkerd("broker-app", {
    // Without the second, an object does not hear that the reader of a stream is gone.
    compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
    durableObjects: {
      JOBS: { className: "Jobs", useSQLite: true },
      STORES: { className: "StoreTest", useSQLite: true },
    },
    ...options,
  });
}
