/**
 * An exchange with everything decided that a test does not care about.
 *
 * @module
 */

import { exchange } from "../../../src/offload/exchange/exchange.ts";
import type {
  ExchangeOutcome,
  ExchangePorts,
  ExchangeRequest,
  ExchangeResponse,
} from "../../../src/offload/exchange/ports.ts";
import type { HttpFailure } from "../../../src/offload/failure.ts";
import { systemClock } from "../../../src/async/clock.ts";

/** What was sent. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** A fetch that answers from a list, the last one again and again, and remembers what was sent. */
export function scripted(
  ...answers: ((sent: Sent, signal: AbortSignal) => Response | Promise<Response>)[]
) {
  const sent: Sent[] = [];
  const fetchScript = async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const body = init.body ?? undefined;
    const call: Sent = {
      method: init.method!,
      url: String(input),
      headers: Object.fromEntries(new Headers(init.headers)),
      body: body && new TextDecoder().decode(body as Uint8Array),
    };
    sent.push(call);
    return await answers[Math.min(sent.length, answers.length) - 1]!(call, init.signal!);
  };
  return { fetch: fetchScript as typeof fetch, sent };
}

/** An answer that sends elsewhere. */
export const elsewhere = (status: number, location: string) => () =>
  new Response(null, { status, headers: { location } });

/** A body in pieces; the last one may be an error. */
export function pieces(...given: (string | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = given.shift();
      if (next === undefined) controller.close();
      else if (typeof next === "string") controller.enqueue(new TextEncoder().encode(next));
      else controller.error(next);
    },
  });
}

/** What a test says of an exchange. */
export interface ExchangeGiven extends Partial<ExchangeRequest> {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly ports?: Partial<ExchangePorts>;
  readonly signal?: AbortSignal;
}

/** Makes an exchange. */
export function run(given: ExchangeGiven): Promise<ExchangeOutcome> {
  const { fetch, ports, signal = new AbortController().signal, ...request } = given;
  return exchange(
    {
      id: "r1",
      method: "GET",
      headers: {},
      secretParams: {},
      timeoutMs: 60_000,
      maxRedirects: 5,
      maxBytes: 1024 * 1024,
      sign: [],
      sensitiveHeaders: [],
      allowInsecureRedirects: false,
      transportRetries: 0,
      ...request,
    },
    {
      fetch,
      resolveSecret: (name) => Promise.resolve(`secret-of-${name}`),
      signers: {},
      clock: systemClock,
      random: () => 0.5,
      userAgent: "test",
      ...ports,
    },
    signal,
  );
}

/** The answer; anything else is an error of the test. */
export async function answerOf(given: ExchangeGiven): Promise<ExchangeResponse> {
  const outcome = await run(given);
  if (outcome.kind === "response") return outcome;
  throw new Error(`Expected an answer, got ${JSON.stringify(outcome)}`);
}

/** The failure; anything else is an error of the test. */
export async function failureOf(given: ExchangeGiven): Promise<HttpFailure> {
  const outcome = await run(given);
  if (outcome.kind === "failure") return outcome.failure;
  throw new Error(`Expected a failure, got ${JSON.stringify(outcome)}`);
}

/** The body as text. */
export function textOf({ body }: ExchangeResponse): string {
  return new TextDecoder().decode(body as Uint8Array);
}
