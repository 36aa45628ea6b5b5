/**
 * The wire's snake_case is spelled in `src/protocol/` only; the rest of `src/` speaks camelCase.
 *
 * SQL keeps its column names: they are text there, not names.
 *
 * @module
 */

import { isCore, toPlace } from "./place.ts";

const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

export const wireNames: Deno.lint.Rule = {
  create(context) {
    const place = toPlace(context.filename);
    if (place === undefined || !isCore(place) || place.startsWith("src/protocol/")) return {};
    const judge = (node: Deno.lint.Node, name: unknown) => {
      if (typeof name !== "string" || !snakeCase.test(name)) return;
      context.report({
        node,
        message: `Spell '${name}' in camelCase, or move it to src/protocol/`,
      });
    };
    return {
      Identifier: (node) => judge(node, node.name),
      Property: ({ key }) => key.type === "Literal" && judge(key, key.value),
      TSPropertySignature: ({ key }) => key.type === "Literal" && judge(key, key.value),
      MemberExpression: ({ property }) =>
        property.type === "Literal" && judge(property, property.value),
    };
  },
};
