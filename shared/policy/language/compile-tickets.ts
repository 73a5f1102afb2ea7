import type { AdapterDefinition, AdapterName } from "../../ticketing/tracker.ts";
import {
  type LegalClock,
  OWN_MATTERS,
  type QuietHours,
  TICKET_DEFAULTS,
  type TicketRoute,
  type TicketRules,
} from "../tickets.ts";
import { isTimeZone, timeZoneNames } from "../time-of-day.ts";
import { checkAdapter } from "./check-adapter.ts";
import { parseCitation } from "./citations.ts";
import type { Compiled } from "./compile-scopes.ts";
import { checkNames, checkUnique, type Names, resolvePlaces } from "./names.ts";
import { didYouMean, type Problem } from "./problems.ts";
import type { RouteDocument, TicketsDocument } from "./schema-tickets.ts";

export type Adapters = Readonly<Partial<Record<AdapterName, AdapterDefinition>>>;

/**
 * What policy says of tickets; undefined where the document says nothing, so that its digest stays what it was before there was this. Pure.
 *
 * @param adapters those there are
 */
export function compileTickets(
  document: TicketsDocument | undefined,
  names: Names,
  adapters: Adapters,
): Compiled<TicketRules | undefined> {
  if (document === undefined) return { part: undefined, problems: [] };
  const { quietMinutes, reopenDays, quietHours, storm = {}, clocks = [], elsewhere = [], routes = [] } = document;
  const { quietMs, reopenMs, storm: given } = TICKET_DEFAULTS;
  const compiled = routes.map((route, index) => compileRoute(route, ["tickets", "routes", index], names, adapters));
  const named = document.personal ?? [];
  return {
    part: {
      quietMs: quietMinutes === undefined ? quietMs : quietMinutes * 60_000,
      reopenMs: reopenDays === undefined ? reopenMs : reopenDays * 86_400_000,
      ...(quietHours && { quietHours: compileQuietHours(quietHours) }),
      storm: {
        count: storm.count ?? given.count,
        windowMs: storm.windowMinutes === undefined ? given.windowMs : storm.windowMinutes * 60_000,
      },
      personal: [...new Set([...named, ...clocks.flatMap(({ classifications = [] }) => classifications)])],
      clocks: clocks.flatMap((clock) => compileClock(clock, named)),
      elsewhere: [...new Set(elsewhere)].sort(),
      routes: compiled.map(({ part }) => part),
    },
    problems: [
      ...(quietHours ? checkTimeZone(quietHours.timeZone) : []),
      ...checkClasses(named, ["tickets", "personal"], names),
      ...clocks.flatMap((clock, index) => checkClock(clock, named, ["tickets", "clocks", index], names)),
      ...checkUnique(routes, ["tickets", "routes"]),
      ...compiled.flatMap(({ problems }) => problems),
    ],
  };
}

function compileRoute(
  { settings = {}, ...route }: RouteDocument,
  path: Problem["path"],
  names: Names,
  adapters: Adapters,
): Compiled<TicketRoute> {
  const { id, adapter, url, secret, severities, accounts, controls, classifications } = route;
  const listed = [route.liesIn].flat();
  const lies = resolvePlaces(listed, [...path, "liesIn"], names);
  const regions = route.regions && resolvePlaces(route.regions, [...path, "regions"], names);
  return {
    part: {
      id,
      adapter,
      liesIn: [...new Set(listed)],
      places: lies.places,
      ...(url !== undefined && { url }),
      ...(secret !== undefined && { secret }),
      settings,
      ...(severities && { severities }),
      ...(accounts && { accounts }),
      ...(controls && { controls }),
      ...(regions && { regions: regions.places }),
      ...(classifications && { classifications }),
    },
    problems: [
      ...lies.problems,
      ...(regions?.problems ?? []),
      ...checkNames("control", controls, [...names.controls, ...OWN_MATTERS], [...path, "controls"], []),
      ...checkClasses(classifications, [...path, "classifications"], names),
      ...checkAdapter({ settings, ...route }, lies.problems.length > 0 ? undefined : lies.places, path, adapters),
    ],
  };
}

function compileQuietHours({ from, to, timeZone }: NonNullable<TicketsDocument["quietHours"]>): QuietHours {
  return { fromMinute: minuteOf(from), toMinute: minuteOf(to), timeZone };
}

/** `20:30` -> minutes after midnight. */
function minuteOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

function checkTimeZone(timeZone: string): Problem[] {
  if (isTimeZone(timeZone)) return [];
  const message = `unknown time zone "${timeZone}"${didYouMean(timeZone, timeZoneNames()) || ", expected a name of the IANA time zone database, such as Europe/Berlin"}`;
  return [{ path: ["tickets", "quietHours", "timeZone"], message }];
}

type ClockDocument = NonNullable<TicketsDocument["clocks"]>[number];

function compileClock({ classifications, hours, citation, playbook }: ClockDocument, personal: readonly string[]) {
  const cited = parseCitation(citation);
  if (cited === undefined) return [];
  const clock: LegalClock = {
    classifications: [...new Set(classifications ?? personal)],
    ms: hours * 3_600_000,
    citation: cited,
    ...(playbook !== undefined && { playbook: playbook.trim() }),
  };
  return [clock];
}

function checkClock(
  { classifications }: ClockDocument,
  personal: readonly string[],
  path: Problem["path"],
  names: Names,
): Problem[] {
  return [
    ...(classifications === undefined && personal.length === 0
      ? [{ path, message: "no class is meant; expected classifications here, or tickets.personal" }]
      : []),
    ...checkClasses(classifications, [...path, "classifications"], names),
  ];
}

function checkClasses(listed: readonly string[] | undefined, path: Problem["path"], names: Names): Problem[] {
  return checkNames("classification", listed, names.classifications, path, ["classifications"]);
}
