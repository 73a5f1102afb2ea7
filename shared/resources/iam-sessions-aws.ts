import {
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import { whyOwnPrincipal } from "../deployment/own-principals.ts";
import { CordonError } from "../errors.ts";
import { byKey, DENIAL_POLICY, parseDenials, writeDenials } from "../keys/denial-policy.ts";
import { roleRef } from "../signals/iam-refs.ts";
import type { Clock, Receipt, ResourceRef } from "../types.ts";
import { type IamClientFor, iamClients, type Place, reading, receiptOf } from "./iam-calls.ts";
import { attachManaged, detachManaged, type ManagedDenials, readManaged } from "./iam-managed-denials-aws.ts";
import type { Denial, DeniedSessions, IamSessions } from "./iam-sessions.ts";
import type { Reading, ResourcePort } from "./port.ts";

/**
 * Denials of sessions by the AWS SDK.
 *
 * @param own how the cell's roles are called: its stack, and the role it assumes in members
 */
export function iamSessionsOnAws(
  clients: AwsClients,
  clock: Clock,
  own: { readonly stack?: string; readonly memberRole?: string } = {},
): IamSessions {
  const { reader, writer } = iamClients(clients, IAMClient);
  const callers = new Map<string, string>();
  return {
    users: userDenials(reader, writer, clock),
    roles: roleDenials(reader, writer, clock),
    async roleTags(role) {
      const found = await reading("GetRole", `role ${role.name}`, async () =>
        (await reader(role)).send(new GetRoleCommand({ RoleName: role.name })),
      );
      if (found.kind !== "present") return { unreadable: found.reason };
      return (found.state.Role?.Tags ?? []).map(({ Key = "", Value = "" }) => ({ key: Key, value: Value }));
    },
    async roleNamed(role) {
      const found = await reading("GetRole", `role ${role.name}`, async () =>
        (await reader(role)).send(new GetRoleCommand({ RoleName: role.name })),
      );
      if (found.kind === "unreadable") throw new CordonError("denied", found.reason);
      return found.kind === "present" ? roleRef(found.state.Role?.Arn) : undefined;
    },
    async whyOwn(resource) {
      const caller = callers.get(resource.account) ?? (await callerIn(clients, resource));
      callers.set(resource.account, caller);
      return whyOwnPrincipal(resource, { ...own, caller });
    },
  };
}

async function callerIn(clients: AwsClients, place: Place): Promise<string> {
  try {
    const sts = await clients.in(place, STSClient, {});
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn ?? "";
  } catch (error) {
    if (error instanceof CordonError) throw error;
    if (sortAwsError(error).kind === "unavailable") throw unavailable("GetCallerIdentity", error);
    throw error;
  }
}

/** A user's denials: an inline policy, and managed ones where there was no room for more of it. */
function userDenials(reader: IamClientFor, writer: IamClientFor, clock: Clock): ResourcePort<DeniedSessions> {
  const look = async (user: ResourceRef): Promise<Reading<Parts>> => {
    const managed = await readManaged(reader, user);
    if (managed.kind !== "present") return managed;
    const inline = await readInline(`user ${user.name}`, "GetUserPolicy", async () =>
      (await reader(user)).send(new GetUserPolicyCommand({ UserName: user.name, PolicyName: DENIAL_POLICY })),
    );
    if (inline.kind === "unreadable") return inline;
    return {
      kind: "present",
      state: { inline: inline.kind === "present" ? inline.state : [], managed: managed.state },
    };
  };
  return {
    operation(next, from = next) {
      const [after, before] = [managedOf(next), managedOf(from)];
      if (writeOf(after) !== writeOf(before)) return after.length > 0 ? "AttachUserPolicy" : "DetachUserPolicy";
      return inlineOf(next).length > 0 ? "PutUserPolicy" : "DeleteUserPolicy";
    },
    async read(user) {
      const found = await look(user);
      if (found.kind !== "present") return found;
      const { inline, managed } = found.state;
      return { kind: "present", state: together([...inline, ...managed.flatMap(({ denied }) => denied)]) };
    },
    // What denies more comes first, so that no session is let in between.
    async write(user, next) {
      const now = await look(user);
      if (now.kind !== "present") throw new CordonError("conflict", now.reason);
      const { inline, managed } = now.state;
      const [wanted, listed] = [managedOf(next), inlineOf(next)];
      const isKept = ({ denied }: ManagedDenials) => wanted.length > 0 && writeOf(denied) === writeOf(wanted);
      const steps: (() => Promise<readonly Receipt[]>)[] = [];
      if (wanted.length > 0 && !managed.some(isKept))
        steps.push(() => attachManaged({ reader, writer }, clock, user, wanted, managed));
      if (writeOf(listed) !== writeOf(inline)) steps.push(async () => [await writeInline(user, listed)]);
      for (const each of managed.filter((each) => !isKept(each)))
        steps.push(() => detachManaged({ reader, writer }, clock, user, each.arn));
      return inOrder(steps, user);
    },
  };

  async function writeInline({ name: UserName, ...place }: ResourceRef, denied: readonly Denial[]): Promise<Receipt> {
    const client = await writer(place);
    const which = { UserName, PolicyName: DENIAL_POLICY };
    if (denied.length === 0)
      return receiptOf("DeleteUserPolicy", clock, () => client.send(new DeleteUserPolicyCommand(which)));
    const PolicyDocument = writeDenials(denied);
    return receiptOf("PutUserPolicy", clock, () => client.send(new PutUserPolicyCommand({ ...which, PolicyDocument })));
  }
}

/** A role's denials: an inline policy, of which a role has room for five times as much as a user. */
function roleDenials(reader: IamClientFor, writer: IamClientFor, clock: Clock): ResourcePort<DeniedSessions> {
  return {
    operation: (next) => (next.denied.length > 0 ? "PutRolePolicy" : "DeleteRolePolicy"),
    async read(role) {
      const what = `role ${role.name}`;
      const found = await readInline(what, "GetRolePolicy", async () =>
        (await reader(role)).send(new GetRolePolicyCommand({ RoleName: role.name, PolicyName: DENIAL_POLICY })),
      );
      if (found.kind === "present") return { kind: "present", state: together(found.state) };
      if (found.kind === "unreadable") return found;
      // Of a role that isn't there AWS says the same as of a policy.
      const there = await reading("GetRole", what, async () =>
        (await reader(role)).send(new GetRoleCommand({ RoleName: role.name })),
      );
      return there.kind === "present" ? { kind: "present", state: { denied: [] } } : there;
    },
    async write(role, next) {
      const client = await writer(role);
      const which = { RoleName: role.name, PolicyName: DENIAL_POLICY };
      const { denied } = next;
      if (denied.some(({ how }) => how === "managed")) throw new Error("a role's denials are inline");
      if (denied.length === 0)
        return receiptOf("DeleteRolePolicy", clock, () => client.send(new DeleteRolePolicyCommand(which)));
      const PolicyDocument = writeDenials(denied);
      return receiptOf("PutRolePolicy", clock, () =>
        client.send(new PutRolePolicyCommand({ ...which, PolicyDocument })),
      );
    },
  };
}

interface Parts {
  readonly inline: readonly Denial[];
  readonly managed: readonly ManagedDenials[];
}

const inlineOf = ({ denied }: DeniedSessions) => denied.filter(({ how }) => how === "inline");
const managedOf = ({ denied }: DeniedSessions) => denied.filter(({ how }) => how === "managed");
const writeOf = (denied: readonly Denial[]) => (denied.length === 0 ? "" : writeDenials(denied));

async function readInline(
  what: string,
  operation: string,
  read: () => Promise<{ readonly PolicyDocument?: string | undefined }>,
): Promise<Reading<readonly Denial[]>> {
  const found = await reading(operation, what, read);
  if (found.kind !== "present") return found;
  const denied = parseDenials(decodeURIComponent(found.state.PolicyDocument ?? ""), "inline");
  if (denied !== undefined) return { kind: "present", state: denied };
  return { kind: "unreadable", reason: `${what} has a policy ${DENIAL_POLICY} that is not as Cordon writes it` };
}

/** All denials, one a key. A run that died between two calls leaves an older one beside the new: the later counts, and the next write takes the other away. */
function together(denied: readonly Denial[]): DeniedSessions {
  const latest = new Map<string, Denial>();
  for (const each of denied) {
    const known = latest.get(each.key);
    if (known === undefined || Date.parse(each.before) > Date.parse(known.before)) latest.set(each.key, each);
  }
  return { denied: byKey([...latest.values()]) };
}

/** One after the other, until AWS refuses. Throws CordonError `conflict` when there was nothing to do: it is as wanted already. */
async function inOrder(
  steps: readonly (() => Promise<readonly Receipt[]>)[],
  { arn }: ResourceRef,
): Promise<readonly Receipt[]> {
  if (steps.length === 0) throw new CordonError("conflict", `the denials on ${arn} are no longer as they were read`);
  const receipts: Receipt[] = [];
  for (const step of steps) {
    receipts.push(...(await step()));
    if (receipts.some(({ outcome }) => outcome === "refused")) break;
  }
  return receipts;
}
