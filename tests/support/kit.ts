/**
 * A test kit for the tests of the kit.
 *
 * @module
 */

import { openSqlite } from "../../adapters/node/mod.ts";
import { createTestKit, type TestKit, type TestKitOptions } from "../../src/testing/mod.ts";

/** Runs a test with a kit, and closes it whatever happens. */
export async function withKit(
  handlers: TestKitOptions["handlers"],
  test: (kit: TestKit) => Promise<void>,
  options: Partial<TestKitOptions> = {},
): Promise<void> {
  const kit = createTestKit({ store: openSqlite(":memory:"), handlers, ...options });
  try {
    await test(kit);
  } finally {
    await kit.close();
  }
}
