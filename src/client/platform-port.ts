/**
 * The port of a client that was given no `fetch`: on Node the dispatcher under its `fetch`, elsewhere `fetch`.
 *
 * A bundle for browsers and Workers carries `platform-port-web.ts` in its place: `browser` of `package.json` says so, which
 * bundlers heed by default and runtimes do not. So the dispatcher needs no dynamic import, for the sake of which a bundle
 * in one file would wrap each module that both sides use.
 *
 * @module
 */

import { callOnNode } from "./dispatcher.ts";
import { fetchPort } from "./fetch-port.ts";
import type { Port } from "./port-types.ts";

const isNode = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/** Who put another function in its place (a test, a tracer) wants the calls to go there. */
const platformFetch = globalThis.fetch;

const nodePort: Port = (call) =>
  globalThis.fetch === platformFetch ? callOnNode(call, fetchPort) : fetchPort(call);

/** Sends a call as is best on this platform. */
export const platformPort: Port = isNode ? nodePort : fetchPort;
