import { rootRef } from "../../shared/signals/iam-refs.ts";
import { ACCOUNT_LOOK } from "../../shared/signals/key-requests.ts";
import type { Parsed } from "../../shared/signals/parsed.ts";
import { asList, asObject, asText } from "../../shared/signals/shapes.ts";

/** Whose users are looked at each day. */
export interface Served {
  /** The function's own account. */
  readonly own: string | undefined;
  /** Members by name, separated by commas; left out, those that nobody names are looked at by their events only. */
  readonly members: string | undefined;
  readonly partition: string;
}

/** The function's own schedule -> a look through each account; undefined for any other event. Pure. */
export function parseDaily(
  input: unknown,
  stack: string,
  { own, members, partition }: Served,
): readonly Parsed[] | undefined {
  const event = asObject(input);
  if (event?.source !== "aws.events" || event["detail-type"] !== "Scheduled Event") return undefined;
  const rules = asList(event.resources).map((arn) => asText(arn)?.split("/").at(-1));
  const [at, id] = [asText(event.time), asText(event.id)];
  if (!rules.includes(`${stack}-revoke-stale-keys-schedule`) || at === undefined || id === undefined) return undefined;
  const accounts = [own ?? asText(event.account), ...(members ?? "").split(",").map((each) => each.trim())];
  return [...new Set(accounts)].flatMap((account): readonly Parsed[] => {
    const resource = rootRef(account, partition);
    if (resource === undefined) return [];
    return [
      { kind: "signal", signal: { id: `${id}:${account}`, source: "schedule", name: ACCOUNT_LOOK, at, resource } },
    ];
  });
}
