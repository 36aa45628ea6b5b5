/**
 * The error with which an endpoint refuses a call.
 *
 * @module
 */

import { type LeaseRefusal, tellRefusal } from "../../protocol/ack.ts";
import type { Rejection } from "../../protocol/rejection.ts";

/** Thrown by an endpoint and answered as an error body in the negotiated format. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The HTTP status. */
  readonly status: number;
  /** Members of the body besides `error`. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.extra = extra;
  }
}

/** The HTTP status of each kind of rejection; some endpoints have others for some kinds. */
const statusOf: Readonly<Record<Rejection["kind"], number>> = {
  invalid: 400,
  unprocessable: 422,
  conflict: 409,
  missing: 404,
};

/** The refusal that tells a peer of a rejection. */
export function toRefusal(
  { kind, message }: Rejection,
  others: Partial<Record<Rejection["kind"], number>> = {},
): Refusal {
  return new Refusal(others[kind] ?? statusOf[kind], message);
}

/** The refusal of a caller that a job under a lease is not with, or not any more. */
export function refuseLease(id: string, reason: LeaseRefusal): Refusal {
  return new Refusal(409, tellRefusal(id, reason), { reason });
}
