/** What sends requests if nobody says how: the transport of this runtime. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createHttp,
  defineHttpCallback,
  type HttpFailure,
  type HttpResult,
  inline,
  type InlineOptions,
} from "../../src/offload/mod.ts";
import { type HostileServer, openHostileServer } from "./hostile/hostile-server.ts";
import { cutScenes, wholeScenes } from "./hostile/scenes.ts";

/** Sends one request at once, and gives what the callback was told. */
async function send(
  url: string,
  options: Partial<InlineOptions> = {},
): Promise<HttpResult | HttpFailure> {
  const told: (HttpResult | HttpFailure)[] = [];
  const noted = defineHttpCallback("noted", {
    onComplete: (result) => void told.push(result),
    onError: (failure) => void told.push(failure),
  });
  const http = createHttp(inline({ callbacks: [noted], ...options }));
  await http.post(url, { json: {}, callback: noted });
  return told[0]!;
}

const kindOf = (told: HttpResult | HttpFailure) => "kind" in told ? told.kind : told.status;

async function withServer(test: (server: HostileServer) => Promise<void>): Promise<void> {
  const server = await openHostileServer({ scenes: { ...wholeScenes, ...cutScenes } });
  try {
    await test(server);
  } finally {
    await server.close();
  }
}

describe("what sends requests by default", () => {
  it("notices cuts, and sends nothing twice", () =>
    withServer(async ({ url, seen }) => {
      for (const path of Object.keys(cutScenes)) {
        assert.equal(kindOf(await send(url + path)), "connection", path);
      }
      const count = seen.length;
      for (const path of ["/421", "/401", "/407"]) {
        assert.equal(kindOf(await send(url + path)), Number(path.slice(1)));
      }
      assert.equal(seen.length, count + 3);
    }));

  it("refuses what is within, but not inline unless somebody says so", () =>
    withServer(async ({ url, seen }) => {
      assert.equal(kindOf(await send(`${url}/ok`)), 200);
      const failure = await send(`${url}/ok`, { guardAddresses: true }) as HttpFailure;
      assert.deepEqual([failure.kind, failure.code], ["config", "address_refused"]);
      assert.equal(seen.length, 1);
    }));
});
