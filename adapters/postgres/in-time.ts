/**
 * Waiting, and not for ever.
 *
 * @module
 */

/** Waits for `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Gives what a promise gives, if that is in time.
 *
 * @param late Takes what comes too late.
 * @throws {Error} With `message` if it is not, which is an outage: nobody else says anything of the connection.
 */
export function inTime<Result>(
  promise: Promise<Result>,
  { ms, message, late = () => {} }: {
    readonly ms: number;
    readonly message: string;
    readonly late?: (result: Result) => void;
  },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error(message));
    }, ms);
    promise.then(
      (result) => {
        clearTimeout(timer);
        if (isLate) late(result);
        else resolve(result);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
