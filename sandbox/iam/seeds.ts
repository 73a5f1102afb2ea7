import type { Principal } from "../principals.ts";
import type { IdSequence } from "../sequence.ts";
import type { CredentialReports, ReportPace } from "./credential-reports.ts";
import type { AccessKey, IamUser, KeyUse, PasswordState, UserStore } from "./users.ts";

/** A key that is there without a call. Times are epoch ms. */
export interface KeySeed {
  /** `AKIA...`, made up by default. */
  id?: string;
  /** The user's by default. */
  createdAt?: number;
  /** The last change of its status; when it was created by default. */
  changedAt?: number;
  /** Active by default. */
  status?: "Active" | "Inactive";
  /** Never by default. The service by its namespace, `s3`; without a Region, one that has none. */
  lastUsed?: { at: number; service: string; region?: string };
}

/** A user that is there without a call: no record, no event, no quota checked. Times are epoch ms. */
export interface UserSeed {
  name: string;
  /** The sandbox's own by default. */
  account?: string;
  /** `/` by default. */
  path?: string;
  tags?: Record<string, string>;
  /** Now by default. */
  createdAt?: number;
  keys?: readonly KeySeed[];
  /** False by default; `passwordLastUsed` says so, too. */
  hasPassword?: boolean;
  passwordLastUsed?: number;
  /** A virtual device; false by default. */
  mfa?: boolean;
  /** ARNs of managed policies. A user without any policy may do nothing. */
  attached?: readonly string[];
  /** Documents of inline policies by name. */
  inline?: Readonly<Record<string, unknown>>;
}

/** The root user of an account. Nobody signs as it here: it is in reports only. */
export interface RootSeed {
  /** The sandbox's own by default. */
  account?: string;
  createdAt?: number;
  keys?: readonly KeySeed[];
  /** True by default. */
  hasPassword?: boolean;
  passwordLastUsed?: number;
  /** True by default. */
  mfa?: boolean;
}

/** A user as tests look at it: copies, without secrets. */
export interface UserView {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly keys: readonly { id: string; status: string; createdAt: number; changedAt: number; lastUsed?: KeyUse }[];
  readonly inline: Readonly<Record<string, unknown>>;
  readonly attached: readonly string[];
}

/** IAM's users without calls. */
export interface IamSeeds {
  createUser(seed: UserSeed): UserView;
  seedRoot(seed?: RootSeed): void;
  /** As it is now. Throws when there is no such user in the account, the sandbox's own by default. */
  user(name: string, account?: string): UserView;
  /** Who signs with an active access key, or temporary credentials, for `environment`. Throws for any other. */
  principalOf(accessKeyId: string): Principal;
  /** How long credential reports take: one further poll by default, or ten seconds. */
  paceReports(pace: Partial<ReportPace>): void;
}

/** Seeds into `users` and `reports`; `home` is where what names no account belongs. */
export function createIamSeeds(
  users: UserStore,
  reports: CredentialReports,
  home: { account: string; ids: IdSequence; now(): number; byAccessKey(id: string): Principal | undefined },
): IamSeeds {
  const { ids } = home;
  const makeKey = (seed: KeySeed, createdAt: number): { key: AccessKey; use: KeyUse | undefined } => {
    const { id = ids.key("AKIA"), status = "Active", lastUsed } = seed;
    const at = seed.createdAt ?? createdAt;
    return {
      key: { id, status, secret: ids.key("", 40), createdAt: at, changedAt: seed.changedAt ?? at },
      use: lastUsed && { ...lastUsed, region: lastUsed.region ?? "N/A" },
    };
  };
  const makeKeys = (seeds: readonly KeySeed[] = [], createdAt: number) => {
    const made = seeds.map((seed) => makeKey(seed, createdAt));
    const uses = new Map(made.flatMap(({ key, use }) => (use ? [[key.id, use] as const] : [])));
    return { keys: made.map(({ key }) => key), uses };
  };
  const view = (user: IamUser): UserView => ({
    name: user.name,
    arn: user.arn,
    id: user.id,
    keys: user.state.keys.map(({ id, status, createdAt, changedAt }) => {
      const lastUsed = users.useOf(id);
      return { id, status, createdAt, changedAt, ...(lastUsed && { lastUsed }) };
    }),
    inline: Object.fromEntries([...user.state.inline].map(([name, text]) => [name, JSON.parse(text)])),
    attached: user.state.attached,
  });
  return {
    createUser(seed) {
      const { name, account = home.account, path = "/", createdAt = home.now() } = seed;
      const { keys, uses } = makeKeys(seed.keys, createdAt);
      const inline = Object.entries(seed.inline ?? {}).map(([policy, body]) => [policy, JSON.stringify(body)] as const);
      const user: IamUser = {
        account,
        name,
        path,
        arn: `arn:aws:iam::${account}:user${path}${name}`,
        id: ids.key("AIDA", 21),
        createdAt,
        tags: { ...seed.tags },
        password: passwordOf(seed, createdAt),
        mfaDevices: seed.mfa ? [`arn:aws:iam::${account}:mfa/${name}`] : [],
        state: { keys, inline: new Map(inline), attached: [...(seed.attached ?? [])] },
      };
      users.put(user, uses);
      return view(user);
    },
    seedRoot({ account = home.account, createdAt = Date.parse("2020-01-01T00:00:00Z"), ...seed } = {}) {
      const password = passwordOf({ hasPassword: true, ...seed }, createdAt);
      reports.setRoot(account, { createdAt, password, hasMfa: seed.mfa ?? true, ...makeKeys(seed.keys, createdAt) });
    },
    user(name, account = home.account) {
      const user = users.find(account, name);
      if (user) return view(user);
      throw new Error(`The sandbox has no user ${name} in account ${account}`);
    },
    principalOf(accessKeyId) {
      const principal = home.byAccessKey(accessKeyId);
      if (principal) return principal;
      throw new Error(`Nobody signs with ${accessKeyId}: it is inactive, or not there`);
    },
    paceReports: (pace) => void Object.assign(reports.pace, pace),
  };
}

function passwordOf(
  { hasPassword, passwordLastUsed }: { hasPassword?: boolean; passwordLastUsed?: number },
  changedAt: number,
): PasswordState | undefined {
  const isThere = hasPassword ?? passwordLastUsed !== undefined;
  return isThere ? { changedAt, lastUsedAt: passwordLastUsed } : undefined;
}
