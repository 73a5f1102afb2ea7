import { isWithin } from "../../classification/order.ts";
import type { KnownControl } from "../../control.ts";
import type { Mode } from "../../types.ts";
import type { Classification, ResidencyPolicy, Scope } from "../policy.ts";
import type { Problem } from "./problems.ts";
import type { PolicyDocument } from "./schema.ts";

type Rules = Pick<ResidencyPolicy, "transfers" | "controls" | "exceptions">;

/** A rule that lets data go further, or Cordon do less. */
interface Loosening extends Pick<Scope, "classifications" | "tags" | "when" | "tagsSetBy"> {
  readonly what: string;
  readonly path: Problem["path"];
}

const MODE_ORDER: readonly Mode[] = ["observe", "approve", "enforce"];

/**
 * Trust is earned by evidence and not by tags (invariant 15): a rule that lets data go further by a tag, or by a class that a tag gives, has to say who may set
 * that tag.
 *
 * @returns `favoured`: the classes that such a rule names and not all that they are stricter than
 */
export function checkTrust(
  document: PolicyDocument,
  rules: Rules,
  classes: readonly Classification[],
  controls: readonly KnownControl[],
): { readonly favoured: ReadonlySet<string>; readonly problems: readonly Problem[] } {
  const favoured = new Set<string>();
  const problems: Problem[] = [];
  for (const rule of looseningsIn(document, rules, controls)) {
    if (rule.tagsSetBy === undefined && asksForTags(rule)) {
      const message = `${rule.what} lets data go further by tags; expected tagsSetBy, which names who may set them`;
      problems.push({ path: rule.path, message });
    }
    for (const each of favouredBy(rule, classes)) {
      favoured.add(each.name);
      if (each.tags.length === 0 || each.setBy !== undefined) continue;
      const index = document.classifications.findIndex(({ name }) => name === each.name);
      const message = `${rule.what} lets "${each.name}" data go where less restricted data may not, and anybody may set its tags; expected setBy, which names who may`;
      problems.push({ path: ["classifications", index], message, restsOn: ["jurisdictions", String(rule.path[0])] });
    }
  }
  return {
    favoured,
    problems: [...new Map(problems.map((each) => [`${each.path.join(" ")} ${each.message}`, each])).values()],
  };
}

/** Classes that a rule names without all that they are stricter than: raising data to them would free it. */
function favouredBy({ classifications }: Loosening, classes: readonly Classification[]): readonly Classification[] {
  if (classifications === undefined) return [];
  return classes.filter(
    (each) =>
      classifications.includes(each.name) &&
      classes.some(
        (lower) => lower !== each && isWithin(each, lower) && !lower.anywhere && !classifications.includes(lower.name),
      ),
  );
}

/** Tags of the resource or of what moves. */
function asksForTags({ tags, when = "" }: Loosening): boolean {
  return tags !== undefined || /\btags\b/.test(when);
}

function looseningsIn(
  document: PolicyDocument,
  { transfers, exceptions, controls }: Rules,
  known: readonly KnownControl[],
): readonly Loosening[] {
  const at = (section: "transfers" | "exceptions", id: string) => [
    section,
    (document[section] ?? []).findIndex((each) => each.id === id),
  ];
  return [
    ...transfers.map((each) => ({ ...each, what: `transfer "${each.id}"`, path: at("transfers", each.id) })),
    ...exceptions.map((each) => ({ ...each, what: `exception "${each.id}"`, path: at("exceptions", each.id) })),
    ...Object.entries(controls).flatMap(([id, { mode, scopes }]) => {
      const { defaultMode } = known.find((each) => each.id === id) ?? { defaultMode: "enforce" as const };
      const written =
        (document.controls as Readonly<Record<string, { scopes?: readonly { id: string }[] }>> | undefined)?.[id]
          ?.scopes ?? [];
      // Wider scopes can be stricter than the base: a scope is laxer when any that it can stand before is stricter.
      const strictest = Math.max(
        ...[mode ?? defaultMode, ...scopes.map((each) => each.mode ?? "observe")].map((each) =>
          MODE_ORDER.indexOf(each),
        ),
      );
      return scopes
        .filter((each) => each.mode !== undefined && MODE_ORDER.indexOf(each.mode) < strictest)
        .map((each) => ({
          ...each,
          what: `scope "${each.id}"`,
          path: ["controls", id, "scopes", written.findIndex((other) => other.id === each.id)],
        }));
    }),
  ];
}

/** All conditions of a policy together may take so long on the largest facts: any number of them can concern one decision. */
const MAX_COST_MS = 40;

/** That no decision is held up by conditions, by the estimate of each (condition-cost.ts). */
export function checkCosts(
  { transfers = [], exceptions = [], controls = {} }: PolicyDocument,
  costsMs: ReadonlyMap<string, number>,
): readonly Problem[] {
  const scopes = Object.entries(controls).flatMap(([id, control]) =>
    ((control as { scopes?: readonly { when?: string }[] } | undefined)?.scopes ?? []).map((each, index) => ({
      when: each.when,
      path: ["controls", id, "scopes", index],
    })),
  );
  const rules = [
    ...transfers.map(({ when }, index) => ({ when, path: ["transfers", index] })),
    ...exceptions.map(({ when }, index) => ({ when, path: ["exceptions", index] })),
    ...scopes,
  ];
  let totalMs = 0;
  for (const { when, path } of rules) {
    if (when === undefined) continue;
    totalMs += costsMs.get(when) ?? 0;
    if (totalMs > MAX_COST_MS) {
      const message = `the conditions up to here could take more than ${MAX_COST_MS} ms in one decision; expected fewer or simpler ones`;
      return [{ path: [...path, "when"], message }];
    }
  }
  return [];
}
