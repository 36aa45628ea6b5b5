/**
 * One call by `node:http` or `node:https`, with the objects of the web.
 *
 * @module
 */

import { Agent as HttpAgent, type IncomingMessage, request as requestPlain } from "node:http";
import { Agent as HttpsAgent, request as requestSecure } from "node:https";
import type { CreateFetchOptions } from "../own-fetch.ts";
import { toBody } from "./body.ts";

/** The connections of one `fetch`. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** Makes the connections that a `fetch` uses; they are kept between calls. */
export function createAgents({ ca, cert, key, socketPath }: CreateFetchOptions): Agents {
  const options = { keepAlive: true, ...socketPath !== undefined && { socketPath } };
  return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, ca, cert, key }) };
}

/** Statuses whose answers have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Makes a call. Its body is sent whole, with its length; that of the answer is read as it comes.
 *
 * @returns The answer, as soon as its head is there.
 */
export async function fetchByNode(request: Request, agents: Agents): Promise<Response> {
  const url = new URL(request.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`Cannot fetch '${request.url}', expected 'http:' or 'https:'`);
  }
  const { signal } = request;
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  signal.throwIfAborted();
  const [send, agent] = url.protocol === "http:"
    ? [requestPlain, agents.http] as const
    : [requestSecure, agents.https] as const;
  return await new Promise((resolve, reject) => {
    const outgoing = send(url, {
      agent,
      method: request.method,
      headers: {
        ...Object.fromEntries(request.headers),
        ...body !== undefined && { "content-length": body.length },
      },
    });
    let incoming: IncomingMessage | undefined;
    const leave = () => void (incoming ?? outgoing).destroy(signal.reason as Error);
    signal.addEventListener("abort", leave);
    outgoing.on("error", reject);
    // The request is held until here: its signal does not follow the caller's once it was collected.
    outgoing.on("close", () => void request.signal.removeEventListener("abort", leave));
    outgoing.on("response", (answer) => {
      incoming = answer;
      try {
        resolve(toResponse(answer, request.method === "HEAD"));
      } catch (error) {
        answer.destroy();
        reject(error);
      }
    });
    outgoing.end(body);
  });
}

function toResponse(incoming: IncomingMessage, isHead: boolean): Response {
  const { statusCode: status = 0, statusMessage: statusText = "", rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  if (!isHead && !bodiless.has(status)) {
    const body = toBody(incoming, { name: "server", discard: (answer) => void answer.destroy() });
    return new Response(body, { status, statusText, headers });
  }
  incoming.resume();
  return new Response(null, { status, statusText, headers });
}
