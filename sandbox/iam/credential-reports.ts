import { ServiceError } from "../errors.ts";
import { type ReportedKey, type ReportedUser, writeCredentialReport } from "./credential-report.ts";
import type { AccessKey, IamUser, KeyUse, PasswordState, UserStore } from "./users.ts";

/** The root user of an account, as far as a report shows it. */
export interface RootState {
  createdAt: number;
  password: PasswordState | undefined;
  hasMfa: boolean;
  keys: readonly AccessKey[];
  uses: ReadonlyMap<string, KeyUse>;
}

/** How long a report takes: until it was asked for or after so often, or so long after it was begun, whichever comes first. */
export interface ReportPace {
  polls: number;
  takesMs: number;
}

interface Report {
  /** Epoch ms. */
  at: number;
  pollsLeft: number;
  text: string;
}

/** One report of each account at a time. */
export interface CredentialReports {
  pace: ReportPace;
  setRoot(account: string, root: RootState): void;
  /** As it is now, where a report tells what was. */
  root(account: string): RootState;
  /** Begin one, unless there is one that is not too old. */
  generate(account: string, at: number): { State: string; Description?: string };
  /** Throws ServiceError when there is none, none yet, or none any more. */
  get(account: string, at: number): { text: string; at: number };
}

const LIFETIME_MS = 4 * 3_600_000;
const NOBODY_KNOWS: RootState = {
  createdAt: Date.parse("2020-01-01T00:00:00Z"),
  password: { changedAt: 0, lastUsedAt: undefined },
  hasMfa: true,
  keys: [],
  uses: new Map(),
};

/** No reports yet. A report shows what was there when it was begun. */
export function createCredentialReports(users: UserStore): CredentialReports {
  const roots = new Map<string, RootState>();
  const reports = new Map<string, Report>();
  const pace: ReportPace = { polls: 1, takesMs: 10_000 };
  const write = (account: string): string =>
    writeCredentialReport(
      reportRoot(account, roots.get(account) ?? NOBODY_KNOWS),
      users.list(account).map((user) => reportUser(user, users)),
    );
  const isPending = ({ at, pollsLeft }: Report, now: number): boolean => pollsLeft > 0 && now - at < pace.takesMs;
  const isOver = ({ at }: Report, now: number): boolean => now - at > LIFETIME_MS;
  return {
    pace,
    setRoot: (account, root) => void roots.set(account, root),
    root: (account) => roots.get(account) ?? NOBODY_KNOWS,
    generate(account, at) {
      const report = reports.get(account);
      if (!report || isOver(report, at)) {
        reports.set(account, { at, pollsLeft: pace.polls, text: write(account) });
        const Description = "No report exists. Starting a new report generation task";
        return { State: "STARTED", ...(!report && { Description }) };
      }
      if (!isPending(report, at)) return { State: "COMPLETE" };
      report.pollsLeft -= 1;
      return { State: "INPROGRESS" };
    },
    get(account, at) {
      const report = reports.get(account);
      if (!report) throw new ServiceError("ReportNotPresent", "Unknown", 410);
      if (isOver(report, at)) throw new ServiceError("ReportExpired", "Unknown", 410);
      if (!isPending(report, at)) return report;
      report.pollsLeft -= 1;
      throw new ServiceError("ReportInProgress", "Unknown", 404);
    },
  };
}

function reportUser({ name, arn, createdAt, password, mfaDevices, state }: IamUser, users: UserStore): ReportedUser {
  const keys = state.keys.map((key) => reportKey(key, users.useOf(key.id)));
  return { name, arn, createdAt, password, keys, isRoot: false, hasMfa: mfaDevices.length > 0 };
}

function reportRoot(account: string, { createdAt, password, hasMfa, keys, uses }: RootState): ReportedUser {
  const reported = keys.map((key) => reportKey(key, uses.get(key.id)));
  const arn = `arn:aws:iam::${account}:root`;
  return { name: "<root_account>", arn, createdAt, password, hasMfa, isRoot: true, keys: reported };
}

function reportKey({ id, status, changedAt }: AccessKey, use: KeyUse | undefined): ReportedKey {
  return { id, isActive: status === "Active", changedAt, use };
}
