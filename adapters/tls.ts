/**
 * TLS of a server: its certificate, and those of its clients.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { checkOptions, show } from "../src/options.ts";

/** With which certificate a server speaks TLS. Texts are PEM, as files of certificates have it. */
export interface TlsOptions {
  /** The certificate of the server, and behind it those that lead to the authority its clients trust. */
  readonly cert: string;
  /** The private key of the certificate, without a password. */
  readonly key: string;
  /**
   * The certificates of authorities. With them, only a client gets in that shows a certificate which one of them has signed
   * (mutual TLS); `clientCertificate(request)` tells who it is.
   *
   * @default {Clients need no certificate.}
   */
  readonly clientCa?: string | undefined;
  /**
   * The only clients that get in: a name of each, as its certificate has it (its common name, or a DNS name, URI or e-mail
   * address it is for). Others are answered with 403. Only with `clientCa`.
   *
   * @default {All with a certificate of `clientCa`.}
   */
  readonly clientNames?: readonly string[] | undefined;
}

/** The text of a PEM file that has at least one certificate. */
const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/**
 * Checks what was given for `tls`, since the runtimes say of a wrong certificate what nobody understands, or nothing.
 *
 * @throws {TypeError} If something is missing, is no PEM, or does not belong together.
 */
export function checkTls(tls: TlsOptions): void {
  if (typeof tls !== "object" || tls === null) {
    throw new TypeError(`Option 'tls' is ${show(tls)}, expected an object with 'cert' and 'key'`);
  }
  checkOptions("serve, in 'tls'", tls, { cert: 1, key: 1, clientCa: 1, clientNames: 1 });
  const { cert, key, clientCa, clientNames } = tls;
  demandPair({ cert, key }, "tls.");
  if (clientCa !== undefined) demandCertificate("tls.clientCa", clientCa);
  if (clientNames === undefined) return;
  if (!Array.isArray(clientNames) || clientNames.some((name) => typeof name !== "string")) {
    throw new TypeError(
      `Option 'tls.clientNames' is ${show(clientNames)}, expected a list of texts`,
    );
  }
  if (clientCa === undefined) {
    throw new TypeError("Option 'tls.clientNames' is given without 'tls.clientCa', expected both");
  }
}

/**
 * Demands a certificate and its key.
 *
 * @param pair Both, as PEM texts.
 * @param before What stands before the names of these options.
 */
export function demandPair({ cert, key }: { cert: string; key: string }, before = ""): void {
  const certificate = readCertificate(`${before}cert`, cert);
  let privateKey: ReturnType<typeof createPrivateKey>;
  try {
    privateKey = createPrivateKey(key);
  } catch (cause) {
    // What was given is left out: it may be a key nevertheless.
    throw new TypeError(
      `Option '${before}key' cannot be read, expected a PEM text without a password`,
      { cause },
    );
  }
  if (certificate.checkPrivateKey(privateKey)) return;
  throw new TypeError(
    `Option '${before}key' is not the key of '${before}cert', expected those of a pair`,
  );
}

/** Demands a PEM text of certificates. */
export function demandCertificate(name: string, text: unknown): void {
  readCertificate(name, text);
}

/** The first certificate of a PEM text. Not exported: its type is Node's, and declarations name the types of no runtime. */
function readCertificate(name: string, text: unknown): X509Certificate {
  const found = typeof text === "string" ? certificates.exec(text)?.[0] : undefined;
  if (found === undefined) {
    throw new TypeError(`Option '${name}' has no certificate, expected a PEM text`);
  }
  try {
    return new X509Certificate(found);
  } catch (cause) {
    throw new TypeError(`Option '${name}' cannot be read, expected a PEM text`, { cause });
  }
}
