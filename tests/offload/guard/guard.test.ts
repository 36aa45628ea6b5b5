/** What is within, and what belongs to the world. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPublicAddress } from "../../../src/offload/guard/public-address.ts";
import { isPublicUrl } from "../../../src/offload/guard/public-url.ts";

describe("isPublicAddress()", () => {
  it("knows the addresses of the world", () => {
    const addresses = [
      "1.1.1.1",
      "8.8.8.8",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
      "128.0.0.0",
      "169.253.255.255",
      "169.255.0.0",
      "172.15.255.255",
      "172.32.0.0",
      "192.0.1.0",
      "192.167.255.255",
      "192.169.0.0",
      "198.17.255.255",
      "198.20.0.0",
      "223.255.255.255",
      "2001:4860:4860::8888",
      "2606:4700::1111",
      "2001:200::",
      "::ffff:8.8.8.8",
      "::FFFF:808:808",
      "64:ff9b::8.8.8.8",
    ];
    for (const address of addresses) assert.equal(isPublicAddress(address), true, address);
  });

  it("knows what is within", () => {
    const addresses = [
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "100.64.0.1",
      "100.100.100.200",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.0.0.192",
      "192.0.2.1",
      "192.168.1.1",
      "198.18.0.1",
      "198.19.255.255",
      "224.0.0.1",
      "240.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::127.0.0.1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "0:0:0:0:0:ffff:a00:1",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::a00:1",
      "2002:7f00:1::",
      "2001::1",
      "2001:db8::1",
      "fc00::1",
      "fd00:ec2::254",
      "fe80::1",
      "fe80::1%eth0",
      "fec0::1",
      "ff02::1",
      "100::1",
      "5f00::1",
    ];
    for (const address of addresses) assert.equal(isPublicAddress(address), false, address);
  });

  it("takes nothing else for an address", () => {
    for (
      const text of [
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.1.1.1 ",
        "8.8.8.8/8",
        ":",
        ":::",
        "1::2::3",
        "g::1",
      ]
    ) {
      assert.equal(isPublicAddress(text), false, text);
    }
  });
});

describe("isPublicUrl()", () => {
  it("lets out into the world", () => {
    for (
      const host of [
        "example.com",
        "api.example.com.",
        "8.8.8.8",
        "[2606:4700::1111]",
        "localhost.example.com",
        "xn--bcher-kva.example",
      ]
    ) {
      assert.equal(isPublicUrl(new URL(`https://${host}:8443/x`)), true, host);
    }
  });

  it("refuses what is within, in every spelling", () => {
    const hosts = [
      "localhost",
      "LOCALHOST",
      "localhost.",
      "foo.localhost",
      "printer.local",
      "metadata",
      "metadata.google.internal",
      "intranet",
      "db.corp",
      "router.home.arpa",
      "127.0.0.1",
      "127.1",
      "127.0.0.1.",
      "2130706433",
      "017700000001",
      "0x7f000001",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "0",
      "10.1",
      "192.168.257",
      "①②⑦.0.0.1",
      "169.254.169.254",
      "2852039166",
      "[::1]",
      "[::]",
      "[0:0:0:0:0:0:0:1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:a9fe:a9fe]",
      "[fd00:ec2::254]",
      "[64:ff9b::7f00:1]",
    ];
    for (const host of hosts) assert.equal(isPublicUrl(new URL(`http://${host}/`)), false, host);
  });
});
