/**
 * Bytes that arrived in pieces and are taken in others; each byte is copied once at most.
 *
 * @module
 */

/** A queue of bytes. */
export class ByteQueue {
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** The chunk that the front is in, and where. */
  #first = 0;
  #offset = 0;
  #length = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#length;
  }

  /** Appends bytes; they must not change until they were taken. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Takes the first `count` bytes, of at least as many that wait; a view where one chunk holds them all. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const head = this.#chunks[this.#first];
    if (head !== undefined && head.length - this.#offset > count) {
      this.#length -= count;
      return head.subarray(this.#offset, this.#offset += count);
    }
    return this.#join(count);
  }

  #join(count: number): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[this.#first]!;
      const part = chunk.subarray(this.#offset, this.#offset + missing);
      parts.push(part);
      missing -= part.length;
      this.#offset += part.length;
      if (this.#offset === chunk.length) {
        this.#first++;
        this.#offset = 0;
      }
    }
    this.#length -= count;
    // Dropping what was read one by one would move the rest each time.
    if (this.#first * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    return parts.length === 1 ? parts[0]! : concat(parts, count);
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
