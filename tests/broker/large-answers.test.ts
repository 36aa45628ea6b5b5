/** Answers on many jobs are written in pieces, and others have their turns between them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerEnqueuedMany } from "../../src/broker/http/answer.ts";
import { toLongAnswer } from "../../src/broker/http/long-answer.ts";
import { fullRecord } from "../support/job-record.ts";
import { createTurnClock } from "../support/turn-clock.ts";

describe("the answer of a bulk enqueue", () => {
  it("leaves turns to others when it is read fast", async () => {
    const clock = createTurnClock();
    const jobs = Array.from({ length: 9500 }, () => ({
      job: fullRecord,
      duplicate: false,
      folded: false,
    }));
    const answer = answerEnqueuedMany("json", jobs);
    let isOver = false;
    toLongAnswer(answer)!.begin(clock, 1e9, () => isOver = true);
    assert.equal((await answer.json() as { jobs: unknown[] }).jobs.length, 9500);
    assert.ok(clock.turns >= 4, `${clock.turns} turns`);
    assert.ok(isOver);
  });
});
