/**
 * Finds the payloads in the text of a JSON body without building them, so that they can be stored byte for byte.
 *
 * The text was parsed before, so the scan trusts its grammar and looks only at structure.
 *
 * @module
 */

import { DecodeError, tooManyContainers } from "./codec.ts";
import { endOfString, skipSpace } from "./json-text.ts";
import { maxContainers, maxJsonDepth } from "./limits.ts";
import { everyItem, type PathStep, payloadPaths, type PayloadPlace } from "./payload-place.ts";

/** What was found in a body. */
export interface JsonScan {
  /** The text of each job's payload; undefined for a job without one. Of a payload given twice the last counts. */
  readonly payloads: (string | undefined)[];
  /** Whether there is a float outside the payloads, in another field than the one that is meant to hold one. */
  readonly strayFloat: boolean;
}

const quote = 0x22;
const comma = 0x2c;
const point = 0x2e;
const colon = 0x3a;
const capitalExponent = 0x45;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const exponent = 0x65;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Scans the text of a body. Throws {@linkcode DecodeError} when it is nested too deeply. */
export function scanJson(text: string, place: PayloadPlace): JsonScan {
  const path: readonly PathStep[] = payloadPaths[place];
  const payloads: (string | undefined)[] = path.includes(everyItem) ? [] : [undefined];
  let depth = 0;
  /** How many of the open containers, counted from the outermost, lie on the way to a payload. */
  let onPath = 0;
  /** Whether the value that comes next is the next step of that way. */
  let arriving = true;
  let start = -1;
  let strayFloat = false;

  const endPayload = (end: number) => {
    payloads[payloads.length - 1] = text.slice(start, end).trimEnd();
    start = -1;
  };

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at);
        if (depth === onPath && start === -1) {
          const next = skipSpace(text, end);
          if (text.charCodeAt(next) === colon) {
            arriving = keyOf(text.slice(at, end)) === path[depth - 1];
            if (arriving && depth === path.length) {
              start = skipSpace(text, next + 1);
              arriving = false;
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
        if (!arriving || depth !== onPath + 1) break;
        onPath = depth;
        arriving = path[depth - 1] === everyItem;
        if (arriving) payloads.length = 0;
        else if (path[depth - 2] === everyItem) payloads.push(undefined);
        else if (depth === path.length) payloads[payloads.length - 1] = undefined;
        break;
      case closeList:
      case closeObject:
        if (depth === path.length && start !== -1) endPayload(at);
        if (depth === onPath) {
          onPath--;
          arriving = path[onPath - 1] === everyItem;
        }
        depth--;
        break;
      case comma:
        if (depth === path.length && start !== -1) endPayload(at);
        break;
      case point:
      case exponent:
      case capitalExponent:
        if (start === -1 && !strayFloat) strayFloat = isStrayFloat(text, at);
    }
  }
  return { payloads, strayFloat };
}

/** Throws {@linkcode DecodeError} for a text that would take too much to parse. Trusts nothing. */
export function demandParsable(text: string): void {
  if (text.length < maxContainers * 2) return; // Each opens and closes.
  let containers = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) inString = !inString;
    else if (code === backslash) at++;
    else if (!inString && (code === openList || code === openObject)) containers++;
  }
  if (containers > maxContainers) throw tooManyContainers();
}

/** Enough for the name, some white space and the digits of any number that a person would write. */
const lookBack = 80;
const floatMember = /"exponent"\s*:\s*-?[0-9]+\.?[0-9]*$/;

/** Whether the sign at `at` is the point or the exponent of a number, and not a letter of `true` or `false`. */
function isStrayFloat(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (before < 0x30 || before > 0x39) return false;
  return !floatMember.test(text.slice(Math.max(0, at - lookBack), at));
}

function keyOf(literal: string): string {
  return literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1);
}
