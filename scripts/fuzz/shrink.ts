/**
 * Cuts out of a body what it fails without.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** How often one more try is worth it. */
const maxTries = 2000;

/** The smallest body found that is still amiss; the same one if only all of it is. */
export async function shrink(
  body: Bytes,
  isAmiss: (body: Bytes) => Promise<boolean>,
): Promise<Bytes> {
  let smallest = body;
  let tries = 0;
  for (let size = body.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= smallest.length && tries < maxTries;) {
      const shorter = new Uint8Array(smallest.length - size);
      shorter.set(smallest.subarray(0, at));
      shorter.set(smallest.subarray(at + size), at);
      tries++;
      if (await isAmiss(shorter)) smallest = shorter;
      else at += size;
    }
  }
  return smallest;
}
