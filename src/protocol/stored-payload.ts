/**
 * Payloads that the broker keeps for others, beside jobs (docs/protocol.md, section 19).
 *
 * @module
 */

/** How long the broker keeps one, in ms, if nobody says: 30 days. */
export const defaultPayloadTtlMs: number = 30 * 86_400_000;

/** What the broker answers where there is none, so that it is told from an endpoint that is not there. */
export const noSuchPayload = "payload not found";

const fitKey = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Whether a key can be the name of a file and a part of a URL. */
export function isPayloadKey(key: unknown): key is string {
  return typeof key === "string" && fitKey.test(key);
}

/** Which keys there can be, for messages. */
export const payloadKeyRule = "1 to 200 of 'A-Z a-z 0-9 . _ -', and no '.' first";
