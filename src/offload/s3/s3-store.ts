/**
 * A payload store in a bucket of S3, or of anything that speaks like it: R2, MinIO, Garage, Ceph, Backblaze B2.
 *
 * @module
 */

import { type Clock, systemClock, systemRandom, toClock } from "../../async/clock.ts";
import { checkOptions, type Names, show } from "../../options.ts";
import { cutParts } from "../payloads/cut-parts.ts";
import { checkPayloadKey, type PayloadStore } from "../payloads/payload-store.ts";
import { checkBytesOption, checkStoreName } from "../payloads/store-options.ts";
import type { S3Credentials } from "./aws-signature.ts";
import { createS3Calls } from "./s3-calls.ts";
import { sweepBucket } from "./s3-sweep.ts";
import { putInParts } from "./s3-upload.ts";

/** Where a bucket is, and who may use it. */
export interface S3StoreOptions {
  /** The bucket. */
  readonly bucket: string;
  /**
   * The region. R2 wants `auto`; most servers of one's own take any.
   *
   * @default {"us-east-1"}
   */
  readonly region?: string | undefined;
  /**
   * The server, such as `https://<account>.r2.cloudflarestorage.com`.
   *
   * @default {the one of AWS for the region}
   */
  readonly endpoint?: string | URL | undefined;
  /** The key, or what gives one for each call, such as one that is lent and changes. It appears in no error. */
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>);
  /**
   * What all keys begin with in the bucket.
   *
   * @default {"millrace/payloads/"}
   */
  readonly prefix?: string | undefined;
  /**
   * Whether the bucket stands in the path (`https://server/bucket/key`), and not in the host (`https://bucket.server/key`).
   *
   * @default {true with an endpoint, false without}
   */
  readonly pathStyle?: boolean | undefined;
  /**
   * The name that stands in references.
   *
   * @default {"s3"}
   */
  readonly name?: string | undefined;
  /**
   * A stream of more bytes than this is sent in parts of so many, one in memory at a time; at least 5 MiB, as S3 wants.
   *
   * @default {8388608} 8 MiB
   */
  readonly partBytes?: number | undefined;
  /**
   * How long one try of a call may take, in ms.
   *
   * @default {60000}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a call is tried while the server cannot be reached, is busy or fails.
   *
   * @default {4}
   */
  readonly tries?: number | undefined;
  /**
   * Sends the calls.
   *
   * @default {the fetch of the platform}
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /**
   * Tells the time, for signatures and for what is too old.
   *
   * @default {the clock of the platform}
   */
  readonly clock?: Clock | undefined;
}

const names: Names<S3StoreOptions> = {
  bucket: 1,
  region: 1,
  endpoint: 1,
  credentials: 1,
  prefix: 1,
  pathStyle: 1,
  name: 1,
  partBytes: 1,
  timeoutMs: 1,
  tries: 1,
  fetch: 1,
  clock: 1,
};

const leastPartBytes = 5 * 1024 * 1024;

/**
 * Creates a payload store in a bucket. The calls are signed by Signature V4; nothing is needed but `fetch`.
 *
 * The bucket does not forget by itself what a job left behind: call `sweep` of the payloads now and then, or give the prefix a
 * lifecycle rule. The key needs `s3:PutObject`, `s3:GetObject`, `s3:DeleteObject` and `s3:AbortMultipartUpload`; for `sweep`
 * also `s3:ListBucket` and `s3:ListBucketMultipartUploads`. Without `s3:ListBucket` S3 answers with 403 where nothing is.
 *
 * @param options Where the bucket is, and who may use it.
 * @returns The store. It needs no close.
 * @throws {TypeError} If an option is unknown or missing, or `endpoint` is no URL.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createPayloads, createS3Store } from "@millrace/millrace/offload";
 *
 * const store = createS3Store({
 *   endpoint: "https://0123456789abcdef.r2.cloudflarestorage.com",
 *   region: "auto",
 *   bucket: "payloads",
 *   credentials: { accessKeyId: "key", secretAccessKey: "secret" },
 * });
 * const payloads = createPayloads({ stores: [store] });
 * console.log(store.name, typeof payloads.pack); // s3 function
 * ```
 */
export function createS3Store(options: S3StoreOptions): PayloadStore {
  checkOptions("createS3Store", options, names);
  const { bucket, region = "us-east-1", prefix = "millrace/payloads/", credentials } = options;
  if (typeof bucket !== "string" || !/^[\w.-]{1,255}$/.test(bucket)) {
    throw new TypeError(`Cannot use ${show(bucket)} as 'bucket': expected the name of one`);
  }
  if (typeof credentials !== "function" && typeof credentials?.secretAccessKey !== "string") {
    throw new TypeError("Cannot use S3 without 'credentials': expected a key, or what gives one");
  }
  if (typeof prefix !== "string" || /^\/|(^|\/)\.{1,2}(\/|$)/.test(prefix)) {
    throw new TypeError(
      `Cannot use ${show(prefix)} as 'prefix': expected one with no '/' first, and no '.' or '..'`,
    );
  }
  const name = checkStoreName(options.name ?? "s3");
  const given = options.partBytes ?? 8 * 1024 * 1024;
  const partBytes = checkBytesOption("partBytes", given, leastPartBytes);
  const clock = options.clock === undefined ? systemClock : toClock(options.clock);
  const call = createS3Calls({
    base: toBase(options, region),
    region,
    credentials: typeof credentials === "function" ? credentials : () => credentials,
    fetch: options.fetch ?? ((request) => fetch(request)),
    clock,
    random: systemRandom,
    timeoutMs: options.timeoutMs ?? 60_000,
    tries: checkBytesOption("tries", options.tries ?? 4),
  });
  const toKey = (key: string) => {
    checkPayloadKey(key);
    return prefix + key;
  };

  return {
    name,
    async put(payload, bytes, { contentType = "application/octet-stream", signal } = {}) {
      const key = toKey(payload);
      const headers = { "content-type": contentType };
      const put = (body: Uint8Array) => call({ method: "PUT", key, headers, body, signal });
      if (bytes instanceof Uint8Array) return void await put(bytes);
      const parts = cutParts(bytes, partBytes, signal);
      try {
        const first = await parts.next();
        const second = await parts.next();
        if (second.done) return void await put(first.value as Uint8Array);
        await putInParts(call, { key, headers, signal }, [first.value!, second.value], parts);
      } finally {
        await parts.return();
      }
    },
    async get(payload, { signal } = {}) {
      const { status, body } = await call({
        method: "GET",
        key: toKey(payload),
        signal,
        mayMiss: true,
      });
      return status === 404 ? undefined : body;
    },
    async delete(payload) {
      await call({ method: "DELETE", key: toKey(payload), mayMiss: true });
    },
    sweep: (olderThanMs) => sweepBucket(call, { prefix, before: clock.now() - olderThanMs }),
  };
}

/** The address of a bucket. */
function toBase({ endpoint, bucket, pathStyle }: S3StoreOptions, region: string): string {
  const given = endpoint ?? `https://s3.${region}.amazonaws.com`;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.search) {
    throw new TypeError(`Cannot use ${show(String(given))} as 'endpoint': expected an http(s) URL`);
  }
  const path = url.pathname.replace(/\/+$/, "");
  // A certificate for *.server is none for a bucket with a dot.
  const inPath = pathStyle ?? (endpoint !== undefined || bucket.includes("."));
  return inPath
    ? `${url.origin}${path}/${bucket}`
    : `${url.protocol}//${bucket}.${url.host}${path}`;
}
