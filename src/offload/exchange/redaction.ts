/**
 * Takes secrets out of what is told: platforms put addresses and headers into their messages, and servers send back what
 * they were sent.
 *
 * @module
 */

/** The secrets of one exchange. */
export interface Redaction {
  /**
   * Learns a secret.
   *
   * @param name Its name, which may be told.
   * @param value The secret.
   */
  add(name: string, value: string): void;
  /** Text, with the names of secrets in their place. */
  text(text: string): string;
  /**
   * An address without the secrets in it.
   *
   * @param url The address.
   * @param isBare Whether it loses its query, as a server may have sent back a part of a secret.
   */
  url(url: URL, isBare: boolean): string;
}

/** What is shorter would be found in every text. */
const shortest = 4;

/** Begins with no secrets. */
export function createRedaction(): Redaction {
  const secrets = new Map<string, string>();
  const text = (plain: string): string => {
    let told = plain;
    // The longest first: of a secret that begins with another one the rest would stay.
    const known = [...secrets].sort(([one], [other]) => other.length - one.length);
    for (const [secret, name] of known) told = told.replaceAll(secret, `[${name}]`);
    return told;
  };
  return {
    add(name, value) {
      if (value.length < shortest) return;
      const asForm = new URLSearchParams({ "": value }).toString().slice(1);
      for (const form of [value, value.trim(), encodeURIComponent(value), asForm]) {
        if (form.length >= shortest) secrets.set(form, name);
      }
    },
    text,
    url(url, isBare) {
      if (!isBare && secrets.size === 0) return url.href;
      const bare = new URL(url);
      if (isBare) bare.search = "";
      return text(bare.href);
    },
  };
}
