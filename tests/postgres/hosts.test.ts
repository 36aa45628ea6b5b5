/** Addresses that name several servers. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readHosts } from "../../adapters/postgres/hosts.ts";

describe("readHosts()", () => {
  const all = (url: string) => {
    const hosts = readHosts(url);
    return Array.from({ length: hosts.count }, () => {
      const found = hosts.current();
      hosts.rule(found);
      return found;
    });
  };

  it("leaves an address of one server as it is", () => {
    const addresses = [
      "postgres://localhost/jobs",
      "postgresql://me:pa%40ss@[::1]:5432/jobs?sslmode=verify-full",
      "postgres:///jobs?host=/run/postgresql",
      "POSTGRES://localhost",
    ];
    for (const url of addresses) assert.deepEqual(all(url), [url]);
  });

  it("gives the address of each server", () => {
    assert.deepEqual(all("postgres://me:a,b@one:1,[::2]:2,three/jobs?x=1&application_name=y"), [
      "postgres://me:a,b@one:1/jobs?x=1&application_name=y",
      "postgres://me:a,b@[::2]:2/jobs?x=1&application_name=y",
      "postgres://me:a,b@three/jobs?x=1&application_name=y",
    ]);
  });

  it("takes out that the primary is wanted, which the driver does not know", () => {
    const rests: [string, string][] = [
      ["?target_session_attrs=read-write", ""],
      ["?target_session_attrs=primary&x=1", "?x=1"],
      ["?x=1&target_session_attrs=any", "?x=1"],
      ["?x=1&target_session_attrs=any&y=2", "?x=1&y=2"],
    ];
    for (const [before, after] of rests) {
      assert.deepEqual(all(`postgres://one,two/d${before}`), [
        `postgres://one/d${after}`,
        `postgres://two/d${after}`,
      ]);
    }
  });

  it("goes on to the next once for all who found that one does not do", () => {
    const hosts = readHosts("postgres://one,two,three/d");
    for (let times = 0; times < 5; times++) hosts.rule("postgres://one/d");
    assert.equal(hosts.current(), "postgres://two/d");
    hosts.rule("postgres://two/d");
    hosts.rule("postgres://three/d");
    assert.equal(hosts.current(), "postgres://one/d");
  });

  it("stays with the one that did", () => {
    const hosts = readHosts("postgres://one,two,three/d");
    hosts.rule("postgres://one/d");
    hosts.rule("postgres://two/d");
    hosts.keep("postgres://two/d");
    assert.equal(hosts.current(), "postgres://two/d");
    hosts.rule("postgres://three/d"); // Said too late.
    assert.equal(hosts.current(), "postgres://two/d");
  });

  it("refuses what is none, and a standby", () => {
    for (const url of ["", "localhost/jobs", "mysql://localhost/jobs"]) {
      assert.throws(() => readHosts(url), /^TypeError: Option 'url' is no address of PostgreSQL/);
    }
    for (const port of ["99999", "0", "x", "5432x", "-1"]) {
      assert.throws(() => readHosts(`postgres://me:secret@one,two:${port}/d`), {
        name: "TypeError",
        message: `Option 'url' has the server "two:${port}", expected a port from 1 to 65535`,
      });
    }
    assert.throws(() => readHosts("postgres://me:se/cret@h/d"), (error: Error) => {
      assert.match(error.message, /no port that can be read.*%2F/);
      assert.doesNotMatch(error.message, /cret/);
      return true;
    });
    assert.throws(
      () => readHosts("postgres://me:secret@h/d?target_session_attrs=standby"),
      {
        message:
          "Option 'url' has 'target_session_attrs' \"standby\", expected 'read-write' or 'primary'",
      },
    );
  });
});
