/** Runs one scenario for the bench and reports each day. */
import { parentPort, workerData } from "node:worker_threads";
import { problemText } from "../../src/app/configuration/configuration.ts";
import type { Truth } from "../../src/study/informed.ts";
import { readScenario } from "../../src/study/scenario-file.ts";
import { compareScenario } from "../../src/study/simulate-report.ts";

const { file, days, told } = workerData as {
  readonly file: string;
  readonly days?: number;
  readonly told: readonly Truth[];
};
const read = readScenario(file, days);
if (!read.ok) {
  parentPort?.postMessage({ refused: read.problems.map(problemText).join("\n") });
} else {
  const { scenario, notes } = read;
  const all = Math.round((scenario.endMs - scenario.startMs) / 86_400_000);
  parentPort?.postMessage({ day: 0, days: all });
  const onDay = (day: number) => parentPort?.postMessage({ day, days: all });
  const { report } = await compareScenario(scenario, notes, { onDay, told });
  parentPort?.postMessage({ report });
}
