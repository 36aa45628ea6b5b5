/**
 * What a caller may do, and who says so.
 *
 * @module
 */

import { AccessError } from "./refused.ts";

/**
 * A part of the broker that a caller may be let into.
 *
 * | scope     | lets                                                                        |
 * |-----------|-----------------------------------------------------------------------------|
 * | `read`    | look at jobs, cron groups and budgets                                       |
 * | `enqueue` | store new jobs, which shows only these                                      |
 * | `work`    | take jobs and report what came of them                                      |
 * | `metrics` | read the numbers of `GET /metrics`, which name every queue                   |
 * | `manage`  | change and delete jobs, cron groups and budgets                             |
 * | `admin`   | do everything, also with the broker as a whole: its data, its settings      |
 *
 * Only `admin` includes others.
 */
export type Scope = "read" | "metrics" | "enqueue" | "work" | "manage" | "admin";

/** All scopes. */
export const scopes: readonly Scope[] = ["read", "metrics", "enqueue", "work", "manage", "admin"];

/** What a caller may do. */
export interface Grant {
  /** What the caller is called in messages and logs; callers of one name share rate limits and idempotency keys. */
  readonly name: string;
  /** What it may do. */
  readonly scopes: readonly Scope[];
  /**
   * The only queues that it may do that with: names, or beginnings of names with a `*` behind them (`mail.*`).
   *
   * @default {all}
   */
  readonly queues?: readonly string[] | undefined;
  /**
   * The only types of jobs, as the queues. A caller that is limited to types cannot take jobs, since those are taken by queue.
   *
   * @default {all}
   */
  readonly types?: readonly string[] | undefined;
  /**
   * The only budgets that its new jobs may draw on, as the queues.
   *
   * @default {all; none if queues or types are limited}
   */
  readonly budgets?: readonly string[] | undefined;
  /**
   * The only unique keys that its new jobs may have, and the only keys of batches, as the queues: `user-*`. Keys are shared by
   * all: who may have any can hold one that somebody else needs.
   *
   * @default {all; if types are limited, the type of the job and what begins with it and a `:`; if only queues are, none}
   */
  readonly uniqueKeys?: readonly string[] | undefined;
  /**
   * The lowest number that it may give a job as its priority; a lower number runs sooner.
   *
   * @default {0}
   */
  readonly leastPriority?: number | undefined;
  /**
   * How many calls it may make in a second, on average; twice as many at once. More are answered with 429.
   *
   * @default {no limit}
   */
  readonly callsPerSecond?: number | undefined;
  /**
   * How many jobs it may store in a second, on average; ten times as many at once. More are answered with 429.
   *
   * @default {no limit}
   */
  readonly jobsPerSecond?: number | undefined;
}

/**
 * Demands that a caller has a scope.
 *
 * @throws {AccessError} If it has not.
 */
export function demandScope({ name, scopes }: Grant, scope: Scope): void {
  if (scopes.includes(scope) || scopes.includes("admin")) return;
  throw new AccessError(403, `'${name}' lacks the scope '${scope}'`, {
    "www-authenticate": `Bearer realm="millrace", error="insufficient_scope", scope="${scope}"`,
  });
}

/**
 * Says what the caller of a request may do; undefined for one that it does not know. It gets each request but those to
 * `/health` and `/version`, before its body is read, and must not read it either. If it throws, the call is answered with
 * 503, as nobody could be asked.
 */
export type Authenticate = (request: Request) => Grant | undefined | Promise<Grant | undefined>;

/**
 * The token of a request: what stands behind `Bearer` in its `authorization` header.
 *
 * @param request The request.
 * @returns The token; undefined if there is none.
 *
 * @example
 * ```ts
 * import { bearerToken } from "@millrace/millrace/broker";
 *
 * const headers = { authorization: "Bearer abc" };
 * console.log(bearerToken(new Request("http://localhost", { headers }))); // abc
 * ```
 */
export function bearerToken({ headers }: Pick<Request, "headers">): string | undefined {
  return /^bearer +([\x21-\x7e]+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Whether a name is one of some, of which each may be the beginning of a name with a `*` behind it. */
export function coversName(patterns: readonly string[] | undefined, name: string): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern
  );
}
