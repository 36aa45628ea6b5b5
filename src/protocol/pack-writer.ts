/**
 * Writes MessagePack straight into one growing buffer.
 *
 * @module
 */

const encoder = new TextEncoder();

/** A buffer that values are appended to; one for each answer, so that a failed one leaves nothing behind. */
export class PackWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How much was written. */
  get length(): number {
    return this.#length;
  }

  /** What was written: a view, which is to be the last use of this writer. */
  end(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The head of a map of `members` members. */
  map(members: number): void {
    if (members < 16) this.#byte(0x80 | members);
    else this.#sized(0xde, members);
  }

  /** The head of a list of `items` items. */
  list(items: number): void {
    if (items < 16) this.#byte(0x90 | items);
    else this.#sized(0xdc, items);
  }

  /** Null. */
  nil(): void {
    this.#byte(0xc0);
  }

  /** True or false. */
  bool(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** An integer from 0 to 2^53 − 1, in the fewest bytes. */
  uint(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) {
      this.#byte(0xcc);
      this.#byte(value);
    } else if (value < 0x1_0000) this.#u16(0xcd, value);
    else if (value < 0x1_0000_0000) this.#u32(0xce, value);
    else {
      this.#u32(0xcf, Math.floor(value / 0x1_0000_0000));
      this.u32(value % 0x1_0000_0000);
    }
  }

  /** An integer from −2^53 + 1 to −1, in the fewest bytes. */
  negative(value: number): void {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) {
      this.#byte(0xd0);
      this.#byte(value & 0xff);
    } else if (value >= -0x8000) this.#u16(0xd1, value & 0xffff);
    else if (value >= -0x8000_0000) this.#u32(0xd2, value >>> 0);
    else {
      this.#u32(0xd3, Math.floor(value / 0x1_0000_0000));
      this.u32(value >>> 0);
    }
  }

  /** A 64-bit float. */
  float64(value: number): void {
    this.#byte(0xcb);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  /** A 32-bit float. */
  float32(value: number): void {
    this.#byte(0xca);
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value);
    this.#length += 4;
  }

  /** A text. */
  text(value: string): void {
    if (value.length < 0x100 && this.#ascii(value)) return;
    const bytes = encoder.encode(value);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length < 0x100) {
      this.#byte(0xd9);
      this.#byte(bytes.length);
    } else this.#sized(0xda, bytes.length);
    this.raw(bytes);
  }

  /** Bytes that are a value already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Four bytes, without a type in front; gives where they stand. */
  u32(value: number): number {
    this.#reserve(4);
    const at = this.#length;
    this.#view.setUint32(at, value);
    this.#length += 4;
    return at;
  }

  /** Replaces the four bytes at `at`. */
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }

  /** Writes a short text of plain characters; gives false, and writes nothing, when it is not plain. */
  #ascii(value: string): boolean {
    const size = value.length;
    this.#reserve(size + 2);
    const bytes = this.#bytes;
    const start = this.#length + (size < 32 ? 1 : 2);
    for (let i = 0; i < size; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + i] = code;
    }
    if (size < 32) bytes[start - 1] = 0xa0 | size;
    else {
      bytes[start - 2] = 0xd9;
      bytes[start - 1] = size;
    }
    this.#length = start + size;
    return true;
  }

  #sized(type: number, size: number): void {
    if (size < 0x1_0000) this.#u16(type, size);
    else this.#u32(type + 1, size);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #u16(type: number, value: number): void {
    this.#byte(type);
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  #u32(type: number, value: number): void {
    this.#byte(type);
    this.u32(value);
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
