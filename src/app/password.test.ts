import { describe, expect, it } from "vitest";
import { HASH } from "../core/site/site.test-kit.ts";
import { hashPassword, verifyPassword } from "./password.ts";

describe("passwords", () => {
  it("fit the hash that was made of them, and no other does", async () => {
    const hash = await hashPassword("correct horse");
    expect(hash).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(await verifyPassword(hash, "correct horse")).toBe(true);
    expect(await verifyPassword(hash, Buffer.from("correct horse"))).toBe(true);
    expect(await verifyPassword(hash, "correct horses")).toBe(false);
    expect(await verifyPassword(hash, "")).toBe(false);
  });

  it("are salted: the same password has another hash each time", async () => {
    expect(await hashPassword("correct horse")).not.toBe(await hashPassword("correct horse"));
  });

  it.each([
    "",
    "scrypt",
    "correct horse",
    "scrypt$16384$8$1$c2FsdA$",
    HASH.replace("scrypt", "md5"),
    HASH.replace("16384", "16383"),
    HASH.replace("16384", "999999999"),
    HASH.replace("$8$1$", "$8$x$"),
    HASH.replace("$8$1$", "$0$0$"),
    HASH.replace("$8$1$", "$32$16$"),
  ])("fit nothing that is no hash of ours, and nothing breaks: %s", async (hash) => {
    expect(await verifyPassword(hash, "correct horse")).toBe(false);
  });
});
