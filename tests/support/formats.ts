/**
 * The formats that a client can speak, by their names.
 *
 * @module
 */

import type { ClientOptions } from "../../src/client/mod.ts";
import { msgpack } from "../../src/client/msgpack.ts";

/** What a client takes for each. */
export const formats = { json: "json", msgpack } as const satisfies Readonly<
  Record<string, NonNullable<ClientOptions["format"]>>
>;
