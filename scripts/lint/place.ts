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

/** What runs in a browser: it speaks the wire's own names, and has the browser's clock. */
const page = "src/dashboard/page/";

/** Whether a file belongs to the core, which knows web standards only, and to no page. */
export function isCore(place: string): boolean {
  return place.startsWith("src/") && !place.startsWith(page);
}

/** The path from the root that a relative specifier means in a file. */
export function toTarget(place: string, specifier: string): string {
  return new URL(specifier, `file:///${place}`).pathname.slice(1);
}
