/**
 * The calls on settings of the broker. They are apart from the client, so that a program that only enqueues does not load
 * them.
 *
 * @module
 */

import {
  type ConfigSetting,
  type ConfigValue,
  readConfigSetting,
  readConfigSettings,
  toConfigBody,
} from "../protocol/config.ts";
import { controlRoutes } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, ignoreBody } from "./transport.ts";

/**
 * The settings of a broker that may be changed while it runs. A change holds at once, and after a restart.
 *
 * Each call is rejected with one of the `MillraceError` family.
 */
export interface ConfigClient {
  /** Lists all settings that may be changed, sorted by their keys. */
  list(options?: CallOptions): Promise<ConfigSetting[]>;
  /**
   * Gets one setting.
   *
   * @param key Such as `lease_ms`.
   * @throws {NotFoundError} If there is no such setting.
   */
  get(key: string, options?: CallOptions): Promise<ConfigSetting>;
  /**
   * Changes a setting.
   *
   * @param key Such as `lease_ms`.
   * @param value In the unit that the setting has.
   * @throws {NotFoundError} If there is no such setting.
   * @throws {RefusedError} If the value is not allowed; its status is 422, and its message says what is wanted.
   * @throws {RangeError} If a number cannot be sent.
   */
  set(key: string, value: ConfigValue, options?: CallOptions): Promise<ConfigSetting>;
  /**
   * Lets a setting be what it is by default.
   *
   * @param key Such as `lease_ms`.
   * @throws {NotFoundError} If there is no such setting.
   */
  unset(key: string, options?: CallOptions): Promise<void>;
}

/**
 * Creates a client of the settings of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createConfig } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const config = createConfig({ fetch: broker.fetch });
 * await config.set("completed_limit", 50_000);
 * console.log((await config.get("completed_limit")).isSet); // true
 * ```
 */
export function createConfig(options: ClientOptions): ConfigClient {
  const call = callOwn(createTransport(toClientSettings(options)));

  return {
    list: (options) => call({ route: controlRoutes.listConfig }, options, readConfigSettings),
    get: (key, options) =>
      call({ route: controlRoutes.getConfig, params: { key } }, options, readConfigSetting),
    async set(key, value, options) {
      const one = { route: controlRoutes.putConfig, params: { key }, body: toConfigBody(value) };
      return await call(one, options, readConfigSetting);
    },
    unset: (key, options) =>
      call({ route: controlRoutes.unsetConfig, params: { key } }, options, ignoreBody),
  };
}
