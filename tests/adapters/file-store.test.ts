import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { createFileStore } from "../../adapters/node/mod.ts";
import { toBytes, toStream, tryPayloadStore } from "../offload/payloads/store-suite.ts";

describe("a payload store in a directory", () => {
  let root = "";
  let directory = "";
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "millrace-files-"));
  });
  after(() => rm(root, { recursive: true }));

  const create = () => {
    directory = join(root, `${++count}`, "payloads");
    return createFileStore({ directory });
  };
  /** Makes all files older: the time of files is that of the disk. */
  const advance = async (ms: number) => {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const { mtimeMs } = await stat(path);
      await utimes(path, new Date(mtimeMs - ms), new Date(mtimeMs - ms));
    }
  };
  tryPayloadStore({ create, advance, longBytes: 3_000_000 });

  it("leaves no half of a file behind, and none that others may read", async () => {
    const store = create();
    await assert.rejects(store.put("a", toStream(toBytes(600_000), { error: new Error("cut") })));
    await store.put("b", toBytes(3));
    assert.deepEqual(await readdir(directory), ["b.payload"]);
    const { mode } = await stat(join(directory, "b.payload"));
    assert.equal(mode & 0o077, 0);
  });

  it("takes two writers of one key: one of them wins whole", async () => {
    const store = create();
    const long = toBytes(500_000);
    const other = toBytes(500_000).reverse();
    await Promise.all([store.put("a", toStream(long)), store.put("a", toStream(other))]);
    const got = await store.get("a");
    assert.ok([long, other].some((bytes) => bytes.every((byte, at) => byte === got![at])));
    assert.deepEqual(await readdir(directory), ["a.payload"]);
  });

  it("sweeps writes that never ended after a day, and no file of others", async () => {
    const store = create();
    await store.put("a", toBytes(3));
    await writeFile(join(directory, "b.1234.part"), "half");
    await writeFile(join(directory, "notes.txt"), "mine");
    await advance(60_000);
    assert.equal(await store.sweep(1000), 1);
    assert.deepEqual((await readdir(directory)).sort(), ["b.1234.part", "notes.txt"]);
    await advance(86_400_000);
    assert.equal(await store.sweep(1000), 0);
    assert.deepEqual(await readdir(directory), ["notes.txt"]);
  });

  it("sweeps a directory that is not there yet", async () => {
    assert.equal(await create().sweep(1000), 0);
  });

  it("says what is wrong with its options, and what the disk says", async () => {
    assert.throws(() => createFileStore({} as never), /Cannot use undefined as 'directory'/);
    assert.throws(() => createFileStore({ directory: "a", dir: "b" } as never), /'directory'/);
    const file = join(root, "file");
    await writeFile(file, "");
    await assert.rejects(
      createFileStore({ directory: join(file, "x") }).put("a", toBytes(1)),
      { code: "ENOTDIR" },
    );
  });
});
