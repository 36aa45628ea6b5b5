/**
 * What a stage of the gate tells: checks that passed or failed, and tests that were counted.
 *
 * @module
 */

/** One part of the gate. */
export interface Stage {
  readonly name: string;
  /** What it makes sure of, in a line. */
  readonly about: string;
  run(report: Report): Promise<void>;
}

/** Why a check failed; its message is shown without a stack. */
export class CheckError extends Error {}

/** Collects what stages found, and prints it as it comes. */
export class Report {
  /** Prints a line, or several. */
  readonly print: (line: string) => void;
  passed = 0;
  failed = 0;
  /** The checks that failed, in order, for the summary. */
  readonly failures: string[] = [];

  constructor(print: (line: string) => void = console.log) {
    this.print = print;
  }

  /** Adds what another report has counted. */
  add({ passed, failed, failures }: Report): void {
    this.passed += passed;
    this.failed += failed;
    this.failures.push(...failures);
  }

  /** Runs one check: it passes unless it throws. */
  async check(name: string, body: () => unknown): Promise<void> {
    try {
      await body();
      this.passed++;
      this.print(`  ok    ${name}`);
    } catch (error) {
      this.failed++;
      this.failures.push(name);
      const text = error instanceof CheckError ? error.message : (error as Error).stack;
      this.print(`  FAIL  ${name}\n${indent(text ?? String(error))}`);
    }
  }

  /** Adds the count of a test run; `output` is shown when any failed. */
  count(name: string, passed: number, failed: number, output: string): void {
    this.passed += passed;
    this.failed += failed;
    this.print(`  ${failed === 0 ? "ok  " : "FAIL"}  ${name}: ${passed} passed, ${failed} failed`);
    if (failed === 0) return;
    this.failures.push(name);
    this.print(indent(output));
  }

  /** Tells of something that was not checked. */
  skip(name: string, why: string): void {
    this.print(`  skip  ${name}: ${why}`);
  }
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "        ");
}
