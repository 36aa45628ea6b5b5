/**
 * An open take stream on the client's side: bytes to jobs, until one of the two ends it.
 *
 * @module
 */

import { NetworkError, ProtocolError } from "../errors.ts";
import type { Codec, Format } from "../protocol/codec.ts";
import { toTakeParams } from "../protocol/filter.ts";
import { createMsgpackDecoder } from "../protocol/frames-msgpack.ts";
import { createNdjsonDecoder } from "../protocol/frames-ndjson.ts";
import { readJob } from "../protocol/job-read.ts";
import type { Job } from "../protocol/job.ts";
import { jobRoutes } from "../protocol/routes.ts";
import { type FrameDecoder, streamMediaTypes } from "../protocol/stream-format.ts";
import { toError, understand } from "./answer.ts";
import type { TakeOptions, TakeStream } from "./client.ts";
import { loadCodec } from "./codecs.ts";
import { abortBy, settleOrAbort } from "./deadline.ts";
import { type Transport, withParams } from "./transport.ts";

/** The stream that goes with each format of bodies. */
const mediaTypes: Readonly<Record<Format, string>> = {
  json: streamMediaTypes["ndjson"],
  msgpack: streamMediaTypes["msgpack-stream"],
};

/** Opens a take stream; the time limit is for the head of the response only. */
export async function openTake(
  transport: Transport,
  { signal, timeoutMs, workerId, ...request }: TakeOptions = {},
): Promise<TakeStream> {
  const { settings } = transport;
  const path = withParams(jobRoutes.take.path, toTakeParams(request));
  const headers: Record<string, string> = { accept: mediaTypes[settings.format] };
  if (workerId !== undefined) headers["worker-id"] = workerId;

  const controller = new AbortController();
  const unfollow = abortBy(controller, signal, Infinity, settings.clock);
  let disarm = () => {};
  try {
    disarm = abortBy(controller, undefined, timeoutMs ?? settings.timeoutMs, settings.clock);
    const { body, framing } = await settleOrAbort(async (signal) => {
      const request = await transport.toRequest({ ...jobRoutes.take, path }, headers, signal);
      return await toStream(await transport.fetch(request, signal));
    }, controller.signal);
    return createTakeStream(body, framing, controller, unfollow);
  } catch (error) {
    unfollow();
    throw error;
  } finally {
    disarm();
  }
}

/** How the jobs lie in the bytes. */
interface Framing {
  readonly decoder: FrameDecoder;
  readonly codec: Codec;
}

interface OpenBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly framing: Framing;
}

async function toStream(response: Response): Promise<OpenBody> {
  if (!response.ok) throw await toError(response);
  const { body } = response;
  const type = response.headers.get("content-type") ?? "";
  if (body !== null && type.startsWith(mediaTypes.json)) {
    return { body, framing: { decoder: createNdjsonDecoder(), codec: await loadCodec("json") } };
  }
  if (body !== null && type.startsWith(mediaTypes.msgpack)) {
    return {
      body,
      framing: { decoder: createMsgpackDecoder(), codec: await loadCodec("msgpack") },
    };
  }
  void body?.cancel().catch(() => {});
  const wanted = Object.values(mediaTypes).join(" or ");
  throw new ProtocolError(`Cannot take from an answer of type '${type}': expected ${wanted}`);
}

function createTakeStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { decoder, codec }: Framing,
  controller: AbortController,
  unfollow: () => void,
): TakeStream {
  const { signal } = controller;
  const reader = body.getReader();
  let closed = false;

  const close = async () => {
    if (closed) return;
    closed = true;
    unfollow();
    // Cancelling tells a server in the same process, aborting frees a connection: neither does both everywhere.
    const cancelled = reader.cancel().catch(() => {});
    controller.abort();
    await cancelled;
  };
  // A body that was made by hand does not end by itself when its request is given up.
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => {}));

  const read = async () => {
    try {
      return await reader.read();
    } catch (error) {
      if (closed) return { done: true, value: undefined } as const;
      if (signal.aborted) throw signal.reason;
      throw new NetworkError("Take stream broke off", { cause: error });
    }
  };

  async function* batches(): AsyncGenerator<readonly Job[]> {
    try {
      while (true) {
        const { done, value } = await read();
        if (closed) return;
        signal.throwIfAborted();
        if (done) return decoder.end();
        yield decoder.push(value).map((frame) => understand(() => readJob(codec.decode(frame))));
      }
    } finally {
      await close();
    }
  }

  return {
    batches,
    close,
    async *[Symbol.asyncIterator]() {
      for await (const jobs of batches()) yield* jobs;
    },
  };
}
