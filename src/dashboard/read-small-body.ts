/**
 * A body that must be small: what a person enters.
 *
 * @module
 */

/** So many bytes a call of the page may have. */
const mostBytes = 1024 * 1024;

/** Reads a body; undefined if it is larger than a page sends. */
export async function readSmallBody(
  { body, headers }: Request,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get("content-length") ?? 0) > mostBytes) {
    await body?.cancel();
    return undefined;
  }
  let bytes = new Uint8Array(0);
  if (body === null) return bytes;
  for await (const piece of body) {
    if (bytes.length + piece.length > mostBytes) return undefined; // Leaving the loop cancels it.
    const longer = new Uint8Array(bytes.length + piece.length);
    longer.set(bytes);
    longer.set(piece, bytes.length);
    bytes = longer;
  }
  return bytes;
}
