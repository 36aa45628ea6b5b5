/**
 * Which URLs lead out into the world, as far as that can be seen without resolving names.
 *
 * @module
 */

import { isPublicAddress } from "./public-address.ts";

/** Names that mean a machine within, whatever resolves them; also those that clouds give to what tells secrets. */
const within =
  /(^|\.)(localhost|local|localdomain|internal|intranet|home\.arpa|lan|corp|private|in-addr\.arpa|ip6\.arpa)\.?$/;

/**
 * Whether a URL leads out into the world, as far as its text tells: by its address, which may be written in decimal, octal or
 * hexadecimal, or by its name, which must have a dot and must not be one for machines within, such as `localhost` or
 * `metadata.google.internal`.
 *
 * A name may still lead to an address within. The transport of the worker looks at that, after it has resolved the name, and
 * connects to the very address that it looked at; another `fetch` cannot.
 *
 * @param url The URL.
 *
 * @example
 * ```ts
 * import { isPublicUrl } from "@millrace/millrace/offload";
 *
 * console.log(isPublicUrl(new URL("https://example.com/"))); // true
 * console.log(isPublicUrl(new URL("http://2130706433/"))); // false: 127.0.0.1
 * ```
 */
export function isPublicUrl({ hostname }: URL): boolean {
  if (hostname.startsWith("[")) return isPublicAddress(hostname.slice(1, -1));
  // The URL parser wrote every form of an IPv4 address in the one with dots.
  if (/^[\d.]+$/.test(hostname)) return isPublicAddress(hostname.replace(/\.$/, ""));
  return hostname.replace(/\.$/, "").includes(".") && !within.test(hostname);
}
