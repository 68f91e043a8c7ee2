/** The machine's own table of a time zone (RFC 9636, "TZif"): when its clocks were and will be changed. */

export interface ZoneTable {
  /** What the clock on the wall is ahead of UTC, ms; missing where the table ends before. */
  offsetMs(atMs: number): number | undefined;
}

const MAGIC = 0x54_5a_69_66;
const HEADER_BYTES = 44;
const TYPE_BYTES = 6;
const LEAP_BYTES = 8;

/** Counts of one block, in their order in its header. */
function countsAt(view: DataView, at: number) {
  const count = (index: number) => view.getUint32(at + 20 + 4 * index);
  return { utc: count(0), standard: count(1), leaps: count(2), times: count(3), types: count(4), characters: count(5) };
}

/** Bytes of a block with times of so many bytes, without its header. */
function blockBytes({ utc, standard, leaps, times, types, characters }: ReturnType<typeof countsAt>, timeBytes: 4 | 8) {
  return (
    times * (timeBytes + 1) + types * TYPE_BYTES + characters + leaps * (timeBytes + LEAP_BYTES - 4) + standard + utc
  );
}

function isBlock(view: DataView, at: number): boolean {
  return at + HEADER_BYTES <= view.byteLength && view.getUint32(at) === MAGIC && view.getUint8(at + 4) >= 0x32;
}

/** Reads a file of `/usr/share/zoneinfo`; undefined when it is none, or of the first version with its 32 bits of time. */
export function zoneTable(bytes: Uint8Array): ZoneTable | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isBlock(view, 0)) return undefined;
  const second = HEADER_BYTES + blockBytes(countsAt(view, 0), 4);
  if (!isBlock(view, second)) return undefined;
  const counts = countsAt(view, second);
  const begin = second + HEADER_BYTES;
  const end = begin + blockBytes(counts, 8);
  if (end > view.byteLength || counts.types === 0) return undefined;
  const typesAt = begin + counts.times * 9;
  const typeOffsetMs = (type: number) => view.getInt32(typesAt + type * TYPE_BYTES) * 1000;
  const changes = Array.from({ length: counts.times }, (_, index) => ({
    atMs: Number(view.getBigInt64(begin + index * 8)) * 1000,
    offsetMs: typeOffsetMs(view.getUint8(begin + counts.times * 8 + index)),
  }));
  // Behind the table stands a rule; one with a comma has summer time for ever.
  const goesOnChanging = bytes.subarray(end).includes(",".charCodeAt(0));
  return {
    offsetMs(atMs) {
      const last = changes.at(-1);
      if (goesOnChanging && (last === undefined || atMs >= last.atMs)) return undefined;
      return changes.findLast((change) => change.atMs <= atMs)?.offsetMs ?? typeOffsetMs(0);
    },
  };
}
