/**
 * The archive around a copied database.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toBackup, toTarHeader } from "../../src/store/backup.ts";
import { createRandom } from "../support/random.ts";
import { readBackup } from "../support/read-backup.ts";

const takenAt = Date.UTC(2026, 10, 23, 9, 30, 15);

function copyOf(...chunks: Uint8Array<ArrayBuffer>[]) {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return { size, body: new Response(new Blob(chunks)).body! };
}

describe("toBackup", () => {
  for (const size of [0, 1, 511, 512, 513, 300_000]) {
    it(`holds a file of ${size} bytes as it was`, async () => {
      const content = new Uint8Array(size).map((_, at) => at * 7);
      const read = await readBackup(toBackup(copyOf(content), takenAt));
      assert.deepEqual(
        { ...read, file: [...read.file] },
        { path: "millrace/jobs.db", modifiedAt: takenAt, file: [...content] },
      );
    });
  }

  it("lets go of the copy when nobody wants it any more", async () => {
    const { body, cancelled } = endless();
    const reader = toBackup({ size: 2 ** 40, body }, takenAt).getReader();
    await reader.read();
    await reader.cancel("enough");
    await cancelled;
  });

  it("reads no further ahead than a few pieces", async () => {
    const { body, pulls } = endless();
    const reader = toBackup({ size: 2 ** 40, body }, takenAt).getReader();
    for (let at = 0; at < 100; at++) await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(pulls() < 200, `${pulls()} pieces were read`);
    await reader.cancel();
  });

  it("fails when the copy cannot be read to its end", async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new Uint8Array(100)),
      pull: (controller) => controller.error(new Error("bad sector")),
    });
    await assert.rejects(new Response(toBackup({ size: 200, body }, takenAt)).arrayBuffer());
  });
});

/** A file of noise without an end. */
function endless() {
  const random = createRandom(1);
  const noise = new Uint8Array(65_536).map(() => random.int(256));
  let pulls = 0;
  let leave: () => void;
  const cancelled = new Promise<void>((resolve) => void (leave = resolve));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      pulls++;
      controller.enqueue(noise.slice());
    },
    cancel: () => leave(),
  });
  return { body, cancelled, pulls: () => pulls };
}

describe("toTarHeader", () => {
  it("writes sizes from 8 GiB on as a binary number", () => {
    const longest = toTarHeader("a", 2 ** 33 - 1, takenAt);
    assert.equal(new TextDecoder().decode(longest.subarray(124, 136)), "77777777777\0");
    const longer = toTarHeader("a", 2 ** 33 + 5, takenAt);
    assert.deepEqual([...longer.subarray(124, 136)], [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5]);
  });
});
