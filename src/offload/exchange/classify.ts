/**
 * What an error of `fetch` means, on Node, Deno and Bun. Messages decide only where a platform gives nothing else.
 *
 * | Platform | What it throws                                                                                  |
 * | -------- | ----------------------------------------------------------------------------------------------- |
 * | Node     | `TypeError: fetch failed` or `terminated`; the code stands in its cause                         |
 * | Bun      | an error with a code of its own, such as `ConnectionRefused` or `ECONNREFUSED`                  |
 * | Deno     | a `TypeError` without a code, and words of its HTTP library, at times in its cause              |
 *
 * @module
 */

import type { HttpFailureKind } from "../failure.ts";
import { isCallError } from "./call-error.ts";
import type { Classified } from "./ports.ts";

/** The first row that fits a code decides. */
const codes: readonly (readonly [HttpFailureKind, RegExp])[] = [
  ["timeout", /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ConnectionTimeout|Timeout)$/],
  // A part is missing: what the answer says of its length, or the end of what was packed.
  ["connection", /^(UND_ERR_RES_CONTENT_LENGTH_MISMATCH|Z_BUF_ERROR|HPE_INVALID_EOF_STATE)$/],
  ["tls", /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|UNABLE_TO_|CRL_|HOSTNAME_MISMATCH$|EPROTO$)/],
  ["tls", /SELF_SIGNED|^INVALID_(CA|PURPOSE)$|^ERROR_IN_CERT_|^PATH_LENGTH_EXCEEDED$/],
  [
    "protocol",
    /^(HPE_|Z_|ZlibError$|ERR_ZLIB|UND_ERR_HEADERS_OVERFLOW$|ERR_TRAILING_JUNK|ERR_HTTP2_)/,
  ],
  [
    "protocol",
    /^(Malformed_HTTP_Response|InvalidHTTPResponse|InvalidContentLength|ResponseHeadersTooLarge|UnrequestedUpgrade|BrotliDecompressionError|ZstdDecompressionError|HTTP\w*Error)$/,
  ],
  ["config", /^(E(PERM|ACCES)$|ERR_INVALID_|UND_ERR_INVALID_ARG|ERR_UNESCAPED_|InvalidURL)/],
  // The rest of those of a socket, of names and of undici.
  ["connection", /^(E[A-Z]{2,}|EAI_[A-Z]+|UND_ERR_(SOCKET|CLOSED|DESTROYED|INFO))$/],
  ["connection", /^(Connection|FailedToOpenSocket|DNS|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET_)/],
];

/** What is said where there is no code; the first row that fits decides. */
const words: readonly (readonly [HttpFailureKind, string | undefined, RegExp])[] = [
  ["config", "EPERM", /requires net access/i],
  ["tls", undefined, /certificate|received (corrupt message|fatal alert)|tls handshake/i],
  ["connection", "ECONNREFUSED", /connection refused/i],
  ["connection", "ECONNRESET", /connection reset|broken pipe/i],
  ["connection", "ENOTFOUND", /dns error|failed to lookup address/i],
  ["connection", "ETIMEDOUT", /\(os error 110\)|operation timed out/i],
  ["protocol", undefined, /message head is too large|invalid (http|content-length|chunk)/i],
  ["protocol", undefined, /does not match the HTTP\/1\.1 protocol/i],
  [
    "connection",
    undefined,
    /connection closed before|error reading a body|unexpected end of file/i,
  ],
  [
    "connection",
    undefined,
    /does not have a matching checksum|client error \((Connect|SendRequest)\)/i,
  ],
  [
    "config",
    undefined,
    /bad port|requests to port|unknown scheme|url scheme|invalid url|parse url/i,
  ],
  ["config", undefined, /bytestring|invalid (header )?value|credentials|invalid header/i],
  ["protocol", undefined, /invalid gzip header|corrupt (gzip|deflate)|inflate/i],
];

/**
 * Says what an error of `fetch`, or of reading what it gave, means.
 *
 * @param error What was thrown.
 * @returns The kind of failure, and what the platform calls it; `unknown` if nobody can say.
 */
export function classifyFetchError(error: unknown): Classified {
  const chain: Partial<Error & { code: unknown }>[] = [];
  for (
    let at = error;
    typeof at === "object" && at !== null && chain.length < 5;
    at = (at as Error).cause
  ) {
    if (isCallError(at)) return { kind: at.kind, code: at.code };
    chain.push(at);
  }
  // The cause says more than what was made of it.
  for (const { code, errors } of chain.toReversed() as { code?: unknown; errors?: unknown }[]) {
    const own = typeof code === "string" ? code : firstCode(errors);
    if (own === undefined) continue;
    for (const [kind, pattern] of codes) if (pattern.test(own)) return { kind, code: own };
  }
  if (chain.some(({ name }) => name === "TimeoutError")) return { kind: "timeout" };
  // A parser of which Node 24 gives the words, and no code.
  if (chain.some(({ name, message }) => name === "HTTPParserError" && /EOF/.test(`${message}`))) {
    return { kind: "connection" };
  }
  for (const { message } of chain.toReversed()) {
    for (const [kind, code, pattern] of words) {
      if (pattern.test(`${message}`)) return code === undefined ? { kind } : { kind, code };
    }
  }
  return { kind: "unknown" };
}

/** Node tries all addresses of a name, and says of each what happened. */
function firstCode(errors: unknown): string | undefined {
  if (!Array.isArray(errors)) return undefined;
  const code = (errors[0] as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
