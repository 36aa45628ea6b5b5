/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that a request belongs to goes with its job as `meta`, and
 * from there to the server that is asked, and to the job that handles the answer.
 *
 * Nothing of it is changed on the way, as the standard allows to those who make no spans: what the server does is then within the
 * span that enqueued the request.
 *
 * @module
 */

/** Which trace something belongs to, and where in it. */
export interface TraceContext {
  /** `00-<trace>-<parent>-<flags>`, in hexadecimal digits. */
  readonly traceparent: string;
  /** What vendors of tracing add, such as `vendor=value`; left out if there is nothing, or nothing that can be sent. */
  readonly tracestate?: string;
}

/** Where a context may stand: headers of a request that came, `meta` of a job, or an object. */
export type TraceCarrier =
  | Headers
  | TraceContext
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Its version, the trace, the parent, the flags, and what later versions may add. */
const parentPattern = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

const keyPattern = /^[a-z\d][a-z\d_\-*/@]{0,255}$/;
const valuePattern = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The standard demands no more of anybody than to pass on so much. */
const longestState = 512;
const mostMembers = 32;

/**
 * Reads a context, for the `meta` of a job or the headers of a request.
 *
 * @param carrier Where it stands.
 * @returns The context as it can be sent; undefined if there is none, or one that is none. A `tracestate` that cannot be sent
 * is left out.
 *
 * @example
 * ```ts
 * import { readTraceContext } from "@millrace/millrace/offload";
 *
 * const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
 * const request = new Request("https://a.example/", { headers: { traceparent } });
 * console.log(readTraceContext(request.headers)); // { traceparent: "00-0af…" }
 * console.log(readTraceContext({ traceparent: "hello" })); // undefined
 * ```
 */
export function readTraceContext(carrier: TraceCarrier): TraceContext | undefined {
  const { get } = carrier as Partial<Headers>;
  const read = (name: keyof TraceContext): unknown =>
    typeof get === "function"
      ? get.call(carrier, name)
      : (carrier as Readonly<Record<string, unknown>>)[name];
  const traceparent = toParent(read("traceparent"));
  if (traceparent === undefined) return undefined;
  const tracestate = toState(read("tracestate"));
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

function toParent(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const [, version, trace, parent, flags, rest] = parentPattern.exec(text.trim()) ?? [];
  if (version === undefined || version === "ff" || /^0+$/.test(trace!) || /^0+$/.test(parent!)) {
    return undefined;
  }
  if (version === "00") return rest === undefined ? text.trim() : undefined;
  // A later version: what this one knows of it is passed on as this one. Of the flags it knows that it is sampled.
  return `00-${trace}-${parent}-0${parseInt(flags!, 16) & 1}`;
}

function toState(text: unknown): string | undefined {
  const joined = Array.isArray(text) ? text.join(",") : text;
  if (typeof joined !== "string" || joined.length > longestState) return undefined;
  const members = joined.split(",").map((member) => member.trim()).filter(Boolean);
  if (members.length === 0 || members.length > mostMembers) return undefined;
  return members.every(isMember) ? members.join(",") : undefined;
}

function isMember(member: string): boolean {
  const equals = member.indexOf("=");
  return keyPattern.test(member.slice(0, Math.max(equals, 0))) &&
    valuePattern.test(member.slice(equals + 1));
}
