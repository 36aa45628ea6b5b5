/**
 * Filters that make new values: arrays, objects, and strings with interpolation.
 *
 * @module
 */

import { fail } from "../errors.ts";
import { checkArray, checkString, spendText, tick } from "../meter.ts";
import type { AstNode } from "../syntax/ast.ts";
import { type Draft, type Json, setMember } from "../values/json.ts";
import { describe } from "../values/text.ts";
import { type Code, computed, type Env, generated, GO, type One, type Signal } from "./code.ts";
import type { Build, Scope } from "./scope.ts";

/** Compiles `[f]`: an array of all outputs of `f`. */
export function buildArray(node: AstNode<"array">, scope: Scope | undefined, build: Build): Code {
  if (node.items === undefined) return computed(() => []);
  const items = build(node.items, scope);
  return computed((input, env) => collectOutputs(items, input, env));
}

/** All outputs of a filter, as an array. */
export function collectOutputs(code: Code, input: Json, env: Env | undefined): Json[] {
  if (code.one !== undefined) return [code.one(input, env)];
  const outputs: Json[] = [];
  code.run(input, undefined, env, (value) => {
    tick();
    checkArray(outputs.push(value));
    return GO;
  });
  return outputs;
}

/** Compiles `{a: f, (g): h}`: one object for each combination of outputs of the keys and values. */
export function buildObject(node: AstNode<"object">, scope: Scope | undefined, build: Build): Code {
  const members = node.members.map(({ key, value }) => ({
    key: build(key, scope),
    value: build(value, scope),
  }));
  const quick: { readonly key: One; readonly value: One }[] = [];
  for (const { key, value } of members) {
    if (key.one && value.one) quick.push({ key: key.one, value: value.one });
  }
  if (quick.length === members.length) {
    return computed((input, env) => {
      const object: Draft = {};
      for (const { key, value } of quick) {
        setMember(object, toKey(key(input, env)), value(input, env));
      }
      return object;
    });
  }
  return generated((input, env, give) => {
    const choose = (at: number, object: Draft): Signal => {
      tick();
      const member = members[at];
      if (member === undefined) return give(object);
      return member.key.run(
        input,
        undefined,
        env,
        (key) =>
          member.value.run(input, undefined, env, (value) => {
            const longer = { ...object };
            setMember(longer, toKey(key), value);
            return choose(at + 1, longer);
          }),
      );
    };
    return choose(0, {});
  });
}

/** Compiles `"a\(f)b"`. The last part is the outermost loop, so the outputs of the first part change fastest. */
export function buildText(
  node: AstNode<"text">,
  scope: Scope | undefined,
  build: Build,
  format: (value: Json) => string,
): Code {
  const parts = node.parts.map((part) => typeof part === "string" ? part : build(part, scope));
  const quick: (string | One)[] = [];
  for (const part of parts) {
    if (typeof part === "string") quick.push(part);
    else if (part.one) quick.push(part.one);
  }
  if (quick.length === parts.length) {
    return computed((input, env) => {
      let text = "";
      for (const part of quick) {
        text += typeof part === "string" ? part : format(part(input, env));
        checkString(text.length);
      }
      return text;
    });
  }
  return generated((input, env, give) => {
    const choose = (at: number, rest: string): Signal => {
      tick();
      checkString(rest.length);
      const part = parts[at];
      if (part === undefined) return give(rest);
      if (typeof part === "string") return choose(at - 1, part + rest);
      return part.run(input, undefined, env, (value) => choose(at - 1, format(value) + rest));
    };
    return choose(parts.length - 1, "");
  });
}

function toKey(key: Json): string {
  if (typeof key !== "string") return fail(`Cannot use ${describe(key)} as object key`);
  spendText(key);
  return key;
}
