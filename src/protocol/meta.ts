/**
 * What goes with a job besides its payload: a small map of texts, such as a tenant or where a trace goes on
 * (docs/protocol.md, section 4.8).
 *
 * @module
 */

import * as v from "valibot";

/** What goes with a job, by names. */
export type JobMeta = Readonly<Record<string, string>>;

/** How many members it may have. */
const mostMembers = 32;

/** A letter, and letters, digits and some marks: what any store and any header takes, and no name that JavaScript has a use for. */
const memberName = /^[a-zA-Z][a-zA-Z0-9._:/-]{0,63}$/;

/** How many characters a value may have, as UTF-16 counts them. */
const longestValue = 1000;

/** How many bytes it may have in all, as JSON. */
const mostBytes = 8 * 1024;

const encoder = new TextEncoder();

function isMeta(value: unknown): value is JobMeta {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

/** Reads it; how much it may be is checked by {@linkcode checkMeta}. */
export const metaSchema: v.GenericSchema<unknown, JobMeta> = /* @__PURE__ */ v.custom<JobMeta>(
  isMeta,
  "an object with texts",
);

/** Says what of it cannot be; undefined if all can. */
export function checkMeta(meta: JobMeta | null | undefined): string | undefined {
  if (meta == null) return undefined;
  const names = Object.keys(meta);
  if (names.length > mostMembers) {
    return `meta has ${names.length} members, at most ${mostMembers} are accepted`;
  }
  for (const name of names) {
    if (!memberName.test(name)) {
      return `meta has the name ${
        JSON.stringify(name.slice(0, 65))
      }, expected a letter and up to 63 letters, digits and . _ : / -`;
    }
    const { length } = meta[name]!;
    if (length > longestValue) {
      return `meta.${name} has ${length} characters, at most ${longestValue} are accepted`;
    }
  }
  const { length } = encoder.encode(JSON.stringify(meta));
  if (length <= mostBytes) return undefined;
  return `meta has ${length} bytes, at most ${mostBytes} are accepted`;
}
