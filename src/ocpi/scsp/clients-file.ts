/** The file of what is known of the sites that we plan for. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Ajv } from "ajv";
import type { Clock, Log } from "../../core/ports.ts";
import type { Partner } from "../partner.ts";
import { readContext } from "../smac/context.ts";
import { Clients, type KnownClients, KnownClientsSchema } from "./clients.ts";

const SAVE_EVERY_MS = 60_000;

function readKnown(file: string, log: Log): KnownClients {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (new Ajv({ strict: false }).compile<KnownClients>(KnownClientsSchema)(value)) return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
  }
  log.warn("What was known of other sites cannot be read; their CPOs are asked again");
  return {};
}

export interface KeptClients {
  readonly clients: Clients;
  close(): void;
}

/** Opens it, and keeps it young. Of partners that are configured no more nothing is taken. */
export function keptClients(
  file: string,
  partners: ReadonlyMap<string, Partner>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): KeptClients {
  const clients = new Clients();
  for (const [partnerId, known] of Object.entries(readKnown(file, log))) {
    const smac = partners.get(partnerId)?.configuration.smac;
    if (!partners.has(partnerId)) continue;
    for (const session of known.sessions) clients.keep(partnerId, session);
    for (const wire of known.contexts) {
      const read = smac && readContext(wire, smac);
      if (read?.ok) clients.keepContext(partnerId, wire, read.context);
    }
  }
  let saved = clients.version;
  const save = () => {
    if (clients.version === saved) return;
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify(clients.known())}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      saved = clients.version;
    } catch (error) {
      log.warn("What is known of other sites was not saved", { error: String(error) });
    }
  };
  const stop = clock.every(SAVE_EVERY_MS, "ocpi-clients", save);
  return {
    clients,
    close() {
      stop();
      save();
    },
  };
}
