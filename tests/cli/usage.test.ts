/**
 * What the command line prints for help, and for mistakes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { version } from "../../src/version.ts";
import { assertOneLine, runCli } from "./spawn-cli.ts";

const limit = { timeout: 30_000 };

describe("millrace", () => {
  it("--version prints the version", limit, async () => {
    assert.deepEqual(await runCli(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("--help prints the commands, and the flags of each", limit, async () => {
    const help = await runCli(["--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /millrace serve/);
    assert.match(help.stdout, /millrace backup/);
    assert.match(help.stdout, /millrace compact/);
    assert.match(help.stdout, /millrace demo/);
    const serveHelp = await runCli(["serve", "--help"]);
    assert.equal(serveHelp.code, 0);
    assert.match(serveHelp.stdout, /--heartbeat-interval TIME +\S.*\[3s\]/);
    assert.deepEqual(await runCli(["help", "serve"]), serveHelp);
    assert.deepEqual(await runCli(["help"]), help);
  });

  const mistakes: [args: string[], line: RegExp][] = [
    [[], /^millrace: No command is given \(see 'millrace help'\)$/m],
    [["sevre"], /^millrace: Unknown command 'sevre', did you mean 'serve'\? \(see/],
    [["lss"], /^millrace: Unknown command 'lss', did you mean 'ls'\?/],
    [["toString"], /^millrace: Unknown command 'toString' \(see/],
    [["serve", "--prot", "80"], /^millrace: Unknown flag '--prot', did you mean '--port'\?/],
    [["serve", "--port", "http"], /Flag '--port' is 'http', expected an integer from 0 to 65535/],
    [["backup"], /^millrace: No file is given, expected one to write to/],
    [["backup", "a", "b"], /Argument 'b' is one too many/],
    [["compact", "--url", "localhost:80"], /is 'localhost:80', expected an address such as http/],
    [["serve", "jobs.db"], /Argument 'jobs.db' is one too many/],
  ];
  for (const [args, line] of mistakes) {
    it(`refuses '${args.join(" ")}'`, limit, async () => {
      assertOneLine(await runCli(args), 2, line);
    });
  }

  it("refuses an environment variable whose value cannot be read", limit, async () => {
    const outcome = await runCli(["serve"], { MILLRACE_HEARTBEAT_INTERVAL: "often" });
    assertOneLine(
      outcome,
      2,
      /Variable 'MILLRACE_HEARTBEAT_INTERVAL' is 'often', expected a duration such as/,
    );
  });
});
