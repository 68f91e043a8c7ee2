/** The doubts of the site's meters in sentences. */

import type { SiteModel } from "../site/site-model.ts";
import type { SiteState } from "../state/state.ts";
import { en } from "../words/en.ts";
import type { DoubtWords } from "../words/words.ts";
import { isUnusable } from "./doubt.ts";

/** Whether a meter answers with values that cannot be used. */
export function isMeterUnusable({ site }: SiteState, deviceId: string): boolean {
  return Object.values(site.doubts).some((doubt) => doubt.deviceId === deviceId && isUnusable(doubt));
}

/** What is wrong with the meters, or with one: a sentence each; EVSEs that show the same share one. */
export function doubtTexts(site: SiteModel, { site: { doubts } }: SiteState, deviceId?: string): string[] {
  const texts = new Map<string, DoubtWords & { evses: string[] }>();
  for (const { deviceId: meter, kind, evseId, phases, seenOn } of Object.values(doubts)) {
    if (deviceId !== undefined && meter !== deviceId) continue;
    const key = JSON.stringify([meter, kind, phases, seenOn]);
    const words = texts.get(key) ?? {
      meter,
      kind,
      evses: [],
      ...(phases ? { phases } : {}),
      ...(seenOn ? { seenOn } : {}),
    };
    if (evseId !== undefined) words.evses.push(site.evseById.get(evseId)?.name ?? evseId);
    texts.set(key, words);
  }
  return [...texts.values()].map(en.doubt);
}
