import { placeOf } from "../../jurisdictions/places.ts";
import { presets } from "../../jurisdictions/presets.ts";
import { asObject } from "../../signals/shapes.ts";
import type { Severity } from "../../types.ts";
import { fitted } from "../fit.ts";
import { expectGood, jsonOf } from "../http.ts";
import { cutTo, oneLine, withoutHosts } from "../text.ts";
import type { Ticket } from "../ticket.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  type HttpAnswer,
  type Remote,
  refusedFor,
  type TrackerPorts,
  type TrackerRoute,
} from "../tracker.ts";

const ADDRESS = { us: "https://events.pagerduty.com", eu: "https://events.eu.pagerduty.com" } as const;
const SEVERITIES = ["critical", "error", "warning", "info"] as const;
const SEVERITY: Record<Severity, (typeof SEVERITIES)[number]> = {
  critical: "critical",
  high: "error",
  medium: "warning",
  low: "info",
};
const MAX_SUMMARY = 1_024;
/** Of fields whose limit is not documented. */
const MAX_FIELD = 255;
/** An event may have 512 KB; breaking links can double a text. */
const MAX_DETAILS_BYTES = 200_000;

type Event = Readonly<Record<string, unknown>>;

/**
 * Alerts by PagerDuty's Events API v2. The finding's id is the `dedup_key`, so that the same opening twice makes one alert; nothing can be asked for.
 *
 * An alert is acknowledged when what it was raised for has been stopped since: nobody is to be woken up further for it. What had been stopped before it was told is not, as
 * then nobody would hear of it. An acknowledged incident is silent whatever comes, so one that needs a person again is resolved and raised anew.
 *
 * @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ fields, actions, limits
 * @see https://developer.pagerduty.com/docs/events-api-v2/overview/ statuses, 512 KB
 * @see https://support.pagerduty.com/docs/safelist-ips the addresses of both service regions
 */
export const pagerduty: AdapterDefinition = {
  name: "pagerduty",
  url: {
    use: "optional",
    meaning: "the address of the Events API, where it is reached by a proxy; left out, that of `region`",
  },
  secret: { routingKey: "the 32 letters of the service's integration key (Events API v2)" },
  settings: {
    region: { type: "text", oneOf: ["us", "eu"], meaning: "the service region of the account: us unless said" },
    acknowledge: {
      type: "text",
      oneOf: ["contained", "never"],
      meaning: "whether an alert is acknowledged once what it was raised for is stopped: contained unless said",
    },
    severities: {
      type: "map",
      meaning: `PagerDuty's severity (${SEVERITIES.join(", ")}) of a finding's, such as { high: critical }`,
    },
    links: { type: "map", meaning: "links on each alert, such as { Runbook: https://wiki.example.com/cordon }" },
  },
  example: { secret: { routingKey: "0123456789abcdef0123456789abcdef" }, settings: {} },
  check({ url, settings: { region = "us" }, places }) {
    // By a proxy it may go anywhere.
    if (url !== undefined) return [];
    const countries = region === "eu" ? (presets.get("eu")?.countries ?? []) : ["US"];
    if (places.some((place) => countries.includes(placeOf(place)?.country ?? ""))) return [];
    const found = `found the service region ${region}, and a route that does not lie there; expected `;
    return [{ at: "region", message: `${found}region: ${region === "eu" ? "us" : "eu"}, or liesIn with ${region}` }];
  },
  make(route, ports) {
    const send = sender(route, ports);
    const act = (action: string, ticket: Ticket, note?: string) => send(eventOf(action, ticket, route, note));
    const raised = (id: string, ticket: Ticket): Remote => ({
      id,
      state: "open",
      more: { said: "trigger", isStopped: `${isStopped(ticket)}` },
    });
    return {
      async open(ticket) {
        await act("trigger", ticket);
        return raised(ticket.key, ticket);
      },
      async change(remote, ticket, { kind, note }) {
        if (kind === "resolve") {
          await act("resolve", ticket, note);
          return { id: remote.id, state: "resolved" };
        }
        const { said, isStopped: wasStopped } = remote.more ?? {};
        const isCalm = isStopped(ticket);
        const needsPeople = said === "acknowledge" && !isCalm;
        if (kind === "reopen" || (needsPeople && remote.state === "open")) {
          if (kind === "update") await act("resolve", ticket, note);
          await act("trigger", ticket, note);
          return raised(remote.id, ticket);
        }
        // An event for a resolved alert would raise a new one.
        if (remote.state === "resolved") return remote;
        if (note !== undefined) await act("trigger", ticket, note);
        const isNew = isCalm && wasStopped === "false" && route.settings.acknowledge !== "never";
        if (isNew) await act("acknowledge", ticket, note);
        return { ...remote, more: { said: isNew ? "acknowledge" : (said ?? "trigger"), isStopped: `${isCalm}` } };
      },
    };
  },
};

