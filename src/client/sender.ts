/**
 * Sends one request of the protocol, and an enqueue again under its key: all that who only enqueues needs of a transport.
 *
 * @module
 */

import { extensionsHeader, extensionsVersion } from "../protocol/extensions.ts";
import { idempotencyHeader } from "../protocol/idempotency.ts";
import { enqueueRoutes, type Route } from "../protocol/routes.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { type CallOptions, withDeadline } from "./deadline.ts";
import type { ClientSettings } from "./options.ts";
import { createPort, toNetworkError } from "./port.ts";
import type { Bytes, PortAnswer } from "./port-types.ts";
import { repeatKeyed } from "./repeat-keyed.ts";

/** A request, but for what every one has. */
export interface Outgoing {
  /** The row of the route table. */
  readonly route: Route;
  /** The path with its query string, if it is not the row's. */
  readonly path?: string;
  /** The body, encoded in the client's format. */
  readonly bytes?: Bytes | undefined;
  /** What the call goes by when it is repeated. */
  readonly key?: string | undefined;
  /** Which job it is about, for messages. */
  readonly id?: string | number | undefined;
}

/** Sends requests. */
export interface Sender {
  /**
   * Sends a request once; a failure is a `NetworkError` or the signal's reason.
   *
   * @param streamed Whether the answer is read as a stream.
   */
  exchange(
    request: Outgoing,
    headers: Record<string, string>,
    signal: AbortSignal,
    streamed?: boolean,
  ): Promise<PortAnswer>;
  /** Sends an enqueue within its deadline: again, if it has a key and the server keeps keys. */
  enqueue(request: Outgoing, options: CallOptions | undefined): Promise<Answer>;
}

/**
 * Creates a sender.
 *
 * @param observe Is shown each answer, and when its call was sent: a reading of the monotonic clock in ms.
 */
export function createSender(
  settings: ClientSettings,
  observe?: (answer: PortAnswer, sentAt: number) => void,
): Sender {
  const { base, token, clock, codecs, retry } = settings;
  const { mediaType } = codecs[0];
  const port = createPort(settings.fetch);
  /** Whether the server is known to keep idempotency keys. */
  let keepsKeys = false;

  const exchange: Sender["exchange"] = async (request, headers, signal, streamed = false) => {
    const { route: { method, path: routePath }, path = routePath, key, bytes: body, id } = request;
    const asked = { method, url: base + path, id };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (key !== undefined) headers[idempotencyHeader] = key;
    if (body !== undefined) headers["content-type"] = mediaType;
    // Who looks is shown all there is; and what is sent with a key asks whether keys are kept.
    const asks = method === "GET" || path.includes("?") || (key !== undefined && !keepsKeys);
    if (asks) headers[extensionsHeader] = extensionsVersion;
    const sentAt = clock.monotonic();
    let answer: PortAnswer;
    try {
      answer = await port({ ...asked, headers, body, signal, streamed });
    } catch (error) {
      throw signal.aborted ? error : toNetworkError(error, asked);
    }
    answer.asked = asked;
    observe?.(answer, sentAt);
    if (asks) keepsKeys ||= answer.header(extensionsHeader) === extensionsVersion;
    // Nobody waits for this answer any more: free its connection.
    if (signal.aborted) void answer.stream()?.cancel(signal.reason).catch(() => {});
    return answer;
  };

  return {
    exchange,
    enqueue(request, { signal, timeoutMs = settings.timeoutMs } = {}) {
      const { route: { method, path }, key } = request;
      const work = (signal: AbortSignal) => {
        const ask = async (request: Outgoing) =>
          await readAnswer(await exchange(request, { accept: mediaType }, signal), codecs);
        const send = () => ask(request);
        if (key === undefined) return send();
        const look = () => ask({ route: enqueueRoutes.version });
        return repeatKeyed({ send, look, keepsKeys: () => keepsKeys }, retry, signal);
      };
      return withDeadline(work, { signal, timeoutMs }, clock, () => `${method} ${base}${path}`);
    },
  };
}
