import type { OwnResource, Source } from "../../shared/deployment/own-resource.ts";
import type { AccountCoverage, Coverage } from "../../shared/resources/account-coverage.ts";
import type { CellResources, Properties } from "../../shared/resources/cell-resources.ts";
import type { Reading } from "../../shared/resources/port.ts";
import type { RootKeys, RootKeysState } from "../../shared/resources/root-keys.ts";

/** What a case says of the cell: what was deployed, and live state for each source; a source that is not listed is not there. */
export interface CellWorld {
  readonly own: readonly OwnResource[];
  readonly live: readonly { readonly source: Source; readonly reading: Properties | { readonly unreadable: string } }[];
}

/** The world that a watching control's case is set in. */
export type WatchWorld =
  | { readonly cell: CellWorld }
  | { readonly coverage: Coverage }
  | { readonly root: RootKeysState | { readonly unreadable: string } };

/** The ports of controls that watch, over a world that a test can exchange. */
export function guardPorts(world: { current: WatchWorld }): {
  readonly cell: CellResources;
  readonly coverage: AccountCoverage;
  readonly rootKeys: RootKeys;
} {
  const cell = (): CellWorld => {
    if (!("cell" in world.current)) throw new Error("this world has no cell");
    return world.current.cell;
  };
  return {
    cell: {
      get own() {
        return cell().own;
      },
      async read(source): Promise<Reading<Properties>> {
        const found = cell().live.find((each) => JSON.stringify(each.source) === JSON.stringify(source));
        if (found === undefined) return { kind: "absent", reason: `${JSON.stringify(source)} does not exist` };
        const { reading } = found;
        if (typeof reading.unreadable === "string") return { kind: "unreadable", reason: reading.unreadable };
        return { kind: "present", state: reading };
      },
    },
    rootKeys: {
      async read() {
        if (!("root" in world.current)) throw new Error("this world has no root user");
        const { root } = world.current;
        return "unreadable" in root
          ? { kind: "unreadable", reason: root.unreadable }
          : { kind: "present", state: root };
      },
    },
    coverage: {
      async read() {
        if (!("coverage" in world.current)) throw new Error("this world has no coverage");
        return world.current.coverage;
      },
      forget() {},
      leave() {},
      whyLeft: () => undefined,
      async regions() {
        return { kind: "present", state: ["eu-central-1"] };
      },
    },
  };
}
