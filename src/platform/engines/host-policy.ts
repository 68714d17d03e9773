import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { ShellError } from '../../domain/index.ts'

/** Which addresses a connection may lead to; an operator's setting. */
export interface HostPolicy {
  /** Loopback, private and carrier-grade ranges: needed on a laptop and inside a cluster, not for guests. */
  readonly allowPrivateHosts: boolean
  /** Host names and addresses allowed in private ranges too, e.g. the demo's own server; link-local and metadata never are. */
  readonly allowedHosts: readonly string[]
}

const never = new BlockList() // cloud metadata, link-local, multicast, unspecified: no database lives there
for (const [network, prefix] of [
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['192.0.0.0', 24],
] as const)
  never.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
  ['::', 128],
] as const)
  never.addSubnet(network, prefix, 'ipv6')

const inside = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  inside.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
] as const)
  inside.addSubnet(network, prefix, 'ipv6')

/** The host's address, resolved for the first who asks and pinned for all; one that does not resolve now may resolve later. */
export function pinOnce(host: string, policy: HostPolicy): () => Promise<string> {
  let pinned: Promise<string> | null = null
  return async () => {
    pinned ??= pinHost(host, policy)
    return await pinned.catch((error: unknown) => {
      pinned = null
      throw error
    })
  }
}

/** Resolves the host once and gives the address to pin; throws `engines.host-refused` or `engines.host-unknown`. */
export async function pinHost(host: string, policy: HostPolicy): Promise<string> {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$/.test(host) && isIP(host) === 0) {
    throw new ShellError({
      code: 'engines.host-invalid',
      kind: 'invalid',
      message: `“${host.slice(0, 80)}” is not a host name or an address.`,
      hint: 'Give one host, without port, path or list.',
    })
  }
  const address = isIP(host) === 0 ? await resolve(host) : host
  if (isRefused(address, policy.allowPrivateHosts || policy.allowedHosts.includes(host))) {
    throw new ShellError({
      code: 'engines.host-refused',
      kind: 'denied',
      message: `${host} leads into a network that connections may not reach.`,
      hint: 'An operator can open private networks with CONNECTIONS_ALLOW_PRIVATE=true; link-local and metadata addresses stay closed.',
    })
  }
  return address
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new ShellError({
      code: 'engines.host-unknown',
      kind: 'failed',
      message: `The host ${host} is not known.`,
      hint: 'Check its spelling.',
      cause,
    })
  }
}

function isRefused(address: string, isPrivateAllowed: boolean): boolean {
  const plain = embeddedIpv4(address) ?? address
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  return never.check(plain, family) || (!isPrivateAllowed && inside.check(plain, family))
}

/** The IPv4 address that a mapped, compatible, NAT64 (RFC 6052) or 6to4 (RFC 3056) address leads to. */
function embeddedIpv4(address: string): string | null {
  if (isIP(address) !== 6) return null
  const groups = groupsOf(address)
  const dotted = (at: number): string => [groups[at] ?? 0, groups[at + 1] ?? 0].flatMap((group) => [group >> 8, group & 255]).join('.')
  if (groups[0] === 0x2002) return dotted(1)
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return dotted(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && (groups[5] === 0xffff || (groups[5] === 0 && groups[6] !== 0))
  return isMapped ? dotted(6) : null
}

/** The eight numbers of an IPv6 address; the URL parser writes any spelling in one form. */
function groupsOf(address: string): number[] {
  const [bare = ''] = address.split('%')
  const [head = '', tail = ''] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16))
}
