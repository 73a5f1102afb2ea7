import type { Signal } from "../types.ts";
import { userRef } from "./iam-refs.ts";
import type { Parsed } from "./parsed.ts";
import { asList, asObject, asText, describeShape, type Json } from "./shapes.ts";

const SOURCE = "cordon.keys";
const TYPE = "Cordon Users Look";
const MAX_USERS = 100;
/** Of one message: at ten seconds each, which is the worst, they end within the function's time. */
const PACKED_USERS = 10;
/** SQS takes 256 KiB. */
const MAX_BYTES = 200_000;

/**
 * Messages for the function's own queue: nothing has happened to these users, and it is time to look at them.
 *
 * @param arns of users
 * @param dueAt the same for all of one look through an account, so that a message that comes twice is one
 */
export function packUsers(arns: readonly string[], dueAt: string): readonly Json[] {
  const packs: string[][] = [];
  let bytes = 0;
  for (const arn of arns) {
    const more = Buffer.byteLength(JSON.stringify(arn)) + 1;
    const last = packs.at(-1);
    if (last === undefined || last.length >= PACKED_USERS || bytes + more > MAX_BYTES - 1_000) {
      packs.push([arn]);
      bytes = more;
    } else {
      last.push(arn);
      bytes += more;
    }
  }
  return packs.map((users) => ({ source: SOURCE, "detail-type": TYPE, detail: { users, dueAt } }));
}

/**
 * The signals of such a message, one for each user; undefined for any other event. Live state decides: whoever forges one has users looked at, and nothing else. Pure.
 */
export function parseUserLooks(input: unknown): readonly Parsed[] | undefined {
  const event = asObject(input);
  if (event?.source !== SOURCE || event["detail-type"] !== TYPE) return undefined;
  const detail = asObject(event.detail) ?? {};
  const users = asList(detail.users);
  const dueAt = asText(detail.dueAt) ?? "";
  if (users.length === 0 || users.length > MAX_USERS || Number.isNaN(Date.parse(dueAt))) {
    const reason = `a look at ${users.length} users; expected detail.users with 1 to ${MAX_USERS} ARNs, and detail.dueAt`;
    return [{ kind: "refused", reason }];
  }
  return [...new Set(users)].map((arn): Parsed => {
    const resource = userRef(arn);
    if (resource === undefined)
      return { kind: "refused", reason: `a look at ${describeShape(arn)}; expected the ARN of an IAM user` };
    const id = `look:${resource.arn}:${dueAt}`;
    const signal: Signal = { id, source: "schedule", name: "Look", at: dueAt, resource };
    return { kind: "signal", signal };
  });
}
