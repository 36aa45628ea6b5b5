/**
 * SHA-256 of bytes that come in pieces (FIPS 180-4). WebCrypto has it for bytes that are all there, and is asked for these.
 *
 * @module
 */

/** A digest that is being made. */
export interface Sha256 {
  /** Takes more bytes. */
  update(bytes: Uint8Array): void;
  /** The digest, as 64 hexadecimal digits in lower case. Nothing is taken after it. */
  hex(): string;
}

/** The digest of bytes, as 64 hexadecimal digits in lower case. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)));
}

/** Bytes as hexadecimal digits in lower case. */
export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

const blockBytes = 64;

/** The first 32 bits of the fractions of the roots of the first primes: square roots first, then cube roots. */
const constants = /* @__PURE__ */ toConstants();

/** Begins a digest. */
export function createSha256(): Sha256 {
  const state = Uint32Array.from(constants.start);
  const words = new Int32Array(64);
  const rest = new Uint8Array(blockBytes);
  let restBytes = 0;
  let total = 0;

  const update = (bytes: Uint8Array): void => {
    total += bytes.length;
    let at = 0;
    if (restBytes > 0) {
      at = Math.min(blockBytes - restBytes, bytes.length);
      rest.set(bytes.subarray(0, at), restBytes);
      restBytes += at;
      if (restBytes < blockBytes) return;
      compress(state, words, rest, 0);
      restBytes = 0;
    }
    for (; at + blockBytes <= bytes.length; at += blockBytes) compress(state, words, bytes, at);
    rest.set(bytes.subarray(at), 0);
    restBytes = bytes.length - at;
  };

  return {
    update,
    hex() {
      const bits = total * 8;
      const isLong = restBytes >= blockBytes - 8;
      const end = new Uint8Array((isLong ? 2 : 1) * blockBytes - restBytes);
      end[0] = 0x80;
      const view = new DataView(end.buffer);
      view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
      view.setUint32(end.length - 4, bits >>> 0);
      update(end);
      return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
    },
  };
}

/** Takes one block into the state. */
function compress(state: Uint32Array, words: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++, at += 4) {
    words[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const two = words[i - 2]!;
    const fifteen = words[i - 15]!;
    const low = turn(fifteen, 7) ^ turn(fifteen, 18) ^ (fifteen >>> 3);
    const high = turn(two, 17) ^ turn(two, 19) ^ (two >>> 10);
    words[i] = (words[i - 16]! + low + words[i - 7]! + high) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  const { rounds } = constants;
  for (let i = 0; i < 64; i++) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) +
      rounds[i]! + words[i]!) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => state[i] = state[i]! + word);
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The constants of the standard are computed, which is shorter than to write them down. A test compares digests. */
function toConstants(): { start: Uint32Array; rounds: Uint32Array } {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  const fraction = (root: number) => (root % 1) * 2 ** 32;
  return {
    start: Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    rounds: Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  };
}
