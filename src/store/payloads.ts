/**
 * Payloads that are kept for others, beside jobs: bytes under keys, for a time.
 *
 * They stand in pieces, as a Durable Object takes no value of more than 2 MB. No job knows of them, so nothing on the path of a
 * job reads or writes here.
 *
 * @module
 */

import { isOneOf } from "./dialect.ts";
import { rows, run, runEach, type Transition } from "./transition.ts";

/** A payload that is to be kept. */
export interface NewPayload {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In ms since the epoch. */
  readonly expiresAt: number;
}

/** Bytes of a piece. */
const pieceBytes = 1024 * 1024;

/** Keeps a payload, in place of what the key had. */
export function* putPayload({ key, bytes, expiresAt }: NewPayload): Transition<void> {
  yield* deletePayload(key);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += pieceBytes) {
    pieces.push(bytes.subarray(at, at + pieceBytes));
  }
  yield* runEach(
    "INSERT INTO payloads (key, piece, expires_at, body) VALUES (?, ?, ?, ?)",
    // Some drivers bind no bytes as NULL, so that is what they are everywhere.
    pieces.map((piece, number) => [key, number, expiresAt, piece.length === 0 ? null : piece]),
  );
}

/** The pieces of a payload, in their order; none if there is no such payload, or its time is over. */
export function* getPayload(key: string, now: number): Transition<Uint8Array<ArrayBuffer>[]> {
  const found = yield* rows<{ body: Uint8Array<ArrayBuffer> | null }>(
    "SELECT body FROM payloads WHERE key = ? AND expires_at > ? ORDER BY piece",
    [key, now],
  );
  return found.map(({ body }) => body ?? new Uint8Array());
}

/** Deletes a payload, if there is one. */
export function* deletePayload(key: string): Transition<void> {
  yield* run("DELETE FROM payloads WHERE key = ?", [key]);
}

/** When the time of the first payload is over, in ms since the epoch; undefined if there is none. */
export function* nextPayloadExpiry(): Transition<number | undefined> {
  const [first] = yield* rows<{ at: number | null }>("SELECT min(expires_at) AS at FROM payloads");
  return first?.at ?? undefined;
}

/** Payloads that are deleted in one transaction. */
const expirySize = 50;

/**
 * Deletes payloads whose time is over.
 *
 * @returns Whether there may be more.
 */
export function* expirePayloads(now: number): Transition<boolean> {
  const due = yield* rows<{ key: string }>(
    "SELECT DISTINCT key FROM payloads WHERE expires_at <= ? LIMIT ?",
    [now, expirySize],
  );
  if (due.length === 0) return false;
  const keys = JSON.stringify(due.map(({ key }) => key));
  // One of them may have been put anew by another broker.
  yield* run(`DELETE FROM payloads WHERE ${isOneOf("key", "texts")} AND expires_at <= ?`, [
    keys,
    now,
  ]);
  return due.length === expirySize;
}

/** Deletes all payloads. */
export function* removePayloads(): Transition<void> {
  yield* run("DELETE FROM payloads");
}
