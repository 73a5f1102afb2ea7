import type { PolicyDocument } from "./iam/policy.ts";
import type { IdSequence } from "./sequence.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Somebody who calls: an IAM user, or a session of an assumed role. */
export interface Principal {
  type: "IAMUser" | "AssumedRole";
  /** User name, or role name. */
  name: string;
  /** Session name; only of an assumed role. */
  sessionName?: string;
  account: string;
  /** The user's ARN, or the session's (`arn:aws:sts::<account>:assumed-role/<role>/<session>`). */
  arn: string;
  /** What CloudTrail calls principalId. */
  principalId: string;
  credentials: Credentials;
  /** When the session began, epoch ms; of temporary credentials only. */
  since?: number;
  /** What was said to be behind the session when it began; it stays with every session assumed from it. */
  sourceIdentity?: string;
  /** Id of the function container these credentials were given to, if any. */
  container?: string;
  /** Name of the function that container runs, and its ARN. */
  functionName?: string;
  functionArn?: string;
  /** What it may do, read at each call; without it, or while it says undefined, everything in its account. */
  policies?: PolicySource;
  /** When the session is over, epoch ms; never without it. */
  expiresAt?: number;
}

/** Whoever calls what is open to everybody. */
export const ANONYMOUS: Principal = {
  type: "IAMUser",
  name: "anonymous",
  account: "anonymous",
  arn: "anonymous",
  principalId: "anonymous",
  credentials: { accessKeyId: "", secretAccessKey: "" },
};

/** The caller's policies as they are at this moment. */
export type PolicySource = () => readonly PolicyDocument[] | undefined;

export interface PrincipalSpec {
  type: "IAMUser" | "AssumedRole";
  name: string;
  account?: string;
  sessionName?: string;
  /** Of an assumed role only. */
  sourceIdentity?: string;
  policies?: PolicySource;
  expiresAt?: number;
}

/** Every principal by the access key it signs with: the sandbox's idea of authentication. */
export interface PrincipalRegistry {
  create(spec: PrincipalSpec, extra?: Pick<Principal, "container" | "functionName" | "functionArn">): Principal;
  byAccessKey(accessKeyId: string): Principal | undefined;
  /** Temporary credentials of a user, good until `expiresAt` (epoch ms), whatever becomes of the key they were asked for with. */
  createUserSession(user: Principal, expiresAt: number): Principal;
  /** Ask `find`, too, whose an access key is. */
  alsoKnownBy(find: (accessKeyId: string) => Principal | undefined): void;
}

/** A registry that makes credentials out of `ids`; principals without an account get `account`. */
export function createPrincipals(ids: IdSequence, account: string, now: () => number): PrincipalRegistry {
  const byKey = new Map<string, Principal>();
  const others: ((accessKeyId: string) => Principal | undefined)[] = [];
  return {
    create(spec, extra) {
      const owner = spec.account ?? account;
      const role = spec.type === "AssumedRole";
      const sessionName = spec.sessionName ?? spec.name;
      const id = ids.key(role ? "AROA" : "AIDA", 21);
      const principal: Principal = {
        type: spec.type,
        name: spec.name,
        account: owner,
        arn: role
          ? `arn:aws:sts::${owner}:assumed-role/${spec.name}/${sessionName}`
          : `arn:aws:iam::${owner}:user/${spec.name}`,
        principalId: role ? `${id}:${sessionName}` : id,
        credentials: {
          accessKeyId: ids.key(role ? "ASIA" : "AKIA"),
          secretAccessKey: ids.key("", 40),
          ...(role ? { sessionToken: ids.key("", 64) } : {}),
        },
        ...(role ? { sessionName, since: now() } : {}),
        ...(role && spec.sourceIdentity !== undefined ? { sourceIdentity: spec.sourceIdentity } : {}),
        ...(spec.policies ? { policies: spec.policies } : {}),
        ...(spec.expiresAt === undefined ? {} : { expiresAt: spec.expiresAt }),
        ...extra,
      };
      byKey.set(principal.credentials.accessKeyId, principal);
      return principal;
    },
    byAccessKey(accessKeyId) {
      const own = byKey.get(accessKeyId);
      if (own) return own;
      for (const find of others) {
        const found = find(accessKeyId);
        if (found) return found;
      }
      return undefined;
    },
    createUserSession(user, expiresAt) {
      const credentials = {
        accessKeyId: ids.key("ASIA"),
        secretAccessKey: ids.key("", 40),
        sessionToken: ids.key("", 64),
      };
      const session: Principal = { ...user, credentials, since: now(), expiresAt };
      byKey.set(credentials.accessKeyId, session);
      return session;
    },
    alsoKnownBy: (find) => void others.push(find),
  };
}

/** Whether `name` (an ARN, the role's ARN, or the bare user, role or function name) means `principal`. */
export function isNamed(principal: Principal, name: string): boolean {
  return (
    name === principal.arn ||
    name === principal.name ||
    name === principal.functionName ||
    (principal.type === "AssumedRole" && name === `arn:aws:iam::${principal.account}:role/${principal.name}`)
  );
}
