/** Finding a text in another: the same places as the runtime finds, for short and long parts. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, type Json } from "../../src/jq/mod.ts";

/** A text of two letters, in which long parts nearly occur often; the same for each seed. */
function textOf(seed: number, length: number): string {
  let state = seed;
  let text = "";
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647;
    text += state % 7 === 0 ? "b" : "a";
  }
  return text;
}

/** The places at which a text has a part, one after the other. */
function placesOf(text: string, part: string): number[] {
  return Array.from(text, (_, at) => at).filter((at) => text.startsWith(part, at));
}

function run(source: string, input: Json, part: string): Json | undefined {
  return compile(source, { variables: ["part"] }).one(input, { part });
}

describe("a part of a text", () => {
  for (const length of [1, 2, 15, 16, 17, 18, 40, 300]) {
    test(`of ${length} characters is found where it is`, () => {
      for (let seed = 1; seed <= 40; seed++) {
        const text = textOf(seed, 1500);
        for (const part of [text.slice(-length), textOf(seed + 99, length), "a".repeat(length)]) {
          assert.deepEqual(run("indices($part)", text, part), placesOf(text, part));
          assert.equal(run("contains($part)", text, part), text.includes(part));
          assert.deepEqual(run("split($part)", text, part), text.split(part));
        }
      }
    });
  }

  test("that overlaps itself is found at each place, and split at each second", () => {
    const text = "ab".repeat(600);
    const part = "ab".repeat(200);
    assert.deepEqual(run("indices($part)", text, part), placesOf(text, part));
    assert.deepEqual(run("split($part)", text, part), ["", "", "", ""]);
  });

  test("that is longer than the text, or empty, is handled", () => {
    const text = textOf(1, 500);
    assert.equal(run("contains($part)", text, `${text}a`), false);
    assert.equal(run("contains($part)", text, ""), true);
    assert.deepEqual(run("indices($part)", text, ""), []);
    assert.deepEqual(run("split($part)", text, `${text}a`), [text]);
  });
});
