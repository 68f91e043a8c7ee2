/** Numbers of the events of each 2.0.1 transaction: a gap is energy or an end that nobody told (E01.FR.07). */
const KEPT = 64;

export class EventSequence {
  readonly #last = new Map<string, number>();

  /** What is missing before this event, in words; nothing for the first that is heard, and for one that comes late. */
  gapBefore({ transaction, seqNo }: { readonly transaction: string; readonly seqNo: number }): string | undefined {
    const last = this.#last.get(transaction);
    this.#last.delete(transaction);
    this.#last.set(transaction, Math.max(seqNo, last ?? 0));
    if (this.#last.size > KEPT) this.#last.delete(this.#last.keys().next().value!);
    if (last === undefined || seqNo <= last + 1) return undefined;
    return `${seqNo - last - 1} events of a transaction are missing before this one`;
  }
}
