/**
 * What stands for `platform-port.ts` in a bundle for browsers and Workers, which have no dispatcher under their `fetch`.
 *
 * @module
 */

export { fetchPort as platformPort } from "./fetch-port.ts";
