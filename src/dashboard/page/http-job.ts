/** What stands in the jobs of outbound HTTP, read for a person: without secrets, and never trusted. */

/** The types of their jobs. */
export const requestType = "http:request";
export const callbackType = "http:callback";

/** A body, as far as it can be shown. */
export type ShownBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: number }
  | { readonly kind: "encrypted" }
  | { readonly kind: "stored"; readonly store: string; readonly bytes: number | undefined };

/** A header, whose value may be hidden. */
export interface ShownHeader {
  readonly name: string;
  readonly value: string;
  readonly isHidden: boolean;
}

/** A request, as far as its job tells. */
export interface ShownRequest {
  readonly callback: string;
  /** Undefined of one that is encrypted or lies in a store. */
  readonly sent: {
    readonly method: string;
    readonly url: string;
    readonly origin: string;
    /** Host and path, without the query. */
    readonly target: string;
    readonly headers: readonly ShownHeader[];
    readonly body: ShownBody | undefined;
    readonly args: unknown;
    /** The limits and rules that it goes by. */
    readonly terms: Readonly<Record<string, unknown>>;
  } | undefined;
}

/** An answer. */
export interface ShownAnswer {
  readonly status: number;
  readonly url: string;
  readonly method: string;
  readonly redirects: readonly string[];
  readonly durationMs: number;
  readonly headers: readonly ShownHeader[];
  readonly body: ShownBody | undefined;
}

/** What the job of a callback tells. */
export interface ShownCallback {
  /** The id of the request. */
  readonly id: string;
  readonly callback: string;
  readonly kind: "complete" | "error";
  /** Undefined of one that is encrypted or lies in a store. */
  readonly came: {
    readonly args: unknown;
    readonly answer: ShownAnswer | undefined;
    readonly failure: {
      readonly kind: string;
      readonly message: string;
      readonly code: string | undefined;
      readonly url: string;
      readonly method: string;
      readonly redirects: readonly string[];
      readonly durationMs: number;
    } | undefined;
  } | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => typeof value === "string" ? value : "";
const number = (value: unknown): number => typeof value === "number" ? value : 0;
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** What is behind these is nobody's business but the receiver's. */
const secretNames =
  /^(?:.*[-_])?(?:authorization|cookie2?|password|passwd|secret|token|signature|credentials?|(?:api|access|auth|private|session)[-_]?key|apikey|auth|session)(?:[-_].*)?$/i;

/** What stands in the place of a secret. */
const mask = "•••";

/** An address without passwords, and without what its query hides. */
export function withoutSecrets(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return address;
  }
  if (url.password !== "") url.password = mask;
  for (const name of [...url.searchParams.keys()]) {
    if (secretNames.test(name)) url.searchParams.set(name, mask);
  }
  return url.href.replaceAll(encodeURIComponent(mask), mask);
}

function toHeader(name: string, value: unknown, isHidden: boolean): ShownHeader {
  if (isFields(value)) {
    return {
      name,
      value: `${text(value["prefix"])}${mask} (secret '${text(value["$secret"])}')`,
      isHidden: true,
    };
  }
  return { name, value: isHidden ? mask : text(value), isHidden };
}

function readBody(value: unknown): ShownBody | undefined {
  if (!isFields(value)) return undefined;
  if (typeof value["text"] === "string") return { kind: "text", text: value["text"] };
  if (typeof value["base64"] === "string") {
    if (value["encrypted"] === true) return { kind: "encrypted" };
    return { kind: "bytes", bytes: Math.floor(value["base64"].length * 3 / 4) };
  }
  const ref = value["ref"];
  if (!isFields(ref)) return undefined;
  const bytes = ref["bytes"] ?? ref["size"];
  return {
    kind: "stored",
    store: text(ref["store"]),
    bytes: typeof bytes === "number" ? bytes : undefined,
  };
}

