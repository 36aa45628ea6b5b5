/** What brokers hear of each other: items are taken as they were told, and nothing else is taken at all. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHeard } from "../../src/broker/engine/heard.ts";
import { fromText, isStatement } from "../../src/broker/engine/news-reading.ts";
import { toTexts } from "../../src/broker/engine/news-text.ts";
import { createPartCollector, toParts } from "../../src/broker/engine/statement-parts.ts";
import { createRandom, randomValue } from "../support/random.ts";
import { malformed, told } from "../support/told-news.ts";

const statement = {
  heard: 3,
  taking: true,
  holds: [{ id: "a", delivery: 1 }],
  progress: [{ id: "a", delivery: 1, progress: { value: 0.5, message: "é".repeat(3000) } }],
};

describe("news", () => {
  it("are read as they were told", () => {
    const texts = toTexts("me", told);
    const heard = texts.map((text) => fromText(text)!);
    assert.deepEqual(heard.flatMap(({ items }) => items), JSON.parse(JSON.stringify(told)));
    assert.ok(heard.every(({ from }) => from === "me"));
  });

  it("of no known shape are passed over, each by itself", () => {
    for (const item of malformed) {
      const text = JSON.stringify(["x", item, ["left", "good"]]);
      assert.deepEqual(fromText(text)?.items, [["left", "good"]], text);
    }
  });

  it("that are no list of somebody's are none", () => {
    for (const text of ["", "no JSON", "null", "7", '"x"', "{}", "[]", "[7]", '[["hello"]]']) {
      assert.equal(fromText(text), undefined, text);
    }
    assert.deepEqual(fromText('["x"]')?.items, []);
  });

  it("are put together whatever they are made of", () => {
    const random = createRandom(11);
    const parts = createPartCollector(isStatement);
    for (let round = 0; round < 5000; round++) {
      // An item whose values are others in some places, and sometimes too few or too many.
      const item = [...random.pick(told)] as unknown[];
      for (let times = random.int(3); times >= 0; times--) {
        item[random.int(item.length + 1)] = random.once(2)
          ? randomValue(random)
          : random.pick(random.pick(told) as readonly unknown[]);
      }
      if (random.once(5)) item.length = random.int(item.length + 1);
      const read = fromText(JSON.stringify(["x", item]))!;
      const heard = toHeard(read, parts);
      assert.ok(Number.isSafeInteger(heard.seq));
      for (const { count, first } of heard.ready.values()) {
        assert.ok(Number.isSafeInteger(count));
        assert.ok(first === undefined || Number.isSafeInteger(first.seq));
      }
      for (const at of heard.due.values()) assert.ok(Number.isSafeInteger(at));
      for (const [, whole] of heard.said) assert.ok(isStatement(whole));
    }
  });
});

describe("what a worker says, in parts", () => {
  const collect = () => createPartCollector(isStatement);

  it("is whole in whatever order they come, and only once", () => {
    const parts = toParts("run", statement, 1);
    assert.ok(parts.length > 1);
    const all = collect();
    for (const part of parts.slice(1).reverse()) assert.equal(all.add("x", part), undefined);
    assert.equal(all.add("y", parts[0]!), undefined);
    assert.deepEqual(all.add("x", parts[0]!), statement);
    assert.equal(all.add("x", parts[0]!), undefined);
  });

  it("is nothing if it is no statement", () => {
    const texts = [
      "",
      "{",
      "null",
      "[]",
      '{"taking":1,"holds":[]}',
      '{"taking":true,"holds":[null]}',
      '{"taking":true,"holds":[],"progress":[{"id":"a","delivery":1,"progress":2}]}',
    ];
    for (const text of texts) {
      assert.equal(collect().add("x", ["said", "run", 1, 0, 1, text]), undefined, text);
    }
    const good = '{"taking":true,"holds":[]}';
    assert.deepEqual(collect().add("x", ["said", "run", 1, 0, 1, good]), JSON.parse(good));
  });

  it("is given up when too much is under way", () => {
    const all = collect();
    const [first, ...others] = toParts("run", statement, 1);
    assert.equal(all.add("x", first!), undefined);
    for (let number = 2; number < 10; number++) {
      for (let index = 1; index < 1000; index++) {
        assert.equal(all.add("x", ["said", "run", number, index, 1000, "."]), undefined);
      }
    }
    for (const part of others) assert.equal(all.add("x", part), undefined);
  });
});
