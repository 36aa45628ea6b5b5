import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { sha256Hex } from "../../../src/offload/payloads/sha256.ts";
import { encodeStrictly, signRequest } from "../../../src/offload/s3/aws-signature.ts";

// "Signature Calculations for the Authorization Header" in the reference of Amazon S3.
const s3 = {
  credentials: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  },
  region: "us-east-1",
  service: "s3",
  now: Date.UTC(2013, 4, 24),
};
const nothing = await sha256Hex(new Uint8Array());
const signatureOf = (headers: Record<string, string>) => headers.authorization!.split("=").at(-1);

describe("Signature V4, by AWS's examples for S3", () => {
  const vectors = [
    {
      what: "GET Object",
      method: "GET",
      path: "/test.txt",
      headers: { range: "bytes=0-9" },
      body: "",
      signed: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    {
      what: "PUT Object",
      method: "PUT",
      path: `/${encodeStrictly("test$file.text")}`,
      headers: {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      body: "Welcome to Amazon S3.",
      signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    {
      what: "GET Bucket Lifecycle",
      method: "GET",
      path: "/?lifecycle",
      headers: {},
      body: "",
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    {
      what: "GET Bucket (List Objects), its query in another order",
      method: "GET",
      path: "/?prefix=J&max-keys=2",
      headers: {},
      body: "",
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  ];
  for (const { what, method, path, headers, body, signed, signature } of vectors) {
    it(what, async () => {
      const url = new URL(`https://examplebucket.s3.amazonaws.com${path}`);
      const digest = await sha256Hex(new TextEncoder().encode(body));
      const sent = await signRequest(
        { method, url, headers: { ...headers, "x-amz-content-sha256": digest } },
        s3,
      );
      assert.equal(
        sent.authorization,
        `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=${signed}, Signature=${signature}`,
      );
      assert.equal(sent["x-amz-date"], "20130524T000000Z");
      assert.equal("host" in sent, false, "that is for fetch to send");
    });
  }
});

describe("Signature V4, by AWS's test suite", () => {
  const suite = {
    credentials: {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    },
    region: "us-east-1",
    service: "service",
    now: Date.UTC(2015, 7, 30, 12, 36),
  };
  const vectors = [
    [
      "get-vanilla",
      "GET",
      "/",
      {},
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ],
    [
      "post-vanilla",
      "POST",
      "/",
      {},
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "/?Param2=value2&Param1=value1",
      {},
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "get-vanilla-query-unreserved",
      "GET",
      "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      {},
      "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ],
    [
      "get-header-value-trim",
      "GET",
      "/",
      { "my-header1": " value1", "my-header2": ' "a   b   c"' },
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ],
    [
      "post-header-key-sort",
      "POST",
      "/",
      { "my-header1": "value1" },
      "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ],
  ] as const;
  for (const [what, method, path, headers, signature] of vectors) {
    it(what, async () => {
      const url = new URL(`https://example.amazonaws.com${path}`);
      assert.equal(signatureOf(await signRequest({ method, url, headers }, suite)), signature);
    });
  }

  it("signs the token of a key that is lent", async () => {
    const url = new URL("https://example.amazonaws.com/");
    const credentials = { ...suite.credentials, sessionToken: "lent" };
    const sent = await signRequest({ method: "GET", url, headers: {} }, { ...suite, credentials });
    assert.equal(sent["x-amz-security-token"], "lent");
    assert.match(sent.authorization!, /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
  });
});

describe("Signature V4", () => {
  it("signs the body, if its digest is a header", async () => {
    const url = new URL("https://a.example/");
    const headers = { "x-amz-content-sha256": nothing };
    const other = { "x-amz-content-sha256": await sha256Hex(new Uint8Array(1)) };
    const one = await signRequest({ method: "PUT", url, headers }, s3);
    const two = await signRequest({ method: "PUT", url, headers: other }, s3);
    assert.notEqual(signatureOf(one), signatureOf(two));
  });
});
