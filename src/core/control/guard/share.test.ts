import { describe, expect, it } from "vitest";
import type { Slack } from "../circuits/slack.ts";
import { share } from "./share.ts";

/** One phase for all, with so many amperes free. */
function phase(freeA: number): Slack {
  let left = freeA;
  const slack = {
    room: () => ({ currentA: left }),
    commonStep: (indexes: readonly number[]) => left / indexes.length,
    give: (_: number, currentA: number) => {
      left -= currentA;
    },
  };
  return slack as unknown as Slack;
}

const claim = (index: number, wantedA: number, moreA?: number) => ({
  index,
  minA: 6,
  wantedA,
  ...(moreA === undefined ? {} : { moreA }),
  rank: () => index,
});
const pressed = (index: number, wantedA: number) => ({ ...claim(index, wantedA), first: true });
const shared = (claims: ReturnType<typeof claim>[], freeA: number) => [...share(claims, phase(freeA)).values()];

describe("what is left when all have what they want", () => {
  it("goes to those who take more, never to the others", () => {
    expect(shared([claim(0, 10, 32), claim(1, 8)], 40)).toEqual([32, 8]);
    expect(shared([claim(0, 10, 32), claim(1, 8)], 25)).toEqual([17, 8]);
    expect(shared([claim(0, 10, 16), claim(1, 10, 16)], 27)).toEqual([13, 13]);
  });

  it("is nothing while somebody wants more than there is", () => {
    expect(shared([claim(0, 10, 32), claim(1, 16)], 20)).toEqual([10, 10]);
  });

  it("starts a car that the plan lets wait, when its minimum fits", () => {
    expect(shared([claim(0, 0, 16), claim(1, 16)], 24)).toEqual([8, 16]);
    expect(shared([claim(0, 0, 16), claim(1, 16)], 21)).toEqual([0, 16]);
  });
});

describe("who needs all of the time that is left", () => {
  it("rises before the others, once all who can have their minimum", () => {
    expect(shared([claim(0, 16), pressed(1, 28)], 40)).toEqual([12, 28]);
    expect(shared([claim(0, 16), pressed(1, 28)], 30)).toEqual([6, 24]);
    expect(shared([claim(0, 16), pressed(1, 28), pressed(2, 28)], 40)).toEqual([6, 17, 17]);
    // Nobody is left without anything for it.
    expect(shared([claim(0, 16), pressed(1, 28)], 11)).toEqual([11, 0]);
  });
});
