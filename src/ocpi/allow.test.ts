import { describe, expect, test } from "vitest";
import { isPrivateAddress, whyNotCalled } from "./allow.ts";

const reach = {
  hosts: new Set(["partner.example", "8.8.8.8", "10.0.0.5", "::1"]),
  allowHttp: false,
  allowPrivateAddresses: false,
};

describe("where a partner may send the site", () => {
  test("to its own hosts, by TLS", () => {
    expect(whyNotCalled("https://partner.example/x", reach)).toBeUndefined();
    expect(whyNotCalled("https://PARTNER.example:8443/x", reach)).toBeUndefined();
    expect(whyNotCalled("https://8.8.8.8/x", reach)).toBeUndefined();
  });

  test.each([
    ["http://partner.example/", "https"],
    ["ftp://partner.example/", "https"],
    ["https://evil.example/", "host"],
    ["https://partner.example.evil.example/", "host"],
    ["https://user:pw@partner.example/", "user name"],
    ["https://10.0.0.5/", "private"],
    ["https://[::1]/", "private"],
    ["https://0x0a000005/", "private"],
    ["not a url", "no URL"],
  ])("not to %s", (url, why) => {
    expect(whyNotCalled(url, reach)).toContain(why);
  });

  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:192.168.0.1",
    "224.0.0.1",
    "localhost",
  ])("%s is not public", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  test.each(["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])("%s is public", (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});