function isStopped({ state, isWaiting }: Ticket): boolean {
  return !isWaiting && state !== "open";
}

/** Sends one event. A key that is refused is read again, once. */
function sender(route: TrackerRoute, ports: TrackerPorts): (event: Event) => Promise<void> {
  const { region = "us" } = route.settings;
  const base = route.url ?? ADDRESS[region === "eu" ? "eu" : "us"];
  return async (event) => {
    const ask = async (isStale: boolean): Promise<HttpAnswer> => {
      const { routingKey = "" } = await ports.credentials(isStale);
      if (!/^[A-Za-z0-9]{32}$/.test(routingKey))
        throw refusedFor("PagerDuty: expected 32 letters and digits as the secret's routingKey");
      return ports.send({
        method: "POST",
        url: `${base.replace(/\/+$/, "")}/v2/enqueue`,
        headers: { "content-type": "application/json", "user-agent": "Cordon" },
        body: JSON.stringify({ routing_key: routingKey, ...event }),
      });
    };
    const first = await ask(false);
    const second = isKeyWrong(first) ? await ask(true) : first;
    if (isKeyWrong(second))
      throw refusedFor(`PagerDuty: status ${second.status}: ${oneLine(second.body).slice(0, 300)}`);
    const answer = expectGood(second, "PagerDuty", ports.nowMs());
    if (asObject(jsonOf(answer, "PagerDuty"))?.dedup_key !== event.dedup_key)
      throw new DeliveryError("later", "PagerDuty: the answer has another dedup_key than the event");
  };
}

function isKeyWrong({ status, body }: HttpAnswer): boolean {
  return status === 401 || (status === 400 && /routing.?key/i.test(body));
}

function eventOf(action: string, ticket: Ticket, route: TrackerRoute, note: string | undefined): Event {
  const { key, title, severity, labels, updatedAt } = ticket;
  return {
    event_action: action,
    dedup_key: key,
    client: "Cordon",
    payload: {
      summary: cutTo(shown(title), MAX_SUMMARY),
      severity: severityOf(severity, route),
      timestamp: updatedAt,
      source: field(labels.resource),
      component: field(labels.resourceType),
      group: field(`${labels.account} ${labels.region}`),
      class: field(labels.control),
      custom_details: detailsOf(ticket, note),
    },
    // Only a trigger's are documented.
    ...(action === "trigger" && { links: linksOf(route) }),
  };
}

/** The ticket's sections by their headings, what is new first. */
function detailsOf(ticket: Ticket, note: string | undefined): Readonly<Record<string, string>> {
  const sections = [...(note === undefined ? [] : [{ heading: "News", lines: [note] }]), ...ticket.sections];
  const room = fitted(
    { finding: ticket.finding, sections },
    { most: MAX_DETAILS_BYTES, costOf: (line) => Buffer.byteLength(JSON.stringify(line)) },
  );
  const texts = Map.groupBy(room, ({ heading }) => shown(heading));
  return Object.fromEntries(
    [...texts].map(([heading, of]) => [heading, of.flatMap(({ lines }) => lines.map(shown)).join("\n")]),
  );
}

function severityOf(severity: Severity, { settings }: TrackerRoute): string {
  const chosen = textsIn(settings.severities)[severity] ?? SEVERITY[severity];
  if (!SEVERITIES.some((each) => each === chosen))
    throw new DeliveryError(
      "never",
      `PagerDuty: severity "${chosen}" of ${severity}: expected ${SEVERITIES.join(", ")}`,
    );
  return chosen;
}

function linksOf({ settings }: TrackerRoute): readonly { readonly href: string; readonly text: string }[] {
  return Object.entries(textsIn(settings.links)).map(([text, href]) => {
    if (!href.startsWith("https://") || !URL.canParse(href))
      throw new DeliveryError("never", `PagerDuty: the link "${text}" is no https address`);
    return { href, text };
  });
}

function textsIn(setting: TrackerRoute["settings"][string] | undefined): Readonly<Record<string, string>> {
  return typeof setting === "object" && !Array.isArray(setting) ? (setting as Record<string, string>) : {};
}

/** PagerDuty makes links of addresses, and so do the telephones that it writes to. */
function shown(text: string): string {
  return withoutHosts(oneLine(text));
}

function field(text: string): string {
  return cutTo(shown(text), MAX_FIELD);
}
