import type { KnownControl } from "../../control.ts";
import { matchesPattern } from "../patterns.ts";
import type { ControlRules, ControlScope, PolicyException, Scope, Transfer, TransferCondition } from "../policy.ts";
import { narrowerFirst, specificityOf } from "../specificity.ts";
import { parseCitation } from "./citations.ts";
import { type Compiled, checkWhen, compileScope } from "./compile-scopes.ts";
import { parseInstant } from "./instants.ts";
import { checkName, checkNames, checkUnique, type Names, resolvePlaces } from "./names.ts";
import type { Problem } from "./problems.ts";
import type { ControlDocument, ExceptionDocument, PolicyDocument, TransferDocument } from "./schema.ts";
import { findTies, type Ranked } from "./ties.ts";

const DAY_MS = 86_400_000;

/** Sorted by id: rules mean the same whatever their order. */
const byId = (one: { readonly id: string }, other: { readonly id: string }) => (one.id < other.id ? -1 : 1);

export function compileTransfers(transfers: readonly TransferDocument[], names: Names): Compiled<readonly Transfer[]> {
  const compiled = transfers.map((transfer, index) => compileTransfer(transfer, ["transfers", index], names));
  return {
    part: compiled.map(({ part }) => part).sort(byId),
    problems: [...checkUnique(transfers, ["transfers"]), ...compiled.flatMap(({ problems }) => problems)],
  };
}

function compileTransfer(transfer: TransferDocument, path: Problem["path"], names: Names): Compiled<Transfer> {
  const { id, classifications, from, to, basis, when, tagsSetBy, validFrom, validUntil, citations = [] } = transfer;
  const leaves = from && resolvePlaces(from, [...path, "from"], names);
  const goes = resolvePlaces(to, [...path, "to"], names);
  const conditions = (transfer.conditions ?? []).flatMap(conditionsIn);
  const validFromMs = validFrom === undefined ? undefined : parseInstant(validFrom);
  const validUntilMs = validUntil === undefined ? undefined : parseInstant(validUntil);
  const isNever = validFromMs !== undefined && validUntilMs !== undefined && validUntilMs <= validFromMs;
  return {
    part: {
      id,
      classifications: [...new Set(classifications)],
      ...(leaves && { from: leaves.places }),
      to: goes.places,
      basis,
      conditions,
      ...(when !== undefined && { when }),
      ...(tagsSetBy && { tagsSetBy }),
      ...(validFromMs !== undefined && { validFromMs }),
      ...(validUntilMs !== undefined && { validUntilMs }),
      citations: citations.flatMap((cited) => parseCitation(cited) ?? []),
    },
    problems: [
      ...checkNames(
        "classification",
        classifications,
        names.classifications,
        [...path, "classifications"],
        ["classifications"],
      ),
      ...(leaves?.problems ?? []),
      ...goes.problems,
      ...checkWhen(when, path, names),
      ...(isNever
        ? [{ path: [...path, "validUntil"], message: "found a time that is not after validFrom, expected a later one" }]
        : []),
      ...(transfer.conditions ?? []).flatMap((condition, index) =>
        Object.keys(condition).length === 1
          ? []
          : [
              {
                path: [...path, "conditions", index],
                message: "expected one condition in each entry: trustedTag, replicaKey, pseudonymised or approval",
              },
            ],
      ),
    ],
  };
}

type ConditionDocument = NonNullable<TransferDocument["conditions"]>[number];

function conditionsIn({
  trustedTag,
  replicaKey,
  pseudonymised,
  approval,
}: ConditionDocument): readonly TransferCondition[] {
  const all: TransferCondition[] = [];
  if (trustedTag !== undefined) {
    const { setBy, ...tag } = trustedTag;
    all.push({ kind: "trusted-tag", tag, setBy });
  }
  if (replicaKey !== undefined) all.push({ kind: "replica-key", keys: replicaKey });
  if (pseudonymised?.prefixes !== undefined)
    all.push({ kind: "pseudonymised-prefix", prefixes: pseudonymised.prefixes });
  if (pseudonymised?.tag !== undefined) {
    const { setBy, ...tag } = pseudonymised.tag;
    all.push({ kind: "pseudonymised-tag", tag, setBy });
  }
  if (approval === true) all.push({ kind: "approval" });
  return all;
}

/** Each control's base and scopes, the narrower first; two that can tie are a mistake. */
export function compileControls(
  document: PolicyDocument,
  controls: readonly KnownControl[],
  names: Names,
  units: Readonly<Record<string, readonly string[]>>,
): Compiled<Readonly<Record<string, ControlRules>>> {
  const written = (document.controls ?? {}) as Readonly<Record<string, ControlDocument | undefined>>;
  const compiled = controls.flatMap(({ id }) => {
    const rules = written[id];
    return rules === undefined ? [] : [[id, compileControl(rules, ["controls", id], names, units)] as const];
  });
  return {
    part: Object.fromEntries(compiled.map(([id, { part }]) => [id, part])),
    problems: compiled.flatMap(([, { problems }]) => problems),
  };
}

