import { oneLine, withoutLinks } from "./text.ts";
import type { Ticket } from "./ticket.ts";
import { DeliveryError, type Setting } from "./tracker.ts";

/** What `{name}` in a value of a route's `fields` stands for. */
const PLACEHOLDERS: Readonly<Record<string, (ticket: Ticket) => string>> = {
  finding: ({ key }) => key,
  title: ({ title }) => title,
  severity: ({ severity }) => severity,
  state: ({ state }) => state,
  occurrences: ({ occurrences }) => String(occurrences),
  account: ({ labels }) => labels.account,
  region: ({ labels }) => labels.region,
  resource: ({ labels }) => labels.resource,
  resourceType: ({ labels }) => labels.resourceType,
  control: ({ labels }) => labels.control,
  firstSeenAt: ({ labels }) => labels.firstSeenAt,
};

const NAMED = /\{([a-z]+)\}/gi;

/** For the reference of adapters that have `fields`. */
export const PLACEHOLDER_NAMES = Object.keys(PLACEHOLDERS)
  .map((name) => `{${name}}`)
  .join(", ");

/**
 * A template with its placeholders filled in, as plain text. Pure.
 *
 * @throws DeliveryError `never` for a placeholder that there is none of
 */
export function fillIn(template: string, ticket: Ticket): string {
  return template.replace(NAMED, (whole, name: string) => {
    const read = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
    if (read === undefined)
      throw new DeliveryError("never", `the route's settings have ${whole}: expected one of ${PLACEHOLDER_NAMES}`);
    return withoutLinks(oneLine(read(ticket)));
  });
}

/** Whether a template changes with its ticket: such fields are kept up to date, others are written once, and are people's to change. Pure. */
export function hasPlaceholder(template: string): boolean {
  return template.search(NAMED) >= 0;
}

/** A route's setting that is a text; undefined when it is left out. Pure. */
export function textSetting(setting: Setting | undefined): string | undefined {
  return typeof setting === "string" && setting !== "" ? setting : undefined;
}

/** A route's setting that is a map; empty when it is left out. Pure. */
export function mapSetting(setting: Setting | undefined): Readonly<Record<string, string>> {
  return setting === undefined || typeof setting === "string" || isList(setting) ? {} : setting;
}

function isList(setting: Setting): setting is readonly string[] {
  return Array.isArray(setting);
}
