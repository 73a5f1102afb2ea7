import type { AdapterDefinition, AdapterName } from "../tracker.ts";

/** Every adapter there is, by its name: what the policy's routes are checked by, and made with. */
export const adapters: Readonly<Partial<Record<AdapterName, AdapterDefinition>>> = {};
