import type { FindingRecord } from "../../journal/journal.ts";
import { accessKeyRules, ownerBy } from "../../policy/access-keys.ts";
import type { ResidencyPolicy } from "../../policy/policy.ts";
import type { Block } from "./block.ts";

/** Who sees to the resource, by its own tags or the user's; undefined where they don't tell. Pure. */
export function ownerOf(
  { facts, resourceTags = [] }: FindingRecord,
  policy: Pick<ResidencyPolicy, "accessKeys">,
): string | undefined {
  const named = facts.kind === "access-key" ? facts.owner : undefined;
  return named ?? ownerBy(resourceTags, accessKeyRules(policy));
}

/** Pure. */
export function ownerBlock(heading: string, owner: string | undefined): Block {
  return { heading, tells: ["principals"], lines: owner === undefined ? [] : [`Owner: ${owner} (by its tags)`] };
}
