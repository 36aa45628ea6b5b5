/**
 * From a hop to what is sent: secrets in their places, headers that every request has, and signatures last.
 *
 * @module
 */

import type { OutgoingRequest } from "../outgoing-request.ts";
import { isSecretRef } from "../secret.ts";
import { CallError, isCallError } from "./call-error.ts";
import type { Limits } from "./limits.ts";
import type { ExchangePorts, ExchangeRequest } from "./ports.ts";
import type { Hop } from "./redirect.ts";
import type { Redaction } from "./redaction.ts";

/** Headers that belong to the connection: the transport writes its own. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Makes what is sent.
 *
 * @throws {CallError} If it cannot be sent: a secret or a signer is missing or fails, or a header is malformed.
 */
export async function prepare(
  hop: Hop,
  request: ExchangeRequest,
  ports: ExchangePorts,
  limits: Limits,
  redaction: Redaction,
): Promise<OutgoingRequest> {
  const resolve = async (value: unknown): Promise<string> => {
    if (!isSecretRef(value)) return String(value);
    return (value.prefix ?? "") + await resolveSecret(value.$secret, ports, limits, redaction);
  };

  const headers = new Headers();
  const entries = Object.entries(hop.headers).filter(([name]) => !ofConnection.has(name));
  const values = await Promise.all(entries.map(([, value]) => resolve(value)));
  entries.forEach(([name], at) => setHeader(headers, name, values[at]!));
  setDefaults(headers, hop.defaultHeaders);
  setDefaults(headers, request.defaultHeaders);
  setDefault(headers, "x-request-id", request.id);
  setDefault(headers, "idempotency-key", request.idempotencyKey);
  setDefault(headers, "user-agent", ports.userAgent ?? undefined);
  if (!headers.has("accept")) headers.set("accept", "*/*");

  const url = new URL(hop.url);
  for (const [name, value] of Object.entries(hop.secretParams)) {
    const added = new URLSearchParams([[name, await resolve(value)]]).toString();
    url.search = url.search === "" ? added : `${url.search}&${added}`;
  }

  const { method, body } = hop;
  const outgoing: OutgoingRequest = { method, url, headers, body, id: request.id };
  for (const name of hop.sign) await sign(name, outgoing, ports, limits, redaction);
  if (url.origin !== hop.url.origin) {
    throw new CallError("config", "A signer changed the origin of the request", {
      code: "signer_failed",
    });
  }
  return outgoing;
}

async function resolveSecret(
  name: string,
  ports: ExchangePorts,
  limits: Limits,
  redaction: Redaction,
): Promise<string> {
  const fail = (what: string, cause?: unknown) =>
    new CallError("config", `Secret '${name}' ${what}`, { code: "secret_unavailable", cause });
  let value: unknown;
  try {
    value = await limits.race(ports.resolveSecret(name));
  } catch (error) {
    if (limits.signal.aborted || isCallError(error)) throw error;
    throw fail(`cannot be had: ${redaction.text(messageOf(error))}`, error);
  }
  if (typeof value !== "string") throw fail("is not there, expected text");
  redaction.add(name, value);
  return value;
}

async function sign(
  name: string,
  outgoing: OutgoingRequest,
  ports: ExchangePorts,
  limits: Limits,
  redaction: Redaction,
): Promise<void> {
  const signer = Object.hasOwn(ports.signers, name) ? ports.signers[name] : undefined;
  if (signer === undefined) {
    throw new CallError("config", `Signer '${name}' is not there`, { code: "signer_unknown" });
  }
  try {
    await limits.race(Promise.resolve(signer(outgoing)));
  } catch (error) {
    if (limits.signal.aborted || isCallError(error)) throw error;
    const what = redaction.text(messageOf(error));
    throw new CallError("config", `Signer '${name}' failed: ${what}`, {
      code: "signer_failed",
      cause: error,
    });
  }
}

function setDefaults(
  headers: Headers,
  defaults: Readonly<Record<string, string>> | undefined,
): void {
  if (defaults === undefined) return;
  for (const [name, value] of Object.entries(defaults)) setDefault(headers, name, value);
}

function setDefault(headers: Headers, name: string, value: string | undefined): void {
  if (value !== undefined && !headers.has(name)) setHeader(headers, name, value);
}

/** Never with the value in the message: it may be a secret. */
function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new CallError(
      "config",
      `Header '${name}' cannot be sent: its name or its value has characters that no header can have`,
      { code: "header_invalid" },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
