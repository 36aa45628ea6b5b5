/**
 * A bulk enqueue of any size, in parts that a server can take.
 *
 * @module
 */

import { MillraceError } from "../errors.ts";
import type { Codec } from "../protocol/codec.ts";
import { type EnqueueRequest, toEnqueueWire } from "../protocol/enqueue.ts";
import type { Receipt } from "../protocol/receipt.ts";
import { encodeParts } from "./encode-parts.ts";
import { demandKey, longestOfMany } from "./idempotency-keys.ts";
import type { ClientCall } from "./transport.ts";

/** A bulk enqueue failed after some of its parts had been stored; `cause` tells why. */
export class PartialEnqueueError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "PartialEnqueueError";
  /** The literal kind of this error. */
  override readonly code = "partial";
  /** The jobs that are stored: those of the requests up to here, in their order. */
  readonly enqueued: readonly Receipt[];

  /** How many jobs are stored: those of `enqueued`, and of a source those of the chunks before. */
  readonly stored: number;

  /** Takes what is stored, how many there should have been, why it went no further, and how many are stored besides. */
  constructor(
    enqueued: readonly Receipt[],
    total: number | undefined,
    cause: unknown,
    before = 0,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const stored = before + enqueued.length;
    super(
      `Stored ${stored}${total === undefined ? "" : ` of ${total}`} jobs, then failed: ${reason}`,
      {
        cause,
      },
    );
    this.enqueued = enqueued;
    this.stored = stored;
  }
}

/** How parts are sent. */
export interface PartsOptions<Stored> {
  readonly codec: Codec;
  /** The time by the server's clock, as far as it is known, in ms since the epoch. */
  readonly now: number;
  /** What the first part goes by; the others have their number behind it. */
  readonly key: string | undefined;
  /** Stores the jobs of a part. */
  send(part: Part): Promise<Stored[]>;
}

/** A part, as it is sent. */
export interface Part {
  readonly bytes: NonNullable<ClientCall["bytes"]>;
  readonly key: string | undefined;
}

/** Sends requests part by part, each all or nothing, and gives the jobs of all. */
export async function enqueueInParts<Stored extends Receipt>(
  requests: readonly EnqueueRequest[],
  { codec, now, key: given, send }: PartsOptions<Stored>,
): Promise<Stored[]> {
  const first = demandKey(given, longestOfMany);
  const jobs = requests.map((request) => toEnqueueWire(request, now));
  const enqueued: Stored[] = [];
  let parts = 0;
  try {
    for (const bytes of encodeParts(jobs, codec)) {
      const key = ++parts === 1 || first === undefined ? first : `${first}/${parts}`;
      for (const job of await send({ bytes, key })) enqueued.push(job);
    }
  } catch (error) {
    throw enqueued.length === 0 ? error : new PartialEnqueueError(enqueued, jobs.length, error);
  }
  return enqueued;
}
