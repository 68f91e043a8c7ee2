/** Connections that have not said who they are: so many for each address, so that none takes the place of all others. */
import type { Socket } from "node:net";

/** The same for a socket and for the TLS socket around it. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

export class Handshakes {
  readonly #mostPerAddress: number;
  readonly #byAddress = new Map<string, Set<string>>();

  constructor(mostPerAddress: number) {
    this.#mostPerAddress = mostPerAddress;
  }

  /** False, and the socket is destroyed, when its address has too many. */
  begin(socket: Socket): boolean {
    const [address, name] = [String(socket.remoteAddress), nameOf(socket)];
    const names = this.#byAddress.get(address) ?? new Set();
    if (names.size >= this.#mostPerAddress) {
      socket.destroy();
      return false;
    }
    this.#byAddress.set(address, names.add(name));
    // Who has hung up is no longer known by its address.
    socket.once("close", () => this.#remove(address, name));
    return true;
  }

  /** It is known who it is. */
  end(socket: Socket): void {
    this.#remove(String(socket.remoteAddress), nameOf(socket));
  }

  #remove(address: string, name: string): void {
    const names = this.#byAddress.get(address);
    names?.delete(name);
    if (names?.size === 0) this.#byAddress.delete(address);
  }
}
