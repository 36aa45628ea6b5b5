/**
 * The key of a call that may be repeated (docs/protocol.md, section 4.5).
 *
 * @module
 */

import { extensionsHeader, extensionsVersion, wantsExtensions } from "../../protocol/extensions.ts";
import { idempotencyHeader, isIdempotencyKey } from "../../protocol/idempotency.ts";
import type { KeyedCall } from "../../store/idempotency.ts";
import type { EndpointCall } from "./call.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Received } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** So much of a key that cannot be is shown. */
const shownKey = 100;

/** The key of a call; null if it has none. Throws a {@linkcode Refusal} if it cannot be one. */
export function readKey({ request }: EndpointCall): string | null {
  const key = request.headers.get(idempotencyHeader);
  if (key === null || isIdempotencyKey(key)) return key;
  const shown = key.length > shownKey ? `${key.slice(0, shownKey)}…` : key;
  throw new Refusal(
    400,
    `${idempotencyHeader} is '${shown}', must be 1 to 255 visible ASCII characters`,
  );
}

/**
 * What the engine knows a call by.
 *
 * @param seed Tells one endpoint from another: a body may be one for both.
 */
export async function toKeyed(
  key: string,
  { bytes }: Received,
  { clock, reach }: Pick<EndpointCall, "clock" | "reach">,
  seed: number,
): Promise<Pick<KeyedCall, "key" | "fingerprint">> {
  return { key: reach.keyPrefix + key, fingerprint: await fingerprintOf(bytes, seed, clock) };
}

/** Tells a client that asks for it that this server keeps keys; another one says nothing. */
export function tellExtensions({ request }: Pick<EndpointCall, "request">, answer: Response): void {
  if (wantsExtensions(request.headers)) answer.headers.set(extensionsHeader, extensionsVersion);
}
