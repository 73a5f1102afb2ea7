import { describeError } from "../errors.ts";
import type { AccountCoverage, AccountRegion } from "../resources/account-coverage.ts";
import type { Heartbeat } from "../resources/heartbeats.ts";

/** An account whose Regions can't be told: AWS said no, which is a finding, or gave no answer. */
export interface Unlisted {
  readonly account: string;
  readonly reason: string;
  readonly isUnanswered: boolean;
}

/** Where to look, and the accounts of which more may be to look at: what their Regions are can't be told. */
export interface Places {
  readonly places: readonly AccountRegion[];
  readonly unlisted: readonly Unlisted[];
}

/**
 * Every account and Region a cell has to hear: the accounts it is told of, its own, and those whose forwarders have been heard, each in every Region enabled there. Of
 * an account whose Regions can't be told: those that have been heard, and the cell's home Region, where somebody is told so. Reads each account's Regions; one that
 * gives no answer holds up no other.
 */
export async function placesToCover(
  coverage: AccountCoverage,
  home: AccountRegion,
  accounts: readonly string[],
  heartbeats: readonly Heartbeat[],
): Promise<Places> {
  const all = [...new Set([home.account, ...accounts, ...heartbeats.map(({ account }) => account)])].sort();
  const unlisted: Unlisted[] = [];
  const places = await Promise.all(
    all.map(async (account): Promise<readonly AccountRegion[]> => {
      const enabled = await coverage
        .regions(account)
        .catch((error: unknown) => ({ kind: "unanswered", reason: describeError(error) }) as const);
      if (enabled.kind !== "present")
        unlisted.push({ account, reason: enabled.reason, isUnanswered: enabled.kind === "unanswered" });
      const heard = heartbeats.filter((each) => each.account === account).map(({ region }) => region);
      const regions = enabled.kind === "present" ? enabled.state : [...heard, home.region];
      return [...new Set(regions)].sort().map((region) => ({ account, region }));
    }),
  );
  return { places: places.flat(), unlisted };
}
