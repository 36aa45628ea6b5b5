/**
 * Which addresses belong to the world, and which to the machine, its network or its cloud. A request that somebody else chose the
 * address of must not reach the latter: there lie data bases, routers, and what clouds tell their machines in secret.
 *
 * @module
 */

/** Blocks of IPv4 that are not of the world, by their first address and the length of their prefix. */
const blocks4: readonly (readonly [first: string, prefix: number])[] = [
  ["0.0.0.0", 8], // this network; 0.0.0.0 leads to the own machine
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // shared by the customers of a carrier; secrets of a cloud at 100.100.100.200
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local; secrets of clouds at 169.254.169.254
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocols; secrets of a cloud at 192.0.0.192
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // relays of 6to4
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // measurements
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 3], // multicast, reserved, broadcast
];

/** Blocks of IPv6 within 2000::/3, the part for the world, that are not of the world. */
const blocks6: readonly (readonly [first: string, prefix: number])[] = [
  ["2001::", 23], // protocols, Teredo among them, which holds an IPv4 address
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, which holds an IPv4 address
  ["3fff::", 20], // documentation
];

/** Other prefixes that hold an IPv4 address in their last 32 bits: what is mapped, and what a gateway translates. */
const holders: readonly (readonly [first: string, prefix: number])[] = [
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
];

/**
 * Whether an address belongs to the world. All that is loopback, private, link-local, multicast, reserved or for documentation
 * does not, in IPv4, in IPv6, and in the forms of IPv6 that hold an IPv4 address.
 *
 * @param address An IP address, as text; IPv6 without brackets, a zone (`%eth0`) or not.
 * @returns Also false if it is no address.
 *
 * @example
 * ```ts
 * import { isPublicAddress } from "@millrace/millrace/offload";
 *
 * console.log(isPublicAddress("8.8.8.8"), isPublicAddress("::ffff:10.0.0.1")); // true false
 * ```
 */
export function isPublicAddress(address: string): boolean {
  const groups4 = toBytes4(address);
  if (groups4 !== undefined) {
    return !blocks4.some(([first, prefix]) => isIn(groups4, toBytes4(first)!, prefix));
  }
  const bytes = toBytes6(address);
  if (bytes === undefined) return false;
  const isHeld = holders.some(([first, prefix]) => isIn(bytes, toBytes6(first)!, prefix));
  if (isHeld) return isPublicAddress(bytes.slice(12).join("."));
  return isIn(bytes, toBytes6("2000::")!, 3) &&
    !blocks6.some(([first, prefix]) => isIn(bytes, toBytes6(first)!, prefix));
}

function isIn(bytes: readonly number[], first: readonly number[], prefix: number): boolean {
  for (let at = 0, left = prefix; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff << (8 - left) & 0xff;
    if ((bytes[at]! & mask) !== (first[at]! & mask)) return false;
  }
  return true;
}

function toBytes4(address: string): number[] | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

/** The platform knows how to read them, and writes all of them alike. */
function toBytes6(address: string): number[] | undefined {
  const bare = address.replace(/%.*$/s, "");
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(bare)) return undefined;
  const host = URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const [before = "", after] = host.split("::");
  const toGroups = (text: string) => text === "" ? [] : text.split(":");
  const head = toGroups(before);
  const tail = after === undefined ? [] : toGroups(after);
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
