/**
 * State and facts of the site at a broker. A broker that is away costs a line in the log and nothing else: state is
 * published anew when it is back, facts go on from where they were.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { Clock, Log, OpenCursor, SiteAccess } from "../core/ports.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { LiveSite } from "../core/view/view.ts";
import { createFactPump } from "./fact-pump.ts";
import { boundMessages } from "./message-bound.ts";
import { createRequests } from "./requests.ts";
import { StateMessages } from "./state-messages.ts";
import { topicsOf } from "./topics.ts";

export interface BrokerOptions {
  readonly url: string;
  readonly topicRoot: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM of the certificate authority of the broker, where it is not a public one. */
  readonly ca?: string;
  readonly everySeconds: number;
  readonly facts: boolean;
  /** Whether requests are taken. */
  readonly requests: boolean;
  readonly openCursor: OpenCursor;
  readonly site: Pick<SiteAccess, "read" | "record" | "state" | "subscribe">;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Broker {
  readonly connected: boolean;
  close(): Promise<void>;
}

const KEEPALIVE_S = 15;
const CONNECT_TIMEOUT_MS = 10_000;
const LEAST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Attempts after which the pause is longest. */
const LONGEST_AFTER = 10;
const GOODBYE_MS = 2_000;

/** A pause before the next attempt: doubled each time, half of it random, so that a fleet does not come at once. */
function pauseMs(attempt: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(attempt, LONGEST_AFTER));
  return most / 2 + (Math.random() * most) / 2;
}

function clientOptions(options: BrokerOptions, statusTopic: string): IClientOptions {
  const { username, password, ca, model } = options;
  return {
    clientId: `wattledger-${model.configuration.site.id}`,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    will: { topic: statusTopic, payload: Buffer.from("offline"), qos: 1, retain: true },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Connects and stays connected. Never throws for a broker that is away. */
export function startBroker(options: BrokerOptions): Broker {
  const { site, clock, log, live } = options;
  const topics = topicsOf(options.topicRoot, options.model.configuration.site.id);
  const states = new StateMessages(topics);
  const cursor = options.facts ? options.openCursor("mqtt", site.state().seq) : undefined;
  const requests = options.requests ? createRequests({ ...options, topics }) : undefined;
  const client: MqttClient = connect(options.url, clientOptions(options, topics.status));
  const pump = cursor
    ? createFactPump({
        site,
        cursor,
        publish: async (type, json) => {
          await client.publishAsync(topics.fact(type), json, { qos: 1 });
        },
      })
    : undefined;
  let attempt = 0;
  let closed = false;
  let cancelRetry = () => {};

  function publishState(): void {
    if (!client.connected) return;
    for (const [topic, json] of states.changed(live())) client.publish(topic, json, { retain: true });
  }

  client.on("connect", () => {
    log.info("Connected to the MQTT broker", { attempts: attempt + 1 });
    attempt = 0;
    client.publish(topics.status, "online", { qos: 1, retain: true });
    if (requests) client.subscribe([...requests.topics], { qos: 1 });
    states.forget();
    publishState();
    pump?.run();
  });
  boundMessages(client, () => {
    log.warn(
      "A message of more than 1 MB from the MQTT broker: it is left for a minute. Clear it where it is retained",
      {
        below: options.topicRoot,
      },
    );
    attempt = LONGEST_AFTER;
  });
  client.on("close", () => {
    pump?.stop();
    if (closed) return;
    if (attempt === 0) log.warn("The MQTT broker is away; it is tried again from time to time");
    cancelRetry();
    cancelRetry = clock.after(pauseMs(attempt++), "mqtt-retry", () => client.reconnect());
  });
  // The reason of a failed attempt; the loss itself is said once, above.
  client.on("error", (error) => log.debug("The MQTT broker was not reached", { error: error.message }));
  client.on("message", (topic, payload, { retain }) => {
    void requests?.handle(topic, payload, retain).then((answer) => {
      if (answer && client.connected) client.publish(topics.responses, JSON.stringify(answer), { qos: 1 });
    });
  });

  const unsubscribe = site.subscribe(() => {
    if (client.connected) pump?.run();
  });
  const stopState = clock.every(options.everySeconds * 1000, "mqtt-state", publishState);

  return {
    get connected() {
      return client.connected;
    },
    async close() {
      closed = true;
      unsubscribe();
      stopState();
      cancelRetry();
      pump?.stop();
      if (client.connected) await goodbye(client, topics.status);
      cursor?.close();
      await client.endAsync(true).catch(() => undefined);
    },
  };
}

/** A clean end sends no last will: the site says itself that it goes, but does not wait for a broker that hangs. */
async function goodbye(client: MqttClient, statusTopic: string): Promise<void> {
  const said = client.publishAsync(statusTopic, "offline", { qos: 1, retain: true }).catch(() => undefined);
  await Promise.race([said, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref())]);
}
