/**
 * The messages of `/config` on the broker's side.
 *
 * @module
 */

import * as v from "valibot";

/** A setting, its values as the wire spells them. */
export interface ConfigItem {
  readonly key: string;
  readonly value: unknown;
  /** What it is when nothing is set. */
  readonly default: unknown;
  readonly unit: string;
  readonly isSet: boolean;
}

/** The wire's spelling of a setting. */
export function toConfigItemWire({ isSet, ...item }: ConfigItem): object {
  return { ...item, is_set: isSet };
}

/** Reads the body of a `PUT`; what the value has to be depends on the key. */
export const configBodySchema: v.GenericSchema<unknown, { readonly value: unknown }> = v.pipe(
  v.strictObject({ value: v.unknown() }, "an object without unknown fields"),
  v.check(({ value }) => value !== undefined && value !== null, "a value that is not null"),
);

/** The 404 of a setting that there is not. */
export function configNotFound(key: string): string {
  return `config '${key}' not found`;
}
