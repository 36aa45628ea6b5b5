/**
 * Four hundred hostile bodies to every endpoint that wants one, and fewer calls to the others; always the same.
 * `deno run -A scripts/fuzz/main.ts` sends others.
 *
 * @module
 */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { routes } from "../../src/protocol/routes.ts";
import { createFuzzer, fuzzedRoutes, type Fuzzer } from "./fuzzer.ts";

const withBody = 400;
const withoutBody = 80;

describe("a hostile call of", () => {
  let fuzzer: Fuzzer;
  before(async () => void (fuzzer = await createFuzzer()));
  after(() => fuzzer.close());

  for (const [index, route] of fuzzedRoutes.entries()) {
    it(`${route} is stored unchanged or refused`, { timeout: 60_000 }, async () => {
      const calls = ["GET", "DELETE"].includes(routes[route].method) ? withoutBody : withBody;
      for (let i = 0; i < calls; i++) {
        const seed = index * withBody + i;
        try {
          await fuzzer.judge(fuzzer.make(route, seed));
        } catch (error) {
          assert.fail(`seed ${seed}: ${(error as Error).message}`);
        }
      }
    });
  }
});
