/**
 * The certificate of a client, from what `node:tls` says of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import type { ClientCertificate } from "../client-certificate.ts";

/** What is used of what `node:tls` says. A subject may have several common names. */
export interface PeerFacts extends Pick<PeerCertificate, "raw" | "valid_to"> {
  readonly subject?: { readonly CN?: string | readonly string[] | undefined };
  readonly subjectaltname?: string | undefined;
}

/** Reads a certificate; undefined if there is none. */
export function toClientCertificate(facts: PeerFacts | undefined): ClientCertificate | undefined {
  if (facts?.raw === undefined) return undefined; // Without a certificate, it is an empty object.
  const commonNames = [facts.subject?.CN ?? []].flat();
  return {
    name: commonNames[0] ?? "",
    names: [...new Set([...commonNames, ...readAlternativeNames(facts.subjectaltname ?? "")])],
    sha256: createHash("sha256").update(facts.raw).digest("hex"),
    expiresAt: Date.parse(facts.valid_to),
  };
}

/** `DNS:a, URI:"b, c", IP Address:1.2.3.4`: what could be taken for two names stands as a text of JSON. */
const alternativeName = /(DNS|URI|email):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)|[^,]*(?:, |$)/gy;

function readAlternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [all, kind, value] of text.matchAll(alternativeName)) {
    if (all === "") break;
    if (kind !== undefined) names.push(value!.startsWith('"') ? JSON.parse(value!) : value!);
  }
  return names;
}
