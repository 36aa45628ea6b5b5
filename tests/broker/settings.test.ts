import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultSettings, toSettings } from "../../src/broker/engine/settings.ts";

describe("toSettings", () => {
  it("fills in the protocol's defaults, also for what is undefined", () => {
    assert.deepEqual(toSettings({}), defaultSettings);
    assert.deepEqual(toSettings({ defaultRetryLimit: undefined }), defaultSettings);
    assert.equal(toSettings({ defaultRetryLimit: 0 }).defaultRetryLimit, 0);
  });

  it("throws a RangeError that names the option, the value and the range", () => {
    assert.throws(() => toSettings({ heartbeatIntervalMs: 0 }), {
      name: "RangeError",
      message: "Option 'heartbeatIntervalMs' is 0, must be an integer from 1 to 4294967295",
    });
    assert.throws(() => toSettings({ defaultRetryLimit: 1.5 }), /'defaultRetryLimit' is 1.5/);
    assert.throws(() => toSettings({ globalInFlightLimit: NaN }), /'globalInFlightLimit' is NaN/);
    const backoff = { exponent: 1e39, baseMs: 0, jitterMs: 0 };
    assert.throws(
      () => toSettings({ defaultBackoff: backoff }),
      /'defaultBackoff.exponent' is 1e\+39/,
    );
    assert.throws(
      () => toSettings({ defaultBackoff: { ...backoff, exponent: 1, jitterMs: -1 } }),
      /'defaultBackoff.jitterMs' is -1/,
    );
  });
});
