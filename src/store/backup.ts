/**
 * What a backup is: a gzipped tar archive of one file, `millrace/jobs.db`, which is the database.
 *
 * An archive and not the bare file, because clients of the protocol expect one.
 *
 * @module
 */

import type { DatabaseCopy } from "./database.ts";

/** The path of the database in the archive. */
const backupPath = "millrace/jobs.db";

/** An archive consists of blocks of this many bytes, and ends with two empty ones. */
const blockBytes = 512;

/** The longest file whose size the header can hold as octal digits: 8 GiB less one byte. */
const longestOctal = 8 ** 11 - 1;

/** Packs a copy of a database, piece by piece as it is read. `takenAt` is in ms since the epoch. */
export function toBackup(
  { size, body }: DatabaseCopy,
  takenAt: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const padding = (blockBytes - size % blockBytes) % blockBytes;
  const archive = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(toTarHeader(backupPath, size, takenAt)),
    flush: (controller) => controller.enqueue(new Uint8Array(padding + 2 * blockBytes)),
  });
  return body.pipeThrough(archive).pipeThrough(createGzip());
}

/**
 * On Node 22 a `CompressionStream` takes its limit in bytes for a number of chunks, so that a pipe would load the whole
 * database into it. Its `write` waits as it should, so a stream with room for one chunk is put before it.
 */
function createGzip(): ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  return {
    readable,
    writable: new WritableStream({
      write: (chunk) => writer.write(chunk),
      close: () => writer.close(),
      abort: (reason) => writer.abort(reason),
    }),
  };
}

/**
 * The header of a file in a tar archive, as POSIX (ustar) lays it out; the size of a file too long for that
 * as GNU does, which every tar reads. `path` is ASCII and shorter than 100 characters.
 */
export function toTarHeader(
  path: string,
  size: number,
  modifiedAt: number,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(blockBytes);
  const write = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  write(0, path);
  write(100, octal(0o600, 7));
  write(108, octal(0, 7));
  write(116, octal(0, 7));
  if (size <= longestOctal) write(124, octal(size, 11));
  else {
    header[124] = 0x80;
    new DataView(header.buffer).setBigUint64(128, BigInt(size));
  }
  write(136, octal(Math.floor(modifiedAt / 1000), 11));
  write(148, " ".repeat(8)); // The checksum counts as blanks in its own sum.
  write(156, "0");
  write(257, "ustar\0" + "00");
  write(148, `${octal(header.reduce((sum, byte) => sum + byte, 0), 6)}\0`);
  return header;
}
