/** English: what is wrong with a meter, and what to do about it. */
import { PHASE_NAMES, type PhaseIndex } from "../quantity.ts";
import type { DoubtWords } from "./words.ts";

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function phaseList(phases: readonly PhaseIndex[]): string {
  return list([...new Set(phases)].sort().map((phase) => PHASE_NAMES[phase]));
}

const NOT_USED = "Its values are not used.";

function swapped({ meter, phases = [], seenOn = [], evses = [] }: DoubtWords): string {
  const where = evses.length === 1 ? `at ${meter} or at ${evses[0]}` : `at ${meter}`;
  const who = `cars at ${list(evses)} show on ${phaseList(seenOn)} instead of ${phaseList(phases)}`;
  return `${phaseList([...phases, ...seenOn])} seem to be exchanged ${where}: ${who}. Correct the wires, or \`phases\` in site.yaml; until then these cars count on all phases.`;
}

function lessThanCars({ meter, phases = [] }: DoubtWords): string {
  if (phases.length === 0)
    return `${meter} shows less than the cars draw: it counts the wrong way round, its ratio is wrong, or there is a generator or battery that site.yaml does not name. Until it fits, the building is reckoned with its worst load. Make the direction test.`;
  return `${phaseList(phases)} stood above the fuse, and no car there is the cause: other loads draw more on it than \`worstBuildingLoadA\` says, or ${meter} shows cars on another phase than they are on. Until it has shown them right, the building is reckoned with its worst load and all cars go by the fullest phase. Look at what else is on ${phaseList(phases)}, and make the direction test.`;
}

const TEXTS: Readonly<Record<DoubtWords["kind"], (words: DoubtWords) => string>> = {
  "contradicts-itself": ({ meter }) =>
    `${meter} says more power than its currents can carry. ${NOT_USED} Check its profile and the ratio of its transformers.`,
  "dead-phase": ({ meter, phases = [] }) =>
    `${meter} shows nothing on ${phaseList(phases)} while cars load it. ${NOT_USED} Check the transformer and the wires of ${phaseList(phases)}, and \`phases\` of the EVSEs.`,
  "turned-phase": ({ meter, phases = [] }) =>
    `${meter} counts ${phaseList(phases)} the wrong way round. ${NOT_USED} Turn the transformer of ${phaseList(phases)}.`,
  turned: ({ meter }) =>
    `${meter} counts the wrong way round: cars show as export. ${NOT_USED} Change \`invert\` of it in site.yaml, or turn its transformers.`,
  scaled: ({ meter }) =>
    `${meter} shows ten times too much or too little of what cars draw. ${NOT_USED} Check the ratio of its transformers and its profile; or it is the EVSE that reports in another unit.`,
  swapped,
  "less-than-cars": lessThanCars,
  "register-back": ({ meter }) =>
    `The energy register of ${meter} went back: it was reset or replaced. This quarter-hour is reckoned from its power; note the old and the new reading.`,
};

/** What is wrong, what it means, and what to do. */
export function doubt(words: DoubtWords): string {
  return TEXTS[words.kind](words);
}
