/**
 * A secret by its name: what a job carries in the place of a key, which only the process that sends the request knows.
 *
 * @module
 */

import { show } from "../options.ts";

/** Stands for a secret as the whole value of a header or of a parameter of the query. It is JSON as it is. */
export interface SecretRef {
  /** The name of the secret. */
  readonly $secret: string;
  /** What is put before the secret, such as `"Bearer "`. */
  readonly prefix?: string | undefined;
}

/** What goes with a secret. */
export interface SecretOptions {
  /**
   * What is put before the secret when it is sent, such as `"Bearer "`.
   *
   * @default {nothing}
   */
  readonly prefix?: string | undefined;
}

/**
 * Names a secret, as the whole value of a header or of a parameter. The job carries the name only; the worker that sends the
 * request has the secret itself (`secrets` of `createHttpWorker`), and neither a log nor a callback is shown it.
 *
 * @param name The name of the secret.
 * @param options What is put before it.
 * @throws {TypeError} If the name is empty or not text.
 *
 * @example
 * ```ts
 * import { secret } from "@millrace/millrace/offload";
 *
 * const authorization = secret("openai", { prefix: "Bearer " });
 * console.log(JSON.stringify(authorization)); // {"$secret":"openai","prefix":"Bearer "}
 * ```
 */
export function secret(name: string, { prefix }: SecretOptions = {}): SecretRef {
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`Cannot use ${show(name)} as a secret: expected its name`);
  }
  return { $secret: name, ...prefix && { prefix } };
}

/** Whether a value stands for a secret, also one that came out of a job. */
export function isSecretRef(value: unknown): value is SecretRef {
  return typeof value === "object" && value !== null &&
    typeof (value as Partial<SecretRef>).$secret === "string";
}
