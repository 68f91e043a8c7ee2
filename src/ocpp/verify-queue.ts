/**
 * Password hashes are slow on purpose. A few at once, addresses in turn: neither a flood nor a storm of reconnects takes
 * the processor from the guard, and who floods waits behind himself.
 */
const MOST_AT_ONCE = 2;
const MOST_WAITING_PER_ADDRESS = 300;
const MOST_WAITING = 2_000;

export class VerifyQueue {
  /** Jobs by address, the one whose turn it is first. */
  readonly #lines = new Map<string, (() => Promise<void>)[]>();
  #waiting = 0;
  #running = 0;

  /** What `work` answers, at its turn; undefined at once when too much waits. */
  add<T>(address: string, work: () => Promise<T>): Promise<T> | undefined {
    const line = this.#lines.get(address) ?? [];
    if (line.length >= MOST_WAITING_PER_ADDRESS || this.#waiting >= MOST_WAITING) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    line.push(() => work().then(resolve, reject));
    this.#lines.set(address, line);
    this.#waiting += 1;
    this.#pump();
    return promise;
  }

  #pump(): void {
    while (this.#running < MOST_AT_ONCE) {
      const [address, line] = this.#lines.entries().next().value ?? [];
      const job = line?.shift();
      if (address === undefined || !line || !job) return;
      this.#lines.delete(address);
      if (line.length > 0) this.#lines.set(address, line);
      this.#waiting -= 1;
      this.#running += 1;
      void job().finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }
}
