import type { PolicySource, Principal } from "../principals.ts";

/** A key as IAM keeps it; when it was used is kept beside it, for it changes without a write. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly status: "Active" | "Inactive";
  /** Epoch ms. */
  readonly createdAt: number;
  /** Epoch ms; of its creation, or the last change of its status. */
  readonly changedAt: number;
}

/** When, where and for what a key last signed. */
export interface KeyUse {
  /** Epoch ms. */
  readonly at: number;
  /** A service's namespace: `s3`. */
  readonly service: string;
  readonly region: string;
}

/** What calls change of a user; replaced as a whole by each write, so that a read can be given the one before. */
export interface UserState {
  readonly keys: readonly AccessKey[];
  /** Texts of inline policies by name. */
  readonly inline: ReadonlyMap<string, string>;
  /** ARNs. */
  readonly attached: readonly string[];
}

export interface IamUser {
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly id: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly password: PasswordState | undefined;
  readonly mfaDevices: readonly string[];
  state: UserState;
  /** As it was before the last write, and when that was, epoch ms. */
  before?: { readonly state: UserState; readonly until: number };
}

export interface PasswordState {
  /** Epoch ms. */
  readonly changedAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Keys used more than once within this time show the first use only. */
const USE_SPAN_MS = 15 * 60_000;

/** Who owns a key. */
interface KeyOwner {
  user: IamUser;
  use: KeyUse | undefined;
  principal?: Principal;
}

/** IAM's users of every account. Reading and writing one costs the same however many there are. */
export interface UserStore {
  put(user: IamUser, uses?: ReadonlyMap<string, KeyUse>): void;
  find(account: string, name: string): IamUser | undefined;
  /** In the order they came. */
  list(account: string): readonly IamUser[];
  /** Whose key it is, if it is there, active or not. */
  ownerOf(accessKeyId: string): IamUser | undefined;
  useOf(accessKeyId: string): KeyUse | undefined;
  /** A write: replaces what is given, and remembers what was. */
  change(user: IamUser, changes: Partial<UserState>, at: number): void;
  /** Who signs with an active key. */
  byAccessKey(accessKeyId: string): Principal | undefined;
  /** A key has signed a call. */
  used(accessKeyId: string, use: KeyUse): void;
}

/** No users yet. What a user may do is asked of `policiesOf` at each call. */
export function createUsers(policiesOf: (user: IamUser) => ReturnType<PolicySource>): UserStore {
  const accounts = new Map<string, Map<string, IamUser>>();
  const owners = new Map<string, KeyOwner>();
  const index = (user: IamUser, keys: readonly AccessKey[]): void => {
    for (const { id } of keys) if (!owners.has(id)) owners.set(id, { user, use: undefined });
  };
  return {
    put(user, uses) {
      const users = accounts.get(user.account) ?? new Map<string, IamUser>();
      accounts.set(user.account, users.set(user.name, user));
      for (const { id } of user.state.keys) owners.set(id, { user, use: uses?.get(id) });
    },
    find: (account, name) => accounts.get(account)?.get(name),
    list: (account) => [...(accounts.get(account)?.values() ?? [])],
    ownerOf: (id) => owners.get(id)?.user,
    useOf: (id) => owners.get(id)?.use,
    change(user, changes, at) {
      user.before = { state: user.state, until: at };
      user.state = { ...user.state, ...changes };
      index(user, user.state.keys);
      const left = new Set(user.state.keys.map(({ id }) => id));
      for (const { id } of user.before.state.keys) if (!left.has(id)) owners.delete(id);
    },
    byAccessKey(id) {
      const owner = owners.get(id);
      const key = owner?.user.state.keys.find((each) => each.id === id);
      if (!owner || key?.status !== "Active") return undefined;
      owner.principal ??= principalOf(owner.user, key, () => policiesOf(owner.user));
      return owner.principal;
    },
    used(id, use) {
      const owner = owners.get(id);
      if (owner && (owner.use === undefined || use.at - owner.use.at >= USE_SPAN_MS)) owner.use = use;
    },
  };
}

function principalOf({ account, name, arn, id }: IamUser, key: AccessKey, policies: PolicySource): Principal {
  return {
    type: "IAMUser",
    name,
    account,
    arn,
    principalId: id,
    credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
    policies,
  };
}
