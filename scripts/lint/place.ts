/**
 * Where a linted file lies in the checkout.
 *
 * @module
 */

const root = new URL("../../", import.meta.url).pathname;

/** The path of a file from the root of the checkout, with forward slashes; `undefined` outside of it. */
export function toPlace(filename: string): string | undefined {
  const path = filename.replaceAll("\\", "/").replace(/^(?=[A-Za-z]:)/, "/");
  return path.startsWith(root) ? path.slice(root.length) : undefined;
}

/** The path from the root that a relative specifier means in a file. */
export function toTarget(place: string, specifier: string): string {
  return new URL(specifier, `file:///${place}`).pathname.slice(1);
}
