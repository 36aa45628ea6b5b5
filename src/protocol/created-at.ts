/**
 * When a job was created, which its id tells.
 *
 * @module
 */

/** What an id looks like that a broker made: a SCRU128 of 25 digits of base 36. */
const madeId = /^[0-9a-z]{25}$/;

/** The first 48 of 128 bits are ms since the epoch. */
const otherBits = 80n;
const highest = 2n ** 48n - 1n;

/**
 * When a job was created, by its id, in ms since the epoch.
 *
 * @param job The job, or its id.
 * @returns The instant by the broker's clock; undefined if the id was chosen, as such an id says nothing. One that was chosen
 * to look like a broker's is taken for one.
 *
 * @example
 * ```ts
 * import { createdAtOf } from "@millrace/millrace/client";
 *
 * console.log(createdAtOf("03fbjv6fk3vt7o1x95dxub4zk")); // 1767225600000
 * console.log(createdAtOf("order:17")); // undefined
 * ```
 */
export function createdAtOf(job: string | { readonly id: string }): number | undefined {
  const id = typeof job === "string" ? job : job.id;
  if (!madeId.test(id)) return undefined;
  let value = 0n;
  for (const digit of id) value = value * 36n + BigInt(parseInt(digit, 36));
  const ms = value >> otherBits;
  return ms > highest ? undefined : Number(ms);
}
