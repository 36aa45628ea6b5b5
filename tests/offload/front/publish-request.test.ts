/**
 * What calls in QStash's shape ask for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PublishRefusal, readPublishRequest } from "../../../src/offload/front/publish-request.ts";

const url = "https://shop.example/hooks?a=1";

function read(headers: Record<string, string> = {}, destination: string = url) {
  return readPublishRequest(destination, new Headers(headers));
}

function refuses(message: RegExp, headers: Record<string, string>, destination?: string): void {
  assert.throws(() => read(headers, destination), (error) => {
    assert.ok(error instanceof PublishRefusal);
    assert.match(error.message, message);
    assert.equal(error.status, 400);
    return true;
  });
}

describe("readPublishRequest", () => {
  it("reads a call that asks for nothing special", () => {
    assert.deepEqual(read({ "content-type": "text/plain", "authorization": "Bearer t" }), {
      url,
      method: "POST",
      headers: { "content-type": "text/plain" },
      isDeduplicatedByContent: false,
      labels: [],
    });
  });

  it("reads all that can be asked for", () => {
    const asked = read({
      "Content-Type": "application/json",
      "Upstash-Method": "put",
      "Upstash-Delay": "1d2h3m4s",
      "Upstash-Not-Before": "1700000000",
      "Upstash-Retries": "0",
      "Upstash-Timeout": "2m",
      "Upstash-Deduplication-Id": "order-7",
      "Upstash-Content-Based-Deduplication": "true",
      "Upstash-Label": "orders, eu",
      "Upstash-Forward-Authorization": "Bearer of-the-shop",
      "Upstash-Forward-Content-Type": "application/cloudevents+json",
      "Upstash-Callback": "https://a.example/done",
      "Upstash-Callback-Method": "PATCH",
      "Upstash-Callback-Retries": "2",
      "Upstash-Callback-Delay": "10s",
      "Upstash-Callback-Forward-X-Key": "k",
      "Upstash-Failure-Callback": "https://a.example/failed",
      "Upstash-Failure-Callback-Timeout": "5s",
      "Upstash-Telemetry-Sdk": "a program",
      "Upstash-Redact-Fields": "body",
    });
    assert.deepEqual(asked, {
      url,
      method: "PUT",
      headers: {
        "content-type": "application/cloudevents+json",
        "authorization": "Bearer of-the-shop",
      },
      retries: 0,
      timeoutMs: 120_000,
      delayMs: 93_784_000,
      notBefore: 1_700_000_000_000,
      deduplicationId: "order-7",
      isDeduplicatedByContent: true,
      labels: ["orders", "eu"],
      callback: {
        url: "https://a.example/done",
        method: "PATCH",
        headers: { "x-key": "k" },
        retries: 2,
        delayMs: 10_000,
      },
      failureCallback: {
        url: "https://a.example/failed",
        method: "POST",
        headers: {},
        retries: 0,
        timeoutMs: 5000,
      },
    });
  });

  it("reads an address as callers and proxies write it", () => {
    for (
      const text of [
        url,
        "https:/shop.example/hooks?a=1",
        "HTTPS://shop.example:443/hooks?a=1#part",
        encodeURIComponent(url),
        "https%3a%2f%2Fshop.example/hooks?a=1",
      ]
    ) {
      assert.equal(read({}, text).url, url);
    }
    assert.equal(read({}, "http://a.example/%2Fb%20c").url, "http://a.example/%2Fb%20c");
  });

  it("refuses what is no address of HTTP", () => {
    const wrong = [
      "",
      "my-group",
      "api/llm",
      "ftp://a.example/",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "https://",
      "https%3A%2F%2F%",
      "//a.example/",
    ];
    for (const text of wrong) refuses(/Destination .* is not supported/, {}, text);
    refuses(/has a user or a password/, {}, "https://me:secret@a.example/");
    refuses(/Destination "nowhere"/, { "upstash-callback": "nowhere" });
  });

  it("refuses what this front does not have, and says which header it is", () => {
    const wrong = [
      "Upstash-Cron",
      "Upstash-Flow-Control-Key",
      "Upstash-Retry-Delay",
      "Upstash-Callback-Retry-Delay",
      "Upstash-Queue-Name",
      "Upstash-Feature-Of-Tomorrow",
      "Upstash-Forward-",
    ];
    for (const name of wrong) refuses(new RegExp(`Header '${name}' is not`), { [name]: "1" });
    refuses(/Method "BREW" is not supported/, { "upstash-method": "brew" });
    for (const name of ["Host", "Content-Length", "Transfer-Encoding", "Connection"]) {
      refuses(/cannot be forwarded/, { [`Upstash-Forward-${name}`]: "1" });
    }
  });

  it("refuses values that are none, as half of them would mean something else", () => {
    for (const span of ["", "10", "s", "1.5h", "-1s", "10 s", "1w", "1d x"]) {
      refuses(/'Upstash-Delay' is/, { "upstash-delay": span });
      refuses(/'Upstash-Callback-Timeout' is/, {
        "upstash-callback": "https://a.example/",
        "upstash-callback-timeout": span,
      });
    }
    for (const count of ["", "-1", "1.5", "many", "0x10", "1e3"]) {
      refuses(/'Upstash-Retries' is/, { "upstash-retries": count });
      refuses(/'Upstash-Not-Before' is/, { "upstash-not-before": count });
    }
  });
});
