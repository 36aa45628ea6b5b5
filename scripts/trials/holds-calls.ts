/**
 * Calls that are much work for a broker.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { type Answer, toRequest } from "../bench/connection.ts";
import { findIds, wireFormats } from "../bench/wire-formats.ts";
import { type Caller, takeAll, toBulk, toWrite, waitForCount } from "./holds-caller.ts";

/** One call, and what must be stored before. */
export interface HeavyCall {
  readonly name: string;
  /** What the broker needs besides its defaults. */
  readonly flags?: readonly string[];
  /**
   * Gets ready.
   *
   * @returns What makes the call, and gives what it was answered.
   */
  prepare(caller: Caller): Promise<() => Promise<string>>;
}

const tiny = (n: number) => `{"type":"t${n % 10}","queue":"q","payload":${n}}`;

/** A single call. */
function one(
  name: string,
  toCall: () => Buffer,
  stored?: { readonly jobs: number; readonly toJob?: (n: number) => string },
): HeavyCall {
  return {
    name,
    async prepare(caller) {
      if (stored !== undefined) await caller.fill(stored.jobs, stored.toJob ?? tiny);
      const request = toCall();
      return async () => String((await caller.send(request)).status);
    },
  };
}

function toIds(count: number): Buffer {
  const ids = Array.from({ length: count }, (_, n) => `"03gp${String(n).padStart(21, "0")}"`);
  return toWrite("POST /jobs/success", `{"ids":[${ids}]}`);
}

const get = (path: string) => toRequest(`GET ${path}`, []);
const many = 300_000;

/** One stream may hold all jobs. */
const withoutLimit = ["--global-in-flight-limit", "0", "--stream-in-flight-percent", "100"];

/** All heavy calls. */
export const heavyCalls: readonly HeavyCall[] = [
  one("bulk of 100,000 tiny jobs", () => toBulk(100_000, tiny)),
  one("bulk of 1,000,000 tiny jobs", () => toBulk(1_000_000, tiny)),
  one("100,000 ids to /jobs/success", () => toIds(100_000)),
  one("1,000,000 ids to /jobs/success", () => toIds(1_000_000)),
  one("PATCH of 300,000 jobs", () => toWrite("PATCH /jobs?queue=q", '{"priority":5}'), {
    jobs: many,
  }),
  one("DELETE of 300,000 jobs", () => toRequest("DELETE /jobs?queue=q", []), { jobs: many }),
  {
    name: "stream takes 100,000 jobs",
    flags: withoutLimit,
    async prepare(caller) {
      const jobs = 100_000;
      await caller.fill(jobs, tiny);
      return async () => {
        const { close } = await takeAll(caller, "", jobs);
        close();
        return "200";
      };
    },
  },
  {
    name: "disconnect of a stream that holds 100,000 jobs",
    flags: withoutLimit,
    async prepare(caller) {
      const jobs = 100_000;
      await caller.fill(jobs, tiny);
      const { close } = await takeAll(caller, "", jobs);
      return async () => {
        close();
        await waitForCount(caller, "status=in_flight", 0);
        return "–";
      };
    },
  },
  {
    name: "page by a status that 10 of 300,000 jobs have",
    async prepare(caller) {
      await caller.fill(many, tiny);
      await caller.fill(10, () => '{"type":"t","queue":"rare","payload":0,"retry_limit":0}');
      const { ids, close } = await takeAll(caller, "&queue=rare", 10);
      for (const id of ids) {
        await caller.send(toWrite(`POST /jobs/${id}/failure`, '{"message":"no"}'));
      }
      close();
      return async () => {
        const { status, body } = await caller.send(get("/jobs?status=dead&limit=50"));
        const found = findIds(wireFormats.json, body).length;
        if (found !== 10) throw new Error(`${found} jobs are dead, expected 10`);
        return String(status);
      };
    },
  },
  one("count by type, 300,000 jobs", () => get("/jobs/count?type=t3"), { jobs: many }),
  {
    name: "20 filters at a time, 100,000 jobs",
    async prepare(caller) {
      await caller.fill(100_000, tiny);
      const request = get(`/jobs/count?filter=${encodeURIComponent(". % 7 == 3")}`);
      return async () => {
        const answers = Array.from({ length: 20 }, () => caller.send(request));
        const statuses = (await Promise.all(answers)).map(({ status }) => status);
        return [...new Set(statuses)].join(", ");
      };
    },
  },
  {
    name: "listing of 1,000 jobs of 64 KiB",
    async prepare(caller) {
      const text = "x".repeat(64 * 1024);
      const large = () => `{"type":"large","queue":"q","payload":"${text}"}`;
      const jobs = 1000;
      for (let at = 0; at < jobs; at += 100) await caller.fill(Math.min(100, jobs - at), large);
      return async () => {
        for (let path: string | undefined = "/jobs?limit=1000"; path !== undefined;) {
          const { status, body }: Answer = await caller.send(get(path));
          if (status !== 200) return String(status);
          // The links come last.
          path = /"next":"([^"]+)"/.exec(body.toString("utf8", body.length - 500))?.[1];
        }
        return "200";
      };
    },
  },
];
