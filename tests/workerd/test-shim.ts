/**
 * What the tests of the store use of `node:test`, where there is none: it collects tests, to be run one by one.
 *
 * @module
 */

/** A test that was defined. */
export interface CollectedTest {
  readonly name: string;
  run(): Promise<void>;
}

type Hook = () => void | Promise<void>;
type Body = () => unknown;

/** All tests, in the order in which they were defined. */
export const collected: CollectedTest[] = [];

const names: string[] = [];
const hooks: Hook[] = [];

/** Defines a suite. */
export function describe(name: string, body: Body): void {
  names.push(name);
  const own = hooks.length;
  body();
  hooks.splice(own);
  names.pop();
}

/** Defines a test; options may stand before its body. */
export function it(name: string, ...args: readonly [Body] | readonly [object, Body]): void {
  const body = args.at(-1) as Body;
  const ends = [...hooks];
  collected.push({
    name: [...names, name].join(" > "),
    async run() {
      try {
        await body();
      } finally {
        for (const end of ends) await end();
      }
    },
  });
}

/** Is called after each test of the suite. */
export function afterEach(hook: Hook): void {
  hooks.push(hook);
}
