import type { FakeVendor } from "../adapter-contract.ts";
import { type Heard, openFakeServer, type Said } from "../fake-server.ts";
import { checkByExcerpt } from "./request-schema.ts";

export const ROUTING_KEY = "Rzyxwvutsrqponmlkjihgfedcba98765";

export interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: "trigger" | "acknowledge" | "resolve";
  readonly dedup_key: string;
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  readonly payload: {
    readonly summary: string;
    readonly severity: string;
    readonly source: string;
    readonly custom_details: Readonly<Record<string, string>>;
  };
}

export interface Alert {
  readonly key: string;
  state: "triggered" | "acknowledged" | "resolved";
  /** The events that were applied to it. */
  readonly log: PagerDutyEvent[];
}

/** The Events API as it is documented: events apply to the open alert of their key; once it is resolved a trigger raises a new one, and others are dropped. */
export async function openFakePagerDuty(): Promise<FakeVendor & { readonly alerts: Alert[] }> {
  const alerts: Alert[] = [];
  const server = await openFakeServer(({ method, path, body }) => {
    if (method !== "POST" || path !== "/v2/enqueue") return { status: 404, body: {} };
    const event = JSON.parse(body) as PagerDutyEvent;
    const errors = limitsBrokenBy(event, body);
    if (errors.length > 0) return refused(errors);
    if (event.routing_key !== ROUTING_KEY) return refused(["Invalid routing key"]);
    apply(alerts, event);
    return { status: 202, body: { status: "success", message: "Event processed", dedup_key: event.dedup_key } };
  }, mistakesOf);
  return {
    server,
    url: server.url,
    settings: {},
    secret: { routingKey: ROUTING_KEY },
    alerts,
    // A reopened finding is a new alert of the same key: what a person reads is the newest.
    kept: () =>
      [...Map.groupBy(alerts, ({ key }) => key)].map(([key, of]) => {
        const log = of.flatMap((alert) => alert.log);
        return {
          key,
          state: of.at(-1)?.state === "resolved" ? ("resolved" as const) : ("open" as const),
          title: log.at(-1)?.payload.summary ?? "",
          text: log.flatMap(({ payload }) => Object.values(payload.custom_details)).join("\n"),
          notes: log.flatMap(({ payload }) => payload.custom_details.News ?? []),
        };
      }),
    clear: () => void alerts.splice(0),
  };
}

function apply(alerts: Alert[], event: PagerDutyEvent): void {
  const open = alerts.find(({ key, state }) => key === event.dedup_key && state !== "resolved");
  if (open === undefined) {
    if (event.event_action === "trigger") alerts.push({ key: event.dedup_key, state: "triggered", log: [event] });
    return;
  }
  open.log.push(event);
  if (event.event_action !== "trigger") open.state = event.event_action === "resolve" ? "resolved" : "acknowledged";
}

const checkEvent = checkByExcerpt("pagerduty-types.json", "EventPayloadV2");

/**
 * What an event has wrong by PagerDuty's published types (excerpt-types.ts), and by the documented limits that types don't hold. PagerDuty publishes a schema of the Events API
 * too, in its repository PagerDuty/api-schema, but in no package: its members are those of the types, and `client` and `client_url`, which the types lack.
 *
 * @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 * @see https://github.com/PagerDuty/api-schema/blob/main/reference/events-v2/openapiv3.json
 */
export function mistakesOf({ method, path, body }: Pick<Heard, "method" | "path" | "body">): readonly string[] {
  if (method !== "POST" || path !== "/v2/enqueue") return ["no such operation"];
  const { client = "", client_url = "", ...event } = JSON.parse(body);
  const { timestamp } = event.payload ?? {};
  return [
    ...checkEvent(event),
    ...(typeof client === "string" && typeof client_url === "string" ? [] : ["/client and /client_url must be texts"]),
    ...(timestamp === undefined || !Number.isNaN(Date.parse(timestamp)) ? [] : ["/payload/timestamp must be a time"]),
    ...limitsBrokenBy(event, body),
  ];
}

function limitsBrokenBy(event: PagerDutyEvent, body: string): readonly string[] {
  const { routing_key, event_action, dedup_key, payload } = event;
  const said: readonly (readonly [boolean, string])[] = [
    [routing_key?.length !== 32, "Length of 'routing_key' is incorrect (should be 32 characters)"],
    [!["trigger", "acknowledge", "resolve"].includes(event_action), "'event_action' is invalid"],
    [event_action !== "trigger" && !dedup_key, "'dedup_key' is missing or blank"],
    [(dedup_key ?? "").length > 255, "'dedup_key' is too long (maximum is 255 characters)"],
    [event_action === "trigger" && !payload?.summary, "'payload.summary' is missing or blank"],
    [(payload?.summary ?? "").length > 1_024, "'payload.summary' is too long (maximum is 1024 characters)"],
    [event_action === "trigger" && !payload?.source, "'payload.source' is missing or blank"],
    [
      !["critical", "error", "warning", "info"].includes(payload?.severity),
      "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ],
    [Buffer.byteLength(body) > 512 * 1_024, "Event is too large (maximum is 512 KB)"],
  ];
  return said.filter(([isWrong]) => isWrong).map(([, text]) => text);
}

function refused(errors: readonly string[]): Said {
  return { status: 400, body: { status: "invalid event", message: "Event object is invalid", errors } };
}
