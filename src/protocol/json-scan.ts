/**
 * Finds the payloads in the text of a JSON body without building them, so that they can be stored byte for byte.
 *
 * The text was parsed before, so the scan trusts its grammar and looks only at structure.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";
import { refuseJsonFloat } from "./integer-fields.ts";
import { maxJsonDepth } from "./limits.ts";

/** Which bodies have payloads: one job, or a list of jobs under `jobs`. */
export type PayloadPlace = "single" | "bulk";

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const point = 0x2e;
const capitalExponent = 0x45;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const exponent = 0x65;
const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * Gives the text of each job's payload; undefined for a job without one. Of a payload given twice the last
 * counts. Throws {@linkcode DecodeError} when the body is nested too deeply, or has a float for an integer.
 */
export function scanJsonPayloads(text: string, place: PayloadPlace): (string | undefined)[] {
  /** The depth of the members of a job. */
  const jobDepth = place === "single" ? 1 : 3;
  const payloads: (string | undefined)[] = place === "single" ? [undefined] : [];
  let depth = 0;
  let inJobs = place === "single";
  let rootKey = "";
  let start = -1;

  const endPayload = (end: number) => {
    payloads[payloads.length - 1] = text.slice(start, end).trimEnd();
    start = -1;
  };

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at);
        if ((depth === 1 || depth === jobDepth) && start === -1) {
          const next = skipSpace(text, end);
          if (text.charCodeAt(next) === colon) {
            const key = keyOf(text.slice(at, end));
            if (depth === 1) rootKey = key;
            if (depth === jobDepth && inJobs && key === "payload") {
              start = skipSpace(text, next + 1);
            }
            at = next;
            break;
          }
        }
        at = end - 1;
        break;
      }
      case openList:
      case openObject:
        depth++;
        if (depth > maxJsonDepth) {
          throw new DecodeError(`nested deeper than ${maxJsonDepth} levels`);
        }
        if (place === "single") break;
        if (depth === 2) {
          inJobs = rootKey === "jobs";
          if (inJobs) payloads.length = 0;
        } else if (depth === 3 && inJobs) payloads.push(undefined);
        break;
      case closeList:
      case closeObject:
        if (depth === jobDepth && start !== -1) endPayload(at);
        depth--;
        break;
      case comma:
        if (depth === jobDepth && start !== -1) endPayload(at);
        break;
      case point:
      case exponent:
      case capitalExponent:
        if (start === -1) refuseJsonFloat(text, at);
    }
  }
  return payloads;
}

/** The index behind the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before--;
  return (at - before) % 2 === 0;
}

function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

function keyOf(literal: string): string {
  return literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1);
}
