/**
 * Signatures as QStash's receivers verify them, read by a library for JWTs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { decodeJwt, jwtVerify } from "jose";
import { publishSigner } from "../../../src/offload/front/publish-signer.ts";

const key = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs";
const at = 1_700_000_000_000;

/** Signs a request, and gives its headers. */
async function sign(body: Uint8Array | undefined, signer = publishSigner(key)): Promise<Headers> {
  const headers = new Headers();
  const url = new URL("https://shop.example/hooks?a=1");
  await signer({ method: "POST", url, headers, body, id: "03h" });
  return headers;
}

describe("publishSigner", () => {
  it("signs the address and the body, for a time", async () => {
    const body = new TextEncoder().encode('{"grüße":1}');
    const headers = await sign(body, publishSigner(key, { clock: { now: () => at + 999 } }));
    assert.equal(headers.get("upstash-message-id"), "03h");
    const { payload, protectedHeader } = await jwtVerify(
      headers.get("upstash-signature")!,
      new TextEncoder().encode(key),
      { issuer: "Upstash", currentDate: new Date(at) },
    );
    assert.deepEqual(protectedHeader, { alg: "HS256", typ: "JWT" });
    const { jti, ...claims } = payload;
    assert.match(jti!, /^jwt_[\da-f-]{36}$/);
    assert.deepEqual(claims, {
      iss: "Upstash",
      sub: "https://shop.example/hooks?a=1",
      iat: at / 1000,
      nbf: at / 1000,
      exp: at / 1000 + 300,
      body: createHash("sha256").update(body).digest("base64url"),
    });
  });

  it("signs a request without a body as one with an empty one", async () => {
    const [none, empty] = await Promise.all([sign(undefined), sign(new Uint8Array())]);
    const bodies = [none, empty].map((headers) => {
      return decodeJwt(headers.get("upstash-signature")!)["body"];
    });
    const digest = createHash("sha256").digest("base64url");
    assert.deepEqual(bodies, [digest, digest]);
  });

  it("is not believed with another key, nor later", async () => {
    const signature = (await sign(undefined)).get("upstash-signature")!;
    const verify = (key: string, options = {}) =>
      jwtVerify(signature, new TextEncoder().encode(key), options);
    await verify(key);
    await assert.rejects(verify("another"), /signature verification failed/);
    await assert.rejects(
      verify(key, { currentDate: new Date(Date.now() + 301_000) }),
      /"exp" claim/,
    );
    const short = await sign(
      undefined,
      publishSigner(key, { lifetimeMs: 1, clock: { now: () => at } }),
    );
    assert.equal(decodeJwt(short.get("upstash-signature")!).exp, at / 1000 + 1);
  });

  it("refuses what cannot be a key", () => {
    for (const wrong of ["", undefined, 7]) {
      assert.throws(() => publishSigner(wrong as string), TypeError);
    }
    assert.throws(() => publishSigner(key, { lifetimeMs: 0 }), RangeError);
    assert.throws(() => publishSigner(key, { lifeTimeMs: 1 } as object), /Unknown option/);
  });
});
