/**
 * The body of a call as the message it has to be.
 *
 * @module
 */

import { DecodeError, type Format, formatLabel } from "../../protocol/codec.ts";
import { bodyFormat, supportedMediaTypes } from "../../protocol/negotiate.ts";
import type { BodyBytes } from "../../protocol/request-body.ts";
import { MessageError } from "../../protocol/schema.ts";
import { readBody } from "./body.ts";
import type { EndpointCall } from "./call.ts";
import { Refusal } from "./refusal.ts";

/**
 * Reads and decodes the body of a call. Throws a {@linkcode Refusal}: 415 for a media type that is not
 * spoken, 413, 408 and 400 as the body deserves.
 */
export async function readMessage<Message>(
  call: EndpointCall,
  read: (bytes: BodyBytes, format: Format) => Message,
): Promise<Message> {
  const format = bodyFormat(call.request.headers.get("content-type"));
  if (format === undefined) {
    throw new Refusal(415, "unsupported media type", { supported: supportedMediaTypes });
  }
  const bytes = await readBody(call);
  try {
    return read(bytes, format);
  } catch (error) {
    if (error instanceof DecodeError || error instanceof MessageError) {
      throw new Refusal(400, `invalid ${formatLabel(format)}: ${error.message}`);
    }
    throw error;
  }
}
