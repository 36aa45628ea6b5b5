/**
 * Encryption at rest: what lies in jobs and in payload stores can be read with a key only, and cannot be put into another
 * job.
 *
 * AES-GCM by WebCrypto, with a fresh IV of 96 bits for each message. An envelope:
 *
 * | Bytes | What                                                                                          |
 * | ----- | --------------------------------------------------------------------------------------------- |
 * | 2     | `0x6d 0x01`: an envelope, the first version                                                   |
 * | 1     | how many bytes the key's id has                                                               |
 * | n     | the key's id, in UTF-8                                                                        |
 * | 12    | the IV                                                                                        |
 * | rest  | the encrypted bytes, and a tag of 16 that covers them, all before the IV, and the given `aad` |
 *
 * @module
 */

import { PayloadError } from "../../errors.ts";
import { checkOptions, type Names, show } from "../../options.ts";
import { concatBytes } from "../../protocol/concat-bytes.ts";

/** Encrypts and decrypts bytes. Any object of this shape will do, such as one that asks a key service. */
export interface Encryptor {
  /**
   * Encrypts bytes.
   *
   * @param bytes The bytes.
   * @param aad What the bytes belong to, such as the id of a job. It is not kept: the same is demanded for decryption.
   * @returns The encrypted bytes, with all that is needed for decryption but the key and `aad`.
   */
  encrypt(bytes: Uint8Array, aad: string): Promise<Uint8Array>;
  /**
   * Decrypts bytes.
   *
   * @param bytes What `encrypt` gave.
   * @param aad What was given to `encrypt`.
   * @throws {PayloadError} If the key is not known, or the bytes were changed or belong to something else.
   */
  decrypt(bytes: Uint8Array, aad: string): Promise<Uint8Array>;
}

/** A key with its name. */
export interface EncryptionKey {
  /** Its name, which stands with what it encrypted: 1 to 64 of `A-Z a-z 0-9 . _ : -`. Never give it to another key. */
  readonly id: string;
  /** 32 bytes (16 do), by themselves or as base64: `openssl rand -base64 32` makes some. Or an AES-GCM key of WebCrypto. */
  readonly key: Uint8Array | string | CryptoKey;
}

/** How encryption is set up. */
export interface EncryptorOptions {
  /**
   * The keys: the first one encrypts, all decrypt. To change the key, add the new one at the end everywhere first, then move
   * it to the front; take the old one out when no job is left that it encrypted.
   */
  readonly keys: readonly EncryptionKey[];
}

const optionNames: Names<EncryptorOptions> = { keys: 1 };
const keyNames: Names<EncryptionKey> = { id: 1, key: 1 };

const magic = [0x6d, 0x01] as const;
const ivBytes = 12;
const tagBytes = 16;
const text = new TextEncoder();

/**
 * Creates an encryptor with keys.
 *
 * A key is good for 2^32 messages, as the IVs are drawn by lot: change it before.
 *
 * @param options The keys.
 * @returns The encryptor. It needs no close.
 * @throws {TypeError} If there is no key, an id is there twice, or a key is none.
 *
 * @example
 * ```ts
 * import { createEncryptor } from "@millrace/millrace/offload";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const encryptor = createEncryptor({ keys: [{ id: "2026-11", key }] });
 * const bytes = await encryptor.encrypt(new TextEncoder().encode("Hello"), "job 1");
 * console.log(new TextDecoder().decode(await encryptor.decrypt(bytes, "job 1"))); // Hello
 * ```
 */