/** Reads the payload of the job of a request; undefined if it is none. */
export function readRequest(payload: unknown): ShownRequest | undefined {
  if (!isFields(payload) || typeof payload["callback"] !== "string") return undefined;
  const { callback, request } = payload;
  if (!isFields(request)) return { callback, sent: undefined };
  const { method, url, headers, secretParams, body, args, sensitiveHeaders, ...terms } = request;
  const sensitive = new Set(texts(sensitiveHeaders).map((name) => name.toLowerCase()));
  const shown = withoutSecrets(text(url));
  const hidden = isFields(secretParams) ? Object.keys(secretParams) : [];
  let [origin, target] = ["", shown];
  try {
    const { origin: from, host, pathname } = new URL(shown);
    [origin, target] = [from, host + pathname];
  } catch {
    // It is shown as it is.
  }
  return {
    callback,
    sent: {
      method: text(method),
      url: shown +
        hidden.map((name, at) => `${at === 0 && !shown.includes("?") ? "?" : "&"}${name}=${mask}`)
          .join(""),
      origin,
      target,
      headers: Object.entries(isFields(headers) ? headers : {}).map(([name, value]) =>
        toHeader(name, value, sensitive.has(name.toLowerCase()) || secretNames.test(name))
      ),
      body: readBody(body),
      args,
      terms,
    },
  };
}

function readAnswer(value: unknown): ShownAnswer | undefined {
  if (!isFields(value)) return undefined;
  const headers = Array.isArray(value["headers"]) ? value["headers"] : [];
  return {
    status: number(value["status"]),
    url: withoutSecrets(text(value["url"])),
    method: text(value["method"]),
    redirects: texts(value["redirects"]).map(withoutSecrets),
    durationMs: number(value["durationMs"]),
    headers: headers.filter(Array.isArray).map(([name, value]) =>
      toHeader(text(name), text(value), secretNames.test(text(name)))
    ),
    body: readBody(value["body"]),
  };
}

/** Reads the payload of the job of a callback; undefined if it is none. */
export function readCallback(payload: unknown): ShownCallback | undefined {
  if (!isFields(payload) || typeof payload["id"] !== "string") return undefined;
  const { id, callback, kind, came } = payload;
  const failure = isFields(came) ? came["failure"] : undefined;
  return {
    id,
    callback: text(callback),
    kind: kind === "error" ? "error" : "complete",
    came: isFields(came)
      ? {
        args: came["args"],
        answer: readAnswer(came["result"]) ??
          (isFields(failure) ? readAnswer(failure["response"]) : undefined),
        failure: isFields(failure)
          ? {
            kind: text(failure["kind"]),
            message: text(failure["message"]),
            code: typeof failure["code"] === "string" ? failure["code"] : undefined,
            url: withoutSecrets(text(failure["url"])),
            method: text(failure["method"]),
            redirects: texts(failure["redirects"]).map(withoutSecrets),
            durationMs: number(failure["durationMs"]),
          }
          : undefined,
      }
      : undefined,
  };
}

/** The payload of a job with the values of headers hidden that are nobody's business. */
export function maskPayload(type: string, payload: unknown): unknown {
  if (!isFields(payload)) return payload;
  if (type === requestType && isFields(payload["request"])) {
    const { request } = payload;
    const { headers } = request;
    const shown = readRequest(payload)?.sent;
    if (shown === undefined || !isFields(headers)) return payload;
    const masked = Object.fromEntries(
      shown.headers.map(({ name, value, isHidden }) => [
        name,
        isHidden && !isFields(headers[name]) ? value : headers[name],
      ]),
    );
    const url = withoutSecrets(text(request["url"]));
    return { ...payload, request: { ...request, url, headers: masked } };
  }
  if (type === callbackType && isFields(payload["came"])) {
    const { came } = payload;
    const { result, failure } = came;
    return {
      ...payload,
      came: {
        ...came,
        ...isFields(result) ? { result: maskAnswer(result) } : {},
        ...isFields(failure) ? { failure: maskAnswer(failure) } : {},
      },
    };
  }
  return payload;
}

/** An answer, or a failure with one. */
function maskAnswer(answer: Fields): Fields {
  const { url, redirects, headers, response } = answer;
  return {
    ...answer,
    url: withoutSecrets(text(url)),
    redirects: texts(redirects).map(withoutSecrets),
    ...Array.isArray(headers)
      ? { headers: readAnswer(answer)!.headers.map(({ name, value }) => [name, value]) }
      : {},
    ...isFields(response) ? { response: maskAnswer(response) } : {},
  };
}
