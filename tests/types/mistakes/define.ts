/** Mistakes of who defines jobs. See scripts/gate/mistakes.ts. */

import * as v from "valibot";
import { z } from "zod";
import { defineJob, defineStep } from "../../../src/client/mod.ts";

const names = { type: "t", queue: "q" };
const file = v.object({ file: v.string() });

defineJob({ ...names, payload: file, retries: 5 });
//                                   ^ 'retries' does not exist in type 'JobOptions<{ file: string; }
defineJob({ ...names, retries: 5 });
//                    ^ 'retries' does not exist in type 'JobOptions<unknown
defineJob<{ file: string }>({ ...names, retries: 5 });
//                                      ^ 'retries' does not exist in type 'JobOptions<{ file: string; }
defineJob({ type: "t", payload: file });
//        ^ Property 'queue' is missing in type
defineJob({ ...names, payload: file, priority: "high" });
//                                   ^ Type 'string' is not assignable to type 'number | ((payload: { file: string; }, job: JobNames) => number
defineJob({ ...names, payload: file, uniqueKey: ({ name }) => name });
//                                                 ^ Property 'name' does not exist on type '{ file: string; }'
defineJob({ ...names, payload: { file: "string" } });
//                               ^ 'file' does not exist in type 'StandardSchema<

defineJob<{ at: Date }>(names);
//        ^ a Date does not survive JSON, send a number or a string
defineJob<{ items: { at: Date | null }[] }>(names);
//        ^ Types of property 'items' are incompatible
defineJob<{ items: { at: Date | null }[] }>(names);
//        ^ Type 'Date | null' is not assignable to type 'NotJson<"a Date does not survive JSON
defineJob<{ names: Map<string, string> }>(names);
//        ^ a Map does not survive JSON, send an object or a list
defineJob<{ names: Set<string> }>(names);
//        ^ a Set does not survive JSON, send a list
defineJob<{ done: () => void }>(names);
//        ^ a function does not survive JSON, leave it out
defineJob<{ list: (string | undefined)[] }>(names);
//        ^ undefined in a list does not survive JSON, send null
defineJob<{ id: bigint }>(names);
//        ^ a bigint does not survive JSON, send a string
defineJob<{ page: URL }>(names);
//        ^ what has toJSON does not survive JSON, send what that gives
defineJob<{ user: Promise<string> }>(names);
//        ^ a Promise does not survive JSON, await it
defineJob({ ...names, payload: v.object({ at: v.date() }) });
//                    ^ a Date does not survive JSON, send a number or a string
defineJob({ ...names, payload: z.object({ list: z.array(z.object({ at: z.date() })) }) });
//                    ^ a Date does not survive JSON, send a number or a string
defineStep<Date, number>(names);
//         ^ a Date does not survive JSON, send a number or a string

// None of these is a mistake.
interface Tree {
  readonly name: string & { readonly brand: "name" };
  readonly children: Tree[];
  readonly parent?: Tree;
  readonly more: Record<string, unknown>;
  readonly pair: [1, "a"] | undefined;
}
defineJob<Tree>(names);
defineJob<void>(names);
defineJob<string | undefined>(names);
defineJob<{ kind: "a" } | { kind: "b"; list: readonly number[] }>(names);
defineJob({ ...names, payload: z.object({ day: z.coerce.date() }) });
defineJob({ ...names, payload: z.object({ day: z.string().transform((day) => new Date(day)) }) });
