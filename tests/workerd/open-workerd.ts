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

const compatibilityDate = "2026-07-01";

const readScript = (name: string) => readFile(`${env["MILLRACE_WORKERD"]}/${name}.js`, "utf8");

function create(options: object): Miniflare {
  const { Miniflare } = createRequire(`${env["MILLRACE_TOOLS"]}/`)("miniflare");
  return new Miniflare(options);
}

/** What the objects of `broker-app` need. */
const brokers = {
  // Without the second, an object does not hear that the reader of a stream is gone.
  compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
  durableObjects: {
    JOBS: { className: "Jobs", useSQLite: true },
    STORES: { className: "StoreTest", useSQLite: true },
  },
};

/** Starts a Worker. */
export async function openWorkerd(app: string, options: object = {}): Promise<Miniflare> {
  return create({ modules: true, script: await readScript(app), compatibilityDate, ...options });
}

/** Starts the Worker with brokers in Durable Objects. */
export function openBrokers(options: object = {}): Promise<Miniflare> {
  return openWorkerd("broker-app", { ...brokers, ...options });
}

/** Starts the app, and beside it the Worker with brokers, to which it can be bound by the name `broker-app`. */
export async function openAppBesideBrokers(options: object): Promise<Miniflare> {
  const toWorker = async (name: string, options: object) => ({
    name,
    modules: true,
    script: await readScript(name),
    compatibilityDate,
    ...options,
  });
  return create({
    workers: await Promise.all([toWorker("app", options), toWorker("broker-app", brokers)]),
  });
}
