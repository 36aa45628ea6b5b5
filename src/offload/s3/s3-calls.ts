/**
 * Calls of a bucket: signed, tried again where that can help, and rejected in words.
 *
 * @module
 */

import { backoffMs } from "../../async/backoff.ts";
import type { Clock, Random } from "../../async/clock.ts";
import { wait } from "../../async/wait.ts";
import { withDeadline } from "../../client/deadline.ts";
import { isMillraceError, NetworkError, RefusedError, ServerError } from "../../errors.ts";
import { sha256Hex } from "../payloads/sha256.ts";
import { encodeStrictly, type S3Credentials, signRequest } from "./aws-signature.ts";

/** Where a bucket is, and how it is called. */
export interface S3Setup {
  /** Its address, with no slash at the end. */
  readonly base: string;
  readonly region: string;
  readonly credentials: () => S3Credentials | Promise<S3Credentials>;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly tries: number;
}

/** One call. */
export interface S3Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** The key; empty is the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What a missing thing comes to is for the caller: 404 is an answer, no error. */
  readonly mayMiss?: boolean;
}

/** An answer, read to its end. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Calls a bucket. */
export type CallS3 = (call: S3Call) => Promise<S3Answer>;

/** The signal of who has none. */
const never = new AbortController().signal;

const delays = { baseMs: 200, maxMs: 5000 };

/** Creates what calls a bucket. */
export function createS3Calls(setup: S3Setup): CallS3 {
  const { base, region, clock, random, timeoutMs, tries } = setup;

  const send = async (call: S3Call): Promise<S3Answer> => {
    const { method, key, query = {}, headers = {}, body, signal } = call;
    const url = new URL(`${base}/${key.split("/").map(encodeStrictly).join("/")}`);
    // A space as `+` is signed as a plus.
    url.search = Object.entries(query)
      .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`).join("&");
    const digest = await sha256Hex(body ?? new Uint8Array());
    const signed = await signRequest(
      { method, url, headers: { ...headers, "x-amz-content-sha256": digest } },
      { credentials: await setup.credentials(), region, service: "s3", now: clock.now() },
    );
    const what = () => toName(call);
    return await withDeadline(
      async (ends) => {
        const init = { method, headers: signed, redirect: "manual", signal: ends } as const;
        const request = new Request(
          url,
          body === undefined ? init : { ...init, body: body as BodyInit },
        );
        const response = await setup.fetch(request);
        const bytes = new Uint8Array(await response.arrayBuffer());
        return { status: response.status, headers: response.headers, body: bytes };
      },
      { signal, timeoutMs },
      clock,
      what,
    ).catch((cause) => {
      if (signal?.aborted || isMillraceError(cause)) throw cause;
      throw new NetworkError(`No answer to ${what()}`, { cause });
    });
  };

  const judge = (call: S3Call, answer: S3Answer): S3Answer => {
    const { status, body } = answer;
    const told = new TextDecoder().decode(body.subarray(0, 8192));
    // An upload that fails while it is put together has the status of one that does not.
    const isError = status < 200 || status > 299 ||
      (call.method === "POST" && /<Error>/.test(told));
    if (!isError || (status === 404 && call.mayMiss === true)) return answer;
    const code = readTag(told, "Code") ?? "";
    const message = readTag(told, "Message") ?? "no reason";
    const text = `S3 answered ${toName(call)} with ${status}${code && ` ${code}`}: ${message}`;
    const options = { fromBroker: false, reason: code || undefined };
    if (status >= 500 || status < 300) throw new ServerError(text, status, options);
    throw new RefusedError(text, status, options);
  };

  return async (call) => {
    for (let failures = 1;; failures++) {
      try {
        return judge(call, await send(call));
      } catch (error) {
        call.signal?.throwIfAborted();
        if (failures >= tries || !mayPass(error)) throw error;
        await wait(backoffMs(failures, delays, random), clock, call.signal ?? never);
      }
    }
  };
}

/** S3 says of a body that came too slowly that the request was bad. */
function mayPass(error: unknown): boolean {
  if (!isMillraceError(error)) return false;
  return error.retryable || (error instanceof RefusedError && error.reason === "RequestTimeout");
}

/** The call, for a message. The query has nothing that helps there. */
function toName({ method, key }: S3Call): string {
  return `'${method} /${key}'`;
}

/** The text in the first tag of a name. */
export function readTag(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : found.replace(/&(#x?\w+|\w+);/g, toLetter);
}

const letters: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function toLetter(whole: string, name: string): string {
  if (!name.startsWith("#")) return letters[name] ?? whole;
  const code = name[1] === "x" ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
