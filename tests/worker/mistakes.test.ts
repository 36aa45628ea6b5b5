/** Wrong arguments, as a JavaScript program may give them: each is told in words of ours. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, defineJob } from "../../src/client/mod.ts";
import {
  cancelOn,
  createWorker,
  exponential,
  handle,
  handleStep,
  requeueOn,
  retryOn,
  snooze,
} from "../../src/worker/mod.ts";
import { openSqlite, serve, stopOnSignals } from "../../adapters/node/mod.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

const wrong: Any = undefined;
const job = defineJob<Any>({ type: "t", queue: "q" });
const handlers = [handle(job, () => {})];
const client = createClient({ fetch: () => Promise.reject(new Error("nobody asks")) });

const mistakes: [what: string, act: () => unknown, message: string][] = [
  [
    "a worker's option",
    () => createWorker({ client, handlers, concurency: 5 } as Any),
    "Unknown option 'concurency', did you mean 'concurrency'?",
  ],
  [
    "no worker's options",
    () => createWorker(wrong),
    "Cannot use undefined as options of 'createWorker': expected an object",
  ],
  [
    "a URL for a client",
    () => createWorker({ client: "http://localhost" as Any, handlers }),
    `Cannot use 'client' "http://localhost": expected what createClient gives`,
  ],
  [
    "no client",
    () => createWorker({ handlers } as Any),
    "Cannot use 'client' undefined: expected what createClient gives",
  ],
  [
    "no handlers",
    () => createWorker({ client } as Any),
    "Cannot use empty 'handlers': expected at least one, or a 'fallback'",
  ],
  [
    "a definition for a handler",
    () => createWorker({ client, handlers: [job as Any] }),
    "Cannot use 'handlers' with an object: expected what handle gives",
  ],
  [
    "an option of one run",
    () => createWorker({ client, handlers }).runOnce({ maxJob: 5 } as Any),
    "Unknown option 'maxJob', did you mean 'maxJobs'?",
  ],
  [
    "no definition",
    () => handle(wrong, () => {}),
    "Cannot handle undefined: expected a job definition",
  ],
  [
    "a type for a definition",
    () => handleStep("mail" as Any, () => {}),
    `Cannot handle "mail": expected a job definition`,
  ],
  [
    "no function",
    () => handle(job, wrong),
    "Cannot handle 't' with undefined: expected a function",
  ],
  [
    "an option of a handler",
    () => handle(job, () => {}, { timeoutMs: 5 } as Any),
    "Unknown option 'timeoutMs', did you mean 'timeout'?",
  ],
  [
    "a duration",
    () => snooze(wrong),
    "Cannot read 'duration' undefined: expected ms or a text such as '250ms', '30s', '10m', " +
    "'1.5h' or '7d'",
  ],
  [
    "a rule without errors",
    () => cancelOn(wrong),
    "Cannot use 'errors' undefined: expected a list of error classes and functions",
  ],
  [
    "a rule about an error",
    () => retryOn([new Error("x") as Any], { delay: "1s" }),
    "Cannot use 'errors' a list: expected a list of error classes and functions",
  ],
  [
    "a rule's option",
    () => requeueOn([Error], { delays: "1s", max: 5 } as Any),
    "Unknown option 'delays', did you mean 'delay'?",
  ],
  [
    "a rule without a delay",
    () => retryOn([Error], {} as Any),
    "Cannot use 'delay' undefined: expected a duration, a range of two, or a function",
  ],
  [
    "an option of growing delays",
    () => exponential("1s", { jiter: 1 } as Any),
    "Unknown option 'jiter', did you mean 'jitter'?",
  ],
  [
    "a broker's option",
    () => createBroker({ store: openSqlite(":memory:"), heartbeatInterval: 5 } as Any),
    "Unknown option 'heartbeatInterval', did you mean 'heartbeatIntervalMs'?",
  ],
  [
    "a path for a store",
    () => createBroker({ store: "jobs.db" as Any }),
    `Cannot use 'store' "jobs.db": expected a database, as openSqlite gives one`,
  ],
  [
    "no broker's options",
    () => createBroker(wrong),
    "Cannot use undefined as options of 'createBroker': expected an object",
  ],
  [
    "no path",
    () => openSqlite(wrong),
    "Cannot use 'path' undefined: expected a file name or ':memory:'",
  ],
  [
    "an option of a database",
    () => openSqlite(":memory:", { durable: "fsync" } as Any),
    "Unknown option 'durable' of 'openSqlite', expected one of durability",
  ],
  [
    "nothing to serve",
    () => serve(wrong),
    "Cannot serve undefined: expected a broker or a function",
  ],
  [
    "an option of a server",
    () => serve(() => new Response(), { prot: 0 } as Any),
    "Unknown option 'prot', did you mean 'port'?",
  ],
  [
    "nothing to stop",
    () => stopOnSignals([wrong]),
    "Cannot stop undefined: expected a broker, a server or a worker",
  ],
  [
    "an option of signals",
    () => stopOnSignals([], { timeout: 5 } as Any),
    "Unknown option 'timeout', did you mean 'timeoutMs'?",
  ],
];

describe("a mistake in", () => {
  for (const [what, act, message] of mistakes) {
    it(`${what} is told: ${message}`, async () => {
      await assert.rejects(async () => void await act(), { name: "TypeError", message });
    });
  }
});
