/**
 * The one file of a backup, read by the letter of the tar format and not by the code that writes it.
 *
 * @module
 */

import assert from "node:assert/strict";

/** What is in a backup. */
export interface BackupContent {
  readonly path: string;
  readonly modifiedAt: number;
  readonly file: Uint8Array;
}

/** Reads a backup to its end. */
export async function readBackup(body: ReadableStream<Uint8Array>): Promise<BackupContent> {
  const plain = body.pipeThrough(new DecompressionStream("gzip") as TransformStream);
  const tar = new Uint8Array(await new Response(plain).arrayBuffer());
  assert.equal(tar.length % 512, 0);
  const header = tar.subarray(0, 512);
  const text = (from: number, to: number) =>
    new TextDecoder().decode(header.subarray(from, to)).replace(/[\0 ].*$/s, "");
  assert.equal(text(257, 263), "ustar");
  assert.equal(text(156, 157), "0");
  const blanked = header.map((byte, at) => at >= 148 && at < 156 ? 32 : byte);
  assert.equal(parseInt(text(148, 156), 8), blanked.reduce((sum, byte) => sum + byte, 0));
  const size = parseInt(text(124, 136), 8);
  const end = 512 + Math.ceil(size / 512) * 512;
  assert.equal(tar.length, end + 1024);
  assert.ok(tar.subarray(512 + size).every((byte) => byte === 0));
  return {
    path: text(0, 100),
    modifiedAt: parseInt(text(136, 148), 8) * 1000,
    file: tar.subarray(512, 512 + size),
  };
}
