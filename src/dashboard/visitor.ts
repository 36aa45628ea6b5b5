/**
 * Who looks at a dashboard, and what they may do there.
 *
 * @module
 */

/** What a visitor may do: look, change jobs and queues as well, or also the settings of the broker. */
export type Visitor = "read" | "manage" | "admin";

/**
 * Who may come in.
 *
 * | Value      | Who may come in                                                                                         |
 * | ---------- | ------------------------------------------------------------------------------------------------------- |
 * | `"tokens"` | who shows a token of the broker; its scopes say what it may do                                          |
 * | a function | whom it gives something for, such as who is signed in to the application; undefined is nobody           |
 * | `"anyone"` | everybody who reaches it: for a port that only its owner reaches                                        |
 */
export type DashboardAccess =
  | "tokens"
  | "anyone"
  | ((request: Request) => Visitor | undefined | Promise<Visitor | undefined>);

const ranks: Readonly<Record<Visitor, number>> = { read: 0, manage: 1, admin: 2 };

/** Whether a visitor may do what needs as much as another one may. */
export function mayDo(visitor: Visitor, needed: Visitor): boolean {
  return ranks[visitor] >= ranks[needed];
}

/** Whether a value is a visitor. */
export function isVisitor(value: unknown): value is Visitor {
  return typeof value === "string" && Object.hasOwn(ranks, value);
}
