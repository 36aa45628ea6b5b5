/**
 * Reading a request's body, no further than the limit.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";

/**
 * Reads the whole body. Throws a {@linkcode Refusal}: 413 when it is larger than `maxBytes`, 400 when
 * the connection fails before its end.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(declared, maxBytes);
  try {
    // The servers hold a client to the length it declared; without one, somebody has to count.
    if (declared !== null) return new Uint8Array(await request.arrayBuffer());
    return await collect(request.body, maxBytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, `failed to read body: ${(error as Error).message}`);
  }
}

async function collect(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(`over ${maxBytes}`, maxBytes);
    chunks.push(chunk);
  }
  if (chunks.length === 1) return chunks[0]!;
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
