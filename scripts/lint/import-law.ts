/**
 * The import law: an arrow points down, or stays in its room.
 *
 * | In                | Refused                                                                    |
 * | ----------------- | -------------------------------------------------------------------------- |
 * | a room            | a room of a higher level; another room of the same level                   |
 * | a file of no room | (in `src/`, `adapters/`) everything: put the file on the table first       |
 * | `src/`            | `adapters/`, `node:` and other schemes, a package that its room lacks      |
 * | everywhere        | `jsr:` and `https:`, which some machines cannot reach                      |
 *
 * @module
 */

import { toPlace, toTarget } from "./place.ts";
import { type Room, roomOf } from "./rooms.ts";

/** Says what is wrong with an import, or nothing. */
function judgeImport(place: string, specifier: string): string | undefined {
  if (/^(jsr|https?):/.test(specifier)) return `Import '${specifier}' from npm instead`;
  if (!/^(src|adapters)\/|^mod\.ts$/.test(place)) return undefined;
  const room = roomOf(place);
  if (room === undefined) return `Give '${place}' a room in scripts/lint/rooms.ts first`;
  if (specifier.startsWith(".")) return judgeArrow(room, toTarget(place, specifier));
  if (!place.startsWith("src/") || room.packages?.includes(specifier)) return undefined;
  return /^\w+:/.test(specifier)
    ? `Move the use of '${specifier}' to adapters/: src/ knows web standards only`
    : `Import '${specifier}' only in its own room (see scripts/lint/rooms.ts)`;
}

function judgeArrow(from: Room, target: string): string | undefined {
  const to = roomOf(target);
  if (to === undefined) return `Import nothing from '${target}': it is in no room`;
  if (from === to || to.level < from.level) return undefined;
  const direction = to.level > from.level ? "points up" : "points sideways";
  return `Turn the arrow to '${target}' around: it ${direction} (level ${from.level} to ${to.level})`;
}

export const importLaw: Deno.lint.Rule = {
  create(context) {
    const place = toPlace(context.filename);
    if (place === undefined) return {};
    const judge = (source: Deno.lint.Node | null) => {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const message = judgeImport(place, source.value);
      if (message !== undefined) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: ({ source }) => judge(source),
      ExportNamedDeclaration: ({ source }) => judge(source),
      ExportAllDeclaration: ({ source }) => judge(source),
      ImportExpression: ({ source }) => judge(source),
      TSImportType: ({ argument }) =>
        judge(argument.type === "TSLiteralType" ? argument.literal : null),
    };
  },
};
