/** The planner: late or dead, never in the guard's way. */
import type { FaultFamily } from "../fault.ts";

export const PLANNER_FAULTS: FaultFamily = {
  late: {
    story: "needs a minute for each plan",
    seconds: [60, 600],
    begin: ({ solver }) => {
      solver.delayMs = 60_000;
    },
    end: ({ solver }) => {
      solver.delayMs = 0;
    },
  },
  boundless: {
    story: "plans a gigawatt for everybody",
    seconds: [60, 600],
    begin: ({ solver }) => {
      solver.boundless = true;
    },
    end: ({ solver }) => {
      solver.boundless = false;
    },
  },
  dies: {
    story: "dies with each plan",
    seconds: [60, 600],
    begin: ({ solver }) => {
      solver.fails = true;
    },
    end: ({ solver }) => {
      solver.fails = false;
    },
  },
};
