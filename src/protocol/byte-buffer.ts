/**
 * Pieces of a body, gathered into one buffer.
 *
 * Each piece is copied: on some runtimes a small piece is a view of a large buffer, and would keep it. The buffer doubles when
 * it is full, so that many small pieces cost no more than a few large ones.
 *
 * @module
 */

/** Gathers pieces. */
export interface ByteBuffer {
  /** How many bytes there are. */
  readonly length: number;
  /** Adds a copy of a piece. */
  add(piece: Uint8Array): void;
  /** All that was added; a view, which later pieces may leave behind. */
  whole(): Uint8Array<ArrayBuffer>;
}

/**
 * Creates an empty buffer.
 *
 * @param firstBytes How many bytes it has room for at first.
 * @param grown Is told by how many bytes its room grows, before it does.
 */
export function createByteBuffer(
  firstBytes: number,
  grown?: (bytes: number) => void,
): ByteBuffer {
  let buffer = new Uint8Array(firstBytes);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(piece) {
      const wanted = length + piece.byteLength;
      if (wanted > buffer.byteLength) {
        const size = Math.max(wanted, buffer.byteLength * 2);
        grown?.(size - buffer.byteLength);
        const larger = new Uint8Array(size);
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(piece, length);
      length = wanted;
    },
    whole: () => buffer.subarray(0, length),
  };
}
