/**
 * What the compiler knows of the steps of a flow: what each comes to, and which come before it.
 *
 * @module
 */

/** The types of a step. They are for the compiler only: the member is never there. */
export interface StepTypes<Result, Parents> {
  /** What the step comes to, and the steps before it by their names; a list where there are several of a name. */
  readonly types?: { readonly result: Result; readonly parents: Parents } | undefined;
}

/** The parents of a step that has none. */
export type NoParents = Readonly<Record<never, never>>;

/** What a step comes to. */
export type ResultOf<Step> = Step extends StepTypes<infer Result, infer _Parents> ? Result
  : unknown;

/** What the parents of a step came to, by their names. */
export type ParentResults<Parents> = {
  readonly [Name in keyof Parents]: Parents[Name] extends readonly (infer Step)[]
    ? readonly ResultOf<Step>[]
    : ResultOf<Parents[Name]>;
};
