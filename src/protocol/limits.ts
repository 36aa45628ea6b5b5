/**
 * How much of a peer's bytes is believed. Every limit stands against a way to make a reader work or hold more
 * than the bytes are worth.
 *
 * @module
 */

import { max32 } from "./integer.ts";

/** Levels of a JSON body, its own object counted: what the protocol accepts (docs/protocol.md, section 1.2). */
export const maxJsonDepth = 127;

/** Levels of a MessagePack body, its own map counted: what the protocol accepts (docs/protocol.md, section 1.2). */
export const maxPackDepth = 1023;

/**
 * Lists and objects of a request body, those in payloads counted: one takes up to 60 bytes when it is built, and as
 * little as one on the wire. No body of the default size that is meant honestly holds as many.
 */
export const maxContainers = 8_388_608;

/** Bytes of a body besides its list, or its payloads, as {@linkcode sparedBytes} counts them: they are read at once. */
export const mostAround = 1_048_576;

/**
 * How many bytes of a text do not count among what a body has besides payloads: to read a long text takes little longer than
 * to read a short one.
 *
 * @param length Bytes of the text.
 */
export function sparedBytes(length: number): number {
  return length > 16 ? (length - 16) * 15 / 16 : 0;
}

/** Bytes of a body that has neither payloads nor a list that may be long. */
export const mostPlain = 4_194_304;

/** Bytes of one frame on a take stream. A payload went through a body limit once, so a longer frame is no job. */
export const maxFrameBytes = 268_435_456;

/** The most that fit on a page of a listing. */
export const maxPageLimit = 2000;

/** Jobs that one call takes at most. */
export const maxTakeCount = 500;

/** How long a call waits for jobs at most, in ms. */
export const maxWaitMs = 30_000;

/** How long a call waits for the end of a job at most, in ms. */
export const maxEndWaitMs = 60_000;

/** Jobs that one call waits for at most. */
export const maxWaitedFor = 1000;

/** Says why a lease cannot last so long; undefined if it can, or if nothing is said. */
export function checkLeaseMs(leaseMs: number | undefined): string | undefined {
  return leaseMs === 0 ? `lease_ms must be between 1 and ${max32}, got 0` : undefined;
}
