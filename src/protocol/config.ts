/**
 * The messages of `/config` (docs/protocol.md, section 16.2).
 *
 * @module
 */

import * as v from "valibot";
import type { Backoff } from "./job.ts";
import { backoffSchema, toBackoffWire } from "./backoff.ts";
import { bool, readAs, text } from "./schema.ts";

/** What a setting may be: a number, or a backoff. */
export type ConfigValue = number | Backoff;

/** A setting of a broker that may be changed while it runs. */
export interface ConfigSetting {
  /** Its name, such as `lease_ms`. */
  readonly key: string;
  /** What it is now. */
  readonly value: ConfigValue;
  /** What it is when nothing is set. */
  readonly default: ConfigValue;
  /** What it counts: `ms`, `jobs`, `percent` and so on, or `backoff` for one that is no number. */
  readonly unit: string;
  /** Whether it is set; if not, its value is the default. */
  readonly isSet: boolean;
}

/** Writes the body that sets a setting. Throws `RangeError` for a number that cannot be sent. */
export function toConfigBody(value: ConfigValue): { readonly value: unknown } {
  if (typeof value !== "number") return { value: toBackoffWire(value) };
  if (Number.isFinite(value)) return { value };
  throw new RangeError(`Cannot send 'value' ${value}: expected a finite number`);
}

const valueSchema: v.GenericSchema<unknown, ConfigValue> = v.lazy((value) =>
  typeof value === "object" ? backoffSchema : v.number("a number")
);

const settingSchema: v.GenericSchema<unknown, ConfigSetting> = v.pipe(
  v.object(
    { key: text, value: valueSchema, default: valueSchema, unit: text, is_set: bool },
    "an object",
  ),
  v.transform(({ is_set, ...setting }): ConfigSetting => ({ ...setting, isSet: is_set })),
);

const listSchema: v.GenericSchema<unknown, { readonly config: ConfigSetting[] }> = v.object(
  { config: v.array(settingSchema, "a list") },
  "an object",
);

/** Reads a value as the wire spells it. */
export function readConfigValue(value: unknown): ConfigValue {
  return readAs(valueSchema, value);
}

/** Reads one setting. */
export function readConfigSetting(value: unknown): ConfigSetting {
  return readAs(settingSchema, value);
}

/** Reads the answer of `GET /config`. */
export function readConfigSettings(value: unknown): ConfigSetting[] {
  return readAs(listSchema, value).config;
}
