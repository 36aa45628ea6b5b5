/**
 * Reading the body of a request, with a limit on its size and on the time between two pieces.
 *
 * @module
 */

import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What reading works with. */
type Means = "settings" | "clock";

/** A body whose declared length is at most this is read at once, within the time for one piece. */
const shortBytes = 64 * 1024;

/**
 * Reads the whole body. Throws a {@linkcode Refusal}: 413 when it is larger than `maxBodyBytes`, 408 when nothing
 * comes for `bodyTimeoutMs`, 400 when the connection fails before its end.
 */
export async function readBody(call: Pick<EndpointCall, "request" | Means>): Promise<Bytes> {
  const { request, settings: { maxBodyBytes } } = call;
  if (request.body === null) return new Uint8Array();
  const declared = request.headers.get("content-length");
  const length = declared === null ? Infinity : Number(declared);
  if (declared !== null && length > maxBodyBytes) throw tooLarge(declared, maxBodyBytes);
  try {
    // The server enforces a declared length; without one, the bytes are counted here.
    if (!(length <= shortBytes)) return await collect(request.body, call);
    return new Uint8Array(await inTime(request.arrayBuffer(), call));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, `failed to read body: ${(error as Error).message}`);
  }
}

function inTime<Value>(
  reading: Promise<Value>,
  { settings, clock }: Pick<EndpointCall, Means>,
): Promise<Value> {
  const { bodyTimeoutMs } = settings;
  return new Promise((resolve, reject) => {
    const disarm = clock.setTimer(() => reject(tooSlow(bodyTimeoutMs)), bodyTimeoutMs);
    reading.then(resolve, reject).finally(disarm);
  });
}

async function collect(
  body: ReadableStream<Bytes>,
  { settings, clock }: Pick<EndpointCall, Means>,
): Promise<Bytes> {
  const { maxBodyBytes, bodyTimeoutMs } = settings;
  const reader = body.getReader();
  const leave = () => void reader.cancel().catch(() => {});
  const chunks: Bytes[] = [];
  let length = 0;
  for (;;) {
    let silent = false;
    const disarm = clock.setTimer(() => {
      silent = true;
      leave(); // Which ends the read below.
    }, bodyTimeoutMs);
    const { done, value } = await reader.read().finally(disarm);
    if (silent) throw tooSlow(bodyTimeoutMs);
    if (done) break;
    length += value.byteLength;
    if (length > maxBodyBytes) {
      leave();
      throw tooLarge(`over ${maxBodyBytes}`, maxBodyBytes);
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0]! : join(chunks, length);
}

function join(chunks: readonly Bytes[], length: number): Bytes {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function tooLarge(size: string, maxBytes: number): Refusal {
  return new Refusal(413, `body is ${size} bytes, at most ${maxBytes} are accepted`);
}

function tooSlow(timeoutMs: number): Refusal {
  return new Refusal(408, `failed to read body: nothing came for ${timeoutMs} ms`);
}
