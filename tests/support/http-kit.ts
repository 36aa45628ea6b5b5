/**
 * Requests and their callbacks in a test kit: time passes by itself, and another server answers at once.
 *
 * @module
 */

import {
  type AnyHttpCallback,
  createHttp,
  handleHttpCallbacks,
  handleHttpRequests,
  type Http,
  type Payloads,
} from "../../src/offload/mod.ts";
import type { TestKit } from "../../src/testing/mod.ts";
import { withKit } from "./kit.ts";

/** A request that was sent. */
export interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  /** When, in ms since the epoch. */
  readonly at: number;
}

/** What a test works with. */
export interface HttpKit {
  readonly http: Http;
  readonly kit: TestKit;
  readonly sent: readonly Sent[];
}

/** What a kit is made of. */
export interface HttpKitOptions {
  readonly callbacks: readonly AnyHttpCallback[];
  readonly payloads?: Payloads;
  /** Those of who enqueues, if they are others. */
  readonly enqueuePayloads?: Payloads | undefined;
  /** What the other server answers to which request, counted from 1. */
  readonly fetch?: (url: string, count: number) => Response | Promise<Response>;
}

/** Runs a test with a kit. */
export function withHttpKit(
  options: HttpKitOptions,
  test: (parts: HttpKit) => Promise<void>,
): Promise<void> {
  const { callbacks, payloads } = options;
  const sent: Sent[] = [];
  const answer = options.fetch ?? ((_, count) => new Response(`answer ${count}`));
  return withKit(({ client, clock }) => [
    ...handleHttpRequests({
      client,
      clock,
      payloads,
      fetch: ((url: string, { headers, body }: RequestInit = {}) => {
        sent.push({
          url,
          headers: new Headers(headers),
          body: body ? new TextDecoder().decode(body as Uint8Array) : undefined,
          at: clock.now(),
        });
        return Promise.resolve(answer(url, sent.length));
      }) as typeof fetch,
    }),
    handleHttpCallbacks({ callbacks, payloads }),
  ], async (kit) => {
    const own = "enqueuePayloads" in options ? options.enqueuePayloads : payloads;
    await test({ http: createHttp(kit.client, { payloads: own }), kit, sent });
  });
}
