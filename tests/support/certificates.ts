/**
 * Certificates for tests, made when they run, so that none with its key is in the repository.
 *
 * Written in DER by hand: it is some sixty lines, and not every machine has openssl.
 *
 * @module
 */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate and its key, as PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Subject {
  /** Its common name. */
  readonly name: string;
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
  /** As four numbers. */
  readonly addresses?: readonly (readonly number[])[];
}

/** Signs certificates. */
export interface Authority {
  /** Its own certificate. */
  readonly cert: string;
  issue(subject: Subject): Pair;
}

/** Creates an authority with a key of its own. */
export function createAuthority(name: string): Authority {
  const own = newKey();
  const ca = [extension("2.5.29.19", sequence(der(0x01, [0xff])), true)];
  return {
    cert: toCertificate({ issuer: name, by: own.privateKey, subject: name, own, extensions: ca }),
    issue(subject) {
      const its = newKey();
      const names = [
        ...(subject.dns ?? []).map((dns) => der(0x82, text(dns))),
        ...(subject.uris ?? []).map((uri) => der(0x86, text(uri))),
        ...(subject.addresses ?? []).map((address) => der(0x87, address)),
      ];
      const extensions = names.length === 0 ? [] : [extension("2.5.29.17", sequence(...names))];
      const more = { subject: subject.name, own: its, extensions };
      return {
        cert: toCertificate({ issuer: name, by: own.privateKey, ...more }),
        key: its.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
      };
    },
  };
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function newKey(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));
const dayMs = 86_400_000;

/** A certificate that holds from yesterday until tomorrow. */
function toCertificate({ issuer, by, subject, own, extensions }: {
  readonly issuer: string;
  readonly by: KeyObject;
  readonly subject: string;
  readonly own: KeyPair;
  readonly extensions: readonly number[][];
}): string {
  const body = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [1, ...randomBytes(8)]), // the serial number
    ecdsaWithSha256,
    toName(issuer),
    sequence(toTime(Date.now() - dayMs), toTime(Date.now() + dayMs)),
    toName(subject),
    [...own.publicKey.export({ type: "spki", format: "der" }) as Uint8Array],
    extensions.length === 0 ? [] : der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", Uint8Array.from(body), { key: by, dsaEncoding: "der" });
  const whole = sequence(body, ecdsaWithSha256, der(0x03, [0, ...signature]));
  const lines = btoa(String.fromCharCode(...whole)).match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** The SHA-256 of a certificate, in hexadecimal digits. */
export function digestOf(cert: string): string {
  const base64 = cert.replaceAll(/-----[^-]+-----|\n/g, "");
  return createHash("sha256").update(base64, "base64").digest("hex");
}

/** A value with its tag and its length. */
function der(tag: number, value: readonly number[]): number[] {
  const { length } = value;
  if (length < 0x80) return [tag, length, ...value];
  if (length < 0x100) return [tag, 0x81, length, ...value];
  return [tag, 0x82, length >> 8, length & 0xff, ...value];
}

function sequence(...parts: readonly (readonly number[])[]): number[] {
  return der(0x30, parts.flat());
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

function objectId(dotted: string): number[] {
  const [first, second, ...others] = dotted.split(".").map(Number);
  const bytes = others.flatMap((number) => {
    const digits = [number & 0x7f];
    for (let rest = number >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | rest & 0x7f);
    return digits;
  });
  return der(0x06, [first! * 40 + second!, ...bytes]);
}

function toName(commonName: string): number[] {
  return sequence(der(0x31, sequence(objectId("2.5.4.3"), der(0x0c, text(commonName)))));
}

function toTime(ms: number): number[] {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14);
  return der(0x17, text(`${digits}Z`));
}

function extension(id: string, value: readonly number[], critical = false): number[] {
  return sequence(objectId(id), critical ? der(0x01, [0xff]) : [], der(0x04, value));
}
