/**
 * Who may call a front, and what the body of a call brings.
 *
 * @module
 */

import { show } from "../../options.ts";
import { collectBytes } from "../payloads/collect-bytes.ts";
import { sha256Hex } from "../payloads/sha256.ts";
import { PublishRefusal } from "./publish-request.ts";

const leastTokenLength = 16;

/** So many messages may be in one batch: the jobs of a call are stored in one commit. */
const mostOfBatch = 2000;

/** Lets callers in that have a token. The digests are compared, which tells nothing of the tokens by how long it takes. */
export function createGate(tokens: readonly string[]): (header: string | null) => Promise<boolean> {
  if (!Array.isArray(tokens) || tokens.length === 0) {
    throw new TypeError(`Cannot use 'tokens' ${show(tokens)}: expected a list of one or more`);
  }
  for (const token of tokens) {
    if (typeof token === "string" && token.length >= leastTokenLength) continue;
    throw new RangeError(
      `Cannot use a token that has not ${leastTokenLength} characters: expected a long and random text`,
    );
  }
  const digest = (token: string) => sha256Hex(new TextEncoder().encode(token));
  let known: Promise<string[]> | undefined;
  return async (header) => {
    const [, token] = /^bearer +(\S+) *$/i.exec(header ?? "") ?? [];
    known ??= Promise.all(tokens.map(digest));
    return token !== undefined && (await known).includes(await digest(token));
  };
}

/** Reads the body of a call. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  try {
    return await collectBytes(request.body, maxBytes, request.signal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PublishRefusal(`Body has more than ${maxBytes} bytes`, 413);
  }
}

/** A message of a batch. */
export interface BatchItem {
  readonly destination: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Reads the messages of a batch. */
export function readBatch(bytes: Uint8Array): BatchItem[] {
  let items: unknown;
  try {
    items = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new PublishRefusal("Body is no JSON: expected a list of messages");
  }
  if (!Array.isArray(items) || items.length === 0 || items.length > mostOfBatch) {
    throw new PublishRefusal(`Body is no list of 1 to ${mostOfBatch} messages`);
  }
  return items.map((item: unknown, at) => {
    const { destination, headers = {}, body = "", queue } = (item ?? {}) as Partial<
      Record<string, unknown>
    >;
    const isFit = typeof destination === "string" && typeof body === "string" &&
      typeof headers === "object" && headers !== null && queue === undefined;
    if (!isFit) {
      throw new PublishRefusal(
        `Message ${
          at + 1
        } of the batch is not supported: expected 'destination', 'headers' and 'body', ` +
          "texts, and no 'queue'",
      );
    }
    try {
      return { destination, headers: new Headers(headers as Record<string, string>), body };
    } catch {
      throw new PublishRefusal(`Message ${at + 1} of the batch has headers that are none`);
    }
  });
}
