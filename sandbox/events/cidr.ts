import { BlockList, isIP } from "node:net";

/** Read an address range such as `10.0.0.0/8`. Returns what tells whether an address lies in it. Throws Error for what is no range. */
export function parseCidr(text: string): (address: string) => boolean {
  const [network = "", bits = "", ...rest] = text.split("/");
  const family = isIP(network);
  // 32 and 128 are refused as EventBridge's own matcher does: an exact address is no range.
  const isRange = rest.length === 0 && /^\d+$/.test(bits) && Number(bits) < (family === 4 ? 32 : 128);
  if (family === 0 || !isRange) throw new Error(`Malformed CIDR: ${text}`);
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? "ipv4" : "ipv6");
  return (address) => isIP(address) === family && list.check(address, family === 4 ? "ipv4" : "ipv6");
}
