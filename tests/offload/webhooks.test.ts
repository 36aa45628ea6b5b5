/**
 * Webhooks after Standard Webhooks: the published vectors, and what a receiver must not believe.
 *
 * The vectors are those of the implementations that the makers of the standard publish.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  randomWebhookKeyPair,
  randomWebhookSecret,
  signWebhook,
  verifyWebhook,
  WebhookError,
  webhookSigner,
} from "../../src/offload/mod.ts";
import { isMillraceError } from "../../src/client/mod.ts";

const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const body = '{"test": 2432232314}';
const at = 1614265330_000;
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const privateKey = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
const shared = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const own =
  "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";
const other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
const clock = { now: () => at };

const headers = {
  "webhook-id": id,
  "webhook-timestamp": String(at / 1000),
  "webhook-signature": shared,
};

/** A webhook as it should be, but for some headers. */
function received(changed: Record<string, string | undefined> = {}, bytes: string = body) {
  return { headers: { ...headers, ...changed }, body: bytes };
}

/** Demands that a webhook is refused, for a reason. */
async function refuses(
  reason: WebhookError["reason"],
  webhook: Parameters<typeof verifyWebhook>[0],
  keys: string | string[] = secret,
  options: Parameters<typeof verifyWebhook>[2] = {},
): Promise<void> {
  await assert.rejects(verifyWebhook(webhook, keys, { clock, ...options }), (error) => {
    assert.ok(error instanceof WebhookError && isMillraceError(error, "webhook"));
    assert.equal(error.reason, reason);
    assert.equal(error.retryable, false);
    assert.doesNotMatch(error.message, /MfKQ9r8|g0hM9SsE/);
    return true;
  });
}

describe("signWebhook", () => {
  it("gives the published signature of a shared secret, with and without its prefix", async () => {
    assert.deepEqual(await signWebhook({ id, body, at }, secret), headers);
    assert.deepEqual(await signWebhook({ id, body, at }, secret.slice("whsec_".length)), headers);
  });

  it("gives the published signature of a key pair", async () => {
    assert.equal((await signWebhook({ id, body, at }, privateKey))["webhook-signature"], own);
    // Some write the public key behind the private one.
    const long = `whsk_${btoa(atob(privateKey.slice("whsk_".length)) + "p".repeat(32))}`;
    assert.equal((await signWebhook({ id, body, at }, long))["webhook-signature"], own);
  });

  it("signs with each of several keys, and bytes as the same text", async () => {
    const bytes = new TextEncoder().encode(body);
    const signed = await signWebhook({ id, body: bytes, at: at + 999 }, [secret, privateKey]);
    assert.equal(signed["webhook-signature"], `${shared} ${own}`);
  });

  it("refuses an id that would let the parts be read in another way", async () => {
    for (const wrong of ["", "msg.1", "msg 1", "mög", "msg\r\n", "a".repeat(257), 7]) {
      await assert.rejects(signWebhook({ id: wrong as string, body }, secret), TypeError);
    }
  });

  it("says of a key what is wrong with it, and does not show it", async () => {
    const wrong: [string | string[], RegExp][] = [
      [[], /empty list/],
      [7 as never, /Cannot use 7 as a key of a webhook/],
      ["whsec_", /'whsec_' key of 0 bytes: expected 16 or more/],
      ["whsec_S3CR3T!!", /what follows 'whsec_' is no base64$/],
      ["whsk_AAAA", /'whsk_' key of 3 bytes: expected 32/],
      [`whpk_${btoa("p".repeat(32))}`, /Cannot sign with a 'whpk_' key/],
    ];
    for (const [keys, message] of wrong) {
      await assert.rejects(signWebhook({ id, body }, keys), { name: "TypeError", message });
      assert.throws(() => webhookSigner(keys), { name: "TypeError", message });
    }
    const fine: object = { id, body, secret };
    await assert.rejects(
      signWebhook(fine as { id: string; body: string }, secret),
      /Unknown option 'secret'/,
    );
  });
});

