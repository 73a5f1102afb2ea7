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
import { type IamClientFor, reading, receiptOf } from "./iam-calls.ts";
import type { Denial } from "./iam-sessions.ts";
import type { Reading } from "./port.ts";

/** A managed policy of Cordon's on a user. Its name follows from the user and what it says, so that it never has to be changed. */
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

/** Creates and attaches a policy that says so much; nothing stays of one that can't be attached. Two receipts, or those until AWS refused. */
export async function attachManaged(
  writer: IamClientFor,
  clock: Clock,
  user: ResourceRef,
  denied: readonly Denial[],
): Promise<readonly Receipt[]> {
  const client = await writer(user);
  const PolicyDocument = writeDenials(denied);
  const PolicyName = `${DENIAL_POLICY}-${shortHash(`${user.arn} ${PolicyDocument}`)}`;
  const PolicyArn = `arn:${user.arn.split(":")[1]}:iam::${user.account}:policy${DENIAL_PATH}${PolicyName}`;
  const Description = `Cordon: sessions of ${user.name} that may have been begun with an exposed key are denied`;
  const created = await receiptOf("CreatePolicy", clock, () =>
    client.send(new CreatePolicyCommand({ PolicyName, Path: DENIAL_PATH, PolicyDocument, Description })),
  );
  // A run that died has made it. Whether it says so is seen when it is read again.
  const isThere = created.error?.startsWith("EntityAlreadyExists") === true;
  if (created.outcome === "refused" && !isThere) return [created];
  const attached = await receiptOf("AttachUserPolicy", clock, () =>
    client.send(new AttachUserPolicyCommand({ UserName: user.name, PolicyArn })),
  );
  const made = isThere ? [] : [created];
  if (attached.outcome === "accepted") return [...made, attached];
  return [...made, await removePolicy(writer, clock, user, PolicyArn), attached].filter((each) => each !== undefined);
}

/** Detaches a policy and deletes it. */
export async function detachManaged(
  writer: IamClientFor,
  clock: Clock,
  user: ResourceRef,
  PolicyArn: string,
): Promise<readonly Receipt[]> {
  const client = await writer(user);
  const detached = await receiptOf("DetachUserPolicy", clock, () =>
    client.send(new DetachUserPolicyCommand({ UserName: user.name, PolicyArn })),
  );
  if (detached.outcome === "refused") return [detached];
  const removed = await removePolicy(writer, clock, user, PolicyArn);
  return removed === undefined ? [detached] : [detached, removed];
}

/** What somebody has attached elsewhere, or that is gone, is let be: the user's state is right without it. */
async function removePolicy(
  writer: IamClientFor,
  clock: Clock,
  user: ResourceRef,
  PolicyArn: string,
): Promise<Receipt | undefined> {
  const client = await writer(user);
  const receipt = await receiptOf("DeletePolicy", clock, () => client.send(new DeletePolicyCommand({ PolicyArn })));
  return /^(DeleteConflict|NoSuchEntity)/.test(receipt.error ?? "") ? undefined : receipt;
}
