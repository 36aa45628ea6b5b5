/** Wrong arguments, as a JavaScript program may give them: each is told in words of ours. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createBudgets,
  createClient,
  createCrons,
  createEvents,
  createQueues,
  defineJob,
  defineStep,
} from "../../src/client/mod.ts";
import { createScript } from "./script.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

const wrong: Any = undefined;
const names = { type: "t", queue: "q" };
const job = defineJob<Any>(names);
const given = createScript();
const client: Any = createClient({ fetch: given.fetch });

const mistakes: [what: string, act: () => unknown, message: string][] = [
  [
    "a client's option",
    () => createClient({ fetch: given.fetch, timout: 5 } as Any),
    "Unknown option 'timout', did you mean 'timeout'?",
  ],
  [
    "an option of another of its kind",
    () => createCrons({ fetch: given.fetch, tokn: "x" } as Any),
    "Unknown option 'tokn', did you mean 'token'?",
  ],
  [
    "an option that is like no other",
    () => createClient({ fetch: given.fetch, zebra: true } as Any),
    "Unknown option 'zebra' of 'createClient', expected one of url, fetch, token, format, " +
    "timeout, timeoutMs, retry, clock, random",
  ],
  [
    "an option of retries",
    () => createClient({ fetch: given.fetch, retry: { limits: 1 } } as Any),
    "Unknown option 'limits', did you mean 'limit'?",
  ],
  [
    "no options",
    () => createClient(wrong),
    "Cannot use undefined as options of 'createClient': expected an object",
  ],
  [
    "a text for options",
    () => createBudgets("http://localhost" as Any),
    `Cannot use "http://localhost" as options of 'createClient': expected an object`,
  ],
  [
    "a fetch that is none",
    () => createQueues({ fetch: {} } as Any),
    "Cannot use 'fetch' an object: expected a function",
  ],
  [
    "null for options",
    () => createEvents(null as Any),
    "Cannot use null as options of 'createClient': expected an object",
  ],
  [
    "an option of a definition",
    () => defineJob({ ...names, retrylimit: 5 } as Any),
    "Unknown option 'retrylimit', did you mean 'retryLimit'?",
  ],
  [
    "an option of a step",
    () => defineStep({ ...names, queues: "q" } as Any),
    "Unknown option 'queues', did you mean 'queue'?",
  ],
  [
    "no definition",
    () => defineJob(wrong),
    "Cannot use undefined as options of 'defineJob': expected an object",
  ],
  [
    "a schema that is none",
    () => defineJob({ ...names, payload: { file: "string" } as Any }),
    "Cannot use 'payload' an object: expected a schema that follows Standard Schema",
  ],
  [
    "a setting",
    () => client.enqueue(job, 1, { prioriy: 5 }),
    "Unknown option 'prioriy', did you mean 'priority'?",
  ],
  [
    "a setting of many",
    () => client.enqueueMany(job, [1], { tag: ["x"] }),
    "Unknown option 'tag', did you mean 'tags'?",
  ],
  [
    "an undefined definition",
    () => client.enqueue(undefined, { to: "x" }),
    "Cannot enqueue undefined: expected a job definition or a request",
  ],
  [
    "a type for a definition",
    () => client.enqueue("mail", { to: "x" }),
    `Cannot enqueue "mail": expected a job definition or a request`,
  ],
  [
    "a payload for payloads",
    () => client.enqueueMany(job, { to: "x" }),
    "Cannot enqueue many of an object: expected a list of payloads",
  ],
  [
    "a request",
    () => client.enqueue({ type: "t", queue: "q", payload: 1, prioritty: 5 }),
    "Unknown option 'prioritty', did you mean 'priority'?",
  ],
  [
    "a budget",
    () => createBudgets({ fetch: given.fetch }).put("b", { alocation: 1 } as Any),
    "Unknown option 'alocation', did you mean 'allocation'?",
  ],
  [
    "a budget without a strategy",
    () => createBudgets({ fetch: given.fetch }).put("b", { allocation: 1 } as Any),
    "Cannot use undefined as 'strategy' of 'budget': expected an object",
  ],
  [
    "a group of entries",
    () => createCrons({ fetch: given.fetch }).put("g", { entriez: [] } as Any),
    "Unknown option 'entriez', did you mean 'entries'?",
  ],
  [
    "an entry",
    () =>
      createCrons({ fetch: given.fetch }).putEntry("g", {
        name: "n",
        expresion: "@daily",
        job: { type: "t", queue: "q", payload: 1 },
      } as Any),
    "Unknown option 'expresion', did you mean 'expression'?",
  ],
  [
    "an entry without a job",
    () => createCrons({ fetch: given.fetch }).putEntry("g", { name: "n", expression: "x" } as Any),
    "Cannot use undefined as 'job' of 'entry': expected an object",
  ],
  [
    "no payloads",
    () => client.enqueueMany(job),
    "Cannot enqueue many of undefined: expected a list of payloads",
  ],
  [
    "no requests",
    () => client.enqueueMany(undefined),
    "Cannot enqueue many of undefined: expected a list of requests",
  ],
  ["no id", () => client.get(undefined), "Cannot use undefined as 'id': expected a text"],
  ["an empty id", () => client.delete(""), `Cannot use "" as 'id': expected a text`],
  [
    "an object for an id",
    () => client.success({}),
    "Cannot use undefined as 'id': expected a text",
  ],
  ["no job", () => client.success(undefined), "Cannot use undefined as 'id': expected a text"],
  [
    "no job that failed",
    () => client.failure(null, { message: "x" }),
    "Cannot use undefined as 'id': expected a text",
  ],
  [
    "a member of a filter",
    () => client.page({ statuss: "dead" }),
    "Unknown option 'statuss', did you mean 'status'?",
  ],
  [
    "null for a filter",
    () => client.count(null),
    "Cannot use null as options of 'filter': expected an object",
  ],
  [
    "a filter of a deletion",
    () => client.deleteMany({ typ: "t" }),
    "Unknown option 'typ', did you mean 'type'?",
  ],
  [
    "no filter of a deletion",
    () => client.deleteMany(undefined),
    "Cannot use undefined as filter of 'deleteMany': expected an object",
  ],
  [
    "a member of a patch",
    () => client.patch("id", { prio: 5 }),
    "Unknown option 'prio', did you mean 'priority'?",
  ],
  [
    "no patch",
    () => client.patch("id"),
    "Cannot use undefined as options of 'patch': expected an object",
  ],
  [
    "an option of a take",
    () => client.take({ queue: ["q"] }),
    "Unknown option 'queue', did you mean 'queues'?",
  ],
];

describe("a mistake in", () => {
  for (const [what, act, message] of mistakes) {
    it(`${what} is told: ${message}`, async () => {
      await assert.rejects(async () => void await act(), { name: "TypeError", message });
      assert.deepEqual(given.sent, []);
    });
  }
});
