import { bucketArn, DATA_OWNER, KEY, named, UNITS } from "./cast.ts";

/** The rules that the findings meet: the same in every policy, however many others there are. */
export interface CoreRules {
  readonly transfers: readonly object[];
  readonly scopes: readonly object[];
  readonly exceptions: readonly object[];
}

/** So many there are: transfers and scopes. */
export const CORE_RULES = 10;

/** What an exception has to say besides its scope. */
export const TERMS = {
  reason: "Migration to the new archive",
  approver: "data protection officer",
  ticket: "PRIV-1",
  grantedAt: "2026-02-20T00:00:00Z",
  expiresAt: "2026-03-15T00:00:00Z",
} as const;

/**
 * Ten rules and an exception. Pure.
 *
 * @param isConditional says the same with ten conditions in CEL; most findings then meet several of them
 */
export function coreRules(isConditional: boolean): CoreRules {
  const also = (when: string) => (isConditional ? { when } : {});
  const either = (plain: object, conditional: object) => (isConditional ? conditional : plain);
  const personal = (id: string, to: string, more: object) => ({
    id,
    classifications: ["personal"],
    to: [to],
    basis: { kind: "scc", document: `register of transfers, ${id}` },
    ...more,
  });
  return {
    transfers: [
      personal("released", "us", {
        conditions: [{ trustedTag: { key: "Sovereignty", value: "Global", setBy: DATA_OWNER } }],
        citations: ["GDPR Art. 49(1)(a)"],
        ...also('!resource.name.startsWith("payroll-")'),
      }),
      personal("under-key", "us-east-1", {
        conditions: [{ replicaKey: [KEY] }],
        ...also('transfer.from.within("eu") && transfer.replicaKey.contains(":key/")'),
      }),
      personal("asked", "ca-central-1", {
        conditions: [{ approval: true }],
        ...also('size(transfer.prefix) < 100 && classification.name == "personal"'),
      }),
      personal("ended", "ap-south-1", { validUntil: "2026-01-01T00:00:00Z" }),
    ],
    scopes: [
      { id: "lab", mode: "observe", ...either({ units: ["lab"] }, { when: 'units.exists(unit, unit == "lab")' }) },
      {
        id: "staging",
        mode: "approve",
        ...either(
          { accounts: UNITS.staging },
          { regions: ["eu"], when: `resource.account in ${JSON.stringify(UNITS.staging)}` },
        ),
      },
      {
        id: "secrets",
        mode: "enforce",
        ...either(
          { classifications: ["secret"] },
          { classifications: ["personal", "secret"], when: 'classification.rank > 50 && resource.region.within("eu")' },
        ),
      },
      {
        id: "archive",
        mode: "observe",
        resources: named("archive").map(bucketArn),
        ...also('part.startsWith("to-")'),
      },
      {
        id: "partners",
        parameters: { destinationAccounts: UNITS.production },
        resources: [bucketArn("partner-*")],
        ...also('resource.name.matchesRe2("^partner-[0-9]+$")'),
      },
      {
        id: "development",
        mode: "observe",
        tags: [{ key: "env", value: "dev" }],
        tagsSetBy: DATA_OWNER,
        ...also('"class" in tags && tags["class"] != "secret"'),
      },
    ],
    exceptions: [
      {
        id: "waived",
        ...either(
          { resources: named("waived").map(bucketArn) },
          { accounts: UNITS.production, when: 'resource.name.startsWith("waived-")' },
        ),
      },
    ],
  };
}

export const CLASSES = [
  {
    name: "public",
    rank: 0,
    residency: "anywhere",
    recognisedBy: [{ tag: { key: "class", value: "public" } }],
    setBy: DATA_OWNER,
  },
  {
    name: "personal",
    rank: 50,
    residency: ["eu"],
    recognisedBy: [{ tag: { key: "class", value: "personal" } }],
    citations: ["GDPR Art. 44"],
  },
  {
    name: "secret",
    rank: 900,
    residency: ["eu-central-1"],
    recognisedBy: [{ tag: { key: "class", value: "secret" } }],
  },
] as const;
