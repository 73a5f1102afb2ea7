import type { AccountRegion } from "../../shared/resources/account-coverage.ts";
import { asList, asObject, asText } from "../../shared/signals/shapes.ts";

/** What an EventBridge schedule's event says: it is time to look at everything, or a forwarder is alive. */
export type Scheduled =
  | { readonly kind: "tick"; readonly at: string; readonly id: string }
  | { readonly kind: "heartbeat"; readonly at: string; readonly id: string; readonly place: AccountRegion };

/** A schedule's event that is this cell's -> what it says; undefined for any other event. EventBridge vouches for account and Region. Pure. */
export function parseScheduled(input: unknown, stackName: string, home: AccountRegion): Scheduled | undefined {
  const event = asObject(input);
  if (event?.source !== "aws.events" || event["detail-type"] !== "Scheduled Event") return undefined;
  const [account, region] = [asText(event.account), asText(event.region)];
  const [at, id] = [asText(event.time), asText(event.id)];
  if (account === undefined || region === undefined || at === undefined || id === undefined) return undefined;
  if (Number.isNaN(Date.parse(at))) return undefined;
  const rules = asList(event.resources).map((arn) => asText(arn)?.split("/").at(-1));
  const isHome = account === home.account && region === home.region;
  if (isHome && rules.includes(`${stackName}-guard-cell-schedule`)) return { kind: "tick", at, id };
  if (rules.includes(`${stackName}-heartbeat`)) return { kind: "heartbeat", at, id, place: { account, region } };
  return undefined;
}