describe("verifyWebhook", () => {
  it("believes the published vectors", async () => {
    const webhook = await verifyWebhook(received(), secret, { clock });
    assert.deepEqual([webhook.id, webhook.sentAt], [id, at]);
    assert.deepEqual(webhook.json(), { test: 2432232314 });
    assert.equal(webhook.text(), body);
    await verifyWebhook(received({ "webhook-signature": own }), privateKey, { clock });
  });

  it("believes a request, and what servers of Node know of one", async () => {
    const request = () => new Request("https://a.example/", { method: "POST", headers, body });
    assert.equal((await verifyWebhook(request(), secret, { clock })).text(), body);
    const node = {
      "Webhook-Id": id,
      "WEBHOOK-TIMESTAMP": headers["webhook-timestamp"],
      "webhook-signature": [shared],
      "get": undefined,
    };
    const bytes = new TextEncoder().encode(body);
    await verifyWebhook({ headers: node, body: bytes }, secret, { clock });
    await verifyWebhook({ headers: new Headers(headers), body }, secret, { clock });
    const read = request();
    await read.text();
    await assert.rejects(verifyWebhook(read, secret, { clock }), /whose body was read/);
    const parsed = { headers, body: JSON.parse(body) };
    await assert.rejects(verifyWebhook(parsed, secret, { clock }), /bytes of the webhook/);
  });

  it("believes one without a body", async () => {
    const signed = await signWebhook({ id, body: "", at }, secret);
    const request = new Request("https://a.example/", { method: "POST", headers: { ...signed } });
    assert.equal((await verifyWebhook(request, secret, { clock })).text(), "");
  });

  it("needs one good signature of any key", async () => {
    const many = [other, "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", own, shared, other];
    const webhook = received({ "webhook-signature": many.join(" ") });
    await verifyWebhook(webhook, secret, { clock });
    await verifyWebhook(webhook, [randomWebhookSecret(), privateKey], { clock });
    await refuses("no_match", webhook, [randomWebhookSecret(), randomWebhookSecret()]);
  });

  it("verifies with a public key what its pair signed", async () => {
    const { secretKey, publicKey } = await randomWebhookKeyPair();
    const signed = await signWebhook({ id, body, at }, secretKey);
    await verifyWebhook({ headers: signed, body }, publicKey, { clock });
    await refuses("no_match", { headers: signed, body: `${body} ` }, publicKey);
    await refuses("no_match", received({ "webhook-signature": own }), publicKey);
    await refuses("no_match", { headers: signed, body }, secret);
  });

  it("refuses what lacks a header", async () => {
    for (const name of Object.keys(headers)) {
      await refuses("missing", received({ [name]: undefined }));
      await refuses("missing", received({ [name]: "" }));
    }
  });

  it("refuses what is not signed as it stands", async () => {
    await refuses("no_match", received({}, `${body}\n`));
    await refuses("no_match", received({ "webhook-id": `${id}x` }));
    await refuses("no_match", received({ "webhook-timestamp": String(at / 1000 + 1) }));
    const signatures = [
      "v1,",
      "v1",
      ",",
      shared.slice(0, 8),
      shared.slice(0, -4),
      `${shared}AAAA`,
      shared.replace("v1", "v2"),
      shared.replace("v1", "v1a"),
      shared.replace(",", " "),
      "v1,dawfeoifkpqwoekfpqoekf",
      "v1,!!!",
      other,
    ];
    for (const signature of signatures) {
      await refuses("no_match", received({ "webhook-signature": signature }));
    }
  });

  it("refuses what has moved a full stop from one part to the next", async () => {
    const signed = await signWebhook({ id: "a", body: "1.x", at: 5000 }, secret);
    const moved = { ...signed, "webhook-id": "a.5", "webhook-timestamp": "1" };
    await refuses("malformed", { headers: moved, body: "x" }, secret, { toleranceMs: 1e14 });
  });

  it("takes no more than sixteen signatures into account", async () => {
    const list = (count: number) => [...Array(count).fill(other), shared].join(" ");
    await verifyWebhook(received({ "webhook-signature": list(15) }), secret, { clock });
    await refuses("no_match", received({ "webhook-signature": list(16) }));
  });

  it("refuses what is too old or too new, to the second", async () => {
    const from = (now: number) => ({ clock: { now: () => now } });
    await verifyWebhook(received(), secret, from(at + 300_000));
    await verifyWebhook(received(), secret, from(at - 300_000));
    await refuses("too_old", received(), secret, from(at + 300_001));
    await refuses("too_new", received(), secret, from(at - 300_001));
    await refuses("too_old", received(), secret, { ...from(at + 2000), toleranceMs: 1000 });
    const wrong = ["hello", "1614265330.5", "-1614265330", "1614265330 ", "0x60379AF2", "1e9"];
    for (const timestamp of wrong) {
      await refuses("malformed", received({ "webhook-timestamp": timestamp }));
    }
    for (const toleranceMs of [0, -1, NaN, "5m" as never]) {
      await assert.rejects(verifyWebhook(received(), secret, { clock, toleranceMs }), RangeError);
    }
  });

  it("reads no more of a request than it may have", async () => {
    let pulled = 0;
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
      cancel() {
        isCancelled = true;
      },
    });
    const endless = { headers, body: stream } as unknown as Request;
    await refuses("too_large", endless, secret, { maxBytes: 10_000 });
    assert.ok(isCancelled && pulled < 20);
    assert.equal(new WebhookError("…", "too_large").status, 413);
    assert.equal(new WebhookError("…", "no_match").status, 401);
    const request = new Request("https://a.example/", { method: "POST", headers, body });
    await verifyWebhook(request, secret, { clock, maxBytes: body.length });
  });
});

describe("webhookSigner", () => {
  const outgoing = (given: HeadersInit = {}) => ({
    method: "POST",
    url: new URL("https://shop.example/hooks"),
    headers: new Headers(given),
    body: new TextEncoder().encode(body),
    id,
  });

  it("signs a request with its id, and anew at each try", async () => {
    let now = at;
    const sign = webhookSigner(secret, { clock: { now: () => now } });
    const request = outgoing({ "content-type": "application/json" });
    await sign(request);
    assert.deepEqual(Object.fromEntries(request.headers), {
      "content-type": "application/json",
      ...headers,
    });
    now += 3600_000;
    const again = outgoing();
    await sign(again);
    assert.equal(again.headers.get("webhook-id"), id);
    const received = { headers: again.headers, body };
    await verifyWebhook(received, secret, { clock: { now: () => now } });
    await refuses("too_new", received);
  });

  it("keeps the id that a request has", async () => {
    const request = outgoing({ "webhook-id": "evt_1" });
    await webhookSigner(secret)(request);
    assert.equal((await verifyWebhook({ headers: request.headers, body }, secret)).id, "evt_1");
  });

  it("finds the keys of the receiver", async () => {
    const of = new Map([["shop.example", [secret, privateKey]]]);
    const sign = webhookSigner(({ url }) => Promise.resolve(of.get(url.host)!), { clock });
    const request = outgoing();
    await sign(request);
    assert.equal(request.headers.get("webhook-signature"), `${shared} ${own}`);
    of.clear();
    await assert.rejects(async () => await sign(outgoing()), /Cannot use undefined as a key/);
  });
});