export function createEncryptor(options: EncryptorOptions): Encryptor {
  checkOptions("createEncryptor", options, optionNames);
  if (!Array.isArray(options.keys) || options.keys.length === 0) {
    throw new TypeError(`Cannot encrypt without a key: expected 'keys' with one or more`);
  }
  const keys = new Map<
    string,
    { header: Uint8Array<ArrayBuffer>; key: () => Promise<CryptoKey> }
  >();
  for (const given of options.keys) {
    checkOptions("createEncryptor", given, keyNames);
    const { id } = given;
    if (typeof id !== "string" || !/^[\w.:-]{1,64}$/.test(id)) {
      throw new TypeError(
        `Cannot use ${show(id)} as the id of a key: expected 1 to 64 of 'A-Z a-z 0-9 . _ : -'`,
      );
    }
    if (keys.has(id)) {
      throw new TypeError(`Cannot use key '${id}' twice: expected an id of its own for each key`);
    }
    const encoded = text.encode(id);
    keys.set(id, {
      header: concatBytes([magic, [encoded.length], encoded]),
      key: toKey(id, given.key),
    });
  }
  const [first] = keys.values();

  return {
    async encrypt(bytes, aad) {
      const { header, key } = first!;
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const params = { name: "AES-GCM", iv, additionalData: toAdditional(header, aad) };
      const sealed = await crypto.subtle.encrypt(params, await key(), bytes as BufferSource);
      return concatBytes([header, iv, new Uint8Array(sealed)]);
    },
    async decrypt(bytes, aad) {
      const header = readHeader(bytes);
      const id = new TextDecoder().decode(header.subarray(3));
      const known = keys.get(id);
      if (known === undefined) {
        throw new PayloadError(
          `Unknown encryption key '${id}', expected one of ${[...keys.keys()].join(", ")}`,
        );
      }
      const iv = bytes.slice(header.length, header.length + ivBytes);
      const params = { name: "AES-GCM", iv, additionalData: toAdditional(header, aad) };
      const sealed = bytes.slice(header.length + ivBytes);
      const key = await known.key();
      try {
        return new Uint8Array(await crypto.subtle.decrypt(params, key, sealed));
      } catch (cause) {
        throw new PayloadError(
          `Cannot decrypt a payload with key '${id}': it was changed, belongs to something else, or had another key of that id`,
          { cause },
        );
      }
    },
  };
}

/** All before the IV. */
function readHeader(bytes: Uint8Array): Uint8Array {
  const isEnvelope = bytes[0] === magic[0] && bytes[1] === magic[1];
  const length = 3 + (bytes[2] ?? 0);
  if (isEnvelope && bytes.length >= length + ivBytes + tagBytes) return bytes.subarray(0, length);
  throw new PayloadError(`Cannot decrypt ${bytes.length} bytes: expected an encrypted payload`);
}

/** The header is covered too, or the id of a key could be changed for another. */
function toAdditional(header: Uint8Array, aad: string): Uint8Array<ArrayBuffer> {
  return concatBytes([header, text.encode(aad)]);
}

/** Checks a key at once, and imports it when it is first used. */
function toKey(id: string, given: EncryptionKey["key"]): () => Promise<CryptoKey> {
  if (isCryptoKey(given)) {
    if (given.algorithm.name === "AES-GCM") return () => Promise.resolve(given);
    throw badKey(id, `a key for ${given.algorithm.name}`);
  }
  const bytes = typeof given === "string" ? readKey(id, given) : given;
  if (!(bytes instanceof Uint8Array)) throw badKey(id, show(given));
  if (bytes.length !== 32 && bytes.length !== 16) throw badKey(id, `${bytes.length} bytes`);
  const own = Uint8Array.from(bytes);
  let imported: Promise<CryptoKey> | undefined;
  return () =>
    imported ??= crypto.subtle.importKey("raw", own, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function readKey(id: string, base64: string): Uint8Array {
  try {
    // Both alphabets are about: URLs have one of their own.
    const binary = atob(base64.trim().replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  } catch {
    // The text is a secret: no message may show it.
    throw badKey(id, "a text that is no base64");
  }
}

function badKey(id: string, given: string): TypeError {
  return new TypeError(
    `Cannot use ${given} as key '${id}': expected 32 bytes, base64 of 32 bytes, or an AES-GCM key`,
  );
}

function isCryptoKey(key: unknown): key is CryptoKey {
  return typeof key === "object" && key !== null && "algorithm" in key;
}
