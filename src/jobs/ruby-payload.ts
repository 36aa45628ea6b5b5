/**
 * Payloads as the protocol's Ruby client writes and reads them: the arguments of a job class.
 *
 * @module
 */

/** The arguments of a Ruby job: those without a name, and those with one. */
export interface RubyPayload {
  /** The arguments without a name, in their order. */
  readonly args: readonly unknown[];
  /** The arguments with a name. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * Makes the payload of a job that a Ruby class performs: `perform("Bill", "Ben", example: 42)`.
 *
 * @param args The arguments without a name.
 * @param kwargs The arguments with a name.
 *
 * @example
 * ```ts
 * import { defineJob, toRubyPayload, uniqueBy } from "@millrace/millrace/client";
 * import type { RubyPayload } from "@millrace/millrace/client";
 *
 * const greet = defineJob<RubyPayload>({
 *   type: "MyApp::MyJob",
 *   queue: "ruby",
 *   uniqueKey: uniqueBy(), // the key that the Ruby client gives the job
 * });
 * const request = await greet.toRequest(toRubyPayload(["Bill", "Ben"], { example: 42 }));
 * console.log(JSON.stringify(request.payload)); // {"args":["Bill","Ben"],"kwargs":{"example":42}}
 * console.log(request.uniqueKey?.slice(0, 21)); // MyApp::MyJob:0b9ca7f0
 * ```
 */
export function toRubyPayload(
  args: readonly unknown[] = [],
  kwargs: Readonly<Record<string, unknown>> = {},
): RubyPayload {
  return { args, kwargs };
}

/**
 * Reads the arguments of a job that the Ruby client enqueued. Either member may be missing, as nothing was passed.
 *
 * @param payload The payload of the job.
 * @throws {TypeError} If it is no such payload.
 *
 * @example
 * ```ts
 * import { fromRubyPayload } from "@millrace/millrace/client";
 *
 * const { args, kwargs } = fromRubyPayload({ args: ["Bill"], kwargs: { example: 42 } });
 * console.log(args[0], kwargs["example"]); // Bill 42
 * ```
 */
export function fromRubyPayload(payload: unknown): RubyPayload {
  const { args = [], kwargs = {} } = (payload ?? {}) as Partial<RubyPayload>;
  if (isRecord(payload) && Array.isArray(args) && isRecord(kwargs)) return { args, kwargs };
  throw new TypeError(
    `Cannot read ${
      JSON.stringify(payload)?.slice(0, 100)
    } as arguments of a Ruby job: expected '{ args: […], kwargs: {…} }'`,
  );
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
