import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { longestAbout, readWorkerAbout, toWorkerAbout } from "../../src/protocol/worker-about.ts";

describe("what a worker says of itself", () => {
  it("is read as it was written, whatever names have in them, and fits a header", () => {
    for (const types of [["a"], ["b&type=c", "ä 漢", "%41", "x=y", "\n"]]) {
      const text = toWorkerAbout({ types })!;
      assert.match(text, /^[\x21-\x7e]+$/);
      assert.deepEqual(readWorkerAbout(text), { types: [...types].sort() });
    }
  });

  it("is the same for the same types in another order", () => {
    assert.equal(toWorkerAbout({ types: ["b", "a"] }), toWorkerAbout({ types: ["a", "b"] }));
  });

  it("is nothing where there is none, or too much", () => {
    assert.equal(toWorkerAbout({}), undefined);
    assert.equal(toWorkerAbout({ types: [] }), undefined);
    const most = "x".repeat(longestAbout - "type=".length);
    assert.equal(toWorkerAbout({ types: [most] })?.length, longestAbout);
    assert.equal(toWorkerAbout({ types: [`${most}x`] }), undefined);
  });

  it("is never wrong: what cannot be read says nothing", () => {
    const long = `type=${"x".repeat(longestAbout)}`;
    for (const text of [null, undefined, "", "other=1", "type=", "%", "&&=", long]) {
      assert.deepEqual(readWorkerAbout(text), {}, text ?? "none");
    }
    // What a later version says besides is passed over.
    assert.deepEqual(readWorkerAbout("new=1&type=a"), { types: ["a"] });
  });
});
