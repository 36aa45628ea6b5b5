/**
 * Reading the body of a request, with a limit on its size and on the time between two pieces.
 *
 * @module
 */

import { watchSilence } from "../../async/silence.ts";
import { createByteBuffer } from "../../protocol/byte-buffer.ts";
import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What reading works with. */
type Means = "settings" | "clock" | "load";

/** A body whose declared length is at most this is read at once, within the time for one piece. */
const shortBytes = 64 * 1024;

/**
 * Reads the whole body. Throws a {@linkcode Refusal}: 413 when it is larger than `maxBodyBytes` or `mostBytes`, 408 when
 * nothing comes for `bodyTimeoutMs`, 400 when the connection fails before its end.
 */
export async function readBody(
  call: Pick<EndpointCall, "request" | Means>,
  mostBytes: number = Infinity,
): Promise<Bytes> {
  const { request, settings } = call;
  const maxBodyBytes = Math.min(settings.maxBodyBytes, mostBytes);
  const declared = request.headers.get("content-length");
  const length = declared === null ? Infinity : Number(declared);
  if (declared !== null && length > maxBodyBytes) throw tooLarge(declared, maxBodyBytes);
  try {
    // The server enforces a declared length; without one, the bytes are counted here. Who only looks whether there is a body
    // makes Deno open a stream for it.
    if (length <= shortBytes) return new Uint8Array(await inTime(request.arrayBuffer(), call));
    if (request.body === null) return new Uint8Array();
    return await collect(request.body, call, maxBodyBytes);
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
  { settings, clock, load }: Pick<EndpointCall, Means>,
  maxBodyBytes: number,
): Promise<Bytes> {
  const { bodyTimeoutMs } = settings;
  const reader = body.getReader();
  const leave = () => void reader.cancel().catch(() => {});
  let silent = false;
  const silence = watchSilence(clock, bodyTimeoutMs, () => {
    silent = true;
    silence.stop();
    leave(); // Which ends the read below.
  });
  try {
    const bytes = createByteBuffer(shortBytes, (grown) => load.hold(grown));
    for (;;) {
      const { done, value } = await reader.read();
      if (silent) throw tooSlow(bodyTimeoutMs);
      if (done) return bytes.whole();
      silence.heard();
      if (bytes.length + value.byteLength > maxBodyBytes) {
        leave();
        throw tooLarge(`over ${maxBodyBytes}`, maxBodyBytes);
      }
      bytes.add(value);
    }
  } catch (error) {
    leave();
    throw error;
  } finally {
    silence.stop();
  }
}

function tooLarge(size: string, maxBytes: number): Refusal {
  return new Refusal(413, `body is ${size} bytes, at most ${maxBytes} are accepted`);
}

function tooSlow(timeoutMs: number): Refusal {
  return new Refusal(408, `failed to read body: nothing came for ${timeoutMs} ms`);
}
