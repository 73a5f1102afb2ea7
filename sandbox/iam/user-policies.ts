import type { Registry } from "../stack/registry.ts";
import { managedPolicy } from "./managed-policies.ts";
import type { PolicyDocument } from "./policy.ts";
import type { IamUser } from "./users.ts";

/** Every policy of a user, inline and attached, as they are at this moment. A user without any may do nothing. No groups. */
export function userPolicies(registry: Registry, { state }: IamUser): readonly PolicyDocument[] {
  const inline = [...state.inline.values()].map((text) => JSON.parse(text) as PolicyDocument);
  return [...inline, ...state.attached.flatMap((arn) => managedPolicy(registry, arn) ?? [])];
}
