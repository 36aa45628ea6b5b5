/** The arithmetic of tokens, held against the protocol's formulas in integers without bounds. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BudgetPolicy } from "../../src/protocol/budget.ts";
import {
  availableAt,
  draw,
  newBudget,
  release,
  underPolicy,
} from "../../src/store/budget-level.ts";
import type { BudgetRecord } from "../../src/store/budgets-table.ts";
import { createRandom, type Random } from "../support/random.ts";

const start = Date.UTC(2026, 0);

function budget(policy: BudgetPolicy, now = start): BudgetRecord {
  return newBudget("k", policy, now);
}

const rate = (allocation: number, durationMs: number, burst: number | null = null) => ({
  allocation,
  durationMs,
  burst,
});

/** The state and the formulas of docs/protocol.md, section 8.5, letter by letter. */
class Formulas {
  policy: BudgetPolicy;
  tokens: bigint;
  credit = 0n;
  last: bigint;
  debt = 0n;

  constructor(policy: BudgetPolicy, now: number) {
    this.policy = policy;
    this.tokens = capacity(policy);
    this.last = BigInt(now);
  }

  refill(nowMs: number): void {
    if (this.policy.durationMs === null) return;
    const now = BigInt(nowMs);
    const duration = BigInt(this.policy.durationMs);
    if (this.tokens >= capacity(this.policy)) this.credit = 0n;
    else {
      const elapsed = now > this.last ? now - this.last : 0n;
      const banked = this.credit + elapsed * BigInt(this.policy.allocation);
      const earned = banked / duration;
      this.credit = banked % duration;
      if (earned >= capacity(this.policy) - this.tokens) {
        this.tokens = capacity(this.policy);
        this.credit = 0n;
      } else this.tokens += earned;
    }
    if (now > this.last) this.last = now;
  }

  acquire(cost: number, now: number): boolean {
    const { tokens, credit, last } = this;
    this.refill(now);
    if (this.tokens >= BigInt(cost)) {
      this.tokens -= BigInt(cost);
      return true;
    }
    Object.assign(this, { tokens, credit, last });
    return false;
  }

  /**
   * How long until `cost` can be paid, if the clock goes on from where the last refill was. A refill that paid for
   * nothing is not kept by us, which only a clock that is set back could tell.
   */
  waitMs(cost: number, now: number): bigint {
    this.refill(now);
    const shortfall = BigInt(cost) - this.tokens;
    const missing = shortfall * BigInt(this.policy.durationMs!) - this.credit;
    const allocation = BigInt(this.policy.allocation);
    const wait = (missing + allocation - 1n) / allocation;
    return wait > 1n ? wait : 1n;
  }

  release(cost: number): void {
    if (this.policy.durationMs !== null) return;
    const owed = BigInt(cost) < this.debt ? BigInt(cost) : this.debt;
    this.debt -= owed;
    const tokens = this.tokens + BigInt(cost) - owed;
    this.tokens = tokens < capacity(this.policy) ? tokens : capacity(this.policy);
  }

  change(policy: BudgetPolicy, now: number): void {
    this.refill(now);
    if (this.policy.durationMs === null && policy.durationMs === null) {
      const spare = this.tokens - this.debt + capacity(policy) - capacity(this.policy);
      this.tokens = spare >= 0n ? spare : 0n;
      this.debt = spare >= 0n ? 0n : -spare;
    }
    if (policy.durationMs !== this.policy.durationMs) this.credit = 0n;
    if (this.tokens > capacity(policy)) this.tokens = capacity(policy);
    this.policy = policy;
  }
}

function capacity({ allocation, burst }: BudgetPolicy): bigint {
  return BigInt(burst ?? allocation);
}

const durations = [1, 7, 1000, 60_000, 86_400_000, 2 ** 40, Number.MAX_SAFE_INTEGER];

function randomPolicy(random: Random, inFlight: boolean): BudgetPolicy {
  const allocation = random.pick([1, 2, 3, 10, 999, 1_000_000]);
  if (inFlight) return { allocation, durationMs: null, burst: null };
  return rate(allocation, random.pick(durations), random.pick([null, null, 1, 50, 1_000_000]));
}

