/** The tests of all transitions, in the database of a Durable Object. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { openBrokers } from "./open-workerd.ts";

const workerd = await openBrokers();
const url = await workerd.ready;
const names = await (await fetch(new URL("/tests", url))).json() as string[];

describe("transitions in a Durable Object", () => {
  after(() => workerd.dispose());
  assert.ok(names.length > 300);

  for (const [number, name] of names.entries()) {
    it(name, async (test) => {
      const answer = await fetch(new URL(`/test?number=${number}`, url));
      const { error, skipped } = await answer.json() as { error?: string; skipped?: boolean };
      if (error !== undefined) assert.fail(error);
      if (skipped) test.skip("An object has one database, and is alone in writing to it");
    });
  }
});
