/**
 * Random lives of jobs in a broker that is restarted now and then, held against the model after each step.
 *
 * Each step has a seed of its own, and chooses among what is there. So steps can be left out of a life that went wrong, and
 * what remains still means something: `shrink` looks for the fewest that go wrong.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createRandom } from "../support/random.ts";
import { FileHost, type LivesHost } from "./lives-host.ts";
import { takeStep } from "./lives-player.ts";
import { LivesWorld } from "./lives-world.ts";

/** What went wrong. */
export interface LivesFailure {
  /** The seeds of the steps up to the one that went wrong. */
  readonly steps: readonly number[];
  /** What each did. */
  readonly story: readonly string[];
  readonly error: unknown;
}

/** The seeds of the steps of a life. */
export function toSteps(seed: number, count: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.int(2 ** 31));
}

/** Lives through some steps; gives what went wrong, undefined if nothing did. */
export async function live(
  steps: readonly number[],
  createHost: () => LivesHost = () => new FileHost(),
): Promise<LivesFailure | undefined> {
  const world = new LivesWorld(createHost());
  const story: string[] = [];
  let at = 0;
  await world.host.start();
  try {
    for (; at < steps.length; at++) {
      story.push("?");
      await takeStep(world, createRandom(steps[at]!), (what) => void (story[at] = what));
    }
    assert.deepEqual(world.host.complaints(), []);
    return undefined;
  } catch (error) {
    return { steps: steps.slice(0, at + 1), story, error };
  } finally {
    await world.host.close();
  }
}

/**
 * Leaves out of a life that went wrong what it goes wrong without.
 *
 * @param options `most` is how many steps may be lived through for that.
 */
export async function shrink(
  failure: LivesFailure,
  { most = 5000, createHost }: {
    readonly most?: number;
    readonly createHost?: (() => LivesHost) | undefined;
  } = {},
): Promise<LivesFailure> {
  let smallest = failure;
  let left = most;
  let size = Math.ceil(failure.steps.length / 2);
  while (size >= 1 && left > 0) {
    // The last step is the one that goes wrong.
    for (let at = 0; at < smallest.steps.length - 1 && left > 0;) {
      const { steps } = smallest;
      const end = Math.min(at + size, steps.length - 1);
      const shorter = await live([...steps.slice(0, at), ...steps.slice(end)], createHost);
      left -= shorter?.steps.length ?? steps.length;
      // One that goes wrong in another way is another failure.
      if (shorter === undefined || kindOf(shorter) !== kindOf(failure)) at += size;
      else smallest = shorter;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return smallest;
}

/** What tells failures apart: what the last step did, and how it went wrong. */
function kindOf({ story, error }: LivesFailure): string {
  return `${story.at(-1)!.split(" ", 1)} ${
    String(error).split("\n")[0]!.replaceAll(/[0-9a-z]{25}/g, "")
  }`;
}

/** Tells of a life that went wrong. */
export function tell({ steps, story, error }: LivesFailure): string {
  const lines = story.slice(-40).map((what) => `  ${what}`);
  return [`after ${steps.length} steps:`, ...lines, `replay: [${steps.slice(-60)}]`, `${error}`]
    .join("\n");
}
