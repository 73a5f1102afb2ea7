import { readFileSync, writeFileSync } from "node:fs";
import { catalogue } from "../../controls/catalogue.ts";
import { contentHash } from "../../shared/ids.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { formatPolicyErrors, parsePolicy } from "../../shared/policy/language/parse-policy.ts";
import type { RouteDocument } from "../../shared/policy/language/schema-tickets.ts";
import type { TrackerRoute } from "../../shared/ticketing/tracker.ts";
import { policyFile } from "../support/policy-file.ts";

/** A route of the policy; `at` is the address of a server on this machine, which no policy could name as written. */
export interface SomeRoute extends Omit<RouteDocument, "url" | "liesIn" | "settings"> {
  readonly at?: string;
  readonly settings?: TrackerRoute["settings"];
}

/** The shipped EU policy with such routes, all in the EU, and what else it says of tickets; compiled, in a file for as long as this file of tests runs. */
export function ticketPolicyFile(routes: readonly SomeRoute[], rules: object = {}): string {
  const written = routes.map(({ at, ...route }) => ({
    ...{ ...route, liesIn: ["eu"] },
    ...(at !== undefined && { url: `https://${route.id}.example.com` }),
  }));
  const file = policyFile({ tickets: { ...rules, routes: written } });
  const parsed = parsePolicy(readFileSync(file, "utf8"), file, catalogue);
  if (!parsed.ok) throw new Error(formatPolicyErrors(parsed.errors));
  const { digest: _, ...policy } = structuredClone(parsed.policy);
  const addressed = policy.tickets?.routes.map((route) => {
    const { at } = routes.find(({ id }) => id === route.id) ?? {};
    return { ...route, ...(at !== undefined && { url: at }) };
  });
  const changed = { ...policy, tickets: { ...policy.tickets, routes: addressed } } as typeof policy;
  writeFileSync(file, writeCompiled({ ...changed, digest: contentHash(changed) }));
  return file;
}
