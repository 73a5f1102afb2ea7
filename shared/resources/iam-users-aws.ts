import {
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  paginateListAccessKeys,
  paginateListUsers,
  paginateListUserTags,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import { CordonError } from "../errors.ts";
import { shownKeyId } from "../shown.ts";
import { userRef } from "../signals/iam-refs.ts";
import type { AccessKeyFacts, Clock, KeyStatus, Receipt, ResourceRef, Tag } from "../types.ts";
import type { IamUsers, UserKeys } from "./iam-users.ts";
import type { Reading, ResourcePort } from "./port.ts";

type Place = Pick<ResourceRef, "account" | "region">;

/** IAM users by the AWS SDK. IAM throttles a whole account at once: its clients slow down when it says so. */
export function iamUsersOnAws(clients: AwsClients, clock: Clock): IamUsers {
  const reader = (place: Place) => clients.in(place, IAMClient, { retryMode: "adaptive", maxAttempts: 5 });
  // A write is never sent twice: what was read before the first attempt may be stale by the second.
  const writer = (place: Place) => clients.in(place, IAMClient, { maxAttempts: 1 });
  const keys = new UserKeysPort(reader, writer, clock);
  return {
    keys,
    lastUse: async (user, key) => lastUse(await reader(user), await keys.idOf(user, key)),
    keyIds: (user) => keys.ids(user),
    ownKey: (user) => keys.ownKey(user),
    tags: async (user) => readTags(await reader(user), user),
    named: async (user) => findUser(await reader(user), user),
    all: async (place) => listUsers(await reader(place)),
    ownerOf: async (keyId, place) => findOwner(await reader(place), keyId),
  };
}

interface KnownKey {
  readonly id: string;
  readonly key: string;
  readonly createdAt: string;
  readonly status: KeyStatus;
}

const MAX_REMEMBERED = 1_000;

class UserKeysPort implements ResourcePort<UserKeys> {
  readonly #reader: (place: Place) => Promise<IAMClient>;
  readonly #writer: (place: Place) => Promise<IAMClient>;
  readonly #clock: Clock;
  /** The full ids behind what is shown, of users read last. They go nowhere else. */
  readonly #known = new Map<string, readonly KnownKey[]>();

  constructor(
    reader: (place: Place) => Promise<IAMClient>,
    writer: (place: Place) => Promise<IAMClient>,
    clock: Clock,
  ) {
    this.#reader = reader;
    this.#writer = writer;
    this.#clock = clock;
  }

  operation(next: UserKeys, from: UserKeys = next): string {
    return next.keys.length < from.keys.length ? "DeleteAccessKey" : "UpdateAccessKey";
  }

  async read(user: ResourceRef): Promise<Reading<UserKeys>> {
    const known: KnownKey[] = [];
    try {
      for await (const page of paginateListAccessKeys({ client: await this.#reader(user) }, { UserName: user.name })) {
        for (const { AccessKeyId: id = "", CreateDate, Status } of page.AccessKeyMetadata ?? []) {
          const status = Status === "Active" ? "Active" : "Inactive";
          known.push({ id, key: shownKeyId(id), createdAt: CreateDate?.toISOString() ?? "", status });
        }
      }
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable("ListAccessKeys", error);
      return failure.code === "NoSuchEntity" || failure.code === "NoSuchEntityException"
        ? { kind: "absent", reason: `there is no user ${user.name}` }
        : { kind: "unreadable", reason: `the user's access keys can't be read: ${failure.code}` };
    }
    known.sort((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? -1 : 1));
    // One in a million pairs: a person can tell them apart, and a change by what is shown could hit the wrong one.
    if (new Set(known.map(({ key }) => key)).size < known.length)
      return { kind: "unreadable", reason: "two of the user's keys are shown alike" };
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(memoryKey(user), known);
    return { kind: "present", state: { keys: known.map(({ id: _, ...shown }) => shown) } };
  }

  /** Only keys that differ between `from` and `next`: one that has come since is neither deleted nor switched, for nobody has decided about it. */
  async write(user: ResourceRef, next: UserKeys, from?: UserKeys): Promise<readonly Receipt[]> {
    const known = await this.#read(user);
    // Without a state before, nothing can be meant to go.
    const before = from ?? { keys: known.filter(({ key }) => next.keys.some((each) => each.key === key)) };
    const client = await this.#writer(user);
    const own = (await client.config.credentials()).accessKeyId;
    const receipts: Receipt[] = [];
    for (const { id, key, createdAt } of known) {
      const was = before.keys.find((each) => each.key === key && each.createdAt === createdAt);
      const wanted = next.keys.find((each) => each.key === key);
      if (was === undefined || wanted?.status === was.status) continue;
      const receipt =
        id === own ? this.#refused(wanted?.status) : await this.#change(client, user.name, id, wanted?.status);
      receipts.push(receipt);
      if (receipt.outcome === "refused") break;
    }
    // A deleted key can't come back, and what differs from nothing is not made by asking again.
    if (receipts.length === 0)
      throw new CordonError("conflict", `the keys of ${user.arn} are no longer as they were read`);
    return receipts;
  }

  /** The key that Cordon itself calls with: without it, Cordon could protect nobody. */
  #refused(status: KeyStatus | undefined): Receipt {
    const at = new Date(this.#clock.nowMs()).toISOString();
    return { operation: operationFor(status), requestId: "", at, outcome: "refused", error: "ItIsCordonsOwnKey" };
  }

  async #change(
    client: IAMClient,
    UserName: string,
    AccessKeyId: string,
    status: KeyStatus | undefined,
  ): Promise<Receipt> {
    const operation = operationFor(status);
    const which = { UserName, AccessKeyId };
    const at = () => new Date(this.#clock.nowMs()).toISOString();
    try {
      const answer =
        status === undefined
          ? await client.send(new DeleteAccessKeyCommand(which))
          : await client.send(new UpdateAccessKeyCommand({ ...which, Status: status }));
      return { operation, requestId: answer.$metadata.requestId ?? "", at: at(), outcome: "accepted" };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable(operation, error);
      return { operation, requestId: requestIdOf(error), at: at(), outcome: "refused", error: failure.code };
    }
  }

  /** The full id of a key that was shown; undefined when the user has none like it. */
  async idOf(user: ResourceRef, key: string): Promise<string | undefined> {
    return (await this.#read(user)).find((each) => each.key === key)?.id;
  }

  async ids(user: ResourceRef): Promise<readonly string[] | { readonly unreadable: string }> {
    const reading = await this.read(user);
    if (reading.kind !== "present") return { unreadable: reading.reason };
    return (this.#known.get(memoryKey(user)) ?? []).map(({ id }) => id);
  }

  /** The one of the user's keys that Cordon itself calls with, as it is shown. */
  async ownKey(user: ResourceRef): Promise<string | undefined> {
    const { accessKeyId } = await (await this.#reader(user)).config.credentials();
    return (await this.#read(user)).find(({ id }) => id === accessKeyId)?.key;
  }

  async #read(user: ResourceRef): Promise<readonly KnownKey[]> {
    const known = this.#known.get(memoryKey(user));
    if (known !== undefined) return known;
    await this.read(user);
    return this.#known.get(memoryKey(user)) ?? [];
  }
}

const operationFor = (status: KeyStatus | undefined) => (status === undefined ? "DeleteAccessKey" : "UpdateAccessKey");

const memoryKey = ({ account, arn }: ResourceRef) => `${account} ${arn}`;

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html: of a key never used the Region and service are "N/A", and there is no date. */
async function lastUse(client: IAMClient, AccessKeyId: string | undefined): Promise<AccessKeyFacts["lastUsed"]> {
  if (AccessKeyId === undefined) return { unreadable: "the key is gone" };
  try {
    const { AccessKeyLastUsed: used } = await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    if (used === undefined) return { unreadable: "IAM does not tell" };
    if (used.LastUsedDate === undefined) return "never";
    return {
      at: used.LastUsedDate.toISOString(),
      service: used.ServiceName ?? "",
      region: used.Region ?? "",
    };
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable("GetAccessKeyLastUsed", error);
    return { unreadable: `when it was used last can't be read: ${failure.code}` };
  }
}

async function readTags(
  client: IAMClient,
  { name }: ResourceRef,
): Promise<readonly Tag[] | { readonly unreadable: string }> {
  const tags: Tag[] = [];
  try {
    for await (const { Tags = [] } of paginateListUserTags({ client }, { UserName: name }))
      tags.push(...Tags.map(({ Key = "", Value = "" }) => ({ key: Key, value: Value })));
    return tags;
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable("ListUserTags", error);
    return { unreadable: `the user's tags can't be read: ${failure.code}` };
  }
}

async function findUser(client: IAMClient, { name }: Pick<ResourceRef, "name">): Promise<ResourceRef | undefined> {
  try {
    return userRef((await client.send(new GetUserCommand({ UserName: name }))).User?.Arn);
  } catch (error) {
    return noneOr("GetUser", error);
  }
}

async function listUsers(client: IAMClient): Promise<readonly string[]> {
  const arns: string[] = [];
  try {
    for await (const { Users = [] } of paginateListUsers({ client, pageSize: 1_000 }, {}))
      arns.push(...Users.map(({ Arn = "" }) => Arn));
    return arns;
  } catch (error) {
    const failure = sortAwsError(error);
    if (failure.kind === "unavailable") throw unavailable("ListUsers", error);
    throw new CordonError("denied", `AWS refuses ListUsers: ${failure.code}`);
  }
}

async function findOwner(client: IAMClient, AccessKeyId: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))).UserName;
  } catch (error) {
    return noneOr("GetAccessKeyLastUsed", error);
  }
}

/** @throws CordonError when it is not that there is none */
function noneOr(operation: string, error: unknown): undefined {
  const failure = sortAwsError(error);
  if (failure.kind === "unavailable") throw unavailable(operation, error);
  if (/^NoSuchEntity/.test(failure.code)) return undefined;
  throw new CordonError("denied", `AWS refuses ${operation}: ${failure.code}`);
}
