/**
 * A file holds one idea: a long one holds two.
 *
 * @module
 */

const longest = 400;

export const fileLength: Deno.lint.Rule = {
  create: (context) => ({
    Program(node) {
      const lines = context.sourceCode.text.trimEnd().split("\n").length;
      if (lines <= longest) return;
      context.report({ node, message: `Split this file: it has ${lines} lines, not ${longest}` });
    },
  }),
};
