/**
 * How a caller asks for what only a Millrace broker tells: without it, answers are those of the protocol alone.
 *
 * @module
 */

/** The request header by which a caller asks for extensions; its value is {@linkcode extensionsVersion}. */
export const extensionsHeader = "millrace-extensions";

/** The version of the extensions that this code knows. */
export const extensionsVersion = "1";

/**
 * Tells whether a caller asks for extensions.
 *
 * @param headers The headers of its request.
 */
export function wantsExtensions(headers: Headers): boolean {
  return headers.get(extensionsHeader) === extensionsVersion;
}
