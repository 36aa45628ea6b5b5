/**
 * One call over a connection: the request goes out, the head of the answer comes back, and its body as somebody reads it.
 *
 * @module
 */

import { createByteReader } from "./byte-reader.ts";
import { type WireRequest, writeRequest } from "./request-head.ts";
import { type BodySource, toBodySource } from "./response-body.ts";
import { malformed, readHead, type ResponseHead } from "./response-head.ts";
import type { Connection } from "./sockets.ts";
import { packedPieceBytes, packingOf, unpack } from "./unpack.ts";

/** What goes with a call. */
export interface CallSettings {
  /** That it goes to a proxy, which sends it on. */
  readonly via: { readonly authorization: string | undefined } | undefined;
  readonly signal: AbortSignal;
  /** Told that an answer began: the request was seen. */
  readonly progress: { hasBegun: boolean };
  /** Takes the connection after the call, with how long the server keeps it, in ms, if it says so. */
  readonly give: (connection: Connection, hintMs: number | undefined) => void;
}

const pieceBytes = 65_536;

/** Answers before the answer: a server that sends more has lost its way. */
const mostInterim = 32;

/** Statuses whose answers have no body, whatever they say. */
const bare: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Makes a call.
 *
 * @param connection A quiet connection; it is closed, or given away, when the call is over.
 * @param request The request.
 * @param settings What goes with it.
 */
export async function callOver(
  connection: Connection,
  request: WireRequest,
  { via, signal, progress, give }: CallSettings,
): Promise<Response> {
  const reader = createByteReader(connection);
  const abort = () => connection.destroy();
  const end = () => {
    signal.removeEventListener("abort", abort);
    connection.destroy();
  };
  const toError = (error: unknown) => signal.aborted ? signal.reason : error;
  try {
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    for (const bytes of writeRequest(request, via)) connection.write(bytes);
    let head = await readHead(reader);
    for (let interim = 0; head.status < 200; head = await readHead(reader)) {
      if (head.status === 101) throw malformed("changes the protocol, unasked", "upgrade");
      if (++interim > mostInterim) {
        throw malformed("does not come to an end of its beginnings", "interim");
      }
    }
    const source = toBodySource(head, request.method, reader);
    const finish = () => {
      signal.removeEventListener("abort", abort);
      if (reader.isDrained && staysOpen(head, source)) give(connection, keptForMs(head));
      else connection.destroy();
    };
    return toResponse(head, source, { finish, end, toError });
  } catch (error) {
    end();
    throw toError(error);
  } finally {
    progress.hasBegun = reader.hasBegun;
  }
}

/** What to do when a body is over, or nobody wants it. */
interface Ends {
  readonly finish: () => void;
  readonly end: () => void;
  readonly toError: (error: unknown) => unknown;
}

function toResponse(head: ResponseHead, source: BodySource, ends: Ends): Response {
  const { status, headers } = head;
  const known = Math.min(status, 599);
  if (source.isEmpty || bare.has(status)) {
    // A body where there is none leaves the connection in doubt.
    if (source.isEmpty) ends.finish();
    else ends.end();
    return withStatus(new Response(null, { status: known, headers }), status);
  }
  const packing = packingOf(headers);
  let next = () => source.next(packing === undefined ? pieceBytes : packedPieceBytes);
  if (packing !== undefined) {
    next = unpack(next, packing, source.isDelimited);
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        let piece = await next();
        while (piece?.length === 0) piece = await next();
        if (piece !== undefined) return controller.enqueue(piece);
        ends.finish();
        controller.close();
      } catch (error) {
        ends.end();
        controller.error(ends.toError(error));
      }
    },
    cancel: ends.end,
  }, { highWaterMark: 0 });
  return withStatus(new Response(body as BodyInit, { status: known, headers }), status);
}

/** Some servers have statuses of their own, above all others, and `Response` refuses them. */
function withStatus(response: Response, status: number): Response {
  if (status > 599) Object.defineProperty(response, "status", { value: status });
  return response;
}

function staysOpen({ isOld, headers }: ResponseHead, { isDelimited }: BodySource): boolean {
  return isDelimited && !isOld && !/(^|[\s,])close($|[\s,])/i.test(headers.get("connection") ?? "");
}

function keptForMs({ headers }: ResponseHead): number | undefined {
  const [, seconds] = /(?:^|[\s,;])timeout=(\d{1,6})/i.exec(headers.get("keep-alive") ?? "") ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
