import { expect, test } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

test("who writes half a word or a letter wrong is asked whether he meant it, who writes something else is told what is known", () => {
  const known = ["site", "gridConnection", "devices", "api", "tariff"];
  expect(didYouMean("grid", known)).toBe('Did you mean "gridConnection"?');
  expect(didYouMean("GridConection", known)).toBe('Did you mean "gridConnection"?');
  expect(didYouMean("tarif", known)).toBe('Did you mean "tariff"?');
  expect(didYouMean("fuse", known)).toBe("Known here: site, gridConnection, devices, api, tariff");
});
