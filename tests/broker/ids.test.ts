/** Keys and ids of new jobs: they only grow, whatever the clock does, and brokers of one database have different ones. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createIdentities, type JobIdentity } from "../../src/broker/engine/ids.ts";
import { firstKeyAt, keyOfId, wildKey } from "../../src/store/job-key.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createRandom } from "../support/random.ts";

const now = Date.UTC(2026, 10, 26);

/** A source whose chance repeats itself. */
function setUp(at = now) {
  const clock = createTestClock(at);
  const chance = createRandom(7);
  const random = () => chance.int(2 ** 30) / 2 ** 30;
  const identities = createIdentities(clock, random);
  return { clock, identities, take: (count: number) => times(count, () => identities.next()) };
}

const times = <Item>(count: number, make: () => Item): Item[] =>
  Array.from({ length: count }, () => make());

/** Asserts that keys and ids grow, and that each id is that of its key. */
function assertGrowing(all: readonly JobIdentity[]): void {
  for (const [at, { seq, id }] of all.entries()) {
    assert.ok(Number.isSafeInteger(seq));
    assert.equal(keyOfId(id), seq);
    if (at === 0) continue;
    assert.ok(all[at - 1]!.seq < seq, `${seq} follows ${all[at - 1]!.seq}`);
    assert.ok(all[at - 1]!.id < id, `${id} follows ${all[at - 1]!.id}`);
  }
}

describe("keys and ids of new jobs", () => {
  it("begin at the present instant, and follow each other within it", () => {
    const { take } = setUp();
    const all = take(5000);
    const first = firstKeyAt(now);
    assert.deepEqual(all.map(({ seq }) => seq), all.map((_, at) => first + at));
    assertGrowing(all);
  });

  it("grow with the clock, and when it is set back", () => {
    const { clock, take } = setUp();
    const all = take(3);
    for (const ms of [1, -1, 60_000, -3_600_000, 0, 3_700_000, -now, now]) {
      clock.setNow(clock.now() + ms);
      all.push(...take(3));
    }
    assertGrowing(all);
    clock.setNow(now + 10 ** 9);
    assert.equal(take(1)[0]!.seq, firstKeyAt(now + 10 ** 9));
  });

  it("follow the greatest key that is stored, when the clock is before it", () => {
    const { clock, identities, take } = setUp();
    identities.startAfter(firstKeyAt(now) + 5000);
    const all = take(10);
    assert.equal(all[0]!.seq, firstKeyAt(now) + 5001);
    identities.startAfter(3); // Is earlier, and changes nothing.
    all.push(...take(10));
    clock.setNow(now + 1000);
    all.push(...take(10));
    assert.equal(all[20]!.seq, firstKeyAt(now + 1000));
    assertGrowing(all);
  });

  it("are usable when the clock shows an instant far beyond all keys, and after that", () => {
    for (const far of [Date.UTC(2114, 0), Date.UTC(2115, 0), Date.UTC(9999, 0), 8.64e15, 2 ** 60]) {
      const { clock, take } = setUp();
      const all = take(3);
      clock.setNow(far);
      all.push(...take(1000));
      clock.setNow(now);
      all.push(...take(1000));
      assertGrowing(all);
    }
  });

  it("follow what another broker tells of, as far as that can be", () => {
    const { clock, identities, take } = setUp();
    const first = firstKeyAt(now);
    identities.follow(first + 5000);
    assert.equal(take(1)[0]!.seq, first + 5001);
    const soon = firstKeyAt(now + 3_000_000);
    identities.follow(soon);
    assert.equal(take(1)[0]!.seq, soon + 1);
    for (const wild of [firstKeyAt(now + 4_000_000), 2 ** 53 - 1, 2 ** 53, 1e300, Infinity, NaN]) {
      identities.follow(wild);
      assert.equal(take(1)[0]!.seq > firstKeyAt(now + 3_600_001), false, `${wild}`);
    }
    clock.setNow(Date.UTC(2099, 11, 31, 23, 59));
    identities.follow(wildKey);
    assert.ok(take(1)[0]!.seq < wildKey);
  });

  it("do not follow a stored key that no clock has made, and that would leave none", () => {
    const { identities, take } = setUp();
    for (const wild of [wildKey, 2 ** 53 - 1]) identities.startAfter(wild);
    assert.equal(take(1)[0]!.seq, firstKeyAt(now));
    identities.startAfter(wildKey - 1000);
    assertGrowing(take(2000));
    identities.follow(wildKey);
    assertGrowing(take(10));
  });

  it("have random ends: no two that are made in a row are alike", () => {
    const { take } = setUp();
    const ends = take(5000).map(({ id }) => id.slice(12));
    assert.equal(new Set(ends).size, ends.length);
    for (let at = 0; at < 13; at++) {
      const seen = new Set(ends.map((end) => end[at]));
      assert.equal(seen.size, 36, `place ${at} has ${seen.size} different characters`);
    }
  });

  it("of brokers on one database are different, at whatever rate and clocks they are made", () => {
    const seen = new Set<number>();
    let count = 0;
    for (let broker = 100; broker < 136; broker++) {
      const { clock, identities, take } = setUp();
      identities.startAfter(firstKeyAt(now) + broker * 7);
      identities.shareWith(broker);
      const all = take(200);
      for (const ms of [1, 5, -3, 1000]) {
        clock.setNow(clock.now() + ms);
        all.push(...take(100));
      }
      assertGrowing(all);
      for (const { seq } of all) {
        assert.equal(seq % 36, broker % 36);
        seen.add(seq);
      }
      count += all.length;
    }
    assert.equal(seen.size, count);
  });
});
