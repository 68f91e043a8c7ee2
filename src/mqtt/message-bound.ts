/** A broker hands on what anybody publishes, up to 256 MB, and the client would gather all of it before it can be refused. */
import type { MqttClient } from "mqtt";

/** Far above the largest request; what was received and not yet read is within it, too. */
const MOST_BYTES = 1_048_576;

/** Hangs up on a broker within a message that is larger than 1 MB, and says so first. */
export function boundMessages(client: MqttClient, onTooLarge: () => void): void {
  let unreadBytes = 0;
  client.on("packetreceive", () => {
    unreadBytes = 0;
  });
  client.on("connect", () => {
    const { stream } = client;
    unreadBytes = 0;
    stream.on("data", (chunk: Buffer) => {
      unreadBytes += chunk.byteLength;
      if (unreadBytes <= MOST_BYTES || stream.destroyed) return;
      onTooLarge();
      stream.destroy();
    });
  });
}
