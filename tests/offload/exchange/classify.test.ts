/** What the errors of `fetch` mean: those that were seen on each platform, and those of the one that runs the test. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { classifyFetchError } from "../../../src/offload/exchange/classify.ts";
import type { HttpFailureKind } from "../../../src/offload/failure.ts";
import { expiredCertificate, goodCertificate } from "../hostile/certificates.ts";
import { openHostileServer } from "../hostile/hostile-server.ts";
import { cutScenes, malformedScenes, slowScenes } from "../hostile/scenes.ts";
import { failureOf } from "./exchange-kit.ts";

/** An error with a code, in the cause of another as on Node, or by itself as on Bun. */
const coded = (code: string, message = "") => Object.assign(new Error(message), { code });
const onNode = (code: string) => new TypeError("fetch failed", { cause: coded(code) });
/** An error of which there are only words, as on Deno. */
const onDeno = (words: string) =>
  new TypeError("fetch failed", {
    cause: new Error(`error sending request for url (http://a/): client error ${words}`),
  });

const seen: Readonly<Partial<Record<HttpFailureKind, readonly unknown[]>>> = {
  timeout: [
    onNode("UND_ERR_CONNECT_TIMEOUT"),
    onNode("UND_ERR_HEADERS_TIMEOUT"),
    onNode("UND_ERR_BODY_TIMEOUT"),
    new DOMException("The operation timed out.", "TimeoutError"),
  ],
  connection: [
    ...[
      "ECONNREFUSED",
      "ECONNRESET",
      "ENOTFOUND",
      "EAI_AGAIN",
      "EPIPE",
      "EHOSTUNREACH",
      "ETIMEDOUT",
    ].map(onNode),
    ...["UND_ERR_SOCKET", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "Z_BUF_ERROR"].map(onNode),
    new TypeError("fetch failed", {
      cause: Object.assign(new AggregateError([coded("ECONNREFUSED"), coded("EHOSTUNREACH")])),
    }),
    new TypeError("terminated", {
      cause: Object.assign(
        new Error("Response does not match the HTTP/1.1 protocol (Invalid EOF state)"),
        { name: "HTTPParserError" },
      ),
    }),
    coded("ConnectionRefused"),
    coded("FailedToOpenSocket"),
    coded("ConnectionClosed"),
    onDeno("(Connect): tcp connect error: Connection refused (os error 111)"),
    onDeno("(Connect): dns error: failed to lookup address information"),
    onDeno("(SendRequest): connection closed before message completed"),
    new TypeError("error reading a body from connection"),
    new TypeError("unexpected end of file"),
    new TypeError("fetch failed", { cause: new Error("Connection reset by peer (os error 104)") }),
  ],
  tls: [
    ...["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_HAS_EXPIRED"].map(onNode),
    ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID", "EPROTO"].map(onNode),
    ...["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"].map(onNode),
    onDeno("(Connect): invalid peer certificate: UnknownIssuer"),
    onDeno("(Connect): invalid peer certificate: certificate expired:"),
    onDeno("(Connect): received corrupt message of type InvalidContentType"),
  ],
  protocol: [
    ...["HPE_INVALID_CONSTANT", "HPE_INVALID_CHUNK_SIZE", "Z_DATA_ERROR"].map(onNode),
    onNode("UND_ERR_HEADERS_OVERFLOW"),
    new TypeError("terminated", {
      cause: Object.assign(
        new Error("Response does not match the HTTP/1.1 protocol (Expected HTTP/)"),
        { name: "HTTPParserError" },
      ),
    }),
    ...["Malformed_HTTP_Response", "InvalidHTTPResponse", "InvalidContentLength"].map((code) =>
      coded(code)
    ),
    ...["ResponseHeadersTooLarge", "UnrequestedUpgrade", "ZlibError"].map((code) => coded(code)),
    onDeno("(SendRequest): invalid HTTP version parsed"),
    onDeno("(SendRequest): invalid content-length parsed"),
    onDeno("(SendRequest): message head is too large"),
    new TypeError("invalid gzip header"),
  ],
  config: [
    new TypeError("fetch failed", { cause: new Error("bad port") }),
    new TypeError("fetch failed", { cause: new Error("unknown scheme") }),
    new TypeError("Fetch failed: Requests to port 1 are blocked"),
    new TypeError("Url scheme 'ftp' not supported"),
    onNode("ERR_INVALID_URL"),
    coded("EPERM", "getaddrinfo EPERM example.com"),
    new Error('Requires net access to "127.0.0.1:9", run again with the --allow-net flag'),
    new TypeError("Header 'a' has invalid value"),
    new TypeError(
      "Request cannot be constructed from a URL that includes credentials: http://u@a/",
    ),
  ],
  unknown: [new Error("odd"), "odd", undefined, null, { code: 7 }, onNode("ODD_THING")],
};

describe("classifyFetchError()", () => {
  for (const [kind, errors] of Object.entries(seen)) {
    it(`knows what is of kind '${kind}'`, () => {
      for (const error of errors) {
        const { message, cause } = (error ?? {}) as { message?: string; cause?: unknown };
        assert.equal(classifyFetchError(error).kind, kind, `${message} ${String(cause)}`);
      }
    });
  }

  it("does not go round in circles", () => {
    const error = new Error("odd");
    error.cause = error;
    assert.deepEqual(classifyFetchError(error), { kind: "unknown" });
  });
});

describe("the errors of this platform's fetch", () => {
  // What `fetch` gives as whole on one platform or another cannot be expected here: the transport is for that.
  const reported = {
    connection: ["/cut-length", "/cut-head", "/closed-at-once", "/reset-in-body", "/reset"],
    protocol: ["/no-http"],
    timeout: ["/silence", "/silent-body"],
  } as const;
  const kindOf = async (url: string, more: object = {}) =>
    (await failureOf({ url, fetch: globalThis.fetch, ...more })).kind;

  it("are known when a server does what it should not", async () => {
    const server = await openHostileServer({
      scenes: { ...cutScenes, ...malformedScenes, ...slowScenes },
    });
    try {
      for (const [kind, paths] of Object.entries(reported)) {
        for (const path of paths) {
          const timeoutMs = kind === "timeout" ? 50 : 10_000;
          assert.equal(await kindOf(server.url + path, { timeoutMs }), kind, path);
        }
      }
    } finally {
      await server.close();
    }
    assert.equal(await kindOf(server.url), "connection");
    assert.equal(await kindOf("http://no-such-host.invalid/"), "connection");
  });

  it("are known when a server cannot be trusted", async () => {
    for (const tls of [goodCertificate, expiredCertificate]) {
      const server = await openHostileServer({ scenes: {}, tls });
      try {
        assert.equal(await kindOf(server.url), "tls");
      } finally {
        await server.close();
      }
    }
  });
});
