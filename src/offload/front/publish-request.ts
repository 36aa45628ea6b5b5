/**
 * What a call in QStash's shape asks for, read from its headers.
 *
 * @module
 */

import { show } from "../../options.ts";

/** A call that cannot be served: what to answer. */
export class PublishRefusal extends Error {
  /** The HTTP status to answer with. */
  readonly status: number;

  /**
   * Creates the error.
   *
   * @param message Why, for the caller.
   * @param status The HTTP status to answer with.
   */
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** A request that is to be sent later: the one that was published, or one that tells of its end. */
export interface Delivery {
  /** Where it goes. */
  readonly url: string;
  /** Its method, in upper case. */
  readonly method: string;
  /** Its headers, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** How often it is tried again. */
  readonly retries?: number;
  /** How long one try may take, in ms. */
  readonly timeoutMs?: number;
  /** When it is sent first, in ms from when it was published. */
  readonly delayMs?: number;
}

/** All that was asked for. */
export interface PublishRequest extends Delivery {
  /** When it is sent first, in ms since the epoch; goes before `delayMs`. */
  readonly notBefore?: number;
  /** What tells it from others: a second one with the same is not sent. */
  readonly deduplicationId?: string;
  /** Whether all of it tells it from others. */
  readonly isDeduplicatedByContent: boolean;
  /** Labels, which become tags of the job. */
  readonly labels: readonly string[];
  /** Who is told of an answer. */
  readonly callback?: Delivery;
  /** Who is told that all tries failed. */
  readonly failureCallback?: Delivery;
}

/** Methods that can be asked for. */
const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

/** What can be said of each of the requests of a call. */
const ofEach = ["method", "retries", "timeout", "delay"];

/** The headers that are served, without what stands before them all. The rest is refused: a caller relies on what it asks for. */
const served = new Set([
  ...["", "callback-", "failure-callback-"].flatMap((of) => ofEach.map((name) => of + name)),
  "callback",
  "content-based-deduplication",
  "deduplication-id",
  "failure-callback",
  "label",
  "not-before",
]);

const forwarding = /^((failure-)?callback-)?forward-./;

/** What the service's own programs say of themselves, and how its console shows things. */
const meaningless = /^(telemetry-.*|redact-fields)$/;

const prefix = "upstash-";

/** Headers that belong to one connection or are told by the body; nobody can have them forwarded. */
const notForwarded = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads what a call asks for.
 *
 * @param destination Where the request is to go, as it stands in the path.
 * @param headers The headers of the call.
 * @throws {PublishRefusal} If it asks for what cannot be done.
 */
export function readPublishRequest(destination: string, headers: Headers): PublishRequest {
  const asked = new Map<string, string>();
  for (const [name, value] of headers) {
    if (name.startsWith(prefix)) asked.set(name.slice(prefix.length), value);
  }
  for (const name of asked.keys()) {
    if (served.has(name) || forwarding.test(name) || meaningless.test(name)) continue;
    throw new PublishRefusal(`Header 'Upstash-${toTitle(name)}' is not supported here`);
  }
  const contentType = headers.get("content-type");
  const delivery = readDelivery(destination, "", asked);
  const callback = asked.get("callback");
  const failureCallback = asked.get("failure-callback");
  const labels = (asked.get("label") ?? "").split(",").map((label) => label.trim());
  const notBefore = readNumber(asked, "not-before");
  return {
    ...delivery,
    headers: { ...contentType && { "content-type": contentType }, ...delivery.headers },
    ...notBefore !== undefined && { notBefore: notBefore * 1000 },
    ...asked.has("deduplication-id") && { deduplicationId: asked.get("deduplication-id")! },
    isDeduplicatedByContent: asked.get("content-based-deduplication") === "true",
    labels: labels.filter(Boolean),
    ...callback && { callback: readDelivery(callback, "callback-", asked, delivery) },
    ...failureCallback && {
      failureCallback: readDelivery(failureCallback, "failure-callback-", asked, delivery),
    },
  };
}

/**
 * Reads one of the requests of a call. Those that tell of an end are retried as the request is, unless they say otherwise.
 *
 * @param url Where it goes.
 * @param of What stands before the names of its headers.
 * @param asked All headers of the call that are the front's.
 * @param main The request of the call, if this is another one.
 */
function readDelivery(
  url: string,
  of: string,
  asked: ReadonlyMap<string, string>,
  main?: Delivery,
): Delivery {
  const method = (asked.get(`${of}method`) ?? "POST").toUpperCase();
  if (!methods.has(method)) {
    throw new PublishRefusal(
      `Method ${show(method)} is not supported: expected one of ${[...methods].join(", ")}`,
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of asked) {
    if (!name.startsWith(`${of}forward-`)) continue;
    const forwarded = name.slice(of.length + "forward-".length);
    if (notForwarded.has(forwarded)) {
      throw new PublishRefusal(`Header '${forwarded}' cannot be forwarded`);
    }
    headers[forwarded] = value;
  }
  const retries = readNumber(asked, `${of}retries`) ?? main?.retries;
  const timeoutMs = readSpan(asked, `${of}timeout`);
  const delayMs = readSpan(asked, `${of}delay`);
  return {
    url: readUrl(url),
    method,
    headers,
    ...retries !== undefined && { retries },
    ...timeoutMs !== undefined && { timeoutMs },
    ...delayMs !== undefined && { delayMs },
  };
}

/**
 * Reads an address, as it stands in a path: some callers encode it, and some proxies make one slash of two.
 *
 * @throws {PublishRefusal} If it is none of HTTP.
 */
function readUrl(text: string): string {
  const plain = /^https?%3a/i.test(text) ? decodeOnce(text) : text;
  const whole = plain.replace(/^(https?):\/+/i, "$1://");
  if (!/^https?:\/\//i.test(whole) || !URL.canParse(whole)) {
    throw new PublishRefusal(
      `Destination ${show(text.slice(0, 100))} is not supported: ` +
        "expected an address that begins with http:// or https://",
    );
  }
  const url = new URL(whole);
  if (url.username !== "" || url.password !== "") {
    throw new PublishRefusal(
      "Destination has a user or a password in it: expected 'Upstash-Forward-Authorization'",
    );
  }
  url.hash = "";
  return url.href;
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readNumber(asked: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = asked.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new PublishRefusal(
    `Header 'Upstash-${toTitle(name)}' is ${show(text)}: expected a whole number`,
  );
}

/** Reads such as `10s` and `1d10h30m`. */
function readSpan(asked: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = asked.get(name);
  if (text === undefined) return undefined;
  if (/^(\d{1,9}[smhd])+$/.test(text)) {
    let ms = 0;
    for (const [, count, unit] of text.matchAll(/(\d+)([smhd])/g)) {
      ms += Number(count) * unitMs[unit!]!;
    }
    return ms;
  }
  throw new PublishRefusal(
    `Header 'Upstash-${toTitle(name)}' is ${show(text)}: expected such as '10s', '5m' or '1d12h'`,
  );
}

/** `not-before` as `Not-Before`. */
function toTitle(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());
}
