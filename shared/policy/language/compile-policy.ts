import { builtInDetectors } from "../../classification/detect/detectors.ts";
import type { KnownControl } from "../../control.ts";
import { contentHash } from "../../ids.ts";
import { adapters } from "../../ticketing/adapters/index.ts";
import type { Limits, Person, ResidencyPolicy, Scope } from "../policy.ts";
import { compileAccessKeys } from "./compile-access-keys.ts";
import { compileClassifications } from "./compile-classifications.ts";
import { compileObjects } from "./compile-objects.ts";
import { compileControls, compileExceptions, compileTransfers } from "./compile-rules.ts";
import { compileTickets } from "./compile-tickets.ts";
import { checkJurisdictions, checkName, namesOf } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { PolicyDocument } from "./schema.ts";
import { checkCosts, checkTrust } from "./trust.ts";

type CompiledPolicy =
  | { readonly ok: true; readonly policy: ResidencyPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A document of the right form -> a policy whose names all resolve and whose rules can't contradict each other, or every mistake in it. Pure. */
export function compilePolicy(document: PolicyDocument, controls: readonly KnownControl[]): CompiledPolicy {
  const names = namesOf(
    document,
    controls.map(({ id }) => id),
  );
  const limits = compileLimits(document);
  const units = unitsOfAccounts(document);
  const classes = compileClassifications(document, names);
  const transfers = compileTransfers(document.transfers ?? [], names);
  const rules = compileControls(document, controls, names, units);
  const approvers = document.limits?.approvals?.by;
  const exceptions = compileExceptions(document.exceptions ?? [], names, { maxMs: limits.exception.maxMs, approvers });
  const objects = compileObjects(
    document,
    builtInDetectors.map(({ id }) => id),
    names,
  );
  const accessKeys = compileAccessKeys(document.accessKeys);
  const tickets = compileTickets(document.tickets, names, adapters);
  const problems = [
    ...checkJurisdictions(document),
    ...checkUnits(document),
    ...checkLimits(limits),
    ...checkPeople(document),
    ...[classes, transfers, rules, exceptions, objects, accessKeys, tickets].flatMap((each) => each.problems),
  ];
  const all = { transfers: transfers.part, controls: rules.part, exceptions: exceptions.part };
  const trust = checkTrust(document, all, classes.part, controls);
  problems.push(...trust.problems, ...checkCosts(document, names.costsMs));
  if (problems.length > 0) return { ok: false, problems };
  const content: Omit<ResidencyPolicy, "digest"> = {
    name: document.name,
    jurisdictions: names.used(),
    classifications: classes.part.map((each) => ({ ...each, isFavoured: trust.favoured.has(each.name) })),
    ...(document.unclassified !== undefined && { unclassified: document.unclassified.treatAs }),
    units,
    transfers: transfers.part,
    controls: rules.part,
    exceptions: exceptions.part,
    limits,
    ...(objects.part !== undefined && { objects: objects.part }),
    ...(accessKeys.part !== undefined && { accessKeys: accessKeys.part }),
    ...(tickets.part !== undefined && { tickets: tickets.part }),
    people: compilePeople(document),
    namedSessions: document.namedSessions ?? [],
    expressions: expressionsIn([
      ...transfers.part,
      ...exceptions.part,
      ...Object.values(rules.part).flatMap(({ scopes }) => scopes),
    ]),
  };
  return { ok: true, policy: { ...content, digest: contentHash(content) } };
}

function expressionsIn(rules: readonly Pick<Scope, "when">[]): readonly string[] {
  return [...new Set(rules.flatMap(({ when }) => when ?? []))].sort();
}

/** What holds where a policy says nothing; docs/policy.md tells it. */
function compileLimits({ limits = {} }: PolicyDocument): Limits {
  const { settleWindowSeconds = 30, flips, automaticChanges, exceptions, approvals, brake } = limits;
  return {
    settleWindowMs: settleWindowSeconds * 1000,
    flips: {
      count: flips?.count ?? 3,
      windowMs: (flips?.windowMinutes ?? 60) * 60_000,
      cappedIntervalMs: (flips?.cappedIntervalSeconds ?? 60) * 1000,
    },
    automaticChanges: {
      count: automaticChanges?.count ?? 50,
      windowMs: (automaticChanges?.windowMinutes ?? 60) * 60_000,
      reserve: automaticChanges?.reserve ?? 25,
      cappedIntervalMs: (automaticChanges?.cappedIntervalSeconds ?? 5) * 1000,
      quietMs: (automaticChanges?.quietMinutes ?? 30) * 60_000,
    },
    exception: {
      defaultMs: (exceptions?.defaultHours ?? 24) * HOUR_MS,
      maxMs: (exceptions?.maxDays ?? 30) * DAY_MS,
    },
    approvals: { by: approvals?.by ?? [], validMs: (approvals?.validHours ?? 72) * HOUR_MS },
    brake: { by: brake?.by ?? [] },
  };
}

function compilePeople({ people = [] }: PolicyDocument): readonly Person[] {
  return people.map(({ name, principals = [], sourceIdentities = [], slack = [] }) => ({
    name,
    principals,
    sourceIdentities,
    slack,
  }));
}

/** A person has one name, and a name that somebody acts under belongs to one person: else who decides could be told two ways. */
function checkPeople({ people = [] }: PolicyDocument): Problem[] {
  const owners = new Map<string, string>();
  return people.flatMap((person, index) =>
    [
      ["name", [person.name]] as const,
      ["principals", person.principals ?? []] as const,
      ["sourceIdentities", person.sourceIdentities ?? []] as const,
      ["slack", person.slack ?? []] as const,
    ].flatMap(([kind, given]) =>
      given.flatMap((each): Problem[] => {
        const owner = owners.get(`${kind} ${each}`);
        owners.set(`${kind} ${each}`, person.name);
        return owner === undefined
          ? []
          : [{ path: ["people", index, kind], message: `"${each}" is given to "${owner}" already; expected it once` }];
      }),
    ),
  );
}

function checkLimits({ exception }: Limits): Problem[] {
  if (exception.defaultMs <= exception.maxMs) return [];
  return [{ path: ["limits", "exceptions", "defaultHours"], message: "defaultHours is more than maxDays allows" }];
}

/** As AWS nests them: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html */
const MAX_LEVELS = 5;

/** The units around a unit and itself, the outermost first; as far as they may nest. */
function lineOf(name: string, units: NonNullable<PolicyDocument["organizationalUnits"]>): readonly string[] {
  const line = [name];
  for (let at = units[name]?.parent; at !== undefined && line.length <= MAX_LEVELS; at = units[at]?.parent)
    line.unshift(at);
  return line;
}

/** The units of each account, the outermost first. */
function unitsOfAccounts({ organizationalUnits = {} }: PolicyDocument): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(organizationalUnits).flatMap(([name, { accounts = [] }]) => {
    const line = lineOf(name, organizationalUnits);
    return accounts.map((account) => [account, line] as const);
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Parents exist and no unit lies in itself; an account lies in one unit, and in those around it. */
function checkUnits({ organizationalUnits = {} }: PolicyDocument): Problem[] {
  const names = Object.keys(organizationalUnits);
  const owners = new Map<string, string>();
  return Object.entries(organizationalUnits).flatMap(([name, { parent, accounts = [] }]) => {
    const path = ["organizationalUnits", name];
    const line = lineOf(name, organizationalUnits);
    const isInItself = line.indexOf(name) < line.length - 1;
    return [
      ...(parent === undefined ? [] : checkName("organisational unit", parent, names, [...path, "parent"], [])),
      ...(isInItself ? [{ path: [...path, "parent"], message: `"${name}" lies in itself` }] : []),
      ...(!isInItself && line.length > MAX_LEVELS
        ? [
            {
              path: [...path, "parent"],
              message: `found more than ${MAX_LEVELS} levels, expected at most as many as AWS nests`,
            },
          ]
        : []),
      ...accounts.flatMap((account, index) => {
        const owner = owners.get(account);
        owners.set(account, name);
        return owner === undefined
          ? []
          : [{ path: [...path, "accounts", index], message: `${account} is in "${owner}" already; expected it once` }];
      }),
    ];
  });
}
