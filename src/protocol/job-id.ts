/**
 * What the id of a job looks like.
 *
 * | Ids                     | Look like                                                                |
 * | ----------------------- | ------------------------------------------------------------------------ |
 * | that the broker makes   | 25 digits and small letters                                              |
 * | that a client chooses   | 1 to 128 letters, digits and `. _ : -`, but not as those of the broker   |
 *
 * No id is `.` or `..`: in a path these lead elsewhere.
 *
 * @module
 */

/** How many characters an id has at most. */
export const longestId = 128;

/** Says what is wrong with a job id, in the words of the protocol; undefined when nothing is. */
export function checkJobId(id: string): string | undefined {
  return /^(?!\.\.?$)[\w.:-]{1,128}$/.test(id)
    ? undefined
    : `invalid job ID: ${JSON.stringify(id)}`;
}

/** Whether an id looks like those that the broker makes: nobody can choose it. */
export function looksMade(id: string): boolean {
  return /^[0-9a-z]{25}$/.test(id);
}
