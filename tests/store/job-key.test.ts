/** The key of a job, and the id that is made from it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstKeyAt, keyOfId, lastKeyUpTo, toJobId } from "../../src/store/job-key.ts";
import { createRandom, type Random } from "../support/random.ts";

const digits = "0123456789abcdefghijklmnopqrstuvwxyz";
const keysPerTick = 360;
const low = "0000000000000";
const high = "zzzzzzzzzzzzz";
const now = Date.UTC(2026, 10, 26);

/** Keys from all of their range, some of them at the ends of ticks. */
function randomKey(random: Random): number {
  const tick = Math.floor(random.pick([1, 1e4, 1e9, 1e13, 2.5e13]) * random.int(2 ** 20) / 2 ** 20);
  return tick * keysPerTick + random.pick([0, 1, keysPerTick - 1, random.int(keysPerTick)]);
}

const randomTail = (random: Random) =>
  Array.from({ length: 13 }, () => digits[random.int(36)]).join("");

/** The same as `toJobId`, by exact arithmetic and without memory. */
function slowId(key: number, tail: string): string {
  const [tick, count] = [BigInt(key) / 360n, BigInt(key) % 360n];
  return tick.toString(36).padStart(10, "0") + count.toString(36).padStart(2, "0") + tail;
}

/** The number that the digits of base 36 stand for. */
const toNumber = (id: string) =>
  [...id].reduce((sum, digit) => sum * 36n + BigInt(digits.indexOf(digit)), 0n);

describe("the id of a key", () => {
  it("leads back to the key, whatever its random part", () => {
    const random = createRandom(1);
    for (let round = 0; round < 5000; round++) {
      const [key, tail] = [randomKey(random), randomTail(random)];
      const id = toJobId(key, tail);
      assert.equal(id, slowId(key, tail));
      assert.equal(keyOfId(id), key, id);
    }
    for (const key of [0, 359, 360, firstKeyAt(now), Number.MAX_SAFE_INTEGER]) {
      assert.equal(keyOfId(toJobId(key, high)), key);
    }
  });

  it("sorts as the key, whatever its random part", () => {
    const random = createRandom(2);
    for (let round = 0; round < 5000; round++) {
      const a = randomKey(random);
      const b = random.once(2) ? a + 1 : randomKey(random);
      if (a === b) continue;
      const [first, second] = a < b ? [a, b] : [b, a];
      assert.ok(toJobId(first, high) < toJobId(second, low), `${first} and ${second}`);
    }
  });

  it("is 25 digits of base 36 that a SCRU128 may have: the first 48 bits are ms", () => {
    const random = createRandom(3);
    for (let round = 0; round < 2000; round++) {
      const ms = now + random.int(2 ** 31) * 100;
      const id = toJobId(firstKeyAt(ms), randomTail(random));
      assert.match(id, /^[0-9a-z]{25}$/);
      const number = toNumber(id);
      assert.ok(number < 1n << 128n);
      assert.equal(Number(number >> 80n), ms, id);
    }
  });

  it("has room for 1,500 keys and more in each ms", () => {
    for (const ms of [0, 1, now, now + 12_345, Date.UTC(2100, 0)]) {
      const size = firstKeyAt(ms + 1) - firstKeyAt(ms);
      assert.ok(size === 5 * keysPerTick || size === 6 * keysPerTick, `${size} keys`);
      const last = toJobId(firstKeyAt(ms) + 4 * keysPerTick - 1, high);
      assert.equal(Number(toNumber(last) >> 80n), ms);
    }
  });
});

describe("keyOfId()", () => {
  const id = toJobId(firstKeyAt(now), low);
  const texts: readonly [why: string, text: string][] = [
    ["is empty", ""],
    ["is too short", id.slice(1)],
    ["is too long", `${id}0`],
    ["has a count beyond its tick", `${id.slice(0, 10)}a0${low}`],
    ["has no digit of base 36 first", `-${id.slice(1)}`],
    ["has no digit of base 36 where the count begins", `${id.slice(0, 10)}-1${low}`],
    ["is beyond all keys", "z".repeat(25)],
    ["has a space first", ` ${id.slice(1)}`],
    ["has another character behind its first digits", `${id.slice(0, 5)}_${id.slice(6)}`],
    ["is written in capitals", id.toUpperCase()],
    ["ends in another character", `${id.slice(0, 24)}~`],
    ["is a UUID", "01234567-89ab-cdef-0123-456789abcdef"],
  ];
  for (const [why, text] of texts) {
    it(`knows no key of a text that ${why}`, () => assert.equal(keyOfId(text), undefined));
  }
});

describe("lastKeyUpTo()", () => {
  /** Texts near ids, cut, with other characters in them, or from nowhere. */
  const randomOdd = (random: Random): string => {
    const id = toJobId(randomKey(random), randomTail(random));
    const at = random.int(26);
    return random.pick([
      id.slice(0, at),
      `${id.slice(0, at)}${random.pick(["-", "A", "Z", "_", "{", "~", "é", "😀", "\u0000", " "])}`,
      `${id.slice(0, at)}${random.pick(["-", "A", "_", "{"])}${id.slice(at + 1)}`,
      `${id}${random.pick(["0", "z", "-"])}`,
      random.pick(["", "0", "z", "~", "job-1", "01234567-89ab-cdef-0123-456789abcdef"]),
    ]);
  };

  /**
   * What comes before a text is what its first characters, up to the first that differs, say: all keys whose twelve
   * characters sort before it, or are its beginning. Read digit by digit, without a search.
   */
  const slowLast = (text: string): number => {
    let key = 0n;
    // Ticks below the text: one digit after the other, as long as the text has digits.
    for (let at = 0; at < 10; at++) {
      const weight = 36n ** BigInt(9 - at) * 360n;
      const below = [...digits].filter((digit) => digit < (text[at] ?? "")).length;
      key += BigInt(below) * weight;
      if (text[at] === undefined || !digits.includes(text[at]!)) return toLast(key);
    }
    // Then the counts of the tick that the text begins with.
    let counts = 0;
    for (let count = 0; count < keysPerTick; count++) {
      if (count.toString(36).padStart(2, "0") <= text.slice(10)) counts++;
    }
    return toLast(key + BigInt(counts));
  };
  const toLast = (count: bigint) =>
    count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count) - 1;

  it("gives the key of an id", () => {
    const random = createRandom(4);
    for (let round = 0; round < 1000; round++) {
      const key = randomKey(random);
      assert.equal(lastKeyUpTo(toJobId(key, randomTail(random))), key);
    }
  });

  it("parts all keys at any text as its place among their ids does", () => {
    const random = createRandom(5);
    for (let round = 0; round < 5000; round++) {
      const text = randomOdd(random);
      if (keyOfId(text) !== undefined) continue;
      const last = lastKeyUpTo(text);
      assert.equal(last, slowLast(text), JSON.stringify(text));
      // The ids of later keys come behind it, those of earlier ones before it.
      if (last < Number.MAX_SAFE_INTEGER) assert.ok(toJobId(last + 1, low) > text);
      if (last > 0) assert.ok(toJobId(last - 1, high) < text, JSON.stringify(text));
    }
  });
});