function compileControl(
  { mode, parameters = {}, citations = [], scopes = [] }: ControlDocument,
  path: Problem["path"],
  names: Names,
  units: Readonly<Record<string, readonly string[]>>,
): Compiled<ControlRules> {
  const compiled = scopes.map((each, index) => compileScope(each, [...path, "scopes", index], names));
  const problems = [
    ...checkUnique(scopes, [...path, "scopes"]),
    ...compiled.flatMap((each) => each.problems),
    ...scopes.flatMap((each, index) => checkSays(each, compiled[index]?.part ?? {}, [...path, "scopes", index])),
  ];
  const accounts = new Map<string, string[]>();
  const depths = new Map<string, number>();
  for (const [account, line] of Object.entries(units)) {
    for (const [depth, unit] of line.entries()) {
      depths.set(unit, depth);
      const known = accounts.get(unit);
      if (known === undefined) accounts.set(unit, [account]);
      else known.push(account);
    }
  }
  const accountsOf = (unit: string) => accounts.get(unit) ?? [];
  const depthOf = (unit: string) => 1 + (depths.get(unit) ?? 0);
  const ranked = scopes
    .map((each, index): Ranked => {
      const scope: ControlScope = {
        ...compiled[index]?.part,
        id: each.id,
        ...(each.mode !== undefined && { mode: each.mode }),
        parameters: each.parameters ?? {},
      };
      return { scope, specificity: specificityOf(scope, depthOf), index };
    })
    .sort((a, b) => narrowerFirst(a.specificity, b.specificity) || byId(a.scope, b.scope));
  if (problems.length === 0) problems.push(...checkTies(ranked, path, accountsOf));
  return {
    part: {
      ...(mode !== undefined && { mode }),
      parameters,
      citations: citations.flatMap((cited) => parseCitation(cited) ?? []),
      scopes: ranked.map(({ scope }) => scope),
    },
    problems,
  };
}

function checkSays(
  { mode, parameters }: NonNullable<ControlDocument["scopes"]>[number],
  scope: Scope,
  path: Problem["path"],
): Problem[] {
  const problems: Problem[] = [];
  if (Object.keys(scope).length === 0)
    problems.push({ path, message: `${NARROWED} Without, it is what the control itself says` });
  if (mode === undefined && parameters === undefined)
    problems.push({ path, message: "expected mode or parameters: otherwise it changes nothing" });
  return problems;
}

const NARROWED = "expected at least one of accounts, units, regions, classifications, tags, resources, to, when.";

function checkTies(
  ranked: readonly Ranked[],
  path: Problem["path"],
  accountsOf: (unit: string) => readonly string[],
): Problem[] {
  const ties = findTies(ranked, accountsOf);
  if (ties === "too-many") {
    const message =
      "too many equally specific scopes to tell whether two of them tie; expected them to name accounts, classifications, Regions or exact ARNs";
    return [{ path: [...path, "scopes"], message }];
  }
  return ties.map(({ one, other }) => {
    const [first, second] = one.index < other.index ? [one, other] : [other, one];
    return {
      path: [...path, "scopes", second.index],
      message: `"${second.scope.id}" and "${first.scope.id}" are equally specific and can both match; expected one of them to be narrower`,
      restsOn: ["jurisdictions", "organizationalUnits"],
    };
  });
}

export function compileExceptions(
  exceptions: readonly ExceptionDocument[],
  names: Names,
  { maxMs, approvers }: { readonly maxMs: number; readonly approvers: readonly string[] | undefined },
): Compiled<readonly PolicyException[]> {
  const compiled = exceptions.map((exception, index) => {
    const path = ["exceptions", index];
    const { part: scope, problems } = compileScope(exception, path, names);
    const { id, control, parts, reason, approver, ticket } = exception;
    const grantedAtMs = parseInstant(exception.grantedAt) ?? Number.NaN;
    const expiresAtMs = parseInstant(exception.expiresAt) ?? Number.NaN;
    const part: PolicyException = {
      ...scope,
      id,
      control,
      ...(parts && { parts }),
      reason,
      approver,
      ticket,
      grantedAtMs,
      expiresAtMs,
    };
    return {
      part,
      problems: [
        ...problems,
        ...checkName("control", control, names.controls, [...path, "control"], []),
        ...checkTerms(part, path, maxMs),
        ...checkApprover(approver, [...path, "approver"], approvers),
        ...(Object.keys(scope).length === 0
          ? [{ path, message: `${NARROWED} An exception for everything is none` }]
          : []),
      ],
    };
  });
  return {
    part: compiled.map(({ part }) => part).sort(byId),
    problems: [...checkUnique(exceptions, ["exceptions"]), ...compiled.flatMap(({ problems }) => problems)],
  };
}

function checkTerms({ grantedAtMs, expiresAtMs }: PolicyException, path: Problem["path"], maxMs: number): Problem[] {
  const at = [...path, "expiresAt"];
  const lastsMs = expiresAtMs - grantedAtMs;
  if (lastsMs <= 0) return [{ path: at, message: "found a time that is not after grantedAt, expected a later one" }];
  if (lastsMs <= maxMs) return [];
  const latest = new Date(grantedAtMs + maxMs).toISOString().replace(".000", "");
  const message = `found ${(lastsMs / DAY_MS).toFixed(1)} days after grantedAt, expected at most ${maxMs / DAY_MS} (limits.exceptions.maxDays), which is ${latest}`;
  return [{ path: at, message, restsOn: ["limits"] }];
}

function checkApprover(approver: string, path: Problem["path"], approvers: readonly string[] | undefined): Problem[] {
  if (approvers === undefined || approvers.some((pattern) => matchesPattern(pattern, approver))) return [];
  return [
    { path, message: `"${approver}" is not among those who may approve: ${approvers.join(", ")}`, restsOn: ["limits"] },
  ];
}
