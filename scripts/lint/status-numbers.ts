/**
 * A status is named, and has no order: in `src/store/` and `src/broker/`, SQL and code take the codes of statuses and
 * of their sets from `src/protocol/status.ts`. Whoever adds a status then has one row to write.
 *
 * | Refused                                                | Instead                                       |
 * | ------------------------------------------------------ | --------------------------------------------- |
 * | SQL text: `status = 2`, `status < 3`, `status IN (0,1)` | the code or the condition, from the table     |
 * | code: `job.status === 2`, `{ status: 2 }`, `case 2:`   | the code by its name                          |
 * | code: `job.status < status.completed`                  | whether the status is in a set                |
 *
 * Numbers from 100 on are statuses of HTTP. `src/store/schema*.ts` are exempt: the text of a migration never changes.
 *
 * @module
 */

import { toPlace } from "./place.ts";

const operator = String.raw`\s*(?:[<>!=]=|[<>=]|<>)\s*`;
const sqlNumber = new RegExp(
  [
    String.raw`\bstatus\b${operator}\d`,
    String.raw`\d${operator}(?:\w+\.)?status\b`,
    String.raw`\bstatus\s+(?:not\s+)?(?:in\s*\(\s*|between\s+)\d`,
    String.raw`\bcase\s+(?:\w+\.)?status\s+when\s+\d`,
  ].join("|"),
  "i",
);

/** The rule behind the table above. */
export const statusNumbers: Deno.lint.Rule = {
  create(context) {
    const place = toPlace(context.filename);
    if (!place?.match(/^src\/(?:store|broker)\//) || place.startsWith("src/store/schema")) {
      return {};
    }
    const refuse = (node: Deno.lint.Node, what: string) =>
      context.report({ node, message: `Name ${what} by src/protocol/status.ts` });
    const judgeText = (node: Deno.lint.Node, text: unknown) => {
      if (typeof text === "string" && sqlNumber.test(text)) {
        refuse(node, "the statuses in this SQL");
      }
    };
    return {
      Literal: (node) => judgeText(node, node.value),
      TemplateElement: (node) => judgeText(node, node.cooked),
      BinaryExpression(node) {
        const { left, right } = node;
        const other = isStatus(left) ? right : isStatus(right) ? left : undefined;
        if (other === undefined) return;
        if (isCode(other)) refuse(node, "the status");
        else if (/^[<>]=?$/.test(node.operator) && !isNumber(other)) {
          refuse(node, "the set of statuses");
        }
      },
      SwitchCase(node) {
        const { parent, test } = node;
        if (test === null || parent.type !== "SwitchStatement") return;
        if (isStatus(parent.discriminant) && isCode(test)) refuse(test, "the status");
      },
      Property({ key, value }) {
        if (key.type === "Identifier" && key.name === "status" && isCode(value)) {
          refuse(value, "the status");
        }
      },
    };
  },
};

/** `status` or `….status` */
function isStatus(node: Deno.lint.Node): boolean {
  if (node.type === "MemberExpression") return isStatus(node.property);
  if (node.type === "ChainExpression") return isStatus(node.expression);
  return node.type === "Identifier" && node.name === "status";
}

function isNumber(node: Deno.lint.Node): boolean {
  return node.type === "Literal" && typeof node.value === "number";
}

/** A number that cannot be a status of HTTP, also as text, as it is on its way into SQL. */
function isCode(node: Deno.lint.Node): boolean {
  return node.type === "Literal" && /^\d{1,2}$/.test(`${node.value}`);
}
