import type { AccountCoverage, AccountRegion } from "../resources/account-coverage.ts";
import type { Heartbeat } from "../resources/heartbeats.ts";

/**
 * Every account and Region a cell has to hear: the accounts it is told of, its own, and those whose forwarders have been heard, each in every Region enabled there. Of
 * an account that can't be entered: those that have been heard, or else the cell's home Region, so that somebody is told. Reads each account's Regions.
 */
export async function placesToCover(
  coverage: AccountCoverage,
  home: AccountRegion,
  accounts: readonly string[],
  heartbeats: readonly Heartbeat[],
): Promise<readonly AccountRegion[]> {
  const all = [...new Set([home.account, ...accounts, ...heartbeats.map(({ account }) => account)])].sort();
  const places = await Promise.all(
    all.map(async (account): Promise<readonly AccountRegion[]> => {
      const heard = heartbeats.filter((each) => each.account === account).map(({ region }) => region);
      const enabled = await coverage.regions(account);
      const regions = enabled.kind === "present" ? [...enabled.state, ...heard] : heard;
      const known = regions.length > 0 ? regions : [home.region];
      return [...new Set(known)].sort().map((region) => ({ account, region }));
    }),
  );
  return places.flat();
}