function play(seed: number, steps: number, inFlight: boolean): void {
  const random = createRandom(seed);
  let now = start;
  let policy = randomPolicy(random, inFlight);
  let ours = budget(policy, now);
  let theirs = new Formulas(policy, now);
  let held: number[] = [];
  for (let step = 0; step < steps; step++) {
    const where = `seed ${seed}, step ${step}`;
    const choice = random.int(12);
    if (choice < 6) {
      const most = Number(capacity(policy));
      const cost = Math.max(1, Math.min(most, random.pick([1, 2, 5, most, Math.ceil(most / 3)])));
      const paid = draw(ours, cost, now);
      assert.equal(paid !== undefined, theirs.acquire(cost, now), where);
      if (paid !== undefined) {
        ours = paid;
        held.push(cost);
      } else if (inFlight) assert.equal(availableAt(ours, cost, now), Infinity, where);
      else {
        const { tokens, credit, last } = theirs;
        const wait = theirs.waitMs(cost, now);
        const expected = theirs.last + wait;
        Object.assign(theirs, { tokens, credit, last });
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        const at = availableAt(ours, cost, now);
        assert.equal(BigInt(at), expected < most ? expected : most, where);
      }
    } else if (choice < 9) {
      const cost = held.pop();
      if (cost === undefined) continue;
      ours = release(ours, cost);
      theirs.release(cost);
    } else if (choice === 9) {
      now += random.pick([0, 1, 3, 999, 60_000, 86_400_000, -500, -3_600_000]);
    } else if (random.once(10)) {
      policy = randomPolicy(random, inFlight);
      held = inFlight ? held : [];
      const drawn = inFlight ? held.reduce((sum, cost) => sum + cost, 0) : 0;
      ours = underPolicy(ours, policy, { drawn, now });
      theirs.change(policy, now);
    } else if (random.once(50)) {
      ours = budget(policy, now);
      theirs = new Formulas(policy, now);
      held = [];
    }
    if (inFlight) {
      assert.equal(BigInt(ours.allocation - ours.drawn), theirs.tokens - theirs.debt, where);
    }
  }
}

describe("token arithmetic", () => {
  it("is that of the protocol for rates, to the last token-millisecond", () =>
    play(1, 20_000, false));

  it("is that of the protocol for jobs in flight, debt and all", () => play(2, 20_000, true));

  it("pays exactly when it said it would, and not a millisecond before", () => {
    const random = createRandom(3);
    for (let round = 0; round < 2000; round++) {
      const policy = rate(1 + random.int(1000), random.pick(durations.slice(0, 5)));
      let level = budget(policy);
      while (true) {
        const paid = draw(level, 1 + random.int(policy.allocation), start);
        if (paid === undefined) break;
        level = paid;
      }
      const cost = 1 + random.int(policy.allocation);
      if (draw(level, cost, start) !== undefined) continue;
      const at = availableAt(level, cost, start);
      assert.equal(draw(level, cost, at - 1), undefined);
      assert.notEqual(draw(level, cost, at), undefined);
    }
  });

  it("charges what is in flight when a rate becomes a limit", () => {
    let level = budget(rate(5, 1000));
    for (let i = 0; i < 4; i++) level = draw(level, 1, start)!;
    const limited = underPolicy(level, { allocation: 5, durationMs: null, burst: null }, {
      drawn: 1, // three of the four are done
      now: start,
    });
    assert.notEqual(draw(limited, 4, start), undefined);
    assert.equal(draw(limited, 5, start), undefined);
    assert.notEqual(draw(release(limited, 1), 5, start), undefined, "no token is lost for ever");
  });

  it("starts a rate with what a limit had left", () => {
    let level = budget({ allocation: 5, durationMs: null, burst: null });
    for (let i = 0; i < 3; i++) level = draw(level, 1, start)!;
    const dripping = underPolicy(level, rate(10, 1000), { drawn: 3, now: start });
    assert.notEqual(draw(dripping, 2, start), undefined);
    assert.equal(draw(dripping, 3, start), undefined);
  });
});
