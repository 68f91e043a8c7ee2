/** The disk of the ledger. */
import type { FaultFamily, FaultKind } from "../fault.ts";

const LONG = [5, 300] as const;

function refusing(story: string, reason: string): FaultKind {
  return {
    story,
    seconds: LONG,
    begin: ({ disk }) => {
      disk.refuses = reason;
    },
    end: ({ disk }) => {
      disk.refuses = undefined;
    },
  };
}

export const DISK_FAULTS: FaultFamily = {
  full: refusing("is full", "ENOSPC: no space left on device"),
  fails: refusing("fails", "EIO: input/output error"),
  "read-only": refusing("is mounted read-only", "EROFS: read-only file system"),
  slow: {
    story: "takes two seconds for each commit",
    seconds: LONG,
    begin: ({ disk }) => {
      disk.slowMs = 2000;
    },
    end: ({ disk }) => disk.letGo(),
  },
  hangs: {
    story: "hangs",
    seconds: LONG,
    begin: ({ disk }) => {
      disk.slowMs = Number.POSITIVE_INFINITY;
    },
    end: ({ disk }) => disk.letGo(),
  },
};
