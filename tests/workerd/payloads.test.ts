/** The payload stores of KV and R2, by their bindings. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { openWorkerd } from "./open-workerd.ts";

const workerd = await openWorkerd("payloads-app", {
  compatibilityFlags: ["nodejs_compat"],
  kvNamespaces: ["KV"],
  r2Buckets: ["R2"],
});
const url = await workerd.ready;
const names = await (await fetch(new URL("/tests", url))).json() as string[];

describe("payload stores in a Worker", () => {
  after(() => workerd.dispose());
  assert.ok(names.length > 20);

  for (const [number, name] of names.entries()) {
    it(name, async () => {
      const answer = await fetch(new URL(`/test?number=${number}`, url));
      const { error } = await answer.json() as { error?: string };
      if (error !== undefined) assert.fail(error);
    });
  }
});
