/**
 * How far the run of a job is, as its worker says it.
 *
 * @module
 */

import * as v from "valibot";
import type { JobProgress } from "./job-extra.ts";

/** The longest message. */
const longestMessage = 1000;

/** A number from 0 to 1; a whole one may come as the mark of a float (`integral-float.ts`). */
function isShare(value: unknown): boolean {
  return (typeof value === "number" || typeof value === "bigint") && value >= 0 && value <= 1;
}

function isProgress(progress: unknown): boolean {
  if (isShare(progress)) return true;
  if (typeof progress !== "object" || progress === null) return false;
  const { value, message } = progress as Readonly<Record<string, unknown>>;
  return isShare(value) && typeof message === "string" && message.length <= longestMessage;
}

/** Reads a number from 0 to 1, or `{value, message}`. */
export const progressSchema: v.GenericSchema<unknown, JobProgress> = /* @__PURE__ */ v.pipe(
  /* @__PURE__ */ v.custom<JobProgress>(
    isProgress,
    `a number from 0 to 1, or such a 'value' with a 'message' of up to ${longestMessage} characters`,
  ),
  /* @__PURE__ */ v.transform((progress): JobProgress => {
    if (typeof progress !== "object") return Number(progress);
    return { value: Number(progress.value), message: progress.message };
  }),
);
