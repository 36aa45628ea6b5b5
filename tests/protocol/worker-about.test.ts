import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { longestAbout, readWorkerAbout, toWorkerAbout } from "../../src/protocol/worker-about.ts";

describe("what a worker says of itself", () => {
  it("is read as it was written, whatever names have in them, and fits a header", () => {
    for (const types of [["a"], ["b&type=c", "ä 漢", "%41", "x=y", "\n"]]) {
      const text = toWorkerAbout({ types, stops: false })!;
      assert.match(text, /^[\x21-\x7e]+$/);
      assert.deepEqual(readWorkerAbout(text), { types: [...types].sort(), stops: false });
    }
  });

  it("is the same for the same types in another order", () => {
    const [one, other] = [["b", "a"], ["a", "b"]].map((types) =>
      toWorkerAbout({ types, stops: true })
    );
    assert.equal(one, "stop=1&type=a&type=b");
    assert.equal(one, other);
  });

  it("is nothing where there is none, or too much", () => {
    assert.equal(toWorkerAbout({ stops: false }), undefined);
    assert.equal(toWorkerAbout({ types: [], stops: false }), undefined);
    const most = "x".repeat(longestAbout - "type=".length);
    assert.equal(toWorkerAbout({ types: [most], stops: false })?.length, longestAbout);
    const over = [`${most}x`];
    assert.equal(toWorkerAbout({ types: over, stops: false }), undefined);
    assert.equal(toWorkerAbout({ types: over, stops: true }), "stop=1");
  });

  it("is never wrong: what cannot be read says nothing", () => {
    const long = `type=${"x".repeat(longestAbout)}`;
    for (const text of [null, undefined, "", "other=1", "type=", "%", "&&=", long]) {
      assert.deepEqual(readWorkerAbout(text), { stops: false }, text ?? "none");
    }
    // What a later version says besides is passed over.
    assert.deepEqual(readWorkerAbout("new=1&type=a"), { types: ["a"], stops: false });
  });
});
