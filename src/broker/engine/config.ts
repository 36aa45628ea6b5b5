/**
 * Changing settings while the broker runs. A change holds as soon as it is durable, and after a restart.
 *
 * All parts of the broker read one object of settings, each time that they need one; this file changes its members.
 *
 * @module
 */

import type { Logger } from "../../log.ts";
import type { ConfigItem } from "../../protocol/config-request.ts";
import { type Rejection, unprocessable } from "../../protocol/rejection.ts";
import type { ConfigChange } from "../../store/changes.ts";
import { listConfig, putConfig, removeConfig } from "../../store/config.ts";
import type { Store } from "../../store/store.ts";
import { type ConfigRow, configRow, configRows, readConfig, toConfigWire } from "./config-table.ts";
import type { Settings } from "./settings.ts";

/** The operations; each resolves when its change is durable. */
export interface ConfigOperations {
  list(): readonly ConfigItem[];
  /** Undefined when there is no such setting, as for the others. */
  get(key: string): ConfigItem | undefined;
  set(key: string, value: unknown): Promise<ConfigItem | Rejection | undefined>;
  unset(key: string): Promise<ConfigItem | undefined>;
  /** Reads what is stored. Call before all that goes by settings. */
  load(): Promise<void>;
  /** Applies what a commit changed. */
  apply(change: ConfigChange): void;
}

/** Creates the operations. They change the members of `settings`. */
export function createConfigOperations(
  { store, settings, logger }: {
    readonly store: Store;
    readonly settings: { -readonly [Name in keyof Settings]: Settings[Name] };
    readonly logger: Logger;
  },
): ConfigOperations {
  const defaults: Settings = { ...settings };
  const changed = new Set<string>();

  const toItem = (row: ConfigRow): ConfigItem => ({
    key: row.key,
    value: toConfigWire(row, settings),
    default: toConfigWire(row, defaults),
    unit: row.unit,
    isSet: changed.has(row.key),
  });

  const apply = (key: string, text: string | undefined) => {
    const row = configRow(key);
    if (row === undefined) return void logger.warn("A stored setting is unknown", { key });
    const reading = text === undefined
      ? { value: defaults[row.name] }
      : readConfig(row, JSON.parse(text));
    if ("problem" in reading) {
      return void logger.warn("A stored setting cannot be used", { error: reading.problem });
    }
    Object.assign(settings, { [row.name]: reading.value });
    if (text === undefined) changed.delete(key);
    else changed.add(key);
  };

  return {
    list: () => configRows.map(toItem),
    get(key) {
      const row = configRow(key);
      return row && toItem(row);
    },
    async set(key, wire) {
      const row = configRow(key);
      if (row === undefined) return undefined;
      const reading = readConfig(row, wire);
      if ("problem" in reading) return unprocessable(reading.problem);
      const value = toConfigWire(row, { ...settings, [row.name]: reading.value });
      await store.write(() => putConfig(key, JSON.stringify(value)));
      return toItem(row);
    },
    async unset(key) {
      const row = configRow(key);
      if (row === undefined) return undefined;
      await store.write(() => removeConfig(key));
      return toItem(row);
    },
    async load() {
      const stored = new Map(
        (await store.read(listConfig())).map(({ key, value }) => [key, value] as const),
      );
      // Another broker may have unset some.
      for (const key of new Set([...changed, ...stored.keys()])) apply(key, stored.get(key));
    },
    apply: ({ key, value }) => apply(key, value),
  };
}
