/**
 * Writes MessagePack with integers of up to 64 bits, which no JavaScript number holds. Other numbers that none holds become
 * doubles: MessagePack has nothing better for them.
 *
 * @module
 */

import { ExactNumber, exactText, toDouble } from "../jq/values/exact-number.ts";
import { encoderOptions, ZeroEncoder } from "./msgpack.ts";

const integer = /^-?[0-9]{16,20}$/;

class IntegerEncoder extends ZeroEncoder {
  override encodeObject(value: unknown, depth: number): void {
    if (!(value instanceof ExactNumber)) super.encodeObject(value, depth);
    else if (!this.#writeInteger(exactText(value))) super.encodeNumber(toDouble(value));
  }

  override encodeNumber(value: number): void {
    // Those beyond 2^53 are integers by the digits that JSON has for them, which are not those of the binary value.
    const isLong = Number.isInteger(value) && !Number.isSafeInteger(value);
    if (!isLong || !this.#writeInteger(`${value}`)) super.encodeNumber(value);
  }

  /** Writes an integer; gives false, and writes nothing, if the text is none or has no room in 64 bits. */
  #writeInteger(text: string): boolean {
    if (!integer.test(text)) return false;
    const value = BigInt(text);
    const fits = BigInt.asUintN(64, value) === value || BigInt.asIntN(64, value) === value;
    if (fits) this.encodeBigInt64(value);
    return fits;
  }
}

const encoder = new IntegerEncoder(encoderOptions);

/** Writes a value, whose numbers may be exact. */
export function packExactly(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(value);
}
