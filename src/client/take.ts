/**
 * The client's side of a take stream: turns bytes into frames until the client or the broker ends it.
 *
 * @module
 */

import { isMillraceError, NetworkError, ProtocolError } from "../errors.ts";
import { toTakeParams } from "../protocol/filter.ts";
import {
  cancelControl,
  lostControl,
  readAsk,
  readCancelNotices,
  readControl,
  readLost,
} from "../protocol/frames-control.ts";
import { readJob } from "../protocol/job-read.ts";
import type { Job } from "../protocol/job.ts";
import { createNdjsonReader, type DocumentReader } from "../protocol/ndjson-reader.ts";
import { workRoutes } from "../protocol/routes.ts";
import { aboutHeader } from "../protocol/worker-about.ts";
import { answersWithinHeader, runHeader } from "../protocol/worker-run.ts";
import { readGone, toStatementWire } from "../protocol/worker-statement.ts";
import { streamMediaTypes } from "../protocol/stream-format.ts";
import { decodeOrThrow, isOk, toError } from "./answer.ts";
import { abortBy, untilAborted } from "./deadline.ts";
import type { WireFormat } from "./format.ts";
import type { ClientSettings } from "./options.ts";
import type { PortAnswer } from "./port-types.ts";
import type { TakeFrame, TakeOptions, TakeStream } from "./take-stream.ts";
import { type ClientCall, type Transport } from "./transport.ts";

/** A format of take streams, and what reads one. */
interface StreamReading {
  readonly streamMediaType: string;
  createReader(): DocumentReader;
}

/** What every client can read. */
const ndjson: StreamReading = {
  streamMediaType: streamMediaTypes["ndjson"],
  createReader: createNdjsonReader,
};

/** The reading of a format that was handed over. */
function toReading({ streamMediaType, createDecoder, codec }: WireFormat): StreamReading {
  return {
    streamMediaType,
    createReader() {
      const decoder = createDecoder();
      return {
        push: (chunk) => decoder.push(chunk).map((frame) => codec.decode(frame)),
        end: () => decoder.end(),
      };
    },
  };
}

/** Opens a take stream; the time limit is for the head of the response only. */
export async function openTake(
  transport: Transport,
  { signal, timeoutMs, workerId, run, ...request }: TakeOptions = {},
): Promise<TakeStream> {
  const { settings } = transport;
  const call: ClientCall = { route: workRoutes.take, query: toTakeParams(request) };
  const { format } = settings;
  const headers: Record<string, string> = { accept: (format ?? ndjson).streamMediaType };
  if (workerId !== undefined) headers["worker-id"] = workerId;
  if (run !== undefined) {
    headers[runHeader] = run.id;
    headers[answersWithinHeader] = String(run.withinMs);
    if (run.about) headers[aboutHeader] = run.about;
  }
  const tell: TakeStream["tell"] = (statement, options) => {
    const body = toStatementWire(statement);
    const params = { run: run?.id ?? "" };
    return transport.call({ route: workRoutes.tell, params, body }, options, readGone);
  };

  const controller = new AbortController();
  const unfollow = abortBy(controller, signal, Infinity, settings.clock);
  let disarm = () => {};
  try {
    const what = () => `GET ${settings.base}${workRoutes.take.path}`;
    disarm = abortBy(controller, undefined, timeoutMs ?? settings.timeoutMs, settings.clock, what);
    const opened = await untilAborted(async (signal) => {
      return await toOpenBody(await transport.exchange(call, headers, signal, true), settings);
    }, controller.signal);
    return createTakeStream(opened, { controller, unfollow, tell });
  } catch (error) {
    unfollow();
    throw error;
  } finally {
    disarm();
  }
}

/** An answer that can be read frame by frame. */
interface OpenBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly documents: DocumentReader;
}

/** The body of a take answer with what reads it, by its content type and not by what was asked for. */
async function toOpenBody(
  response: PortAnswer,
  { codecs, format }: ClientSettings,
): Promise<OpenBody> {
  if (!isOk(response.status)) throw await toError(response, codecs);
  const body = response.stream();
  const type = response.header("content-type") ?? "";
  const readings = format === undefined ? [ndjson] : [ndjson, toReading(format)];
  for (const { streamMediaType, createReader } of readings) {
    if (body !== null && type.startsWith(streamMediaType)) {
      return { body, documents: createReader() };
    }
  }
  void body?.cancel().catch(() => {});
  const wanted = readings.map(({ streamMediaType }) => streamMediaType).join(" or ");
  throw new ProtocolError(`Cannot take from an answer of type '${type}': expected ${wanted}`);
}

/**
 * What the documents of one piece of the stream say, in their order. Without any the piece was a heartbeat or a part
 * of a frame: a sign of life in either case.
 */
function toFrames(documents: readonly unknown[]): TakeFrame[] {
  const frames: TakeFrame[] = [];
  let jobs: Job[] = [];
  for (const document of documents) {
    const name = readControl(document);
    if (name !== undefined) {
      frames.push(toControlFrame(name, document));
      jobs = [];
    } else if (jobs.push(readJob(document)) === 1) frames.push({ kind: "jobs", jobs });
  }
  return frames.length > 0 ? frames : [{ kind: "heartbeat" }];
}

function toControlFrame(name: string, document: unknown): TakeFrame {
  if (name === "ask") return { kind: name, ask: readAsk(document) };
  if (name === lostControl) return { kind: "lost", ids: readLost(document) };
  if (name === cancelControl) return { kind: name, notices: readCancelNotices(document) };
  return { kind: "control", name };
}

function createTakeStream(
  { body, documents }: OpenBody,
  { controller, unfollow, tell }: {
    readonly controller: AbortController;
    readonly unfollow: () => void;
    readonly tell: TakeStream["tell"];
  },
): TakeStream {
  const { signal } = controller;
  const reader = body.getReader();
  let closed = false;

  const close = async () => {
    if (closed) return;
    closed = true;
    unfollow();
    // Cancelling tells a broker in the same process, aborting frees a connection. Neither does both everywhere.
    const cancelled = reader.cancel().catch(() => {});
    controller.abort();
    await cancelled;
  };
  // A body that was made by hand does not end by itself when its request is aborted.
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => {}));

  async function* frames(): AsyncGenerator<TakeFrame> {
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (closed) return;
        signal.throwIfAborted();
        if (done) return documents.end();
        yield* decodeOrThrow(() => toFrames(documents.push(value)));
      }
    } catch (error) {
      if (closed) return;
      signal.throwIfAborted();
      if (isMillraceError(error)) throw error;
      throw new NetworkError("Take stream broke off", { cause: error });
    } finally {
      await close();
    }
  }

  async function* batches(): AsyncGenerator<readonly Job[]> {
    for await (const frame of frames()) if (frame.kind === "jobs") yield frame.jobs;
  }

  return {
    frames,
    batches,
    tell,
    close,
    async *[Symbol.asyncIterator]() {
      for await (const jobs of batches()) yield* jobs;
    },
  };
}
