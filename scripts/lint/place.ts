/**
 * Where a linted file lies in the checkout.
 *
 * @module
 */

import { join, relative } from "node:path";

const root = join(import.meta.dirname!, "../..");

/** The path of a file from the root of the checkout, with forward slashes; `undefined` outside of it. */
export function toPlace(filename: string): string | undefined {
  const place = relative(root, filename).replaceAll("\\", "/");
  return place.startsWith("../") ? undefined : place;
}

/** The path from the root that a relative specifier means in a file. */
export function toTarget(place: string, specifier: string): string {
  return new URL(specifier, `file:///${place}`).pathname.slice(1);
}
