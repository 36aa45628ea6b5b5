/**
 * A take stream as a worker of the wire sees it, and what such a worker says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { decode } from "@msgpack/msgpack";
import type { Broker } from "../../src/broker/mod.ts";
import {
  createMsgpackDecoder,
  createNdjsonDecoder,
  createSseDecoder,
} from "../../src/client/mod.ts";
import type { TestBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

/** The run of the worker. */
export const run = "run-00000001";

/** A stream as a worker of the wire sees it. */
export interface WorkerStream {
  /** The documents of all frames so far. */
  readonly frames: readonly Readonly<Record<string, unknown>>[];
  readonly asks: readonly number[];
  /** The jobs so far: their ids, and at which delivery. */
  readonly jobs: readonly { readonly id: string; readonly delivery: number }[];
  readonly isEnded: boolean;
  close(): Promise<void>;
}

/** What reads the frames of each media type. */
export const decoders = {
  "application/x-ndjson": createNdjsonDecoder,
  "text/event-stream": createSseDecoder,
  "application/vnd.zizq.msgpack-stream": createMsgpackDecoder,
};

/** Opens a stream. */
export async function connect(
  broker: Broker,
  {
    prefetch = 10,
    leaseMs,
    accept = "application/x-ndjson",
    headers = { "millrace-extensions": "1", "worker-run": run, "worker-id": "w" },
  }: {
    readonly prefetch?: number;
    /** How long the leases last that jobs come under; left out, they come without. */
    readonly leaseMs?: number;
    readonly accept?: keyof typeof decoders;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<WorkerStream> {
  const lease = leaseMs === undefined ? "" : `&lease_ms=${leaseMs}`;
  const response = await broker.fetch(
    new Request(`http://broker/jobs/take?prefetch=${prefetch}${lease}`, {
      headers: { accept, ...headers },
    }),
  );
  assert.equal(response.status, 200);
  const decoder = decoders[accept]();
  const frames: Record<string, unknown>[] = [];
  let isEnded = false;
  const reader = response.body!.getReader();
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const bytes of decoder.push(value)) {
        const isPacked = accept === "application/vnd.zizq.msgpack-stream";
        frames.push(
          isPacked
            ? decode(bytes) as Record<string, unknown>
            : JSON.parse(new TextDecoder().decode(bytes)),
        );
      }
    }
    isEnded = true;
  })();
  return {
    frames,
    get asks() {
      return frames.filter(({ control }) => control === "ask").map(({ number }) =>
        number as number
      );
    },
    get jobs() {
      return frames.filter(({ id }) => id !== undefined).map(({ id, deliveries }) => {
        return { id: id as string, delivery: deliveries as number };
      });
    },
    get isEnded() {
      return isEnded;
    },
    close: () => reader.cancel(),
  };
}

type Held = WorkerStream["jobs"];

/** Says what a worker does and has. */
export const tell = (
  { broker }: TestBroker,
  { holds = [], ...more }: { readonly holds?: Held; readonly [member: string]: unknown },
  of: string = run,
) =>
  send(broker, "PUT", `/workers/${of}`, {
    ids: holds.map(({ id }) => id),
    deliveries: holds.map(({ delivery }) => delivery),
    ...more,
  });
