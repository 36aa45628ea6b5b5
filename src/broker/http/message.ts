/**
 * The body of a call as the message it has to be.
 *
 * @module
 */

import { createTurns, pause } from "../../async/turns.ts";
import { DecodeError, type Format, formatLabel } from "../../protocol/codec.ts";
import { bodyFormat, supportedMediaTypes } from "../../protocol/negotiate.ts";
import { type LightBody, lightenJson } from "../../protocol/large-json.ts";
import { lightenPack } from "../../protocol/large-pack.ts";
import { mostPlain } from "../../protocol/limits.ts";
import { type ListPart, listParts, TooManyItemsError } from "../../protocol/list-parts.ts";
import { payloadPaths, type PayloadPlace } from "../../protocol/payload-place.ts";
import type { RawPayload } from "../../protocol/record.ts";
import type { BodyBytes } from "../../protocol/request-body.ts";
import { MessageError } from "../../protocol/schema.ts";
import { readBody } from "./body.ts";
import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** A larger body is read in parts. */
const largeBytes = 512 * 1024;

/** A body that is there whole, and not decoded. */
export interface Received {
  readonly format: Format;
  readonly bytes: BodyBytes;
}

/** Reads a message from a body. */
type Read<Message> = (bytes: BodyBytes, format: Format) => Message;

/**
 * Decodes a body. A large one is read in pieces, so that other work gets its turns. Throws a {@linkcode Refusal}: 400.
 *
 * @param places Where it may have payloads.
 */
export async function toMessage<Message>(
  call: Pick<EndpointCall, "clock">,
  body: Received,
  read: Read<Message>,
  ...places: readonly PayloadPlace[]
): Promise<Message> {
  if (!isLarge(body)) return decode(body.format, () => read(body.bytes, body.format));
  const light = await lighten(call, body, places);
  return decode(body.format, () => readLight(light, read, { format: body.format, places }));
}

/** Whether a body is read in pieces. */
function isLarge({ bytes }: Received): boolean {
  return bytes.length > largeBytes;
}

/** Cuts the payloads out of a large body. */
async function lighten(
  { clock }: Pick<EndpointCall, "clock">,
  { format, bytes }: Received,
  places: readonly PayloadPlace[],
): Promise<LightBody> {
  const paths = places.map((place) => payloadPaths[place]);
  const lightening = format === "json" ? lightenJson(bytes, paths) : lightenPack(bytes, paths);
  const turns = createTurns(clock);
  for (;;) {
    const { value, done } = decode(format, () => lightening.next());
    if (done) return value;
    if (turns.isOver()) await turns.pause();
  }
}

function readLight<Message>(
  { bytes, payloads }: LightBody,
  read: Read<Message>,
  { format, places }: { readonly format: Format; readonly places: readonly PayloadPlace[] },
): Message {
  const message = read(bytes, format);
  for (const place of places) putBack(place, message as Message & AnyMessage, payloads);
  return message;
}

/**
 * Reads and decodes the body of a call. Throws a {@linkcode Refusal}: 415 for a media type that is not spoken, 413, 408 and
 * 400 as the body deserves.
 *
 * @param places Where it may have payloads. A body that may have none may not be large.
 */
export async function readMessage<Message>(
  call: EndpointCall,
  read: Read<Message>,
  ...places: readonly PayloadPlace[]
): Promise<Message> {
  const format = demandFormat(call);
  const bytes = await readBody(call, places.length === 0 ? mostPlain : undefined);
  return await toMessage(call, { format, bytes }, read, ...places);
}

/** What has a payload, or its number. */
interface Holder {
  payload?: RawPayload | undefined;
}

/** A message that has payloads somewhere. */
type AnyMessage = Holder & {
  readonly job?: Holder;
  readonly enqueue?: readonly Holder[];
  readonly entries?: readonly { readonly job: Holder }[];
};

/** Puts payloads in the places of their numbers. */
function putBack(place: PayloadPlace, message: AnyMessage, payloads: readonly RawPayload[]): void {
  for (const holder of holdersOf(place, message)) {
    if (holder.payload !== undefined) holder.payload = payloads[numberOf(holder.payload)]!;
  }
}

/** Which payload a number in its place stands for. */
function numberOf(place: RawPayload): number {
  if (typeof place === "string") return Number(place);
  return new DataView(place.buffer, place.byteOffset).getUint32(1);
}

function holdersOf(place: PayloadPlace, message: AnyMessage): readonly Holder[] {
  switch (place) {
    case "single":
      return [message];
    case "bulk":
      return message as unknown as readonly Holder[];
    case "beside":
      return message.enqueue ?? [];
    case "entry":
      return message.job === undefined ? [] : [message.job];
    case "entries":
      return message.entries!.map(({ job }) => job);
  }
}

/** How a list is read. */
export interface ListReader<Item> {
  /** The member that the list is. */
  readonly name: string;
  /** Reads the items of a body. */
  readonly read: Read<readonly Item[]>;
  /** Where it may have payloads. */
  readonly place?: PayloadPlace;
}

/** Decodes a body that holds a list, which may be long: other work gets its turns meanwhile. */
export async function toListMessage<Item>(
  call: EndpointCall,
  { format, bytes }: Received,
  { name, read, place }: ListReader<Item>,
): Promise<readonly Item[]> {
  const { settings: { maxItemsPerCall: maxItems }, clock } = call;
  if (bytes.length <= largeBytes) {
    return decode(format, () => {
      const items = read(bytes, format);
      if (items.length > maxItems) throw new TooManyItemsError(name, maxItems);
      return items;
    });
  }
  const places = place === undefined ? [] : [place];
  const all: Item[] = [];
  const parts = listParts(bytes, { format, name, maxItems });
  for (;;) {
    const { value: part, done } = decode(format, () => parts.next());
    if (done) return all;
    await pause(clock);
    if (part === undefined) continue;
    const body = { format, bytes: part.bytes };
    const light = isLarge(body) ? await lighten(call, body, places) : undefined;
    const items = decode(format, () =>
      readPart(
        part,
        name,
        () =>
          light === undefined
            ? read(part.bytes, format)
            : readLight(light, read, { format, places }),
      ));
    for (const item of items) all.push(item);
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
