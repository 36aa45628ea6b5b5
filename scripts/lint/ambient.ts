/**
 * Time and chance are injected: in `src/` they are read in one file only.
 *
 * @module
 */

import { isCore, toPlace } from "./place.ts";

const source = "src/async/clock.ts";

const ambient = new Set([
  "AbortSignal.timeout",
  "Date.now",
  "Math.random",
  "new Date()",
  "performance.now",
  "setInterval",
  "setTimeout",
]);

export const ambientRule: Deno.lint.Rule = {
  create(context) {
    const place = toPlace(context.filename);
    if (place === undefined || place === source || !isCore(place)) return {};
    const judge = (node: Deno.lint.Node, name: string) => {
      if (!ambient.has(name)) return;
      context.report({ node, message: `Take '${name}' as a Clock or Random, from ${source}` });
    };
    return {
      MemberExpression({ object, property }) {
        if (object.type !== "Identifier" || property.type !== "Identifier") return;
        judge(property, `${object.name}.${property.name}`);
        if (object.name === "globalThis") judge(property, property.name);
      },
      CallExpression({ callee }) {
        if (callee.type === "Identifier") judge(callee, callee.name);
      },
      NewExpression({ callee, arguments: given }) {
        const reads = callee.type === "Identifier" && callee.name === "Date" && given.length === 0;
        if (reads) judge(callee, "new Date()");
      },
    };
  },
};
