/**
 * `GET /jobs/take`: a stream of jobs and heartbeats, for as long as the worker listens.
 *
 * A worker is gone when its request is aborted *or* its response body is cancelled: no runtime reports
 * both (a hand-made body is not cancelled when an in-process request is aborted).
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { watchSilence } from "../../async/silence.ts";
import type { Logger } from "../../log.ts";
import { encodeControl, encodeFrames, heartbeat } from "../../protocol/frames.ts";
import {
  stopControl,
  toAskWire,
  toCancelNoticeWire,
  toLostWire,
} from "../../protocol/frames-control.ts";
import { streamFormat, supportedStreamTypes } from "../../protocol/negotiate.ts";
import { readTakeQuery } from "../../protocol/query.ts";
import { type StreamFormat, streamMediaTypes } from "../../protocol/stream-format.ts";
import type { LeaseMaker } from "../../store/take-leases.ts";
import type { Engine } from "../engine/engine.ts";
import { readWorkerAbout } from "../../protocol/worker-about.ts";
import { readWorkerRun, type WorkerRun } from "../../protocol/worker-run.ts";
import { viewFor } from "./answer.ts";
import { type Asking, startAsking } from "./asking.ts";
import type { Endpoint } from "./call.ts";
import type { Waiting } from "./load.ts";
import { Refusal } from "./refusal.ts";
import { readWorkerId } from "./worker-id.ts";

/** `GET /jobs/take` */
export const take: Endpoint = async (
  { request, query, reach, engine, settings, clock, logger, streamLimiter, load },
) => {
  const format = streamFormat(request.headers.get("accept"));
  if (format === undefined) {
    throw new Refusal(406, "not acceptable", { supported: supportedStreamTypes });
  }
  const { queues, prefetch, leaseMs } = readTakeQuery(query);
  reach.demandQueues(queues);
  const worker = readWorkerId(request.headers);
  const run = readRun(request.headers);
  const waiting = load.wait();
  try {
    const open = () =>
      openTakeStream({
        format,
        queues,
        prefetch: prefetch === 0 ? Infinity : prefetch,
        worker,
        run,
        lease: leaseMs === undefined ? undefined : engine.leases.maker(leaseMs),
        heartbeatIntervalMs: settings.heartbeatIntervalMs,
        engine,
        clock,
        logger,
        request,
        waiting,
      });
    const body = await streamLimiter(open);
    return new Response(body, { status: 200, headers: streamHeaders[format] });
  } catch (error) {
    waiting.end();
    throw error;
  }
};

const streamHeaders: Readonly<Record<StreamFormat, Record<string, string>>> = {
  "ndjson": { "content-type": streamMediaTypes.ndjson },
  "msgpack-stream": { "content-type": streamMediaTypes["msgpack-stream"] },
  "sse": { "content-type": streamMediaTypes.sse, "cache-control": "no-cache" },
};

function readRun(headers: Headers): WorkerRun | undefined {
  const { run, problem } = readWorkerRun((name) => headers.get(name));
  if (problem !== undefined) throw new Refusal(400, problem);
  return run;
}

/**
 * Bytes that may wait for a slow reader before it gets no more jobs: what is taken is written in any
 * case, this only stops the next pick.
 */
const highWaterMark = 256 * 1024;

/** What a take stream is made from. */
interface TakeStreamOptions {
  readonly format: StreamFormat;
  /** The queues to read; all when undefined. */
  readonly queues: readonly string[] | undefined;
  /** Jobs delivered and not finished, at most; Infinity for no limit. */
  readonly prefetch: number;
  /** What the worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** The run of the worker, if it answers when it is asked. */
  readonly run: WorkerRun | undefined;
  /** How the leases are made that jobs are delivered under; undefined for jobs without leases. */
  readonly lease: LeaseMaker | undefined;
  readonly heartbeatIntervalMs: number;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Its signal is aborted when the client is gone, where the runtime tells it that way. */
  readonly request: Request;
  /** Its place among those that wait. */
  readonly waiting: Waiting;
}

/** Opens the body of a take answer and subscribes it to jobs. */
function openTakeStream(options: TakeStreamOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  // The request itself is held, not just its signal: on Node that goes deaf when its request is collected.
  const { format, engine, clock, logger, heartbeatIntervalMs, request, worker, run, lease } =
    options;
  const beat = heartbeat(format);
  const view = viewFor(request);
  let leave = () => {};
  let drained = () => {};

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      let open = true;
      const silence = watchSilence(clock, heartbeatIntervalMs, () => {
        if (canWrite()) write(beat);
      });
      const write = (bytes: Uint8Array<ArrayBuffer>) => {
        controller.enqueue(bytes);
        silence.heard();
      };
      const canWrite = () => open && (controller.desiredSize ?? 0) > 0;
      let asking: Asking | undefined;
      const shut = () => {
        open = false;
        options.waiting.end();
        silence.stop();
        asking?.stop();
        request.signal.removeEventListener("abort", abort);
      };
      const abort = () => {
        leave();
        controller.error(request.signal.reason);
      };

      const end = () => {
        if (!open) return;
        shut();
        controller.close();
      };

      const subscription = engine.take({
        queues: options.queues,
        prefetch: options.prefetch,
        worker,
        run: run?.id,
        about: run?.about,
        lease,
        canWrite,
        deliver: (jobs) => write(encodeFrames(format, jobs, view)),
        lost(ids) {
          const understands = run !== undefined || lease !== undefined;
          if (open && understands) write(encodeControl(format, toLostWire(ids)));
        },
        cancel(notices) {
          const understands = run !== undefined || lease !== undefined;
          if (open && understands) write(encodeControl(format, toCancelNoticeWire(notices)));
        },
        ...readWorkerAbout(run?.about).stops && {
          stop() {
            if (open) write(encodeControl(format, { control: stopControl }));
          },
        },
        heard: () => asking?.heard(),
        end,
      });
      drained = subscription.drained;
      leave = () => {
        if (!open) return;
        shut();
        void subscription.unsubscribe();
      };

      // One at once: some servers hold back the head of an answer until it has a body.
      write(beat);
      if (run !== undefined) {
        const { withinMs } = run;
        asking = startAsking({
          clock,
          withinMs,
          ask() {
            // One that does not read would not hear it, and each question would take memory.
            if (!canWrite()) return;
            write(encodeControl(format, toAskWire({ number: subscription.ask(), withinMs })));
          },
          silent() {
            logger.warn("A worker does not answer, ending its stream", { worker, withinMs });
            end();
            void subscription.unsubscribe();
          },
        });
      }

      if (request.signal.aborted) abort();
      else request.signal.addEventListener("abort", abort);
    },
    pull: () => drained(),
    cancel: () => leave(),
  }, { highWaterMark, size: (chunk) => chunk.byteLength });
}
