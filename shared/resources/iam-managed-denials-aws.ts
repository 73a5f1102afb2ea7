import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  paginateListAttachedUserPolicies,
} from "@aws-sdk/client-iam";
import { shortHash } from "../ids.ts";
import { DENIAL_PATH, DENIAL_POLICY, parseDenials, writeDenials } from "../keys/denial-policy.ts";
import type { Clock, Receipt, ResourceRef } from "../types.ts";
import { type IamClientFor, type IamClients, reading, receiptOf } from "./iam-calls.ts";
import type { Denial } from "./iam-sessions.ts";
import type { Reading } from "./port.ts";

/** A managed policy of Cordon's on a user. It is never changed: another one takes its place. */
export interface ManagedDenials {
  readonly arn: string;
  readonly denied: readonly Denial[];
}

/** Cordon's managed policies on a user; what is under its path and not as it writes it makes all of it unreadable. Throws CordonError `unavailable`. */
export async function readManaged(
  reader: IamClientFor,
  user: ResourceRef,
): Promise<Reading<readonly ManagedDenials[]>> {
  const client = await reader(user);
  const listed = await reading("ListAttachedUserPolicies", `user ${user.name}`, async () => {
    const arns: string[] = [];
    const input = { UserName: user.name, PathPrefix: DENIAL_PATH };
    for await (const page of paginateListAttachedUserPolicies({ client }, input))
      arns.push(...(page.AttachedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn));
    return arns.filter((arn) => arn.includes(`:policy${DENIAL_PATH}${DENIAL_POLICY}-`));
  });
  if (listed.kind !== "present") return listed;
  const found: ManagedDenials[] = [];
  for (const PolicyArn of listed.state) {
    const text = await reading("GetPolicyVersion", PolicyArn, async () => {
      const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
      const VersionId = Policy?.DefaultVersionId;
      const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
      return decodeURIComponent(PolicyVersion?.Document ?? "");
    });
    const denied = text.kind === "present" ? parseDenials(text.state, "managed") : undefined;
    if (denied === undefined) {
      const reason = text.kind === "present" ? `the policy ${PolicyArn} is not as Cordon writes it` : text.reason;
      return { kind: "unreadable", reason };
    }
    found.push({ arn: PolicyArn, denied });
  }
  return { kind: "present", state: found };
}

/**
 * Creates and attaches a policy that says so much; nothing stays of one that can't be attached. The names that a user's policies have are always the same few, in turn: the first that is not attached. One
 * of that name which is there all the same is attached to nobody, for a run that died has left it, and may say something else: it is made anew. Two receipts, four in that case, or
 * those until AWS refused.
 *
 * @param attached Cordon's policies on the user: they stay until the new one denies as well
 */
export async function attachManaged(
  { reader, writer }: IamClients,
  clock: Clock,
  user: ResourceRef,
  denied: readonly Denial[],
  attached: readonly Pick<ManagedDenials, "arn">[],
): Promise<readonly Receipt[]> {
  const client = await writer(user);
  const PolicyDocument = writeDenials(denied);
  const taken = new Set(attached.map(({ arn }) => arn));
  let turn = 0;
  while (taken.has(policyArn(user, turn))) turn++;
  const PolicyName = policyName(user, turn);
  const PolicyArn = policyArn(user, turn);
  const Description = `Cordon: sessions of ${user.name} that may have been begun with an exposed key are denied`;
  const create = () =>
    receiptOf("CreatePolicy", clock, () =>
      client.send(new CreatePolicyCommand({ PolicyName, Path: DENIAL_PATH, PolicyDocument, Description })),
    );
  const made: (Receipt | undefined)[] = [await create()];
  if (made[0]?.error?.startsWith("EntityAlreadyExists") === true)
    made.splice(0, 1, await removePolicy(reader, clock, user, PolicyArn), await create());
  if (made.some((each) => each?.outcome === "refused")) return made.filter((each) => each !== undefined);
  const attaching = await receiptOf("AttachUserPolicy", clock, () =>
    client.send(new AttachUserPolicyCommand({ UserName: user.name, PolicyArn })),
  );
  if (attaching.outcome === "refused") made.push(await removePolicy(reader, clock, user, PolicyArn));
  return [...made, attaching].filter((each) => each !== undefined);
}

const policyName = ({ arn }: ResourceRef, turn: number) => `${DENIAL_POLICY}-${shortHash(`${arn} ${turn}`)}`;

const policyArn = (user: ResourceRef, turn: number) =>
  `arn:${user.arn.split(":")[1]}:iam::${user.account}:policy${DENIAL_PATH}${policyName(user, turn)}`;

/** Detaches a policy and deletes it. */
export async function detachManaged(
  { reader, writer }: IamClients,
  clock: Clock,
  user: ResourceRef,
  PolicyArn: string,
): Promise<readonly Receipt[]> {
  const client = await writer(user);
  const detached = await receiptOf("DetachUserPolicy", clock, () =>
    client.send(new DetachUserPolicyCommand({ UserName: user.name, PolicyArn })),
  );
  if (detached.outcome === "refused") return [detached];
  const removed = await removePolicy(reader, clock, user, PolicyArn);
  return removed === undefined ? [detached] : [detached, removed];
}

/** What somebody has attached elsewhere, or that is gone, is let be: the user's state is right without it. */
async function removePolicy(
  reader: IamClientFor,
  clock: Clock,
  user: ResourceRef,
  PolicyArn: string,
): Promise<Receipt | undefined> {
  // It may be sent again: nobody else has a policy of that name, and nothing else is to become of it.
  const client = await reader(user);
  const receipt = await receiptOf("DeletePolicy", clock, () => client.send(new DeletePolicyCommand({ PolicyArn })));
  return /^(DeleteConflict|NoSuchEntity)/.test(receipt.error ?? "") ? undefined : receipt;
}
