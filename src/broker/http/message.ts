/**
 * The body of a call as the message it has to be.
 *
 * @module
 */

import { pause } from "../../async/turns.ts";
import { DecodeError, type Format, formatLabel } from "../../protocol/codec.ts";
import { bodyFormat, supportedMediaTypes } from "../../protocol/negotiate.ts";
import { type ListPart, listParts, TooManyItemsError } from "../../protocol/list-parts.ts";
import type { BodyBytes } from "../../protocol/request-body.ts";
import { MessageError } from "../../protocol/schema.ts";
import { readBody } from "./body.ts";
import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** A larger body with a list is read in parts. */
const largeBytes = 512 * 1024;

/** A body that is there whole, and not decoded. */
export interface Received {
  readonly format: Format;
  readonly bytes: BodyBytes;
}

/** Decodes a body. Throws a {@linkcode Refusal}: 400. */
export function toMessage<Message>(
  { format, bytes }: Received,
  read: (bytes: BodyBytes, format: Format) => Message,
): Message {
  return decode(format, () => read(bytes, format));
}

/**
 * Reads and decodes the body of a call. Throws a {@linkcode Refusal}: 415 for a media type that is not spoken, 413, 408 and
 * 400 as the body deserves.
 */
export async function readMessage<Message>(
  call: EndpointCall,
  read: (bytes: BodyBytes, format: Format) => Message,
): Promise<Message> {
  const format = demandFormat(call);
  return toMessage({ format, bytes: await readBody(call) }, read);
}

/** How a list is read. */
export interface ListReader<Item> {
  /** The member that the list is. */
  readonly name: string;
  /** Reads the items of a body. */
  readonly read: (bytes: BodyBytes, format: Format) => readonly Item[];
}

/** Decodes a body that holds a list, which may be long: other work gets its turns meanwhile. */
export async function toListMessage<Item>(
  call: EndpointCall,
  { format, bytes }: Received,
  { name, read }: ListReader<Item>,
): Promise<readonly Item[]> {
  const { settings: { maxItemsPerCall: maxItems }, clock } = call;
  if (bytes.length <= largeBytes) {
    return decode(format, () => {
      const items = read(bytes, format);
      if (items.length > maxItems) throw new TooManyItemsError(name, maxItems);
      return items;
    });
  }
  const all: Item[] = [];
  const parts = listParts(bytes, { format, name, maxItems });
  for (;;) {
    const items = decode(format, () => {
      const { value: part, done } = parts.next();
      return done ? undefined : readPart(part, name, () => read(part.bytes, format));
    });
    if (items === undefined) return all;
    for (const item of items) all.push(item);
    await pause(clock);
  }
}

function readPart<Item>(
  { first }: ListPart,
  name: string,
  read: () => readonly Item[],
): readonly Item[] {
  try {
    const items = read();
    if (first === undefined && items.length > 0) throw new DecodeError(`'${name}' is given twice`);
    return items;
  } catch (error) {
    if (!(error instanceof MessageError) || first === undefined) throw error;
    throw new MessageError(
      error.message.replace(/^(\w+\[)(\d+)/, (_, list, index) => `${list}${first + Number(index)}`),
    );
  }
}

/** The format of a body. Throws a {@linkcode Refusal}: 415. */
export function demandFormat(call: EndpointCall): Format {
  const format = bodyFormat(call.request.headers.get("content-type"));
  if (format !== undefined) return format;
  throw new Refusal(415, "unsupported media type", { supported: supportedMediaTypes });
}

function decode<Result>(format: Format, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof TooManyItemsError) throw new Refusal(413, error.message);
    if (error instanceof DecodeError || error instanceof MessageError) {
      throw new Refusal(400, `invalid ${formatLabel(format)}: ${error.message}`);
    }
    throw error;
  }
}
